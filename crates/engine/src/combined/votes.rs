//! Which class most models give.

use hotplate_model::Labels;
use hotplate_tensor::{DataView, Tensor};

/// How many models give each class of each row, `[rows, classes]`.
#[derive(Debug, Default)]
pub(super) struct Votes {
    counts: Vec<u32>,
}

impl Votes {
    /// Adds one model's labels; `None` where one of them is no class.
    pub(super) fn add(
        &mut self,
        is_first: bool,
        labels: &Tensor,
        rows: usize,
        classes: &Labels,
    ) -> Option<()> {
        let count = classes.len();
        if is_first {
            self.counts.clear();
            self.counts.resize(rows * count, 0);
        }
        for (row, counts) in self.counts.chunks_exact_mut(count).enumerate() {
            counts[class_of(labels, row, classes)?] += 1;
        }
        Some(())
    }

    /// The votes of a row of so many classes.
    pub(super) fn of_row(&self, row: usize, classes: usize) -> &[u32] {
        &self.counts[row * classes..][..classes]
    }

    /// The first class of a row that no class has more votes than.
    pub(super) fn first_of_most(&self, row: usize, classes: usize) -> usize {
        let votes = self.of_row(row, classes);
        (1..classes).fold(0, |best, class| if votes[class] > votes[best] { class } else { best })
    }
}

/// The place of a row's label among the classes. Read one by one, as the probabilities are.
fn class_of(labels: &Tensor, row: usize, classes: &Labels) -> Option<usize> {
    match (labels.data(), classes) {
        (DataView::Str(given), Labels::Text(names)) => {
            let label = given.get(row);
            names.iter().position(|name| name == label)
        }
        (DataView::I64(given), Labels::Integers(integers)) => {
            integers.iter().position(|&integer| integer == given[row])
        }
        _ => None,
    }
}
