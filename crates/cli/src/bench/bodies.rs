//! Rows as the bodies of requests: written from a model's columns, or cut from a file as it is.

use std::{fmt::Write as _, io::Read as _, path::Path};

use anyhow::{Context as _, Result, anyhow, bail};
use hotplate::{Columns, DType, Value};
use hotplate_codec::{Format, csv};
use serde_json::{Map, json};

use super::requests::{MOST_ROWS, file_of};
use crate::{failure::Usage, rows::value};

/// The keys under which a JSON document has a list of rows.
const LISTS: [&str; 3] = ["instances", "inputs", "dataframe_records"];

/// Bodies that go round.
#[derive(Debug)]
pub(super) struct Bodies {
    pub(super) each: Vec<Vec<u8>>,
    pub(super) format: Format,
    /// How many rows each has; none where that is not known.
    pub(super) rows: Option<usize>,
    pub(super) source: String,
}

/// A request's rows in this format.
///
/// # Errors
///
/// When rows are to be CSV that are made of tensors.
pub(super) fn write(request: &Columns, format: Format) -> Result<Vec<u8>> {
    let rows = 0..request.rows();
    let mut text = String::new();
    match format {
        Format::Csv => {
            if !request.schema().is_table() {
                bail!(Usage(
                    "rows of this model are no lines of cells; send them as json".to_owned()
                ));
            }
            for row in rows {
                let columns = request.schema().columns().iter();
                let cells: Vec<String> = columns
                    .map(|column| {
                        let width = request.row_shape(column.input).elements();
                        let at = row * width + column.offset;
                        cell_of_csv(value(request.data(column.input), at), column.dtype)
                    })
                    .collect();
                let _ = writeln!(text, "{}", cells.join(","));
            }
        }
        Format::Json => {
            let instances: Vec<_> = rows.map(|row| object(request, row)).collect();
            text = json!({ "instances": instances }).to_string();
        }
        Format::JsonLines => {
            for row in rows {
                let _ = writeln!(text, "{}", object(request, row));
            }
        }
        _ => bail!(Usage(format!("rows are not written as {format}"))),
    }
    Ok(text.into_bytes())
}

/// A row of JSON: cells by name where columns have names, else in a list; tensors by name.
fn object(request: &Columns, row: usize) -> serde_json::Value {
    let schema = request.schema();
    if !schema.is_table() {
        let inputs = schema.inputs().iter().enumerate().map(|(input, spec)| {
            let shape = request.row_shape(input);
            let first = row * shape.elements();
            let dims = shape.dims();
            (spec.name.clone(), nested(request, input, spec.dtype, dims, first))
        });
        return inputs.collect::<Map<_, _>>().into();
    }
    let cells = schema.columns().iter().map(|column| {
        let at = row * request.row_shape(column.input).elements() + column.offset;
        (column.name.clone(), cell_of_json(value(request.data(column.input), at), column.dtype))
    });
    match schema.is_named() {
        true => cells.collect::<Map<_, _>>().into(),
        false => cells.map(|(_, cell)| cell).collect(),
    }
}

fn nested(
    request: &Columns,
    input: usize,
    dtype: DType,
    dims: &[usize],
    first: usize,
) -> serde_json::Value {
    let Some((&length, inner)) = dims.split_first() else {
        return cell_of_json(value(request.data(input), first), dtype);
    };
    let step: usize = inner.iter().product();
    (0..length).map(|at| nested(request, input, dtype, inner, first + at * step)).collect()
}

fn cell_of_json(value: Value<'_>, dtype: DType) -> serde_json::Value {
    match value {
        Value::Missing if dtype == DType::Str => "".into(),
        Value::Missing => serde_json::Value::Null,
        Value::Number(number) => shortest(number, dtype).into(),
        Value::Integer(integer) => integer.into(),
        Value::Bool(truth) => truth.into(),
        Value::Text(text) => text.into(),
    }
}

