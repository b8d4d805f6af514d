//! Ensembles of trees: what is read from a file, and what is made of it.
//!
//! - [`onnx`]: the attributes of ONNX's three operators.
//! - `comparison`: branches as ONNX says them, and the trees that they make.
//! - `head`: what is made of the scores of a row, by ONNX Runtime's rules.
//! - `laid_out`: from feature vectors to scores and classes.

mod comparison;
mod head;
mod laid_out;
pub(crate) mod onnx;
mod weights;

pub(crate) use head::Labels;
pub(crate) use laid_out::{EnsembleScratch, LaidOutEnsemble};

use self::{head::Head, weights::Weights};
use crate::{real::Real, trees::Tree};

/// An ensemble as its file says.
#[derive(Debug)]
pub(crate) struct Ensemble<X> {
    /// In the order in which they are added up.
    trees: Vec<Tree<X>>,
    /// What their leaves add.
    weights: Weights<X>,
    /// The number of classes or targets.
    scores: usize,
    aggregate: Aggregate,
    head: Head<X>,
    /// What a classifier calls its classes.
    labels: Option<Labels>,
}

/// What is made of what several trees add to one score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

impl<X: Real> Ensemble<X> {
    /// The number of features that the trees may ask for.
    pub(crate) fn features(&self) -> usize {
        self.trees.iter().map(Tree::features).max().unwrap_or(0)
    }

    /// The number of scores of a row.
    pub(crate) const fn scores(&self) -> usize {
        self.scores
    }

    /// What a classifier calls its classes.
    pub(crate) const fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }
}
