use hotplate_tensor::{Column, DataView};

use super::json::write_number;
use crate::json::write_string;

/// Why the scores of some rows are what they are, to be written beside the answers.
#[derive(Clone, Debug)]
pub struct Reasons<'a> {
    /// The columns of a row.
    pub columns: &'a [Column],
    /// The class that each score is of, where the scores are of classes.
    pub classes: Vec<String>,
    /// What each column adds to each score, `[rows, scores, columns]` row-major.
    pub contributions: &'a [f64],
    /// What is expected of each score when no column is known, `[rows, scores]`.
    pub expected: &'a [f64],
    /// What contributions are relative to, in a word.
    pub covers: String,
    /// How many columns of each score are told, those that move it most.
    pub most: usize,
}

impl Reasons<'_> {
    /// Appends a list with an object for each score of a row.
    pub(super) fn write(&self, row: usize, rows: usize, out: &mut Vec<u8>) {
        let scores = self.expected.len() / rows.max(1);
        out.push(b'[');
        for score in 0..scores {
            if score > 0 {
                out.push(b',');
            }
            self.write_score(row * scores + score, self.classes.get(score), out);
        }
        out.push(b']');
    }

    fn write_score(&self, at: usize, class: Option<&String>, out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(class) = class {
            out.extend_from_slice(b"\"class\":");
            write_string(out, class);
            out.push(b',');
        }
        let columns = self.columns.len();
        let contributions = &self.contributions[at * columns..][..columns];
        let expected = self.expected[at];
        let score = contributions.iter().fold(expected, |sum, one| sum + one);
        for (key, value) in [(&b"\"score\":"[..], score), (b",\"expected\":", expected)] {
            out.extend_from_slice(key);
            write_number(DataView::F64(&[value]), out);
        }
        out.extend_from_slice(b",\"covers\":");
        write_string(out, &self.covers);
        out.extend_from_slice(b",\"contributions\":{");
        let mut order: Vec<usize> = (0..columns).collect();
        order.sort_by(|&a, &b| contributions[b].abs().total_cmp(&contributions[a].abs()));
        let (told, rest) = order.split_at(self.most.min(columns));
        for (nth, &column) in told.iter().enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            write_string(out, &self.columns[column].name);
            out.push(b':');
            write_number(DataView::F64(&contributions[column..=column]), out);
        }
        out.push(b'}');
        if !rest.is_empty() {
            let others: f64 = rest.iter().map(|&column| contributions[column]).sum();
            out.extend_from_slice(b",\"others\":");
            write_number(DataView::F64(&[others]), out);
        }
        out.push(b'}');
    }
}