fn cell_of_csv(value: Value<'_>, dtype: DType) -> String {
    match value {
        Value::Missing => String::new(),
        Value::Number(number) => shortest(number, dtype).to_string(),
        Value::Integer(integer) => integer.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Text(text) if text.contains(['"', ',', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Value::Text(text) => text.to_owned(),
    }
}

/// The double whose shortest digits are those of the number in its own precision.
fn shortest(number: f64, dtype: DType) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "it was float32 before")]
    let digits = match dtype {
        DType::F32 => (number as f32).to_string(),
        _ => return number,
    };
    digits.parse().unwrap_or(number)
}

/// The bodies that a file of rows holds, where no model says what a row is.
///
/// # Errors
///
/// When the file cannot be read, or is not of its format.
pub(super) fn cut(path: &Path, format: Option<Format>, rows: usize) -> Result<Bodies> {
    let file = file_of(path, format)?;
    let mut text = String::new();
    file.open()?.read_to_string(&mut text).with_context(|| file.name())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (each, rows) = match file.format {
        Format::Csv => (lines_of_csv(text, rows).with_context(|| file.name())?, Some(rows)),
        Format::Json => documents(text, rows).with_context(|| file.name())?,
        _ => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            (in_bodies(lines.map(str::to_owned).collect(), rows, ""), Some(rows))
        }
    };
    if each.is_empty() {
        bail!("{}: there are no rows", file.name());
    }
    Ok(Bodies { each, format: file.format, rows, source: file.name() })
}

/// Lines with the header in front of each body, if the file has one.
fn lines_of_csv(text: &str, rows: usize) -> Result<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    for record in csv::records(text).take(MOST_ROWS + 1) {
        records.push(record?);
    }
    let header = match &records[..] {
        [first, second, ..] if is_header(first, second) => Some(records.remove(0)),
        _ => None,
    };
    let line = |record: Vec<std::borrow::Cow<'_, str>>| {
        let cells = record.iter().map(|cell| cell_of_csv(Value::Text(cell), DType::Str));
        cells.collect::<Vec<_>>().join(",")
    };
    let header = header.map(|header| line(header) + "\n").unwrap_or_default();
    Ok(in_bodies(records.into_iter().map(line).collect(), rows, &header))
}

/// Whether names stand in the first record: none of its cells is a number or empty, and below one
/// of them a number stands.
fn is_header<T: AsRef<str>>(first: &[T], second: &[T]) -> bool {
    let is_number = |cell: &T| cell.as_ref().trim().parse::<f64>().is_ok();
    first.iter().all(|cell| !is_number(cell) && !cell.as_ref().is_empty())
        && second.iter().any(is_number)
}

/// The rows of a JSON document, where it has a list of them; else the document as it is, whose rows
/// are not counted.
fn documents(text: &str, rows: usize) -> Result<(Vec<Vec<u8>>, Option<usize>)> {
    let document: serde_json::Value =
        serde_json::from_str(text).map_err(|error| anyhow!("not JSON: {error}"))?;
    let list = match &document {
        serde_json::Value::Array(list) => Some(list),
        serde_json::Value::Object(object) => {
            LISTS.iter().find_map(|key| object.get(*key)?.as_array())
        }
        _ => None,
    };
    let is_row = |row: &serde_json::Value| row.is_array() || row.is_object();
    match list {
        Some(list) if list.iter().all(is_row) => {
            let list: Vec<_> = list.iter().take(MOST_ROWS).collect();
            let requests = requests_of(list.len(), rows);
            let body = |places: Vec<usize>| {
                let rows: Vec<_> = places.into_iter().map(|at| list[at]).collect();
                json!({ "instances": rows }).to_string().into_bytes()
            };
            Ok((requests.map(body).collect(), Some(rows)))
        }
        _ if rows > 1 => bail!(
            "no list of rows under {}; without --rows-per-request it is sent as it is",
            LISTS.join(", ")
        ),
        _ => Ok((vec![text.as_bytes().to_vec()], None)),
    }
}

fn in_bodies(lines: Vec<String>, rows: usize, header: &str) -> Vec<Vec<u8>> {
    let lines = &lines[..lines.len().min(MOST_ROWS)];
    let body = |places: Vec<usize>| {
        let lines = places.into_iter().flat_map(|at| [lines[at].as_str(), "\n"]);
        [header].into_iter().chain(lines).collect::<String>().into_bytes()
    };
    requests_of(lines.len(), rows).map(body).collect()
}

