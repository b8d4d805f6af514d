//! From a key to its number, by tables made when the model is loaded.

use std::collections::HashMap;

use hotplate_tensor::Element;

use crate::category::CategoryTable;

/// A table with a slot for every integer between the least and the greatest key holds this many
/// slots for each key, or else the keys are sorted.
const SLOTS_PER_KEY: usize = 8;

/// From integers to their numbers.
#[derive(Debug)]
pub(super) enum IntegerTable {
    /// The number plus one of the keys from `first` on, or zero.
    Dense { first: i64, slots: Box<[u32]> },
    /// The keys in order, each with its number.
    Sorted { keys: Box<[i64]>, numbers: Box<[u32]> },
}

impl IntegerTable {
    /// A table of keys and their numbers, which are small; no key stands twice.
    pub(super) fn new(mut entries: Vec<(i64, u32)>) -> Self {
        entries.sort_unstable();
        if let (Some(&(first, _)), Some(&(last, _))) = (entries.first(), entries.last()) {
            let most = entries.len().saturating_mul(SLOTS_PER_KEY);
            let span = usize::try_from(last.abs_diff(first)).ok().filter(|&span| span < most);
            if let Some(span) = span {
                let mut slots = vec![0; span + 1].into_boxed_slice();
                for (key, number) in entries {
                    if let Some(slot) = slot_of(&mut slots, first, key) {
                        *slot = number + 1;
                    }
                }
                return Self::Dense { first, slots };
            }
        }
        let (keys, numbers): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        Self::Sorted { keys: keys.into(), numbers: numbers.into() }
    }

    /// The number of a key.
    pub(super) fn get(&self, key: i64) -> Option<usize> {
        match self {
            Self::Dense { first, slots } => {
                let at = usize::try_from(key.wrapping_sub(*first)).ok()?;
                Some(slots.get(at)?.checked_sub(1)? as usize)
            }
            Self::Sorted { keys, numbers } => {
                keys.binary_search(&key).ok().map(|at| numbers[at] as usize)
            }
        }
    }
}

fn slot_of(slots: &mut [u32], first: i64, key: i64) -> Option<&mut u32> {
    slots.get_mut(usize::try_from(key.wrapping_sub(first)).ok()?)
}

/// A number that is looked up: equal numbers have equal keys, and all NaN have one.
pub(super) trait Key: Element {
    fn key(self) -> i64;

    /// Whether ONNX's plain equality holds between it and nothing.
    fn is_nan(self) -> bool {
        false
    }
}

macro_rules! integer_keys {
    ($($type:ty),+) => {
        $(impl Key for $type {
            fn key(self) -> i64 {
                i64::from(self)
            }
        })+
    };
}

integer_keys!(bool, i8, i16, i32, i64, u8, u16, u32);

impl Key for u64 {
    fn key(self) -> i64 {
        self.cast_signed()
    }
}

impl Key for f32 {
    fn key(self) -> i64 {
        f64::from(self).key()
    }

    fn is_nan(self) -> bool {
        Self::is_nan(self)
    }
}

impl Key for f64 {
    fn key(self) -> i64 {
        if self.is_nan() {
            return i64::MAX;
        }
        // Zero and minus zero are equal.
        (self + 0.0).to_bits().cast_signed()
    }

    fn is_nan(self) -> bool {
        Self::is_nan(self)
    }
}

/// Which of two equal keys counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    First,
    Last,
}

/// Each key once, in order of their first places, with the place that counts.
pub(super) fn without_repeats<K: Copy + Eq + std::hash::Hash>(
    keys: &[K],
    counts: Counts,
) -> Vec<(K, u32)> {
    let mut place_of: HashMap<K, usize> = HashMap::with_capacity(keys.len());
    let mut unique: Vec<(K, u32)> = Vec::with_capacity(keys.len());
    for (place, &key) in (0_u32..).zip(keys) {
        let at = *place_of.entry(key).or_insert_with(|| {
            unique.push((key, place));
            unique.len() - 1
        });
        if counts == Counts::Last {
            unique[at].1 = place;
        }
    }
    unique
}

/// From texts to their places.
#[derive(Debug)]
pub(super) struct TextTable {
    table: CategoryTable,
    places: Box<[u32]>,
}

impl TextTable {
    pub(super) fn new(texts: &[&str], counts: Counts) -> Self {
        let (texts, places): (Vec<&str>, Vec<u32>) =
            without_repeats(texts, counts).into_iter().unzip();
        let names = texts.into_iter().map(str::to_owned).collect();
        let table =
            CategoryTable::new(names).unwrap_or_else(|_| unreachable!("repeats were taken out"));
        Self { table, places: places.into() }
    }

    /// The place of a text.
    pub(super) fn get(&self, text: &str) -> Option<usize> {
        self.table.get(text).map(|number| self.places[number] as usize)
    }

    /// The texts.
    pub(super) fn names(&self) -> &[String] {
        self.table.names()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_no_other() {
        let lists: [&[i64]; 5] =
            [&[], &[7], &[3, 1, 2, -4], &[i64::MIN, i64::MAX, 0], &[i64::MAX - 1, i64::MAX]];
        for keys in lists {
            let entries = (0..).zip(keys).map(|(number, &key)| (key, number)).collect();
            let table = IntegerTable::new(entries);
            for (number, &key) in keys.iter().enumerate() {
                assert_eq!(table.get(key), Some(number), "{keys:?}");
            }
            for other in [5, -5, i64::MIN + 1, i64::MAX - 2] {
                assert_eq!(table.get(other), None, "{keys:?}");
            }
        }
    }

    #[test]
    fn equal_numbers_have_equal_keys() {
        assert_eq!((-0.0_f32).key(), 0.0_f64.key());
        assert_eq!(f32::NAN.key(), (-f64::NAN).key());
        assert_eq!(1.5_f32.key(), 1.5_f64.key());
        assert_ne!(1.5_f32.key(), (-1.5_f32).key());
    }

    #[test]
    fn repeated_keys_count_once() {
        let keys = ["a", "b", "a"];
        assert_eq!(TextTable::new(&keys, Counts::First).get("a"), Some(0));
        assert_eq!(TextTable::new(&keys, Counts::Last).get("a"), Some(2));
        assert_eq!(TextTable::new(&keys, Counts::Last).get("b"), Some(1));
    }
}
