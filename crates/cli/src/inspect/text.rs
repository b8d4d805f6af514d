//! An inspection for a person to read.

mod backends;

use std::{
    fmt::Display,
    io::{self, Write},
};

use hotplate::{
    Batching, Column, InputSpec, Inspection, Labels, ModelFile, ModelFolder, OutputSpec, Signature,
    Task,
};

use super::architecture;
use crate::layout::{section, table};

/// The most columns that get a line each; of more, a run of one type shares a line.
const COLUMN_LINES: usize = 40;

/// The most classes that are named.
const CLASSES: usize = 10;

/// Writes the inspection, a heading and its lines for each thing to know.
pub(super) fn write(inspection: &Inspection, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", inspection.name)?;
    section(out, "file", [inspection.file.display()])?;
    section(out, "format", [format(inspection)])?;
    let size = inspection.size_bytes;
    section(out, "size", [format!("{} ({size} bytes)", human_size(size))])?;
    section(out, "sha256", [&inspection.sha256])?;
    if !inspection.combined_with.is_empty() {
        let other = |other: &ModelFile| {
            let name = other.file.file_name().unwrap_or_default().to_string_lossy();
            let size = human_size(other.size_bytes);
            format!("with {name}, {}, {size}, sha256 {}", other.format, other.sha256)
        };
        section(out, "combined", inspection.combined_with.iter().map(other))?;
    }
    if let Some(of) = &inspection.architecture {
        section(out, "architecture", architecture::lines(of))?;
    }
    match &inspection.signature {
        Ok(signature) => write_signature(signature, out)?,
        Err(error) => section(out, "signature", [format!("cannot be served: {error}")])?,
    }
    if !inspection.operators.is_empty() {
        section(out, "operators", table(inspection.operators.iter()))?;
    }
    section(
        out,
        "golden rows",
        [match &inspection.golden_rows {
            Some(path) => format!("{}, which must be reproduced to be served", path.display()),
            None => {
                format!("none; see `hotplate verify --help` about {}", ModelFolder::GOLDEN_ROWS)
            }
        }],
    )?;
    backends::write(inspection, out)?;
    let milliseconds = inspection.opened_in.as_secs_f64() * 1e3;
    section(out, "opens in", [format!("{milliseconds:.1} ms, read and compiled")])
}

fn write_signature(signature: &Signature, out: &mut impl Write) -> io::Result<()> {
    section(out, "task", [task(signature)])?;
    section(out, "rows", batching(signature.batching()))?;
    let schema = signature.schema();
    if schema.is_table() {
        let columns = schema.columns();
        let mut lines = vec![match schema.is_named() {
            true => format!("{}, by name or in this order", columns.len()),
            false => format!("{}, without names: in this order", columns.len()),
        }];
        lines.extend(table(column_lines(columns)));
        section(out, "columns", lines)?;
    }
    let inputs = schema.inputs();
    if !schema.is_table() || inputs.iter().any(|input| input.row_shape.dims().len() > 1) {
        let mut lines = vec!["nested lists of these dimensions, in JSON".to_owned()];
        lines.extend(table(inputs.iter().map(|input| (&input.name, of_input(input)))));
        section(out, "inputs", lines)?;
    }
    let rows = match signature.batching() {
        Batching::None => "",
        _ => "rows",
    };
    let outputs = signature.outputs().iter();
    section(out, "outputs", table(outputs.map(|output| (&output.name, of_output(output, rows)))))
}

/// How rows are taken, where that is not any number at once.
fn batching(batching: Batching) -> Option<&'static str> {
    match batching {
        Batching::OneRow => {
            Some("one at a time: the file fixes the first dimension to one, the rows axis")
        }
        Batching::None => {
            Some("one at a time: there is no rows axis, and a row is all that the model takes")
        }
        _ => None,
    }
}

