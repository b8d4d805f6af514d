use std::mem;

use hotplate_model::{Labels, Signature, Task};
use hotplate_tensor::{DType, Schema};

use super::Combine;

/// Checks that a model reads and answers what the first one does, and that such answers can be
/// combined; or says what differs, for a person.
pub(super) fn check(how: Combine, first: &Signature, other: &Signature) -> Result<(), String> {
    check_rows(first.schema(), other.schema())?;
    if first.batching() != other.batching() {
        return Err("it takes several rows in another way".to_owned());
    }
    check_task(first.task(), other.task())?;
    let (expected, got) = (first.outputs(), other.outputs());
    if expected.len() != got.len() {
        return Err(format!("expected {} outputs, got {}", expected.len(), got.len()));
    }
    for (expected, got) in expected.iter().zip(got) {
        if (&expected.name, expected.dtype) != (&got.name, got.dtype) {
            return Err(format!(
                "expected an output {:?} of {}, got {:?} of {}",
                expected.name, expected.dtype, got.name, got.dtype
            ));
        }
    }
    check_combinable(how, other)
}

pub(crate) fn check_rows(first: &Schema, other: &Schema) -> Result<(), String> {
    let (expected, got) = (first.columns().len(), other.columns().len());
    if expected != got {
        return Err(format!("expected {expected} columns, got {got}"));
    }
    for (index, (expected, got)) in first.columns().iter().zip(other.columns()).enumerate() {
        if (&expected.name, expected.dtype) != (&got.name, got.dtype) {
            return Err(format!(
                "column {index}: expected {:?} of {}, got {:?} of {}",
                expected.name, expected.dtype, got.name, got.dtype
            ));
        }
    }
    if first.inputs() == other.inputs() {
        return Ok(());
    }
    let list = |schema: &Schema| {
        let inputs = schema.inputs().iter();
        let one =
            inputs.map(|input| format!("{:?} {} {}", input.name, input.dtype, input.row_shape));
        one.collect::<Vec<String>>().join(", ")
    };
    Err(format!("expected the inputs {}, got {}", list(first), list(other)))
}

fn check_task(first: &Task, other: &Task) -> Result<(), String> {
    check_kind(first, other)?;
    if first == other { Ok(()) } else { Err("its outputs have another order".to_owned()) }
}

/// Checks that answers mean the same, wherever they stand among the outputs.
pub(crate) fn check_kind(first: &Task, other: &Task) -> Result<(), String> {
    match (first, other) {
        (Task::Classifier { classes: expected, .. }, Task::Classifier { classes: got, .. }) => {
            if expected == got {
                return Ok(());
            }
            Err(format!("expected the classes {}, got {}", listed(expected), listed(got)))
        }
        _ if mem::discriminant(first) == mem::discriminant(other) => Ok(()),
        _ => Err(format!("expected {}, got {}", kind(first), kind(other))),
    }
}

const fn kind(task: &Task) -> &'static str {
    match task {
        Task::Classifier { .. } => "a classifier",
        Task::Regressor { .. } => "a model of one number a row",
        Task::Embedding { .. } => "a model of embeddings",
        _ => "a model whose outputs speak for themselves",
    }
}

/// The first few classes, and how many there are beyond them.
fn listed(classes: &Labels) -> String {
    const MOST: usize = 8;
    let names: Vec<String> = match classes {
        Labels::Text(names) => names.iter().take(MOST).map(|name| format!("{name:?}")).collect(),
        Labels::Integers(numbers) => numbers.iter().take(MOST).map(i64::to_string).collect(),
    };
    match classes.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

fn check_combinable(how: Combine, signature: &Signature) -> Result<(), String> {
    let label_of = match *signature.task() {
        Task::Classifier { label, .. } => Some(label),
        _ if how == Combine::Vote => {
            return Err("only classifiers vote; other models are averaged".to_owned());
        }
        _ => None,
    };
    let mut outputs = signature.outputs().iter().enumerate();
    let odd = outputs.find(|&(index, output)| {
        Some(index) != label_of && (!output.dtype.is_float() || output.optional)
            || Some(index) == label_of && !matches!(output.dtype, DType::I64 | DType::Str)
    });
    match odd {
        None => Ok(()),
        Some((_, output)) if output.optional => {
            Err(format!("output {:?} may be nothing, which has no mean", output.name))
        }
        Some((_, output)) => {
            Err(format!("output {:?} of {} has no mean", output.name, output.dtype))
        }
    }
}
