//! From feature vectors to scores and classes.

use super::{
    Aggregate, Ensemble, Labels,
    head::{Class, Head},
    weights::{LeafWeights, Weights},
};
use crate::{
    post_transform::PostTransform,
    real::Real,
    trees::{Layout, Scorer, Scratch},
};

/// Rows that are added up together.
const BLOCK_ROWS: usize = 32;

/// An ensemble, laid out.
#[derive(Debug)]
pub(crate) struct LaidOutEnsemble<X: Real> {
    adder: Adder<X>,
    head: Head<X>,
    labels: Option<Labels>,
    scores: usize,
    aggregate: Aggregate,
}

/// How the scores of a row come about.
#[derive(Debug)]
enum Adder<X: Real> {
    /// Every tree adds a number to the one score that there is, or that counts.
    One(Scorer<X, X>),
    /// Every tree adds a number to its own score.
    ByTree { scorer: Scorer<X, X>, score_of_tree: Vec<u32> },
    /// Every leaf adds what it has.
    ByLeaf { scorer: Scorer<X, u32>, weights: LeafWeights<X> },
}

/// What one thread needs to answer.
#[derive(Debug)]
pub(crate) struct EnsembleScratch<X> {
    trees: TreesScratch<X>,
    sums: Vec<X>,
    /// Which of the scores got anything.
    got: Vec<bool>,
}

#[derive(Debug)]
enum TreesScratch<X> {
    Numbers(Scratch<X>),
    Leaves(Scratch<u32>),
}

impl<X: Real> LaidOutEnsemble<X> {
    /// Lays out an ensemble, in this layout or the fastest.
    ///
    /// # Errors
    ///
    /// The reason why its trees cannot be laid out so.
    pub(crate) fn new(ensemble: Ensemble<X>, layout: Option<Layout>) -> Result<Self, String> {
        let Ensemble { trees, weights, scores, aggregate, head, labels } = ensemble;
        let refusal = || match layout {
            None => "a tree too large for every layout".to_owned(),
            Some(layout) => format!("trees that cannot be laid out as {layout}"),
        };
        let adder = match weights {
            Weights::ByTree { score_of_tree } => {
                if head.is_of_one(scores) {
                    Adder::One(Scorer::for_sums(&trees, layout).ok_or_else(refusal)?)
                } else {
                    let scorer = Scorer::new(&trees, layout).ok_or_else(refusal)?;
                    Adder::ByTree { scorer, score_of_tree }
                }
            }
            Weights::ByLeaf(weights) => {
                let scorer = Scorer::new(&trees, layout).ok_or_else(refusal)?;
                Adder::ByLeaf { scorer, weights }
            }
        };
        Ok(Self { adder, head, labels, scores, aggregate })
    }

    /// The number of scores of a row.
    pub(crate) const fn scores(&self) -> usize {
        self.scores
    }

