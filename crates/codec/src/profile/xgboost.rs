//! The container of XGBoost in algorithm mode.
//!
//! Written against the behaviour of `sagemaker_xgboost_container`: what its Flask application
//! answers is recorded in the tests of the server.

mod csv;
mod header;
mod libsvm;
mod recordio;
mod reply;
mod selection;

pub use self::{
    header::{BodyType, essence},
    reply::{Scores, write_batch, write_csv, write_json, write_list_json, write_one_line},
    selection::{Selection, TooLong},
};

use super::Table;

/// Reads a body, which must have some bytes.
///
/// # Errors
///
/// What the container says when it cannot.
pub fn read(body_type: BodyType, body: &[u8]) -> Result<Table, String> {
    let (name, end, read) = match body_type {
        BodyType::Csv => ("csv", ":\n ", csv::read(body)),
        BodyType::Libsvm => ("libsvm", ":\n ", libsvm::read(body)),
        BodyType::Recordio => ("recordio-protobuf", ": ", recordio::read(body)),
    };
    read.map_err(|Refused { class, problem }| {
        let between = if body_type == BodyType::Recordio { " " } else { "\n " };
        format!(
            "Loading {name} data failed with Exception, please ensure data is in {name} \
             format{end}<class '{class}'>{between}{problem}"
        )
    })
}

/// An exception of Python's, as its class and its text.
#[derive(Debug, PartialEq)]
struct Refused {
    class: &'static str,
    problem: String,
}

impl Refused {
    fn value(problem: impl Into<String>) -> Self {
        Self { class: "ValueError", problem: problem.into() }
    }

    fn not_a_float(cell: &str) -> Self {
        let cell = crate::python::repr(cell);
        Self::value(format!("could not convert string to float: np.str_({cell})"))
    }

    /// XGBoost's own words, without the time and the addresses that it adds.
    fn infinite() -> Self {
        let problem = "Check failed: valid: Input data contains `inf` or a value too large, while \
                       `missing` is not set to `inf`";
        Self { class: "xgboost.core.XGBoostError", problem: problem.to_owned() }
    }
}

/// The text of a body, without the blanks around it.
fn text(body: &[u8]) -> Result<&str, Refused> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = body.iter().position(|byte| !is_blank(byte)).unwrap_or(body.len());
    let end = body.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    let bytes = &body[start..end];
    std::str::from_utf8(bytes).map_err(|error| Refused {
        class: "UnicodeDecodeError",
        problem: crate::python::invalid_utf8(bytes, error),
    })
}

/// A number in XGBoost's precision, which infinity is none of.
#[expect(clippy::cast_possible_truncation, reason = "numbers are rounded to float32")]
fn narrow(number: f64) -> Result<f32, Refused> {
    let number = number as f32;
    if number.is_infinite() { Err(Refused::infinite()) } else { Ok(number) }
}
