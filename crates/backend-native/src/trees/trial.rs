//! A short race between layouts, on made-up rows.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use super::{
    layout::{Scorer, Scratch},
    payload::Payload,
    tree::{Test, Tree},
};
use crate::real::Real;

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

/// The fastest of these scorers of the same trees at what `score` does to a row, `first` where it is
/// hard to say.
pub(super) fn fastest<X: Real, V: Payload<X>>(
    first: Scorer<X, V>,
    others: Vec<Scorer<X, V>>,
    trees: &[Tree<X>],
    score: impl Fn(&Scorer<X, V>, &[X], &mut Scratch<V>),
) -> Scorer<X, V> {
    let rows = Rows::made_up(trees);
    let [first_weight, weight] = WEIGHTS;
    let mut entries = vec![Entry::new(first, first_weight)];
    entries.extend(others.into_iter().map(|other| Entry::new(other, weight)));
    for _ in 0..TURNS {
        for entry in &mut entries {
            entry.best = entry.best.min(entry.time(&rows, &score));
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

struct Entry<X: Real, V: Payload<X>> {
    scorer: Scorer<X, V>,
    scratch: Scratch<V>,
    weight: u32,
    /// The time for all rows in the best turn, weighted.
    best: Duration,
}

impl<X: Real, V: Payload<X>> Entry<X, V> {
    fn new(scorer: Scorer<X, V>, weight: u32) -> Self {
        Self { scratch: scorer.scratch(), scorer, weight, best: Duration::MAX }
    }

    /// The time for all rows in one turn, weighted.
    fn time(
        &mut self,
        rows: &Rows<X>,
        score: impl Fn(&Scorer<X, V>, &[X], &mut Scratch<V>),
    ) -> Duration {
        let start = Instant::now();
        let mut passes = 0;
        loop {
            for row in rows.each() {
                score(&self.scorer, black_box(row), &mut self.scratch);
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
struct Rows<X> {
    count: usize,
    width: usize,
    features: Vec<X>,
}

impl<X: Real> Rows<X> {
    /// Each feature lies on, or just above, a threshold that some branch asks it about, so that
    /// branches far down the trees are reached too. The same trees give the same rows.
    fn made_up(trees: &[Tree<X>]) -> Self {
        let width = trees.iter().map(Tree::features).max().unwrap_or(0);
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let nodes: usize = trees.iter().map(|tree| tree.len()).sum();
        let count = (nodes / NODES_A_ROW).clamp(ROWS[0], ROWS[1]);
        let mut features = vec![X::ZERO; count * width];
        let mut asked = some_thresholds(trees);
        asked.sort_unstable_by_key(|&(feature, _)| feature);
        for asked in asked.chunk_by(|a, b| a.0 == b.0) {
            for row in features.chunks_exact_mut(width) {
                let (feature, threshold) = asked[random.below(asked.len())];
                let above = random.below(2) == 1;
                row[feature as usize] = if above { threshold.above() } else { threshold };
            }
        }
        Self { count, width, features }
    }

    /// The rows; of ensembles that ask for no feature, empty ones.
    fn each(&self) -> impl Iterator<Item = &[X]> {
        (0..self.count).map(|row| &self.features[row * self.width..][..self.width])
    }
}

/// Features with numbers that they are compared with, of branches spread over all trees.
fn some_thresholds<X: Real>(trees: &[Tree<X>]) -> Vec<(u32, X)> {
    let nodes: usize = trees.iter().map(Tree::len).sum();
    let mut every = (0..).step_by(nodes.div_ceil(2 * MOST_THRESHOLDS).max(1)).peekable();
    let mut asked = Vec::new();
    let branches = trees.iter().flat_map(|tree| tree.branches().map(move |branch| (tree, branch)));
    for (nth, (tree, branch)) in branches.enumerate() {
        if every.next_if_eq(&nth).is_none() {
            continue;
        }
        match branch.test {
            Test::AtMost(threshold) => asked.push((branch.feature, threshold)),
            Test::Even(set) => {
                asked.extend(tree.set(set).iter().map(|&boundary| (branch.feature, boundary)));
            }
        }
    }
    asked
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
