//! Predictions as the container writes them.

use std::io::Write as _;

use hotplate_tensor::StrView;

use crate::python::{write_float, write_json_float, write_json_string};

/// What an estimator predicts.
#[derive(Clone, Copy, Debug)]
pub struct Predicted<'a> {
    /// The numbers or texts, row by row.
    pub column: Column<'a>,
    /// The length of a row's list; `None` where a row is one element.
    pub list: Option<usize>,
}

/// The elements of a prediction, of one of numpy's types.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// Of the type `int64`.
    Integers(&'a [i64]),
    /// Of the type `float64`.
    Doubles(&'a [f64]),
    /// Of the type `float64`, from a model that was exported in float32.
    Widened(&'a [f32]),
    /// Of the type `float32`.
    Floats(&'a [f32]),
    /// Texts, the longest of which may have so many characters.
    Texts(StrView<'a>, usize),
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Integers(elements) => elements.len(),
            Self::Doubles(elements) => elements.len(),
            Self::Widened(elements) | Self::Floats(elements) => elements.len(),
            Self::Texts(elements, _) => elements.len(),
        }
    }

    /// Appends an element as `csv.writer` does; `alone` in its row.
    fn write_csv(&self, at: usize, alone: bool, out: &mut Vec<u8>) {
        match *self {
            Self::Texts(texts, _) => {
                let text = texts.get(at);
                let is_quoted = alone && text.is_empty() || text.contains([',', '"', '\n']);
                if !is_quoted {
                    return out.extend_from_slice(text.as_bytes());
                }
                out.push(b'"');
                out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
                out.push(b'"');
            }
            Self::Floats(floats) => write_narrow(floats[at], out),
            _ => self.write_number(at, write_float, out),
        }
    }

    fn write_json(&self, at: usize, out: &mut Vec<u8>) {
        match *self {
            Self::Texts(texts, _) => write_json_string(texts.get(at), out),
            Self::Floats(floats) => write_json_float(floats[at].into(), out),
            _ => self.write_number(at, write_json_float, out),
        }
    }

    fn write_number(&self, at: usize, write: fn(f64, &mut Vec<u8>), out: &mut Vec<u8>) {
        match *self {
            Self::Integers(integers) => {
                out.extend_from_slice(itoa::Buffer::new().format(integers[at]).as_bytes());
            }
            Self::Doubles(doubles) => write(doubles[at], out),
            Self::Widened(floats) | Self::Floats(floats) => write(floats[at].into(), out),
            Self::Texts(..) => {}
        }
    }

    /// The name of the type.
    fn descr(&self) -> String {
        match self {
            Self::Integers(_) => "<i8".to_owned(),
            Self::Doubles(_) | Self::Widened(_) => "<f8".to_owned(),
            Self::Floats(_) => "<f4".to_owned(),
            Self::Texts(_, longest) => format!("<U{longest}"),
        }
    }

    fn write_bytes(&self, at: usize, out: &mut Vec<u8>) {
        match *self {
            Self::Integers(integers) => out.extend_from_slice(&integers[at].to_le_bytes()),
            Self::Doubles(doubles) => out.extend_from_slice(&doubles[at].to_le_bytes()),
            Self::Widened(floats) => out.extend_from_slice(&f64::from(floats[at]).to_le_bytes()),
            Self::Floats(floats) => out.extend_from_slice(&floats[at].to_le_bytes()),
            Self::Texts(texts, longest) => {
                let end = out.len() + 4 * longest;
                for c in texts.get(at).chars().take(longest) {
                    out.extend_from_slice(&u32::from(c).to_le_bytes());
                }
                out.resize(end, 0);
            }
        }
    }
}

/// Appends a float of 32 bits as numpy's `str` does.
fn write_narrow(number: f32, out: &mut Vec<u8>) {
    if !number.is_finite() {
        return write_float(number.into(), out);
    }
    // The double that has the digits of the float has no more of them, and the same exponent.
    let digits = zmij::Buffer::new().format_finite(number).parse();
    write_float(digits.unwrap_or_else(|_| number.into()), out);
}

/// Appends a line a row.
pub fn write_csv(predicted: &Predicted<'_>, out: &mut Vec<u8>) {
    let width = predicted.list.unwrap_or(1);
    for at in 0..predicted.column.len() {
        predicted.column.write_csv(at, width == 1, out);
        out.push(if (at + 1) % width == 0 { b'\n' } else { b',' });
    }
}

/// Appends a list of all rows.
pub fn write_json(predicted: &Predicted<'_>, out: &mut Vec<u8>) {
    out.push(b'[');
    for at in 0..predicted.column.len() {
        if at > 0 {
            out.extend_from_slice(b", ");
        }
        match predicted.list {
            None => predicted.column.write_json(at, out),
            Some(width) => {
                out.extend_from_slice(if at % width == 0 { b"[" } else { b"" });
                predicted.column.write_json(at, out);
                out.extend_from_slice(if (at + 1) % width == 0 { b"]" } else { b"" });
            }
        }
    }
    out.push(b']');
}

/// Appends an array in numpy's own format, version 1.0.
pub fn write_npy(predicted: &Predicted<'_>, out: &mut Vec<u8>) {
    const PREFIX: usize = 10;
    const ALIGNED: usize = 64;
    /// The digits that numpy leaves room for, so that a file can grow.
    const GROWN_DIGITS: usize = 21;
    let elements = predicted.column.len();
    let rows = elements / predicted.list.unwrap_or(1);
    let shape = match predicted.list {
        None => format!("({rows},)"),
        Some(width) => format!("({rows}, {width})"),
    };
    let descr = predicted.column.descr();
    let room = GROWN_DIGITS.saturating_sub(rows.to_string().len());
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let padded = (PREFIX + header.len() + room + 1).next_multiple_of(ALIGNED) - PREFIX;
    header.extend(std::iter::repeat_n(' ', padded - 1 - header.len()));
    header.push('\n');
    out.extend_from_slice(b"\x93NUMPY\x01\x00");
    // Far shorter than 64 KiB: it holds a type and two numbers.
    let length = u16::try_from(header.len()).unwrap_or(u16::MAX);
    let _ = out.write_all(&length.to_le_bytes());
    out.extend_from_slice(header.as_bytes());
    (0..elements).for_each(|at| predicted.column.write_bytes(at, out));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_have_the_digits_of_their_own_precision_in_csv_alone() {
        let predicted = Predicted { column: Column::Floats(&[0.1, 1e-5, 1e20]), list: None };
        let (mut csv, mut json) = (Vec::new(), Vec::new());
        write_csv(&predicted, &mut csv);
        write_json(&predicted, &mut json);
        assert_eq!(csv, b"0.1\n1e-05\n1e+20\n");
        assert_eq!(json, b"[0.10000000149011612, 9.999999747378752e-06, 1.0000000200408773e+20]");
    }

    #[test]
    fn lists_are_nested() {
        let predicted = Predicted { column: Column::Doubles(&[1.0, 2.0, 3.0, 4.0]), list: Some(2) };
        let (mut csv, mut json, mut npy) = (Vec::new(), Vec::new(), Vec::new());
        write_csv(&predicted, &mut csv);
        write_json(&predicted, &mut json);
        write_npy(&predicted, &mut npy);
        assert_eq!(csv, b"1.0,2.0\n3.0,4.0\n");
        assert_eq!(json, b"[[1.0, 2.0], [3.0, 4.0]]");
        assert_eq!(npy.len(), 128 + 32);
    }
}
