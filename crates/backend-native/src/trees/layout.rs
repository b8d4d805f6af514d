//! Which layout an ensemble is kept in.

use super::{
    Tree,
    blocks::Blocks,
    forest::Forest,
    quick::{QuickScorer, QuickScratch},
    trial,
};

/// How the trees lie in memory. The sum is the same in each, bit for bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The fastest of those that can hold the trees, as timed at load.
    Auto,
    /// Nodes, walked several trees at a time.
    Walk,
    /// Masks of leaves for each interval of a feature: trees of 64 leaves or fewer.
    QuickScorer,
    /// Blocks of three levels, one cache line each, walked many trees at a time.
    Blocks,
}

/// With paths this long in sum, a race of some hundred rows would take longer than it is worth: no
/// trainer grows such trees.
const MANY_STEPS: usize = 1 << 17;

/// Ensembles of fewer nodes are walked: no layout would save what a choice costs.
const FEW_NODES: usize = 128;

/// Sums what the trees of an ensemble say.
#[derive(Debug)]
pub(crate) struct Scorer {
    laid_out: LaidOut,
    trees: usize,
    depth: usize,
}

/// The trees in a layout.
#[derive(Debug)]
enum LaidOut {
    Walk(Forest),
    QuickScorer(Box<QuickScorer>),
    Blocks(Blocks),
}

/// What one thread needs to sum, in the layout of the scorer that made it.
#[derive(Clone, Debug)]
pub(crate) enum Scratch {
    /// What each tree says.
    Walk(Vec<f32>),
    QuickScorer(QuickScratch),
    /// The leaf of each tree.
    Blocks(Vec<u32>),
}

impl Scorer {
    /// Lays these trees out, or `None` when the layout cannot hold them, or [`Layout::Walk`] cannot
    /// where the choice is free.
    pub(crate) fn new(trees: &[Tree], layout: Layout) -> Option<Self> {
        if layout != Layout::Auto {
            return Self::laid_out(trees, layout);
        }
        let walk = Self::laid_out(trees, Layout::Walk)?;
        let nodes: usize = trees.iter().map(|tree| tree.nodes().len()).sum();
        let steps: usize = trees.iter().map(Tree::depth).sum();
        if nodes < FEW_NODES || steps > MANY_STEPS {
            return Some(walk);
        }
        let others = [Layout::QuickScorer, Layout::Blocks];
        let others = others.into_iter().filter_map(|layout| Self::laid_out(trees, layout));
        Some(trial::fastest(walk, others.collect(), trees))
    }

    fn laid_out(trees: &[Tree], layout: Layout) -> Option<Self> {
        let laid_out = match layout {
            Layout::Auto => unreachable!("it stands for another"),
            Layout::Walk => LaidOut::Walk(Forest::new(trees)?),
            Layout::QuickScorer => LaidOut::QuickScorer(Box::new(QuickScorer::new(trees)?)),
            Layout::Blocks => LaidOut::Blocks(Blocks::new(trees)?),
        };
        let depth = trees.iter().map(Tree::depth).max().unwrap_or(0);
        Some(Self { laid_out, trees: trees.len(), depth })
    }

    /// What a thread needs to call [`sum`](Self::sum).
    pub(crate) fn scratch(&self) -> Scratch {
        match &self.laid_out {
            LaidOut::Walk(forest) => Scratch::Walk(vec![0.0; forest.scratch_len()]),
            LaidOut::QuickScorer(quick) => Scratch::QuickScorer(quick.scratch()),
            LaidOut::Blocks(blocks) => Scratch::Blocks(vec![0; blocks.scratch_len()]),
        }
    }

    /// The sum of what every tree says of this feature vector, in float32, tree by tree in the
    /// order of the model's file: ONNX Runtime's order, and so its rounding.
    pub(crate) fn sum(&self, features: &[f32], scratch: &mut Scratch) -> f32 {
        match (&self.laid_out, scratch) {
            (LaidOut::Walk(forest), Scratch::Walk(values)) => forest.sum(features, values),
            (LaidOut::QuickScorer(quick), Scratch::QuickScorer(scratch)) => {
                quick.sum(features, scratch)
            }
            (LaidOut::Blocks(blocks), Scratch::Blocks(leaves)) => blocks.sum(features, leaves),
            _ => unreachable!("the scratch is of this scorer"),
        }
    }

    /// As [`sum`](Self::sum), of the feature vectors in `rows`, `[sums.len(), width]` row-major.
    pub(crate) fn sums(&self, rows: &[f32], width: usize, sums: &mut [f32], scratch: &mut Scratch) {
        if let (LaidOut::QuickScorer(quick), Scratch::QuickScorer(scratch)) =
            (&self.laid_out, &mut *scratch)
        {
            return quick.sums(rows, width, sums, scratch);
        }
        for (at, sum) in sums.iter_mut().enumerate() {
            *sum = self.sum(&rows[at * width..][..width], scratch);
        }
    }

    /// The layout in one line, for a person.
    pub(crate) fn describe(&self) -> String {
        let layout = match &self.laid_out {
            LaidOut::Walk(forest) => forest.describe(),
            LaidOut::QuickScorer(quick) => quick.describe(),
            LaidOut::Blocks(blocks) => blocks.describe(),
        };
        format!("{} trees of depth {} or less: {layout}", self.trees, self.depth)
    }
}
