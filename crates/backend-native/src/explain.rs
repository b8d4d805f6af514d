//! What each feature of a row adds to its scores: path-dependent TreeSHAP, exact.
//!
//! The value of a coalition of features is what a tree says on average when only they are known: a
//! walk goes with the row where a feature of the coalition is asked for, and elsewhere to both
//! sides, by their shares of the rows that came through in training (*covers*). Contributions are
//! the Shapley values of that game (Lundberg et al., "From local explanations to global
//! understanding with explainable AI for trees", 2020), as LightGBM's `pred_contrib` and XGBoost's
//! `pred_contribs` give them.
//!
//! # Method
//!
//! Take a leaf of value `v` and the features on its path. Let `o` be 1 for a feature whose branches
//! the row passes, else 0, and `z` the product of their shares. The leaf gives feature `i`
//!
//! ```text
//! v (oᵢ - zᵢ) ∫₀¹ Π_{j≠i} (oⱼ t + zⱼ (1 - t)) dt
//! ```
//!
//! for the weight of a coalition of `s` among `d` features is `∫ tˢ (1 - t)ᵈ⁻¹⁻ˢ dt`. The integrand
//! is a polynomial of degree `d - 1`, which [`quadrature`] integrates exactly by some `d / 2` of its
//! values, all of numbers between zero and one. So far this is Linear TreeSHAP (Yu et al., 2022),
//! with a polynomial held by values at other points. The values at one point are found for all
//! leaves at once, down the tree and up again ([`pass`]):
//!
//! - Say the branches above that ask for the same feature `i` have shares of the product `z`, and
//!   the row passes them all. Knowing `i` then *pulls* `p = t / (t + (1 - t) z)` of what comes to
//!   the branch to the side of the row, and `1 - p` spreads by shares. With none above, `z` is one
//!   and `p = t`. Where the row fails one of them, `p = 0`.
//! - Let `o` be 1 where the row goes to the false side, else 0, and `z` that side's share. The false
//!   side's *part* of what *reaches* the branch is `z + p (o - z)`, and the rest is the true side's.
//!   Up, the *worth* of a branch is that of its true side, and the same part of what its
//!   false side's *differs* by.
//! - Feature `i` gets the integral of what reaches the branch times what differs times `o - z` times
//!   `z / (t + (1 - t) z)²`, which is `p (1 - p) / (t (1 - t))`. For a feature asked for several times
//!   on a path these are not what its branches add each, but their sum is what they add together.
//!
//! Trees that are alike are passed through together, level by level as if they were one: what is done
//! for a branch must wait for its parent, but not for its neighbours.
//!
//! No number is divided by a share, so that nothing special happens where nothing came through.

mod compare;
mod cover;
mod output;
mod pass;
mod path;
mod quadrature;
mod room;
mod rule;
mod split;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use hotplate_backend::Covers;

use self::{
    compare::Comparer,
    output::Output,
    pass::{Lanes, Largest, Points, Work},
    rule::{Rule, Rules},
    split::Splits,
};
use crate::{
    real::Real,
    simd::{Level, Loop, Simd, f64x4, f64x8},
    trees::{Leaf, Tree},
};

/// The most nodes of a grove of several trees: what is worked on stays in the nearest cache, and there
/// is enough of it that need not wait for the rest.
const MOST_NODES: usize = 256;

/// Explains the scores of an ensemble of trees.
#[derive(Debug)]
pub(crate) struct Explainer<X> {
    groves: Vec<Grove<X>>,
    comparer: Comparer<X>,
    rules: Rules,
    largest: Largest,
    /// What is expected of each score.
    expected: Vec<f64>,
    features: usize,
    covers: Covers,
    level: Level,
}

/// Trees that are passed through together: they are integrated by the same rule, and add to the same
/// scores.
#[derive(Debug)]
struct Grove<X> {
    splits: Splits<X>,
    outputs: Vec<Output>,
    rule: Rule,
}

/// What one thread needs to explain rows.
#[derive(Debug)]
pub(crate) struct ExplainerScratch<X>(Work<X>);

/// What a leaf adds to a score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addend {
    pub(crate) score: u32,
    pub(crate) value: f64,
}

