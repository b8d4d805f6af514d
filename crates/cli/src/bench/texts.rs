//! Texts that are made up.

use anyhow::Result;
use fastrand::Rng;
use hotplate::{Columns, Engine};

/// The words of a text. Each is one token of most English vocabularies, and a model adds two tokens
/// of its own, so that these are 16 tokens.
pub(super) const WORDS: usize = 14;

/// Words that are common, so that no tokenizer takes them apart.
const COMMON: [&str; 64] = [
    "about",
    "account",
    "after",
    "again",
    "always",
    "answer",
    "back",
    "because",
    "before",
    "bought",
    "called",
    "card",
    "change",
    "could",
    "customer",
    "day",
    "different",
    "easy",
    "email",
    "every",
    "first",
    "found",
    "free",
    "good",
    "help",
    "home",
    "hour",
    "house",
    "last",
    "late",
    "letter",
    "little",
    "long",
    "money",
    "month",
    "more",
    "name",
    "never",
    "number",
    "order",
    "other",
    "paid",
    "paper",
    "people",
    "phone",
    "place",
    "price",
    "problem",
    "question",
    "service",
    "short",
    "since",
    "small",
    "still",
    "table",
    "their",
    "there",
    "thing",
    "think",
    "today",
    "work",
    "world",
    "wrong",
    "year",
];

/// Rows of one text each, different ones.
pub(super) fn rows(engine: &Engine, count: usize, random: &mut Rng) -> Result<Vec<Columns>> {
    let row = |_| {
        let mut row = engine.rows();
        row.begin_row();
        row.set_text(0, &text(random))?;
        Ok(row)
    };
    (0..count).map(row).collect()
}

fn text(random: &mut Rng) -> String {
    let words: Vec<&str> = (0..WORDS).map(|_| COMMON[random.usize(..COMMON.len())]).collect();
    words.join(" ")
}

/// Where such rows come from, for a person.
pub(super) fn source() -> String {
    format!("made up: texts of {WORDS} common words, 16 tokens of most English vocabularies")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_differ_and_are_drawn_again_by_the_same_seed() {
        let texts = |seed| {
            let mut random = Rng::with_seed(seed);
            [text(&mut random), text(&mut random)]
        };
        let [one, other] = texts(1);
        assert_ne!(one, other);
        assert_eq!(one.split(' ').count(), WORDS);
        assert_eq!(texts(1), [one, other]);
    }
}
