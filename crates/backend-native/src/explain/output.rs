//! What the leaves of a tree add to its scores.

use super::Addend;

/// What the leaves of a tree add to one score.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) score: u32,
    /// The numbers of the leaves that add anything, ascending, unless it is all of them.
    some: Option<Vec<u32>>,
    /// What each of those adds.
    values: Vec<f64>,
}

impl Output {
    /// The outputs of a tree whose leaves, by their numbers, add these. `output_of_score`
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

    /// What each leaf adds, by its number. `room` is as long as there are leaves, and holds it where
    /// it is not at hand.
    pub(super) fn values<'a>(&'a self, room: &'a mut [f64]) -> &'a [f64] {
        let Some(some) = &self.some else { return &self.values };
        room.fill(0.0);
        for (&leaf, &value) in some.iter().zip(&self.values) {
            room[leaf as usize] = value;
        }
        room
    }
}
