//! Which layout an ensemble is kept in.

use std::{fmt, hint::black_box};

use super::{
    blocks::Blocks,
    forest::Forest,
    payload::Payload,
    quick::{QuickScorer, QuickScratch},
    tree::Tree,
    trial,
};
use crate::real::Real;

/// How the trees lie in memory. The answer is the same in each, bit for bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Nodes, walked several trees at a time.
    Walk,
    /// Blocks of three levels, one cache line each, walked many trees at a time.
    Blocks,
    /// Masks of leaves for each interval of a feature: trees of 64 leaves or fewer.
    QuickScorer,
    /// Masks of levels for each interval of a feature: trees whose levels each ask one thing.
    Symmetric,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Walk => "walk",
            Self::Blocks => "blocks",
            Self::QuickScorer => "quickscorer",
            Self::Symmetric => "symmetric",
        })
    }
}

impl Layout {
    const ALL: [Self; 4] = [Self::Walk, Self::Blocks, Self::QuickScorer, Self::Symmetric];
}

/// With paths this long in sum, a race of some hundred rows would take longer than it is worth: no
/// trainer grows such trees.
const MANY_STEPS: usize = 1 << 17;

/// Ensembles of fewer nodes are walked: no layout would save what a choice costs.
const FEW_NODES: usize = 128;

/// Ensembles of more nodes are in no cache, and a second layout of them would take as much memory
/// again: blocks ask for the fewest cache lines.
const MANY_NODES: usize = 1 << 20;

/// Says of each tree of an ensemble where a row comes to.
pub(crate) struct Scorer<X: Real, V: Payload<X>> {
    laid_out: LaidOut<X, V>,
    trees: usize,
    depth: usize,
}

/// The trees in a layout.
enum LaidOut<X: Real, V: Payload<X>> {
    Walk(Forest<X, V>),
    Blocks(Blocks<X, V>),
    Quick(Box<QuickScorer<X, V>>),
}

/// What one thread needs to score, in the layout of the scorer that made it.
#[derive(Clone, Debug)]
pub(crate) struct Scratch<V> {
    /// What each tree says, and behind that what idle lanes say.
    said: Vec<V>,
    quick: Option<QuickScratch>,
}

impl<X: Real, V: Payload<X>> Scorer<X, V> {
    /// Lays these trees out in this layout, or in the fastest of those that can hold them, as timed
    /// now. `None` when no layout can, or not that one.
    pub(crate) fn new(trees: &[Tree<X>], layout: Option<Layout>) -> Option<Self> {
        Self::fastest(trees, layout, |scorer, row, scratch| {
            black_box(scorer.visit(row, scratch));
        })
    }

    /// As [`new`](Self::new), the fastest for what is done to a row.
    fn fastest(
        trees: &[Tree<X>],
        layout: Option<Layout>,
        score: impl Fn(&Self, &[X], &mut Scratch<V>),
    ) -> Option<Self> {
        if let Some(layout) = layout {
            return Self::laid_out(trees, layout);
        }
        let nodes: usize = trees.iter().map(Tree::len).sum();
        let steps: usize = trees.iter().map(Tree::depth).sum();
        let mut layouts = Layout::ALL.into_iter();
        let mut next = || layouts.find_map(|layout| Self::laid_out(trees, layout));
        if nodes > MANY_NODES
            && let Some(blocks) = Self::laid_out(trees, Layout::Blocks)
        {
            return Some(blocks);
        }
        let first = next()?;
        if nodes < FEW_NODES || steps > MANY_STEPS {
            return Some(first);
        }
        let others = std::iter::from_fn(next).collect();
        Some(trial::fastest(first, others, trees, score))
    }

    fn laid_out(trees: &[Tree<X>], layout: Layout) -> Option<Self> {
        let laid_out = match layout {
            Layout::Walk => LaidOut::Walk(Forest::new(trees)?),
            Layout::Blocks => LaidOut::Blocks(Blocks::new(trees)?),
            Layout::QuickScorer => LaidOut::Quick(Box::new(QuickScorer::of_leaves(trees)?)),
            Layout::Symmetric => LaidOut::Quick(Box::new(QuickScorer::of_levels(trees)?)),
        };
        let depth = trees.iter().map(Tree::depth).max().unwrap_or(0);
        Some(Self { laid_out, trees: trees.len(), depth })
    }

    /// What a thread needs to call the methods below.
    pub(crate) fn scratch(&self) -> Scratch<V> {
        let (lanes, quick) = match &self.laid_out {
            LaidOut::Walk(forest) => (forest.lanes(), None),
            LaidOut::Blocks(blocks) => (blocks.lanes(), None),
            LaidOut::Quick(quick) => (self.trees, Some(quick.scratch())),
        };
        Scratch { said: vec![V::default(); lanes], quick }
    }

    /// What each tree says of this feature vector, by tree.
    pub(crate) fn visit<'s>(&self, features: &[X], scratch: &'s mut Scratch<V>) -> &'s [V] {
        let Scratch { said, quick } = scratch;
        match (&self.laid_out, quick) {
            (LaidOut::Walk(forest), _) => forest.visit(features, said),
            (LaidOut::Blocks(blocks), _) => blocks.visit(features, said),
            (LaidOut::Quick(layout), Some(quick)) => layout.visit(features, said, quick),
            (LaidOut::Quick(_), None) => unreachable!("the scratch is of this scorer"),
        }
        &said[..self.trees]
    }

    /// The number of trees.
    pub(crate) const fn trees(&self) -> usize {
        self.trees
    }

    /// The layout in one line, for a person.
    pub(crate) fn describe(&self) -> String {
        let layout = match &self.laid_out {
            LaidOut::Walk(forest) => forest.describe(),
            LaidOut::Blocks(blocks) => blocks.describe(),
            LaidOut::Quick(quick) => quick.describe(),
        };
        format!("{} trees of depth {} or less: {layout}", self.trees, self.depth)
    }
}

/// The layout, not the nodes: there may be millions.
impl<X: Real, V: Payload<X>> fmt::Debug for Scorer<X, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scorer({})", self.describe())
    }
}

impl<X: Real> Scorer<X, X> {
    /// As [`new`](Self::new), the fastest for [`sums`](Self::sums).
    pub(crate) fn for_sums(trees: &[Tree<X>], layout: Option<Layout>) -> Option<Self> {
        Self::fastest(trees, layout, |scorer, row, scratch| {
            let mut sum = [X::ZERO];
            scorer.sums(row, row.len(), &mut sum, scratch);
            black_box(sum);
        })
    }

    /// The sums of what every tree says of the feature vectors in `rows`, `[sums.len(), width]`
    /// row-major, tree by tree in the order of the model's file: for ONNX that is ONNX Runtime's
    /// order, and so its rounding.
    pub(crate) fn sums(&self, rows: &[X], width: usize, sums: &mut [X], scratch: &mut Scratch<X>) {
        if let (LaidOut::Quick(layout), Some(quick)) = (&self.laid_out, &mut scratch.quick) {
            return layout.sums(rows, width, sums, quick);
        }
        for (at, sum) in sums.iter_mut().enumerate() {
            let said = self.visit(&rows[at * width..][..width], scratch);
            *sum = said.iter().fold(X::ZERO, |sum, &said| sum + said);
        }
    }
}