/// The rows of each request, of so many rows in all; they go round where there are too few.
fn requests_of(all: usize, rows: usize) -> impl Iterator<Item = Vec<usize>> {
    let requests = if all == 0 { 0 } else { (all / rows).max(1) };
    (0..requests)
        .map(move |request| (request * rows..(request + 1) * rows).map(|row| row % all).collect())
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use hotplate::Engine;
    use hotplate_codec::Decoder;

    use super::*;

    fn shipped(name: &str) -> Engine {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name);
        Engine::open(folder).unwrap()
    }

    #[test]
    fn rows_are_written_as_they_are_read_in_every_format() {
        for (name, row) in [
            ("churn", "\"a \"\"b\"\", c\",1,Yes,No,1,No,,DSL,No,Yes,No,No,No,No,x,Yes,y,29.85,\n"),
            ("housing", "8.3252,41,6.9841,1.0238,322,2.5556,37.88,-122.23\n"),
        ] {
            let engine = shipped(name);
            let mut decoder = Decoder::new(Arc::clone(engine.signature().schema()));
            let mut rows = engine.rows();
            decoder.decode(Format::Csv, row.repeat(3).as_bytes(), &mut rows).unwrap();
            for format in [Format::Csv, Format::Json, Format::JsonLines] {
                let body = write(&rows, format).unwrap();
                let mut again = engine.rows();
                decoder.decode(format, &body, &mut again).unwrap();
                assert_eq!(again.rows(), 3);
                for input in 0..engine.signature().schema().inputs().len() {
                    let data = |columns: &Columns| format!("{:?}", columns.data(input));
                    assert_eq!(data(&again), data(&rows), "{format}");
                }
            }
        }
    }

    fn cut_from(ending: &str, text: &str, rows: usize) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("rows.{ending}"));
        fs::write(&path, text).unwrap();
        let bodies = cut(&path, None, rows)?;
        Ok(bodies.each.into_iter().map(|body| String::from_utf8(body).unwrap()).collect())
    }

    #[test]
    fn header_goes_in_front_of_every_body() {
        let bodies = cut_from("csv", "a,\"b,\"\n1,x\n2,y\n3,z\n", 1).unwrap();
        assert_eq!(bodies, ["a,\"b,\"\n1,x\n", "a,\"b,\"\n2,y\n", "a,\"b,\"\n3,z\n"]);
        assert_eq!(cut_from("csv", "1,2\n3,4\n", 1).unwrap(), ["1,2\n", "3,4\n"]);
    }

    #[test]
    fn rows_go_round_where_a_request_needs_more() {
        let bodies = cut_from("jsonl", "[1]\n\n[2]\n[3]\n", 2).unwrap();
        assert_eq!(bodies, ["[1]\n[2]\n"]);
        let bodies = cut_from("json", "{\"instances\": [[1], [2]]}", 3).unwrap();
        assert_eq!(bodies, ["{\"instances\":[[1],[2],[1]]}"]);
    }

    #[test]
    fn document_without_a_list_of_rows_is_sent_as_it_is() {
        let text = "{\"dataframe_split\": {\"columns\": [\"a\"], \"data\": [[1], [2]]}}";
        assert_eq!(cut_from("json", text, 1).unwrap(), [text]);
        assert!(cut_from("json", text, 2).unwrap_err().to_string().contains("--rows-per-request"));
        assert_eq!(cut_from("json", "[1, 2]", 1).unwrap(), ["[1, 2]"]);
    }

    #[test]
    fn file_of_no_rows_or_another_format_is_told() {
        for (ending, text, told) in
            [("csv", "", "no rows"), ("jsonl", "\n\n", "no rows"), ("json", "{", "not JSON")]
        {
            let error = format!("{:#}", cut_from(ending, text, 1).unwrap_err());
            assert!(error.contains(told), "{error}");
        }
    }
}
