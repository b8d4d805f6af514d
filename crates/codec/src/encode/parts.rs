//! What an answer consists of, whatever it is written as.

use hotplate_tensor::{DataView, Shape};

use crate::{Field, Predictions, encode::value::score_index};

/// What a classifier answers unless it is asked for something else.
const CLASSIFIER: [Field; 3] = [Field::PredictedLabel, Field::Score, Field::Probabilities];
/// What a regressor answers.
const REGRESSOR: [Field; 1] = [Field::Score];

/// The value of one part of a row's answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    /// The element at this index.
    One(DataView<'a>, usize),
    /// A list of this many elements from this index on.
    List(DataView<'a>, usize, usize),
    /// Nothing, for the model has none.
    Nothing,
}

impl<'a> Part<'a> {
    /// A field of the answer of `row`.
    pub(super) fn of_field(predictions: &Predictions<'a>, field: Field, row: usize) -> Self {
        use Field::{PredictedScore, Probability, Score};
        match (field, *predictions) {
            (
                Score | Probability | PredictedScore,
                Predictions::Classifier { probabilities, classes: classes @ 1.., .. },
            ) => Self::One(probabilities, score_index(probabilities, classes, row)),
            (Score | Probability | PredictedScore, Predictions::Regressor { values }) => {
                Self::One(values, row)
            }
            (Field::PredictedLabel, Predictions::Classifier { labels, .. }) => {
                Self::One(labels, row)
            }
            (Field::Probabilities, Predictions::Classifier { probabilities, classes, .. }) => {
                Self::List(probabilities, row * classes, classes)
            }
            (Field::Labels, Predictions::Classifier { names: Some(names), .. }) => {
                Self::List(names, 0, names.len())
            }
            (Field::RawScore, Predictions::Classifier { labels, margins: Some(margins), .. }) => {
                match margins.len() / labels.len() {
                    0 => Self::Nothing,
                    width => Self::One(margins, score_index(margins, width, row)),
                }
            }
            (Field::RawScores, Predictions::Classifier { labels, margins: Some(margins), .. }) => {
                let width = margins.len() / labels.len();
                Self::List(margins, row * width, width)
            }
            _ => Self::Nothing,
        }
    }

    /// The elements, where they are and how many; one NaN for nothing.
    pub(super) fn elements(self) -> (DataView<'a>, usize, usize) {
        match self {
            Self::One(data, index) => (data, index, 1),
            Self::List(data, start, width) => (data, start, width),
            Self::Nothing => (DataView::F32(&[f32::NAN]), 0, 1),
        }
    }
}

/// The fields that objects have unless others are asked for.
pub(super) fn own_fields(predictions: &Predictions<'_>) -> &'static [Field] {
    match predictions {
        Predictions::Classifier { .. } => &CLASSIFIER,
        Predictions::Regressor { .. } => &REGRESSOR,
        Predictions::Tensors { .. } => &[],
    }
}

/// The fields of a row without names unless others are asked for: as few as tell everything.
pub(super) fn own_cells(predictions: &Predictions<'_>) -> &'static [Field] {
    match predictions {
        Predictions::Classifier { classes: 2, .. } | Predictions::Regressor { .. } => {
            &[Field::Score]
        }
        Predictions::Classifier { .. } => &[Field::Probabilities],
        Predictions::Tensors { .. } => &[],
    }
}

/// Gives each part of a row's answer with its name and the shape of what it holds.
pub(super) fn each_part<'a>(
    predictions: &Predictions<'a>,
    fields: &[Field],
    row: usize,
    mut each: impl FnMut(&str, Part<'a>, Shape),
) {
    if let Predictions::Tensors { outputs, .. } = *predictions {
        for (name, tensor) in outputs {
            let shape = tensor.shape().of_one_row();
            let width = shape.elements();
            each(name, Part::List(tensor.data(), row * width, width), shape);
        }
        return;
    }
    for &field in fields {
        let part = Part::of_field(predictions, field, row);
        each(field.name(), part, Shape::of_rows(part.elements().2));
    }
}
