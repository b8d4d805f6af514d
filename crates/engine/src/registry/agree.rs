//! Whether two versions can stand for each other.

use hotplate_model::{OutputSpec, Signature, Task};
use hotplate_tensor::{DType, Schema};

use crate::{Engine, combined::agree};

/// Checks that `other` reads what `first` reads, and answers in the same kind; or says what differs,
/// for a person.
///
/// A client must not see which of them answers but by the values. So the cells of a row must have
/// the same names and kinds in the same order, though not the same width (an export in float32 may
/// stand for a model in float64), and rows of tensors the same tensors. The task, its classes, and
/// what replies hold must be the same.
pub(super) fn check(first: &Engine, other: &Engine) -> Result<(), String> {
    let (expected, got) = (first.signature(), other.signature());
    check_rows(expected.schema(), got.schema())?;
    agree::check_kind(expected.task(), got.task())?;
    match (expected.task(), got.task()) {
        (Task::Other, _) => check_outputs(expected, got)?,
        (Task::Embedding { output: first }, Task::Embedding { output: other }) => {
            check_width(&expected.outputs()[*first], &got.outputs()[*other])?;
        }
        _ => {}
    }
    if first.output() != other.output() {
        return Err("`output` under [model] asks for other fields in its replies".to_owned());
    }
    Ok(())
}

fn check_rows(first: &Schema, other: &Schema) -> Result<(), String> {
    if !first.is_table() || !other.is_table() {
        return agree::check_rows(first, other);
    }
    let (expected, got) = (first.columns(), other.columns());
    if expected.len() != got.len() {
        return Err(format!("expected {} columns, got {}", expected.len(), got.len()));
    }
    // Columns without names are called after the tensor, which no client sees.
    let named = first.is_named() || other.is_named();
    let differ = expected.iter().zip(got).enumerate().find(|(_, (expected, got))| {
        named && expected.name != got.name || kind(expected.dtype) != kind(got.dtype)
    });
    differ.map_or(Ok(()), |(index, (expected, got))| {
        Err(format!(
            "column {index}: expected {:?} of {}, got {:?} of {}",
            expected.name,
            kind(expected.dtype),
            got.name,
            kind(got.dtype)
        ))
    })
}

/// Whoever keeps embeddings compares them with each other.
fn check_width(first: &OutputSpec, other: &OutputSpec) -> Result<(), String> {
    let width = |output: &OutputSpec| match output.row_dims.as_deref() {
        Some([Some(width)]) => format!("{width} numbers"),
        _ => "any width".to_owned(),
    };
    let (expected, got) = (width(first), width(other));
    if expected == got {
        Ok(())
    } else {
        Err(format!("expected embeddings of {expected}, got {got}"))
    }
}

fn check_outputs(first: &Signature, other: &Signature) -> Result<(), String> {
    let (expected, got) = (first.outputs(), other.outputs());
    if expected.len() != got.len() {
        return Err(format!("expected {} outputs, got {}", expected.len(), got.len()));
    }
    let mut pairs = expected.iter().zip(got);
    let differ = pairs.find(|(expected, got)| {
        (&expected.name, kind(expected.dtype)) != (&got.name, kind(got.dtype))
    });
    differ.map_or(Ok(()), |(expected, got)| {
        Err(format!(
            "expected an output {:?} of {}, got {:?} of {}",
            expected.name,
            kind(expected.dtype),
            got.name,
            kind(got.dtype)
        ))
    })
}

/// What the values of a type are to a client.
const fn kind(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 | DType::F64 => "numbers",
        DType::Bool => "truths",
        DType::Str => "texts",
        _ => "integers",
    }
}
