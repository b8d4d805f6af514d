//! What the leaves of a tree add to its scores.

use super::Addend;

/// What the leaves of a tree add to one score.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) score: u32,
    /// The leaves that add anything, in the order of their slots, unless it is all of them.
    some: Option<Vec<u32>>,
    /// What each of those adds.
    values: Vec<f64>,
}

impl Output {
    /// The outputs of a tree whose leaves, in the order of their slots, add these. `output_of_score`
    /// has an entry for each score, and keeps what it holds: nothing.
    pub(super) fn of<A: IntoIterator<Item = Addend>>(
        addends: impl ExactSizeIterator<Item = A>,
        output_of_score: &mut [Option<usize>],
    ) -> Vec<Self> {
        let leaves = addends.len();
        let mut outputs: Vec<(u32, Vec<u32>, Vec<f64>)> = Vec::new();
        for (leaf, addends) in (0..).zip(addends) {
            for Addend { score, value } in addends {
                let at = *output_of_score[score as usize].get_or_insert_with(|| {
                    outputs.push((score, Vec::new(), Vec::new()));
                    outputs.len() - 1
                });
                let (_, leaves, values) = &mut outputs[at];
                match values.last_mut() {
                    Some(sum) if leaves.last() == Some(&leaf) => *sum += value,
                    _ => {
                        leaves.push(leaf);
                        values.push(value);
                    }
                }
            }
        }
        let outputs = outputs.into_iter().map(|(score, some, values)| {
            output_of_score[score as usize] = None;
            Self { score, some: (some.len() < leaves).then_some(some), values }
        });
        outputs.collect()
    }

    /// Stores what each leaf adds in the leaf's place.
    #[inline(always)]
    pub(super) fn store<T>(&self, leaves: &mut [T], store: impl Fn(f64, &mut T)) {
        if let Some(some) = &self.some {
            for leaf in &mut *leaves {
                store(0.0, leaf);
            }
            for (at, &leaf) in some.iter().enumerate() {
                store(self.values[at], &mut leaves[leaf as usize]);
            }
        } else {
            for (at, leaf) in leaves.iter_mut().enumerate() {
                store(self.values[at], leaf);
            }
        }
    }
}
