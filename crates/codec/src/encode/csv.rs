use hotplate_tensor::DataView;

use crate::{
    Field, Predictions,
    encode::{
        parts::{Part, each_part, own_cells},
        value::{Notation, write_element},
    },
    json::write_string,
};

struct Csv;

impl Notation for Csv {
    fn text(text: &str, out: &mut Vec<u8>) {
        let needs_quotes =
            text.is_empty() || text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
        if !needs_quotes {
            return out.extend_from_slice(text.as_bytes());
        }
        out.push(b'"');
        for (index, part) in text.split('"').enumerate() {
            if index > 0 {
                out.extend_from_slice(b"\"\"");
            }
            out.extend_from_slice(part.as_bytes());
        }
        out.push(b'"');
    }

    fn special(number: f64, out: &mut Vec<u8>) {
        out.extend_from_slice(match number {
            f64::INFINITY => b"inf",
            f64::NEG_INFINITY => b"-inf",
            _ => b"nan",
        });
    }
}

/// A list in a cell, which is in quotes already.
struct CsvList;

impl Notation for CsvList {
    fn text(text: &str, out: &mut Vec<u8>) {
        let start = out.len();
        write_string(out, text);
        // The quotes of JSON are doubled, from the last on.
        for at in (start..out.len()).rev() {
            if out[at] == b'"' {
                out.insert(at, b'"');
            }
        }
    }

    fn special(number: f64, out: &mut Vec<u8>) {
        Csv::special(number, out);
    }
}

/// Appends the line that is the answer of `row`.
pub(super) fn write_row(
    predictions: &Predictions<'_>,
    fields: Option<&[Field]>,
    row: usize,
    out: &mut Vec<u8>,
) {
    let cells = fields.unwrap_or_else(|| own_cells(predictions));
    let start = out.len();
    let mut is_first = true;
    each_part(predictions, cells, row, |_, part, _| match part {
        // Without fields, a list is cells; one of no elements has no cell to put between commas.
        Part::List(data, from, width) if fields.is_none() || is_tensors(predictions) => {
            if out.len() > start && width > 0 {
                out.push(b',');
            }
            write_elements::<Csv>(data, from, width, b",", out);
        }
        part => {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            match part {
                Part::One(data, index) => write_element::<Csv>(data, index, out),
                Part::List(data, from, width) => {
                    out.extend_from_slice(b"\"[");
                    write_elements::<CsvList>(data, from, width, b", ", out);
                    out.extend_from_slice(b"]\"");
                }
                Part::Nothing => Csv::special(f64::NAN, out),
            }
        }
    });
    out.push(b'\n');
}

const fn is_tensors(predictions: &Predictions<'_>) -> bool {
    matches!(predictions, Predictions::Tensors { .. })
}

fn write_elements<N: Notation>(
    data: DataView<'_>,
    start: usize,
    width: usize,
    separator: &[u8],
    out: &mut Vec<u8>,
) {
    for index in 0..width {
        if index > 0 {
            out.extend_from_slice(separator);
        }
        write_element::<N>(data, start + index, out);
    }
}
