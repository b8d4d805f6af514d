//! The container of scikit-learn with its default handlers, behind Flask.
//!
//! Written against the behaviour of `sagemaker_sklearn_container` and of the `Worker` of
//! `sagemaker_containers`: what they answer is recorded in the tests of the server. Whatever they do
//! not like they answer with one and the same page, so that a body is read or it is not.

mod csv;
mod json;
mod npy;
mod reply;

pub use self::reply::{Column, Predicted, write_csv, write_json, write_npy};

use super::Table;

/// What a body is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyType {
    /// Commas and quotes; at least two rows and two columns.
    Csv,
    /// A list of lists.
    Json,
    /// An array of numpy's.
    Npy,
}

impl BodyType {
    /// The type that is spelled exactly so.
    pub fn of(content_type: &str) -> Option<Self> {
        match content_type {
            "text/csv" => Some(Self::Csv),
            "application/json" => Some(Self::Json),
            "application/x-npy" => Some(Self::Npy),
            _ => None,
        }
    }
}

/// Reads a body into rows of `width` cells of float32, NaN where the body says so; `None` where it
/// does not hold such rows.
///
/// # Panics
///
/// When `width` is zero.
pub fn read(body_type: BodyType, body: &[u8], width: usize) -> Option<Table> {
    let cells = match body_type {
        BodyType::Csv => csv::read(std::str::from_utf8(body).ok()?, width),
        BodyType::Json => json::read(std::str::from_utf8(body).ok()?, width),
        BodyType::Npy => npy::read(body, width),
    }?;
    // What is not finite in float32 is what estimators refuse, but for NaN, which some read.
    #[expect(clippy::cast_possible_truncation, reason = "numbers are rounded to float32")]
    let narrowed = cells.into_iter().map(|cell| {
        let narrowed = cell as f32;
        (!narrowed.is_infinite()).then_some(narrowed)
    });
    Some(Table::dense(width, narrowed.collect::<Option<_>>()?))
}