impl<X: Real> Explainer<X> {
    /// Prepares trees for feature vectors of so many `features`, which none of them asks beyond.
    ///
    /// `addends` gives all that a leaf adds, by the number of its tree and the leaf; `base` is what
    /// the scores are without any tree, and says how many there are.
    ///
    /// Covers are those of the trees. Where a tree has none, the rows of `background`,
    /// `[rows, features]` row-major, are counted for all trees, and where there is no row, every leaf
    /// counts one. [`covers`](Self::covers) tells.
    ///
    /// # Errors
    ///
    /// The reason why a tree cannot be explained.
    pub(crate) fn new<A: IntoIterator<Item = Addend>>(
        trees: &[Tree<X>],
        addends: impl Fn(usize, Leaf<X>) -> A,
        base: &[f64],
        features: usize,
        background: &[X],
    ) -> Result<Self, String> {
        // A tree that is a leaf says the same of all rows, and files may tell no cover of it.
        let is_known = |tree: &Tree<X>| tree.len() == 1 || tree.covers().is_some();
        let covers = if trees.iter().all(is_known) {
            Covers::Training
        } else if background.is_empty() {
            Covers::Leaves
        } else {
            Covers::Background
        };
        let mut this = Self {
            groves: Vec::new(),
            comparer: Comparer::new(features),
            rules: Rules::new(),
            largest: Largest::default(),
            expected: base.to_vec(),
            features,
            covers,
            level: Level::best(),
        };
        let mut is_above = vec![false; features];
        let mut alike = BTreeMap::<_, Vec<usize>>::new();
        for (at, tree) in trees.iter().enumerate() {
            let all = tree.leaves_in_order().into_iter().flat_map(|leaf| addends(at, leaf));
            if tree.len() == 1 {
                all.for_each(|Addend { score, value }| this.expected[score as usize] += value);
                continue;
            }
            let scores: BTreeSet<_> = all.map(|addend| addend.score).collect();
            let rule = this.rules.exact_for(path::most_features(tree, &mut is_above))?;
            alike.entry((rule, scores)).or_default().push(at);
        }
        let mut last_of_feature = vec![None; features];
        let mut output_of_score = vec![None; base.len()];
        for ((rule, _), places) in alike {
            for places in cut(&places, |at| trees[at].len()) {
                let with_covers = |&at: &usize| {
                    let tree = &trees[at];
                    let of_training = || tree.covers().unwrap_or_default().iter().copied();
                    let covers = match covers {
                        Covers::Training => of_training().map(f64::from).collect(),
                        Covers::Background => cover::counted(tree, background, features),
                        Covers::Leaves => cover::leaves(tree),
                    };
                    (tree, covers)
                };
                let trees: Vec<_> = places.iter().map(with_covers).collect();
                let (splits, leaves) =
                    Splits::new(&trees, &mut this.comparer, &mut last_of_feature);
                let addends = leaves.iter().map(|&(nth, leaf)| addends(places[nth], leaf));
                let outputs = Output::of(addends, &mut output_of_score);
                let mut room = vec![0.0; leaves.len()];
                for output in &outputs {
                    let values = output.values(&mut room);
                    this.expected[output.score as usize] += splits.expected(values);
                }
                this.largest = this.largest.or(&splits);
                this.groves.push(Grove { splits, outputs, rule });
            }
        }
        Ok(this)
    }

    /// What is expected of each score when no feature is known.
    pub(crate) fn expected(&self) -> &[f64] {
        &self.expected
    }

    /// Where the covers come from.
    pub(crate) const fn covers(&self) -> Covers {
        self.covers
    }

    /// What a thread needs to explain rows.
    pub(crate) fn scratch(&self) -> ExplainerScratch<X> {
        let contributions = self.expected.len() * self.features;
        ExplainerScratch(Work::new(self.comparer.len(), self.largest, contributions))
    }

    /// Writes what each feature of a feature vector adds to each score: `contributions` is
    /// `[scores, features]`, row-major. With what is [expected](Self::expected) they sum up to the
    /// scores of the trees and their base.
    pub(crate) fn explain(
        &self,
        features: &[X],
        ExplainerScratch(work): &mut ExplainerScratch<X>,
        contributions: &mut [f64],
    ) {
        let Self { groves, rules, comparer, .. } = self;
        work.begin(comparer, features);
        self.level.run(Explanation { groves, rules, features: features.len(), work });
        work.finish(contributions);
    }
}

/// Cuts the places of trees, of which `nodes` tells how many they have, into those of groves.
fn cut(mut places: &[usize], nodes: impl Fn(usize) -> usize) -> impl Iterator<Item = &[usize]> {
    std::iter::from_fn(move || {
        let mut all = 0;
        let fit = places.iter().take_while(|&&at| {
            all += nodes(at);
            all <= MOST_NODES
        });
        let (grove, rest) = places.split_at_checked(fit.count().max(1))?;
        places = rest;
        Some(grove)
    })
}

/// One feature vector that is explained.
struct Explanation<'a, X> {
    groves: &'a [Grove<X>],
    rules: &'a Rules,
    features: usize,
    work: &'a mut Work<X>,
}

impl<X: Real> Loop for Explanation<'_, X> {
    type Answer = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        for grove in self.groves {
            self.work.decide(&grove.splits);
            match grove.rule {
                Rule::Four => self.add::<S, f64x4<S>, 4>(simd, grove, &self.rules.four),
                Rule::Eights(at) => {
                    for points in &self.rules.eights[at] {
                        self.add::<S, f64x8<S>, 8>(simd, grove, points);
                    }
                }
            }
        }
    }
}

impl<X: Real> Explanation<'_, X> {
    /// Adds what each feature adds to what trees say, as far as these points tell.
    #[inline(always)]
    fn add<S: Simd, V: Lanes<S, N>, const N: usize>(
        &mut self,
        simd: S,
        grove: &Grove<X>,
        points: &Points<N>,
    ) {
        self.work.descend::<S, V, N>(simd, &grove.splits, points);
        for output in &grove.outputs {
            let first = output.score as usize * self.features;
            self.work.ascend::<S, V, N>(simd, &grove.splits, output, first);
        }
    }
}