    /// What a classifier calls its classes.
    pub(crate) const fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }

    /// What a thread needs to call the methods below.
    pub(crate) fn scratch(&self) -> EnsembleScratch<X> {
        let (trees, sums) = match &self.adder {
            Adder::One(scorer) => (TreesScratch::Numbers(scorer.scratch()), BLOCK_ROWS),
            Adder::ByTree { scorer, .. } => (TreesScratch::Numbers(scorer.scratch()), self.scores),
            Adder::ByLeaf { scorer, .. } => (TreesScratch::Leaves(scorer.scratch()), self.scores),
        };
        EnsembleScratch { trees, sums: vec![X::ZERO; sums], got: vec![false; self.scores] }
    }

    /// Answers the feature vectors in `rows`, `[rows, width]` row-major: writes their scores to
    /// `scores`, `[rows, self.scores()]`, and calls `classify` with each row's number and class.
    pub(crate) fn answer(
        &self,
        rows: &[X],
        width: usize,
        scratch: &mut EnsembleScratch<X>,
        scores: &mut [f32],
        mut classify: impl FnMut(usize, Class),
    ) {
        let answers = scores.chunks_exact_mut(self.scores);
        if let (Adder::One(scorer), TreesScratch::Numbers(trees)) =
            (&self.adder, &mut scratch.trees)
            && matches!(self.aggregate, Aggregate::Sum | Aggregate::Average)
        {
            let mut answers = answers.enumerate();
            for rows in rows.chunks(BLOCK_ROWS * width) {
                let sums = &mut scratch.sums[..rows.len() / width];
                scorer.sums(rows, width, sums, trees);
                for (&mut sum, (row, answer)) in sums.iter_mut().zip(&mut answers) {
                    classify(row, self.head.answer_one(self.averaged(sum), answer));
                }
            }
            return;
        }
        let is_of_one = self.head.is_of_one(self.scores);
        for (row, (x, answer)) in rows.chunks_exact(width).zip(answers).enumerate() {
            self.add_up(x, scratch);
            let EnsembleScratch { sums, got, .. } = &mut *scratch;
            let class = if is_of_one {
                self.head.answer_one(sums[0], answer)
            } else {
                self.head.answer(&mut sums[..self.scores], got, answer)
            };
            classify(row, class);
        }
    }

    /// Writes the scores of the feature vectors in `rows` as they are: nothing is made of them.
    pub(crate) fn raw(
        &self,
        rows: &[X],
        width: usize,
        scratch: &mut EnsembleScratch<X>,
        scores: &mut [X],
    ) {
        for (x, answer) in rows.chunks_exact(width).zip(scores.chunks_exact_mut(self.scores)) {
            self.add_up(x, scratch);
            answer.copy_from_slice(&scratch.sums[..self.scores]);
        }
    }

    /// Makes `scratch.sums` the scores of a row.
    fn add_up(&self, x: &[X], scratch: &mut EnsembleScratch<X>) {
        let EnsembleScratch { trees, sums, got } = scratch;
        let mut adding = Adding { aggregate: self.aggregate, sums, got };
        adding.sums.fill(X::ZERO);
        adding.got.fill(false);
        match (&self.adder, trees) {
            (Adder::One(scorer), TreesScratch::Numbers(trees)) => {
                scorer.visit(x, trees).iter().for_each(|&value| adding.add(0, value));
            }
            (Adder::ByTree { scorer, score_of_tree }, TreesScratch::Numbers(trees)) => {
                let said = scorer.visit(x, trees).iter().zip(score_of_tree);
                said.for_each(|(&value, &score)| adding.add(score, value));
            }
            (Adder::ByLeaf { scorer, weights }, TreesScratch::Leaves(trees)) => {
                let said = scorer.visit(x, trees).iter().flat_map(|&leaf| weights.of(leaf));
                said.for_each(|weight| adding.add(weight.score, weight.value));
            }
            _ => unreachable!("the scratch is of this ensemble"),
        }
        sums.iter_mut().for_each(|sum| *sum = self.averaged(*sum));
    }

    fn averaged(&self, sum: X) -> X {
        match self.aggregate {
            Aggregate::Average => sum / X::of_count(self.scorer_trees()),
            _ => sum,
        }
    }

    const fn scorer_trees(&self) -> usize {
        match &self.adder {
            Adder::One(scorer) | Adder::ByTree { scorer, .. } => scorer.trees(),
            Adder::ByLeaf { scorer, .. } => scorer.trees(),
        }
    }

    /// Whether anything but sums is made of the scores.
    pub(crate) fn has_transform(&self) -> bool {
        self.head.post_transform() != PostTransform::None
    }

    /// The layout, and what is made of the scores, a line each, for a person.
    pub(crate) fn describe(&self) -> [String; 2] {
        let (layout, adds) = match &self.adder {
            Adder::One(scorer) => (scorer.describe(), "the trees'"),
            Adder::ByTree { scorer, .. } => (scorer.describe(), "for each score its trees'"),
            Adder::ByLeaf { scorer, .. } => (scorer.describe(), "for each score the leaves'"),
        };
        let aggregate = match self.aggregate {
            Aggregate::Sum => "sum",
            Aggregate::Average => "average",
            Aggregate::Min => "least",
            Aggregate::Max => "greatest",
        };
        [layout, format!("{adds} {aggregate}{}", self.head.describe())]
    }
}

/// The scores of a row while they are added up.
struct Adding<'a, X> {
    aggregate: Aggregate,
    sums: &'a mut [X],
    got: &'a mut [bool],
}

impl<X: Real> Adding<'_, X> {
    #[inline]
    fn add(&mut self, score: u32, value: X) {
        let (sum, got) = (&mut self.sums[score as usize], &mut self.got[score as usize]);
        let is_first = !std::mem::replace(got, true);
        match self.aggregate {
            Aggregate::Sum | Aggregate::Average => *sum += value,
            Aggregate::Min if is_first || value < *sum => *sum = value,
            Aggregate::Max if is_first || value > *sum => *sum = value,
            Aggregate::Min | Aggregate::Max => {}
        }
    }
}
