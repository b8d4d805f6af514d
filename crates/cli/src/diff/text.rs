//! A comparison for a person to read.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use crate::{
    diff::{
        compared::{Compared, Kind},
        report::{BINS, MIDDLE, PERCENTS, Report, SIZES, Spread},
        side::Side,
    },
    layout::section,
};

/// The length of the longest bar of the histogram.
const BAR: usize = 40;

/// The most classes that get a table of old against new ones.
const TABLE_CLASSES: usize = 8;

/// The most columns that are named with the texts that training never saw.
const UNKNOWN_COLUMNS: usize = 5;

/// The most kinds of flips that get a line each.
const FLIP_LINES: usize = 20;

/// Writes the comparison, a heading and its lines for each thing to know.
pub(super) fn write(
    report: &Report,
    compared: &Compared,
    sides: &[Side<'_>; 2],
    out: &mut impl Write,
) -> io::Result<()> {
    let [old, new] = sides;
    let rows = report.rows;
    writeln!(out, "{} → {}, {rows} rows", old.path.display(), new.path.display())?;
    section(out, "old", model(old, new, compared))?;
    section(out, "new", model(new, old, compared))?;
    section(
        out,
        "score",
        [match compared.kind {
            Kind::TwoClasses => format!("the probability of {}", compared.decisions[1]),
            Kind::Classes(_) => "the probability that changed most in its row".to_owned(),
            Kind::Regressors => "the value".to_owned(),
        }],
    )?;
    section(out, "identical", [counted(report, report.identical)])?;
    if report.not_finite > 0 {
        let rows = counted(report, report.not_finite);
        section(out, "no number", [format!("{rows}, where just one of the scores is a number")])?;
    }
    section(out, "change", spread(&report.change))?;
    if let Some(relative) = &report.relative_change {
        section(out, "relative", spread(relative))?;
    }
    section(out, "moved", moved(report, compared))?;
    section(out, "histogram", histogram(report, compared))?;
    if compared.has_decisions() {
        section(out, "decisions", flips(report, compared))?;
        if (3..=TABLE_CLASSES).contains(&compared.decisions.len()) {
            section(out, "old \\ new", confusion(report, compared))?;
        }
    }
    section(out, "moved most", moved_most(report, compared))
}

fn model(own: &Side<'_>, other: &Side<'_>, compared: &Compared) -> Vec<String> {
    let engine = own.engine;
    let mut line = format!("{} on {}", engine.backend(), engine.placement().device);
    match compared.threshold.or(engine.threshold()) {
        Some(threshold) => _ = write!(line, ", threshold {threshold}"),
        None if compared.has_decisions() => line.push_str(", decides as its file says"),
        None => {}
    }
    let mut lines = vec![line];
    let columns = own.columns_beyond(other);
    if !columns.is_empty() {
        lines.push(format!("reads columns that the other does not: {}", columns.join(", ")));
    }
    let unknown = own.unknown_categories();
    if !unknown.is_empty() {
        let shown = unknown.iter().take(UNKNOWN_COLUMNS);
        let mut shown: Vec<String> =
            shown.map(|(column, texts)| format!("{column} {texts}")).collect();
        if unknown.len() > UNKNOWN_COLUMNS {
            shown.push(format!("{} more columns", unknown.len() - UNKNOWN_COLUMNS));
        }
        lines.push(format!("texts that training never saw: {}", shown.join(", ")));
    }
    lines
}

fn spread(spread: &Spread) -> [String; 2] {
    let mean = format!(
        "mean {}, mean size {}, largest size {}",
        signed(spread.mean),
        number(spread.mean_absolute),
        number(spread.largest_absolute),
    );
    let quantiles = PERCENTS.iter().zip(spread.quantiles);
    let quantiles: Vec<String> =
        quantiles.map(|(percent, value)| format!("p{percent} {}", signed(value))).collect();
    [mean, quantiles.join("  ")]
}

fn moved(report: &Report, compared: &Compared) -> Vec<String> {
    let sizes = SIZES.iter().zip(report.moved());
    let sizes = sizes.map(|(&size, rows)| {
        vec![
            format!("by more than {}", edge(size, compared)),
            rows.to_string(),
            percent(report, rows),
        ]
    });
    aligned(sizes.collect())
}

fn histogram(report: &Report, compared: &Compared) -> Vec<String> {
    // Of several classes there are only sizes, which have no sign.
    let first = if matches!(compared.kind, Kind::Classes(_)) { MIDDLE } else { 0 };
    let most = report.bins.iter().max().copied().unwrap_or_default().max(1);
    let lines = (first..BINS).map(|bin| {
        let rows = report.bins[bin];
        // No row is nothing, and any other number at least a mark.
        let bar = "█".repeat((rows * BAR).div_ceil(most));
        vec![range(bin, compared), rows.to_string(), bar]
    });
    aligned(lines.collect())
}

fn range(bin: usize, compared: &Compared) -> String {
    let edge = |side: usize| SIZES.get(side).map(|&size| edge(size, compared));
    let (sign, inner) = match bin {
        MIDDLE => return format!("up to ±{}", edge(0).unwrap_or_default()),
        bin if bin < MIDDLE => ('-', MIDDLE - bin - 1),
        bin => ('+', bin - MIDDLE - 1),
    };
    let from = edge(inner).unwrap_or_default();
    match edge(inner + 1) {
        Some(to) => format!("{sign}{from} to {sign}{to}"),
        None => format!("beyond {sign}{from}"),
    }
}

fn flips(report: &Report, compared: &Compared) -> Vec<String> {
    let mut lines = vec![match report.flips() {
        0 => "none flips".to_owned(),
        1 => format!("1 flips ({})", percent(report, 1)),
        flips => format!("{flips} flip ({})", percent(report, flips)),
    }];
    let mut flips: Vec<_> = report.decisions.iter().filter(|([old, new], _)| old != new).collect();
    flips.sort_by_key(|&(_, &rows)| std::cmp::Reverse(rows));
    let shown = flips.iter().take(FLIP_LINES).map(|&(&[old, new], &rows)| {
        let [old, new] = [old, new].map(|index| &compared.decisions[index]);
        vec![format!("{old} → {new}"), rows.to_string(), percent(report, rows)]
    });
    lines.extend(aligned(shown.collect()));
    if flips.len() > FLIP_LINES {
        lines.push(format!("and {} more kinds, which --json tells", flips.len() - FLIP_LINES));
    }
    lines
}

fn confusion(report: &Report, compared: &Compared) -> Vec<String> {
    let names = &compared.decisions;
    let header = std::iter::once(String::new()).chain(names.iter().cloned());
    let mut lines = vec![header.collect()];
    for (old, name) in names.iter().enumerate() {
        let count = |new| report.decisions.get(&[old, new]).copied().unwrap_or_default();
        let counts = (0..names.len()).map(|new| count(new).to_string());
        lines.push(std::iter::once(name.clone()).chain(counts).collect());
    }
    aligned(lines)
}

fn moved_most(report: &Report, compared: &Compared) -> Vec<String> {
    if report.moved_most.is_empty() {
        return vec![match report.identical == report.rows {
            true => "none moved".to_owned(),
            false => "not asked for".to_owned(),
        }];
    }
    let several = matches!(compared.kind, Kind::Classes(_));
    let mut header = vec!["row".to_owned()];
    header.extend(several.then(|| "class".to_owned()));
    header.extend(["old", "new", "change"].map(str::to_owned));
    header.extend(compared.has_decisions().then(|| "decision".to_owned()));
    let mut lines = vec![header];
    for moved in &report.moved_most {
        let mut line = vec![moved.row.to_string()];
        line.extend(several.then(|| compared.decisions[moved.class].clone()));
        line.extend([number(moved.old), number(moved.new), signed(moved.change())]);
        line.extend(moved.decisions.map(|decisions| {
            let [old, new] = decisions.map(|index| &compared.decisions[index]);
            if old == new { old.clone() } else { format!("{old} → {new}") }
        }));
        lines.push(line);
    }
    aligned(lines)
}

fn counted(report: &Report, rows: usize) -> String {
    format!("{rows} rows ({})", percent(report, rows))
}

fn percent(report: &Report, rows: usize) -> String {
    format!("{:.2} %", 100.0 * report.share(rows))
}

/// A size of changes: a share of the old value where values are compared.
fn edge(size: f64, compared: &Compared) -> String {
    match compared.kind {
        Kind::Regressors => format!("{} %", 100.0 * size),
        _ => size.to_string(),
    }
}

/// Cells below each other: numbers to the right, the first and the last column to the left.
fn aligned(lines: Vec<Vec<String>>) -> Vec<String> {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut shown = Vec::with_capacity(lines.len());
    for line in &lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            let is_text = column == 0 || cell.starts_with('█');
            if is_text { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        shown.push(cells.collect::<Vec<String>>().join("  ").trim_end().to_owned());
    }
    shown
}

/// A number with six digits that count.
fn number(value: f64) -> String {
    /// The digits in front of the point of numbers that are written without an exponent.
    const LARGE: f64 = 1e7;
    /// Smaller ones have more zeros behind the point than digits.
    const SMALL: f64 = 1e-4;

    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !size.is_finite() {
        return value.to_string();
    }
    if !(SMALL..LARGE).contains(&size) {
        return format!("{value:.2e}");
    }
    let digits_in_front = (0..7).take_while(|&digits| size >= 10_f64.powi(digits)).count();
    format!("{value:.*}", 6 - digits_in_front.min(6))
}

fn signed(value: f64) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    format!("{sign}{}", number(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_size_are_short() {
        let shown = [0.0, 0.25, 1.0, -452_600.0, 0.000_012_3, 1e12, f64::NAN].map(signed);
        assert_eq!(shown, ["0", "+0.250000", "+1.00000", "-452600", "+1.23e-5", "+1.00e12", "NaN"]);
    }

    #[test]
    fn numbers_stand_to_the_right_and_names_to_the_left() {
        let cells = |line: [&str; 2]| line.map(str::to_owned).to_vec();
        let lines = aligned(vec![cells(["a", "7"]), cells(["long", "123"])]);
        assert_eq!(lines, ["a       7", "long  123"]);
    }

    #[test]
    fn ranges_cover_the_line() {
        let compared = |kind| Compared { kind, threshold: None, decisions: Vec::new() };
        let ranges = |compared: &Compared| -> Vec<String> {
            (0..BINS).map(|bin| range(bin, compared)).collect()
        };
        assert_eq!(
            ranges(&compared(Kind::TwoClasses)),
            [
                "beyond -0.1",
                "-0.01 to -0.1",
                "-0.001 to -0.01",
                "up to ±0.001",
                "+0.001 to +0.01",
                "+0.01 to +0.1",
                "beyond +0.1"
            ]
        );
        assert_eq!(ranges(&compared(Kind::Regressors))[5], "+1 % to +10 %");
    }
}