/// A line for each column, or for each run of columns of one type where there are many.
fn column_lines(columns: &[Column]) -> impl Iterator<Item = (String, String)> {
    let alone = columns.len() <= COLUMN_LINES;
    let runs = columns.chunk_by(move |left, right| !alone && left.dtype == right.dtype);
    runs.map(|run| match run {
        [column] => (column.name.clone(), column.dtype.to_string()),
        [first, .., last] => {
            let names = format!("{} … {}", first.name, last.name);
            (names, format!("{} × {}", run.len(), first.dtype))
        }
        [] => unreachable!("a run has a column"),
    })
}

fn format(inspection: &Inspection) -> String {
    let opsets: Vec<String> =
        inspection.opsets.iter().map(|(domain, version)| format!("{domain} {version}")).collect();
    // Of what is described by the files beside it, nobody asks for the program.
    let producer = match inspection.producer.as_str() {
        "" if inspection.architecture.is_some() => return inspection.format.clone(),
        "" => "an unnamed program",
        producer => producer,
    };
    let opsets = match opsets.is_empty() {
        true => String::new(),
        false => format!(", opset {}", opsets.join(", ")),
    };
    format!("{} by {producer}{opsets}", inspection.format)
}

fn task(signature: &Signature) -> String {
    match signature.task() {
        Task::Classifier { classes: Labels::Text(classes), .. } => classifier(classes),
        Task::Classifier { classes: Labels::Integers(classes), .. } => classifier(classes),
        Task::Regressor { .. } => "regressor: one number a row".to_owned(),
        Task::Embedding { .. } => "embedding: one vector a row".to_owned(),
        _ => "neither a classifier nor a regressor: answers are the outputs".to_owned(),
    }
}

fn classifier(classes: &[impl Display]) -> String {
    let mut names: Vec<String> = classes.iter().take(CLASSES).map(ToString::to_string).collect();
    if classes.len() > CLASSES {
        names.push("…".to_owned());
    }
    format!("classifier of {} classes: {}", classes.len(), names.join(", "))
}

fn of_input(input: &InputSpec) -> String {
    format!("{} {}", input.dtype, input.row_shape)
}

/// The type and the dimensions, of which `rows` is the first unless it is empty.
fn of_output(output: &OutputSpec, rows: &str) -> String {
    let dims: Vec<String> = match &output.row_dims {
        None => vec!["…".to_owned()],
        Some(dims) => dims
            .iter()
            .map(|dim| dim.map_or_else(|| "?".to_owned(), |dim| dim.to_string()))
            .collect(),
    };
    let rows = (!rows.is_empty()).then(|| rows.to_owned());
    let dims: Vec<String> = rows.into_iter().chain(dims).collect();
    format!("{} [{}]", output.dtype, dims.join(", "))
}

#[expect(clippy::cast_precision_loss, reason = "one digit behind the point is shown")]
fn human_size(bytes: usize) -> String {
    let units = ["KiB", "MiB", "GiB"];
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use hotplate::DType;

    use super::*;

    fn columns(count: usize) -> Vec<Column> {
        let column = |offset: usize| Column {
            name: format!("x.{offset}"),
            dtype: if offset == 3 { DType::Str } else { DType::F32 },
            input: 0,
            offset,
        };
        (0..count).map(column).collect()
    }

    #[test]
    fn many_columns_of_one_type_share_a_line() {
        let lines: Vec<_> = column_lines(&columns(784)).collect();
        let line = |names: &str, types: &str| (names.to_owned(), types.to_owned());
        assert_eq!(
            lines,
            [
                line("x.0 … x.2", "3 × float32"),
                line("x.3", "string"),
                line("x.4 … x.783", "780 × float32"),
            ]
        );
        assert_eq!(column_lines(&columns(8)).count(), 8);
    }

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        assert_eq!(human_size(68_358), "66.8 KiB");
        assert_eq!(human_size(4_700_000), "4.5 MiB");
        assert_eq!(human_size(5 << 40), "5120.0 GiB");
    }
}
