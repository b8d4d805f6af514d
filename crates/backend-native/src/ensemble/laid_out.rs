//! From feature vectors to scores.

use hotplate_backend::TreeLayout;

use super::{
    Aggregate, Ensemble,
    weights::{LeafWeights, Weights},
};
use crate::{
    real::Real,
    trees::{Scorer, Scratch},
};

/// Rows that are added up together.
const BLOCK_ROWS: usize = 32;

/// An ensemble, laid out.
#[derive(Debug)]
pub(crate) struct LaidOutEnsemble<X: Real> {
    adder: Adder<X>,
    /// What each score begins with.
    start: Vec<X>,
    aggregate: Aggregate,
}

/// How the scores of a row come about.
#[derive(Debug)]
enum Adder<X: Real> {
    /// Every tree adds a number to the only score.
    One(Scorer<X, X>),
    /// Every tree adds a number to its own score.
    ByTree { scorer: Scorer<X, X>, score_of_tree: Vec<u32> },
    /// Every tree adds a number to the second score, and its negation to the first.
    Mirrored(Scorer<X, X>),
    /// Every leaf adds a number to every score.
    Dense { scorer: Scorer<X, u32>, values: Vec<X> },
    /// Every leaf adds what it has.
    ByLeaf { scorer: Scorer<X, u32>, weights: LeafWeights<X> },
}

