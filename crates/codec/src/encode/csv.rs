use hotplate_tensor::DataView;

use crate::{
    Field, Predictions,
    encode::value::{Notation, score_index, write_element},
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

/// Appends the line that is the answer of `row`.
pub(super) fn write_row(
    predictions: &Predictions<'_>,
    fields: Option<&[Field]>,
    row: usize,
    out: &mut Vec<u8>,
) {
    match (predictions, fields) {
        (Predictions::Tensors { outputs, .. }, _) => {
            let start = out.len();
            for (_, tensor) in *outputs {
                let width = tensor.shape().dims().iter().skip(1).product();
                // An output of no elements has no cell to put between commas.
                if out.len() > start && width > 0 {
                    out.push(b',');
                }
                write_elements(tensor.data(), row, width, b",", out);
            }
        }
        (_, Some(fields)) => {
            for (index, &field) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_field(predictions, field, row, out);
            }
        }
        (Predictions::Classifier { classes: 2, .. } | Predictions::Regressor { .. }, None) => {
            write_field(predictions, Field::Score, row, out);
        }
        (Predictions::Classifier { probabilities, classes, .. }, None) => {
            write_elements(*probabilities, row, *classes, b",", out);
        }
    }
    out.push(b'\n');
}

fn write_field(predictions: &Predictions<'_>, field: Field, row: usize, out: &mut Vec<u8>) {
    match (field, predictions) {
        (Field::PredictedLabel, Predictions::Classifier { labels, .. }) => {
            write_element::<Csv>(*labels, row, out);
        }
        (Field::Probabilities, Predictions::Classifier { probabilities, classes, .. }) => {
            out.extend_from_slice(b"\"[");
            write_elements(*probabilities, row, *classes, b", ", out);
            out.extend_from_slice(b"]\"");
        }
        (
            Field::Score | Field::Probability | Field::PredictedScore,
            Predictions::Classifier { probabilities, classes: classes @ 1.., .. },
        ) => write_element::<Csv>(*probabilities, score_index(*probabilities, *classes, row), out),
        (
            Field::Score | Field::Probability | Field::PredictedScore,
            Predictions::Regressor { values },
        ) => write_element::<Csv>(*values, row, out),
        _ => Csv::special(f64::NAN, out),
    }
}

fn write_elements(
    data: DataView<'_>,
    row: usize,
    width: usize,
    separator: &[u8],
    out: &mut Vec<u8>,
) {
    for index in 0..width {
        if index > 0 {
            out.extend_from_slice(separator);
        }
        write_element::<Csv>(data, row * width + index, out);
    }
}
