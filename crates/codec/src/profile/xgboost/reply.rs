//! Predictions as the container writes them.

use crate::python::{write_float, write_json_float};

/// What a booster predicts: a number a row, or a list of them.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    /// Row by row.
    pub numbers: &'a [f32],
    /// The length of a row's list; `None` where a row is a number.
    pub list: Option<usize>,
}

impl<'a> Scores<'a> {
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &'a [f32]> + use<'a> {
        self.numbers.chunks_exact(self.list.unwrap_or(1).max(1))
    }

    /// Appends a row as `str` writes it.
    fn write_row(&self, row: &[f32], out: &mut Vec<u8>) {
        self.write_row_with(row, write_float, out);
    }

    fn write_row_with(&self, row: &[f32], write: fn(f64, &mut Vec<u8>), out: &mut Vec<u8>) {
        if self.list.is_none() {
            return write(row[0].into(), out);
        }
        write_list(row.iter().map(|&number| number.into()), write, out);
    }
}

/// Appends a list with Python's blanks.
pub(super) fn write_list(
    numbers: impl Iterator<Item = f64>,
    write: fn(f64, &mut Vec<u8>),
    out: &mut Vec<u8>,
) {
    out.push(b'[');
    for (index, number) in numbers.enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        write(number, out);
    }
    out.push(b']');
}

/// Appends a line a row, the numbers of a list between commas.
pub fn write_csv(scores: Scores<'_>, out: &mut Vec<u8>) {
    for row in scores.rows() {
        for (index, &number) in row.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_float(number.into(), out);
        }
        out.push(b'\n');
    }
}

/// Appends `{"predictions": [{"score": ..}, ..]}`.
pub fn write_json(scores: Scores<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"predictions\": [");
    for (index, row) in scores.rows().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"score\": " } else { b", {\"score\": " });
        scores.write_row_with(row, write_json_float, out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
}

/// Appends a line a row, lists with their brackets: what batch transform gets whatever it accepts.
pub fn write_batch(scores: Scores<'_>, out: &mut Vec<u8>) {
    for row in scores.rows() {
        scores.write_row(row, out);
        out.push(b'\n');
    }
}

/// Appends all rows on one line: the CSV of a multi-model endpoint.
pub fn write_one_line(scores: Scores<'_>, out: &mut Vec<u8>) {
    for (index, row) in scores.rows().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        scores.write_row(row, out);
    }
}

/// Appends a list of all rows: the JSON of a multi-model endpoint.
pub fn write_list_json(scores: Scores<'_>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, row) in scores.rows().enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        scores.write_row_with(row, write_json_float, out);
    }
    out.push(b']');
}
