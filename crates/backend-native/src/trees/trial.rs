//! A short race between layouts, on made-up rows.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use super::{Node, Scorer, Scratch, Tree};

/// The fewest and the most made-up feature vectors: more than a processor learns by heart.
const ROWS: [usize; 2] = [64, 512];

/// For so many nodes there is a row, so that a forest that no cache holds is not timed on a part
/// that one does.
const NODES_A_ROW: usize = 4096;

/// What the time of the first candidate is lessened to, and those of the others left at. Made-up
/// rows take more different paths than real ones, so who is only a little faster on them is not.
const WEIGHTS: [u32; 2] = [4, 5];

/// The thresholds that rows are made up from.
const MOST_THRESHOLDS: usize = 8192;

/// The turns of each candidate, the best of which counts: whatever else the machine does only slows
/// a turn down.
const TURNS: usize = 4;

/// How long a turn goes on at least, in whole passes over the rows: long enough to find the tables
/// and nodes that it needs in the caches.
const TURN: Duration = Duration::from_micros(400);

/// The fastest of these scorers of the same trees, `first` where it is hard to say.
pub(super) fn fastest(first: Scorer, others: Vec<Scorer>, trees: &[Tree]) -> Scorer {
    let rows = Rows::made_up(trees);
    let [first_weight, weight] = WEIGHTS;
    let mut entries = vec![Entry::new(first, first_weight)];
    entries.extend(others.into_iter().map(|other| Entry::new(other, weight)));
    for _ in 0..TURNS {
        for entry in &mut entries {
            entry.best = entry.best.min(entry.time(&rows));
        }
        // Who is far behind gets no further turn; a cold first one alone does not put it there.
        entries.sort_by_key(|entry| entry.best);
        let most = 3 * entries[0].best;
        entries.retain(|entry| entry.best <= most);
        if entries.len() == 1 {
            break;
        }
    }
    entries.swap_remove(0).scorer
}

struct Entry {
    scorer: Scorer,
    scratch: Scratch,
    weight: u32,
    /// The time for all rows in the best turn, weighted.
    best: Duration,
}

impl Entry {
    fn new(scorer: Scorer, weight: u32) -> Self {
        Self { scratch: scorer.scratch(), scorer, weight, best: Duration::MAX }
    }

    /// The time for all rows in one turn, weighted.
    fn time(&mut self, rows: &Rows) -> Duration {
        let start = Instant::now();
        let mut passes = 0;
        loop {
            for row in rows.each() {
                black_box(self.scorer.sum(black_box(row), &mut self.scratch));
            }
            passes += 1;
            let elapsed = start.elapsed();
            if elapsed >= TURN {
                return elapsed * self.weight / passes;
            }
        }
    }
}

/// Feature vectors, row-major.
struct Rows {
    count: usize,
    width: usize,
    features: Vec<f32>,
}

impl Rows {
    /// Each feature lies on, or just above, a threshold that some branch asks it about, so that
    /// branches far down the trees are reached too. The same trees give the same rows.
    fn made_up(trees: &[Tree]) -> Self {
        let width = trees.iter().map(Tree::features).max().unwrap_or(0);
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let nodes: usize = trees.iter().map(|tree| tree.nodes().len()).sum();
        let count = (nodes / NODES_A_ROW).clamp(ROWS[0], ROWS[1]);
        let mut features = vec![0.0; count * width];
        let mut asked = some_thresholds(trees);
        asked.sort_unstable_by_key(|&(feature, _)| feature);
        for asked in asked.chunk_by(|a, b| a.0 == b.0) {
            for row in features.chunks_exact_mut(width) {
                let (feature, threshold) = asked[random.below(asked.len())];
                let above = random.below(2) == 1;
                row[feature as usize] = if above { threshold.next_up() } else { threshold };
            }
        }
        Self { count, width, features }
    }

    /// The rows; of ensembles that ask for no feature, empty ones.
    fn each(&self) -> impl Iterator<Item = &[f32]> {
        (0..self.count).map(|row| &self.features[row * self.width..][..self.width])
    }
}

/// Features with thresholds, of branches spread over all trees.
fn some_thresholds(trees: &[Tree]) -> Vec<(u32, f32)> {
    let nodes: usize = trees.iter().map(|tree| tree.nodes().len()).sum();
    let branch = |node: &Node| match node {
        Node::Branch(branch) => Some((branch.feature, branch.threshold)),
        Node::Leaf(_) => None,
    };
    let branches = trees.iter().flat_map(Tree::nodes).filter_map(branch);
    branches.step_by(nodes.div_ceil(2 * MOST_THRESHOLDS).max(1)).collect()
}

/// Steele and others' SplitMix64: enough to make up rows.
struct Random(u64);

impl Random {
    /// One of the numbers below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or_default() % end
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
