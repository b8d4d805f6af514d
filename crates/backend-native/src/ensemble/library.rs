//! Ensembles in the files of the libraries that trained them.
//!
//! - `lightgbm`, `xgboost`: trees and rules, from the files.
//! - `regions`: what a branch is true for.
//! - `transform`: what becomes of the scores.

pub(crate) mod lightgbm;
mod regions;
mod transform;
pub(crate) mod xgboost;

use hotplate_backend::{BackendError, Refusal};
use hotplate_model::{Signature, Task};

pub(crate) use self::transform::LibraryFinish;
use super::{Ensemble, Labels};
use crate::{
    category::CategoryTable,
    encode::Encoder,
    real::Real,
    trace::{Answer, Element, Lookup, Unknown},
};

/// A model of a library, read.
pub(crate) struct LibraryModel<X> {
    pub(crate) ensemble: Ensemble<X>,
    pub(crate) finish: LibraryFinish<X>,
    pub(crate) encoder: Encoder<X>,
    pub(crate) outputs: Vec<Answer>,
}

/// The categories of text that each feature has, if any.
type Texts<'m> = Vec<Option<&'m [String]>>;

/// Refuses rows that are no table of this many features. A file of some hundred bytes can declare
/// more than there is memory for, so this comes first.
fn check_table(signature: &Signature, features: usize) -> Result<(), BackendError> {
    if signature.schema().columns().len() == features {
        return Ok(());
    }
    Err(refusal(signature, format!("rows of {features} elements")))
}

/// What rows are made features by: numbers as they are, texts by their place among the categories. A
/// text that is none of them, or empty, is a missing value.
///
/// # Errors
///
/// When a category stands twice.
fn encoder<X: Real>(signature: &Signature, texts: &Texts<'_>) -> Result<Encoder<X>, BackendError> {
    let schema = signature.schema();
    let mut lookups = Vec::new();
    let mut elements = Vec::with_capacity(texts.len());
    for (column, texts) in texts.iter().enumerate() {
        let Some(texts) = texts else {
            elements.push(Element::Number { column, arithmetic: Vec::new() });
            continue;
        };
        let table = CategoryTable::new(texts.to_vec()).map_err(|twice| {
            let name = &schema.columns()[column].name;
            BackendError::invalid_model(&**name, format!("the category {twice:?} stands twice"))
        })?;
        #[expect(clippy::cast_precision_loss, reason = "categories are fewer than 2²⁴")]
        let codes = (0..texts.len()).map(|code| code as f32).collect();
        elements.push(Element::Coded { lookup: lookups.len(), codes, unknown: f32::NAN });
        lookups.push(Lookup { column, table, unknown: Unknown::Counted });
    }
    Ok(Encoder::new(&elements, lookups, schema))
}

/// What each output of a signature is, and what the classes are called.
fn outputs(signature: &Signature) -> (Vec<Answer>, Option<Labels>) {
    match signature.task() {
        Task::Classifier { label, classes, .. } => {
            let answer = |output| if output == *label { Answer::Label } else { Answer::Scores };
            let labels = match classes {
                hotplate_model::Labels::Text(texts) => Labels::Texts(texts.clone()),
                hotplate_model::Labels::Integers(integers) => Labels::Integers(integers.clone()),
            };
            ((0..signature.outputs().len()).map(answer).collect(), Some(labels))
        }
        _ => (vec![Answer::Scores; signature.outputs().len()], None),
    }
}

fn refusal(signature: &Signature, reason: String) -> BackendError {
    let input = signature.schema().inputs().first().map_or("", |input| &input.name);
    let refusal = Refusal { operator: "input".to_owned(), node: input.to_owned(), reason };
    BackendError::unsupported(vec![refusal])
}

/// An index as trees have it; readers bound them.
fn small(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
