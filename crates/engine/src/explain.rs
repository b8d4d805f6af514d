//! Why scores are what they are.

use std::sync::Arc;

use hotplate_backend::{Covers, Explainer, Limits, Part};
use hotplate_codec::Reasons;
use hotplate_model::{Labels, Signature, Task};
use hotplate_scheduler::{Lane, LaneSettings, Terms};
use hotplate_tensor::{Columns, DType, DataView, Tensor};

use crate::{
    Engine, Input, Label,
    engine::{TURN_ROWS, run_part},
    error::{Cause, Error},
};

/// The slots of what explains a model, and what is known of it.
#[derive(Debug)]
pub(crate) struct Explaining {
    lane: Lane,
    classes: Option<Vec<usize>>,
    covers: Covers,
}

/// What each column of some rows adds to each of their scores.
///
/// Contributions are the Shapley values of the columns by path-dependent TreeSHAP: with what is
/// expected of a score when no column is known they sum up to the score. Scores are what the trees
/// add up to, before a logistic function or a softmax makes them probabilities.
#[derive(Clone, Debug)]
pub struct Explanations {
    signature: Arc<Signature>,
    classes: Option<Vec<usize>>,
    covers: Covers,
    rows: usize,
    scores: usize,
    /// `[rows, scores, columns]`.
    contributions: Tensor,
    /// `[rows, scores]`.
    expected: Tensor,
}

impl Engine {
    /// Says what each column of these rows adds to their scores.
    ///
    /// What explains a model is made when it is first asked for, in some milliseconds. Of a model
    /// whose file does not say how many rows came through its trees in training, the golden rows
    /// are counted where there are some; see [`Explanations::covers`].
    ///
    /// # Errors
    ///
    /// When the model cannot be explained, or the rows are not the model's.
    pub fn explain<I: Input + ?Sized>(&self, rows: &I) -> Result<Explanations, Error> {
        let explaining = self.explaining()?;
        let mut outputs = [DType::F64, DType::F64].map(Tensor::empty);
        let mut staging = self.rows();
        let count = rows.with_inputs(&mut staging, |inputs| {
            let unknown_categories = self.unknown_categories;
            let part = Part { unknown_categories, ..Part::new(inputs, &mut outputs) };
            let schema = self.signature().schema();
            run_part(&explaining.lane, &Terms::default(), part, schema).map(|ran| ran.rows)
        })??;
        let [contributions, expected] = outputs;
        let scores = expected.shape().dims().get(1).copied().unwrap_or_default();
        Ok(Explanations {
            signature: Arc::clone(self.shared_signature()),
            classes: explaining.classes.clone(),
            covers: explaining.covers,
            rows: count,
            scores,
            contributions,
            expected,
        })
    }

    fn explaining(&self) -> Result<&Explaining, Error> {
        if let Some(explaining) = self.explaining.get() {
            return Ok(explaining);
        }
        let backend_error = |error| Error::new(Cause::Backend(error));
        let background = self.background.as_ref().map(Columns::inputs);
        let Explainer { plan, classes, covers } =
            self.plan().explainer(background).map_err(backend_error)?;
        let limits = Limits { max_rows: TURN_ROWS, threads: 1 };
        let instances = self.instances();
        let settings = LaneSettings { instances, limits, ..LaneSettings::default() };
        let lane = Lane::start(plan, settings).map_err(backend_error)?;
        Ok(self.explaining.get_or_init(|| Explaining { lane, classes, covers }))
    }
}

impl Explanations {
    /// The number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of scores of a row that are explained: one of a regressor, and of two classes
    /// the second's; else one for each class.
    pub const fn scores(&self) -> usize {
        self.scores
    }

    /// The class that a score is of, where the model is a classifier.
    pub fn class(&self, score: usize) -> Option<Label<'_>> {
        let class = *self.classes.as_ref()?.get(score)?;
        match self.signature.task() {
            Task::Classifier { classes: Labels::Text(names), .. } => {
                Some(Label::Text(names.get(class)?))
            }
            Task::Classifier { classes: Labels::Integers(integers), .. } => {
                Some(Label::Integer(*integers.get(class)?))
            }
            _ => None,
        }
    }

    /// What is expected of a score when no column is known; the same for every row.
    pub fn expected(&self, score: usize) -> f64 {
        floats(&self.expected)[score]
    }

    /// What each column adds to a score of a row, in the order of the model's columns.
    ///
    /// # Panics
    ///
    /// When there is no such row or score.
    pub fn contributions(&self, row: usize, score: usize) -> &[f64] {
        let columns = self.signature.schema().columns().len();
        &floats(&self.contributions)[(row * self.scores + score) * columns..][..columns]
    }

    /// A score of a row: the sum of what is expected and all contributions.
    ///
    /// # Panics
    ///
    /// When there is no such row or score.
    pub fn score(&self, row: usize, score: usize) -> f64 {
        self.contributions(row, score).iter().fold(self.expected(score), |sum, one| sum + one)
    }

    /// The columns that move a score of a row most, by name, with what they add.
    ///
    /// # Panics
    ///
    /// When there is no such row or score.
    pub fn top(&self, row: usize, score: usize, most: usize) -> Vec<(&str, f64)> {
        let columns = self.signature.schema().columns().iter();
        let contributions = self.contributions(row, score).iter().copied();
        let mut all: Vec<_> =
            columns.map(|column| column.name.as_str()).zip(contributions).collect();
        all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        all.truncate(most);
        all
    }

    /// What contributions are relative to.
    pub const fn covers(&self) -> Covers {
        self.covers
    }

    /// What a reply tells of them, the `most` columns of each score.
    pub fn reasons(&self, most: usize) -> Reasons<'_> {
        Reasons {
            columns: self.signature.schema().columns(),
            classes: (0..self.scores)
                .filter_map(|score| self.class(score).map(|label| label.to_string()))
                .collect(),
            contributions: floats(&self.contributions),
            expected: floats(&self.expected),
            covers: self.covers.to_string(),
            most,
        }
    }
}

fn floats(tensor: &Tensor) -> &[f64] {
    match tensor.data() {
        DataView::F64(elements) => elements,
        _ => &[],
    }
}
