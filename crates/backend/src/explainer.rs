use std::{fmt, sync::Arc};

use crate::Plan;

/// What explains the scores of a model.
#[derive(Clone, Debug)]
pub struct Explainer {
    /// Its outputs are, in this order, both float64:
    ///
    /// - `contributions`, `[rows, scores, columns]`: what each column of the schema adds to each
    ///   score.
    /// - `expected`, `[rows, scores]`: what is expected of each score when no column is known; the
    ///   same for every row. With the contributions it sums up to the score.
    pub plan: Arc<dyn Plan>,
    /// The places of the explained scores among the model's classes, where scores are of classes.
    pub classes: Option<Vec<usize>>,
    /// What is said of rows that a contribution is relative to.
    pub covers: Covers,
}

/// How many rows are taken to come through each branch of a tree: what contributions are relative
/// to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// As many as came through in training, as the model's file says.
    Training,
    /// As many as do of the rows that were given.
    Background,
    /// As many as there are leaves behind it: nobody says more.
    Leaves,
}

impl fmt::Display for Covers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Training => "training",
            Self::Background => "background",
            Self::Leaves => "leaves",
        })
    }
}
