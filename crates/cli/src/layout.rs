//! Headings, and lines below each other.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes lines, the first behind the heading, the others below it.
pub(crate) fn section(
    out: &mut impl Write,
    heading: &str,
    lines: impl IntoIterator<Item: Display>,
) -> io::Result<()> {
    let mut heading = heading;
    for line in lines {
        writeln!(out, "  {heading:<13}{line}")?;
        heading = "";
    }
    Ok(())
}

/// Lines of two cells each, the second ones below each other.
pub(crate) fn table(rows: impl Iterator<Item = (impl Display, impl Display)>) -> Vec<String> {
    let rows: Vec<(String, String)> =
        rows.map(|(left, right)| (left.to_string(), right.to_string())).collect();
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default();
    rows.iter().map(|(left, right)| format!("{left:width$}  {right}")).collect()
}