/// What one thread needs to add up.
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
    pub(crate) fn new(ensemble: &Ensemble<X>, layout: Option<TreeLayout>) -> Result<Self, String> {
        let Ensemble { trees, weights, start, aggregate } = ensemble;
        let (start, aggregate) = (start.clone(), *aggregate);
        let refusal = || match layout {
            None => "a tree too large for every layout".to_owned(),
            Some(layout) => format!("trees that cannot be laid out as {layout}"),
        };
        let adder = match weights {
            Weights::ByTree { .. } if start.len() == 1 => {
                Adder::One(Scorer::for_sums(trees, layout).ok_or_else(refusal)?)
            }
            Weights::ByTree { score_of_tree } => {
                let scorer = Scorer::new(trees, layout).ok_or_else(refusal)?;
                Adder::ByTree { scorer, score_of_tree: score_of_tree.clone() }
            }
            Weights::Mirrored => {
                Adder::Mirrored(Scorer::for_sums(trees, layout).ok_or_else(refusal)?)
            }
            Weights::Dense { values, .. } => {
                let scorer = Scorer::new(trees, layout).ok_or_else(refusal)?;
                Adder::Dense { scorer, values: values.clone() }
            }
            Weights::ByLeaf(weights) => {
                let scorer = Scorer::new(trees, layout).ok_or_else(refusal)?;
                Adder::ByLeaf { scorer, weights: weights.clone() }
            }
        };
        Ok(Self { adder, start, aggregate })
    }

    /// The number of scores of a row.
    pub(crate) const fn scores(&self) -> usize {
        self.start.len()
    }

    /// The first score that is told: of two that mirror each other, the second tells all.
    pub(crate) const fn first_told(&self) -> usize {
        matches!(self.adder, Adder::Mirrored(_)) as usize
    }

    /// What a score has before its trees add anything; of an average, a share.
    pub(crate) fn start(&self, score: usize) -> f64 {
        self.averaged(self.start[score]).to_f64()
    }

    /// How the trees make a score.
    pub(crate) const fn aggregate(&self) -> Aggregate {
        self.aggregate
    }

    /// What a thread needs to call the method below.
    pub(crate) fn scratch(&self) -> EnsembleScratch<X> {
        let (trees, sums) = match &self.adder {
            Adder::One(scorer) | Adder::Mirrored(scorer) => {
                (TreesScratch::Numbers(scorer.scratch()), BLOCK_ROWS)
            }
            Adder::ByTree { scorer, .. } => {
                (TreesScratch::Numbers(scorer.scratch()), self.scores())
            }
            Adder::Dense { scorer, .. } | Adder::ByLeaf { scorer, .. } => {
                (TreesScratch::Leaves(scorer.scratch()), self.scores())
            }
        };
        EnsembleScratch { trees, sums: vec![X::ZERO; sums], got: vec![false; self.scores()] }
    }

    /// Calls `each` with the number of each feature vector in `rows`, `[rows, width]` row-major, its
    /// scores, and whether each of them got anything; all three are the callee's to change.
    pub(crate) fn scores_of(
        &self,
        rows: &[X],
        width: usize,
        scratch: &mut EnsembleScratch<X>,
        mut each: impl FnMut(usize, &mut [X], &mut [bool]),
    ) {
        if let (Adder::One(scorer) | Adder::Mirrored(scorer), TreesScratch::Numbers(trees)) =
            (&self.adder, &mut scratch.trees)
            && matches!(self.aggregate, Aggregate::Sum | Aggregate::Average(_))
        {
            let is_mirrored = matches!(self.adder, Adder::Mirrored(_));
            for (block, rows) in rows.chunks(BLOCK_ROWS * width).enumerate() {
                let sums = &mut scratch.sums[..rows.len() / width];
                sums.fill(self.start[usize::from(is_mirrored)]);
                scorer.add_to(sums, rows, width, trees);
                for (row, sum) in (block * BLOCK_ROWS..).zip(sums) {
                    *sum = self.averaged(*sum);
                    scratch.got.fill(true);
                    match is_mirrored {
                        false => each(row, std::slice::from_mut(sum), &mut scratch.got),
                        true => each(row, &mut [-*sum, *sum], &mut scratch.got),
                    }
                }
            }
            return;
        }
        for (row, x) in rows.chunks_exact(width).enumerate() {
            self.add_up(x, scratch);
            each(row, &mut scratch.sums[..self.scores()], &mut scratch.got);
        }
    }

    /// Makes `scratch.sums` the scores of a row.
    fn add_up(&self, x: &[X], scratch: &mut EnsembleScratch<X>) {
        let EnsembleScratch { trees, sums, got } = scratch;
        let sums = &mut sums[..self.scores()];
        sums.copy_from_slice(&self.start);
        got.fill(false);
        let mut adding = Adding { aggregate: self.aggregate, sums, got };
        match (&self.adder, trees) {
            (Adder::One(scorer), TreesScratch::Numbers(trees)) => {
                scorer.visit(x, trees).iter().for_each(|&value| adding.add(0, value));
            }
            (Adder::Mirrored(scorer), TreesScratch::Numbers(trees)) => {
                for &value in scorer.visit(x, trees) {
                    adding.add(0, -value);
                    adding.add(1, value);
                }
            }
            (Adder::Dense { scorer, values }, TreesScratch::Leaves(trees)) => {
                let said = scorer.visit(x, trees).iter();
                said.for_each(|&leaf| adding.add_all(&values[leaf as usize * self.start.len()..]));
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
            Aggregate::Average(of) => sum / X::of_count(of),
            _ => sum,
        }
    }

    /// The layout, for a person.
    pub(crate) fn layout(&self) -> String {
        match &self.adder {
            Adder::One(scorer) | Adder::Mirrored(scorer) | Adder::ByTree { scorer, .. } => {
                scorer.describe()
            }
            Adder::Dense { scorer, .. } | Adder::ByLeaf { scorer, .. } => scorer.describe(),
        }
    }

    /// What the scores are, for a person.
    pub(crate) fn describe(&self) -> String {
        let trees = match &self.adder {
            Adder::One(_) => "the trees'",
            Adder::Mirrored(_) => "for two scores, one the negation of the other, the trees'",
            Adder::ByTree { .. } => "for each score its trees'",
            Adder::Dense { .. } | Adder::ByLeaf { .. } => "for each score the leaves'",
        };
        let aggregate = match self.aggregate {
            Aggregate::Sum => "sum",
            Aggregate::Average(_) => "average",
            Aggregate::Min => "least",
            Aggregate::Max => "greatest",
        };
        format!("{trees} {aggregate}")
    }
}

/// The scores of a row while they are added up.
struct Adding<'a, X> {
    aggregate: Aggregate,
    sums: &'a mut [X],
    got: &'a mut [bool],
}

impl<X: Real> Adding<'_, X> {
    /// Adds the first of these values to the scores, one to each.
    #[inline]
    fn add_all(&mut self, values: &[X]) {
        if matches!(self.aggregate, Aggregate::Sum | Aggregate::Average(_)) {
            self.sums.iter_mut().zip(values).for_each(|(sum, &value)| *sum += value);
            self.got.fill(true);
        } else {
            (0..)
                .zip(&values[..self.sums.len()])
                .for_each(|(score, &value)| self.add(score, value));
        }
    }

    #[inline]
    fn add(&mut self, score: u32, value: X) {
        let (sum, got) = (&mut self.sums[score as usize], &mut self.got[score as usize]);
        let is_first = !std::mem::replace(got, true);
        match self.aggregate {
            Aggregate::Sum | Aggregate::Average(_) => *sum += value,
            Aggregate::Min if is_first || value < *sum => *sum = value,
            Aggregate::Max if is_first || value > *sum => *sum = value,
            Aggregate::Min | Aggregate::Max => {}
        }
    }
}
