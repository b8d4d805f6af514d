//! From a text to the number of its category, by a table made when the model is loaded.

/// An open-addressing hash table that never changes, at most half full.
///
/// Requests only look up, so no client can make it collide more than the model's own categories
/// do.
#[derive(Debug)]
pub(crate) struct CategoryTable {
    names: Vec<String>,
    /// The number of a category plus one, or zero for a free slot; a power of two of them.
    slots: Box<[u32]>,
    /// What is left of a 64-bit hash indexes the slots.
    shift: u32,
}

impl CategoryTable {
    /// A table of these categories, or the first that stands twice.
    pub(crate) fn new(names: Vec<String>) -> Result<Self, String> {
        let len = (names.len() * 2).next_power_of_two().max(2);
        let mut table =
            Self { names: Vec::new(), slots: vec![0; len].into(), shift: 64 - len.ilog2() };
        for (number, name) in (1..).zip(&names) {
            let mut at = table.home(name);
            while table.slots[at] != 0 {
                if names[table.slots[at] as usize - 1] == *name {
                    return Err(name.clone());
                }
                at = (at + 1) & (len - 1);
            }
            table.slots[at] = number;
        }
        table.names = names;
        Ok(table)
    }

    /// The number of the category called `name`.
    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        let mut at = self.home(name);
        loop {
            let number = self.slots[at].checked_sub(1)? as usize;
            if self.names[number] == name {
                return Some(number);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The categories in their order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    #[expect(clippy::cast_possible_truncation, reason = "the shift leaves a slot's index")]
    fn home(&self, name: &str) -> usize {
        (hash(name.as_bytes()) >> self.shift) as usize
    }
}

/// A multiplicative hash over eight bytes at a time; its high bits are the good ones.
fn hash(bytes: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut chunks = bytes.chunks_exact(8);
    let mut state = bytes.len() as u64;
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        state = (state ^ word).wrapping_mul(MULTIPLIER).rotate_left(29);
    }
    let tail = chunks.remainder().iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    (state ^ tail).wrapping_mul(MULTIPLIER)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::hash_set, prelude::*};

    use super::*;

    #[test]
    fn name_that_stands_twice_is_refused() {
        let names = ["No", "Yes", "No"].map(String::from).to_vec();
        assert_eq!(CategoryTable::new(names).unwrap_err(), "No");
    }

    #[test]
    fn empty_table_knows_nothing() {
        assert_eq!(CategoryTable::new(Vec::new()).unwrap().get(""), None);
    }

    proptest! {
        #[test]
        fn every_name_is_found_and_no_other(names in hash_set(".{0,20}", 0..80), other in ".{0,20}") {
            let names: Vec<String> = names.into_iter().collect();
            let table = CategoryTable::new(names.clone()).unwrap();
            for (number, name) in names.iter().enumerate() {
                prop_assert_eq!(table.get(name), Some(number));
            }
            prop_assert_eq!(table.get(&other), names.iter().position(|name| *name == other));
        }
    }
}
