//! What became of one row.

use std::cmp::Ordering;

/// A row whose answer changed. Rows are ordered by how much it did, the earlier one first among
/// equals; a score that appeared or went away is the greatest change.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    /// From zero.
    pub(super) row: usize,
    /// The class whose probability these are, or zero.
    pub(super) class: usize,
    pub(super) old: f64,
    pub(super) new: f64,
    /// The decisions, as indices, where there are some.
    pub(super) decisions: Option<[usize; 2]>,
}

impl Moved {
    pub(super) fn change(&self) -> f64 {
        change(self.old, self.new)
    }

    pub(super) fn flips(&self) -> bool {
        self.decisions.is_some_and(|[old, new]| old != new)
    }
}

/// The new score less the old one: zero where both are the same, be it infinite or no number, and
/// not finite where they cannot be compared.
pub(super) fn change(old: f64, new: f64) -> f64 {
    if old == new || (old.is_nan() && new.is_nan()) { 0.0 } else { new - old }
}

/// The change as a share of the old value: infinite where that is zero.
pub(super) fn relative_change(old: f64, new: f64) -> f64 {
    let change = change(old, new);
    if change == 0.0 { 0.0 } else { change / old.abs() }
}

impl Ord for Moved {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |moved: &Self| moved.change().abs();
        size(self)
            .total_cmp(&size(other))
            .then_with(|| self.flips().cmp(&other.flips()))
            .then_with(|| other.row.cmp(&self.row))
    }
}

impl PartialOrd for Moved {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Moved {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Moved {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_answers_are_no_change_whatever_they_are() {
        assert_eq!(change(f64::NAN, f64::NAN), 0.0);
        assert_eq!(change(f64::INFINITY, f64::INFINITY), 0.0);
        assert!(change(f64::NAN, 1.0).is_nan() && change(1.0, f64::NAN).is_nan());
        assert_eq!(change(0.25, 0.5), 0.25);
    }

    #[test]
    fn share_is_of_the_old_value() {
        assert_eq!(relative_change(-2.0, -1.0), 0.5);
        assert_eq!(relative_change(0.0, -1.0), f64::NEG_INFINITY);
        assert_eq!(relative_change(0.0, 0.0), 0.0);
    }

    #[test]
    fn greatest_change_is_the_one_that_has_no_size() {
        let moved = |row, old, new| Moved { row, class: 0, old, new, decisions: None };
        let mut rows = [
            moved(0, 0.5, 0.25),
            moved(1, 0.5, f64::NAN),
            moved(2, 0.0, 1.0),
            moved(3, 1.0, 0.0),
            moved(4, -f64::NAN, 0.5),
        ];
        rows.sort_by(|left, right| right.cmp(left));
        assert_eq!(rows.map(|moved| moved.row), [1, 4, 2, 3, 0]);
    }
}
