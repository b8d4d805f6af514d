//! The rows of all parts of a batch as sequences of tokens, and the passes that they are run in.

use std::ops::Range;

use hotplate_backend::{BackendError, BackendErrorKind, Part, RefusedCell};
use hotplate_tensor::{DataView, StrView};

use crate::{
    network,
    tokens::{TEXT_BYTES, TextTokenizer, Tokens},
};

/// The most tokens that are run at once, unless a single row has more: their states are as large as
/// a processor's cache, and more would gain nothing.
pub(crate) const PASS_TOKENS: usize = 4096;

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    /// Which part it is of.
    pub(crate) part: usize,
    /// The row of that part's request.
    pub(crate) row: usize,
    /// Its tokens among all that were gathered.
    tokens: Range<usize>,
}

/// How tokens are numbered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Positions {
    /// The first token's.
    pub(crate) first: u32,
    /// The token that has no place in the row, as RoBERTa counts, and the position that it gets.
    pub(crate) uncounted: Option<u32>,
}

/// The rows of a batch, each with its tokens.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    tokens: Tokens,
    sequences: Vec<Sequence>,
    pass: Pass,
}

/// The tokens of one pass, sequence by sequence.
#[derive(Debug, Default)]
struct Pass {
    ids: Vec<u32>,
    segments: Vec<u32>,
    positions: Vec<u32>,
    lengths: Vec<usize>,
}

impl Gathered {
    /// Removes every row and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.tokens.clear();
        self.sequences.clear();
    }

    /// Adds the rows of a part, whose turn it is.
    ///
    /// # Errors
    ///
    /// When a text is too long, or the tokenizer fails on it; none of the part's rows is added then.
    pub(crate) fn add(
        &mut self,
        index: usize,
        part: &Part<'_>,
        tokenizer: &TextTokenizer,
    ) -> Result<(), BackendError> {
        let before = self.sequences.len();
        let outcome = part.rows.clone().try_for_each(|row| {
            let tokens = tokens_of(row, part, tokenizer, &mut self.tokens)?;
            self.sequences.push(Sequence { part: index, row, tokens });
            Ok(())
        });
        if outcome.is_err() {
            self.sequences.truncate(before);
        }
        outcome
    }

    /// Gives all rows to `run`, in passes of bounded size and rows of like lengths together. Where it
    /// `pads`, each row of a pass counts as its longest.
    pub(crate) fn passes(
        &mut self,
        positions: Positions,
        pads: bool,
        mut run: impl FnMut(network::Tokens<'_>, &[Sequence]),
    ) {
        let Self { tokens, sequences, pass } = self;
        sequences.sort_by_key(|sequence| sequence.tokens.len());
        let mut rest = &sequences[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(sequences_of_a_pass(rest, pads));
            pass.fill(now, tokens, positions);
            run(pass.view(), now);
            rest = later;
        }
    }
}

/// How many of the sequences, the longest of which is the last, fit one pass; one at least.
fn sequences_of_a_pass(sequences: &[Sequence], pads: bool) -> usize {
    let mut tokens = 0;
    let fits = sequences.iter().enumerate().position(|(before, sequence)| {
        let len = sequence.tokens.len();
        tokens = if pads { (before + 1) * len } else { tokens + len };
        tokens > PASS_TOKENS
    });
    fits.unwrap_or(sequences.len()).max(1)
}

impl Pass {
    fn fill(&mut self, sequences: &[Sequence], tokens: &Tokens, positions: Positions) {
        let Self { ids, segments, positions: places, lengths } = self;
        ids.clear();
        segments.clear();
        places.clear();
        lengths.clear();
        for Sequence { tokens: range, .. } in sequences {
            let own = &tokens.ids[range.clone()];
            ids.extend_from_slice(own);
            segments.extend_from_slice(&tokens.segments[range.clone()]);
            places.extend(positions.of(own));
            lengths.push(own.len());
        }
    }

    fn view(&self) -> network::Tokens<'_> {
        let Self { ids, segments, positions, lengths } = self;
        network::Tokens { ids, positions, types: segments, lengths }
    }
}

impl Positions {
    /// The position of each token of a row.
    fn of(self, ids: &[u32]) -> impl Iterator<Item = u32> {
        let mut next = self.first;
        ids.iter().map(move |&id| match self.uncounted {
            Some(pad) if pad == id => pad,
            _ => {
                next += 1;
                next - 1
            }
        })
    }
}

/// The tokens of a part's row, appended to `to`.
fn tokens_of(
    row: usize,
    part: &Part<'_>,
    tokenizer: &TextTokenizer,
    to: &mut Tokens,
) -> Result<Range<usize>, BackendError> {
    let text = text_of(row, 0, part)?;
    let second = if part.inputs.len() > 1 { text_of(row, 1, part)? } else { "" };
    let tokens = tokenizer.append(text, second, to).map_err(|got| {
        let expected = "a text that the model's tokenizer takes".to_owned();
        BackendError::refused_cell(RefusedCell { row, column: 0, expected, got })
    })?;
    if tokens.is_empty() {
        let expected = "a text that has a token, for the model adds none".to_owned();
        let got = format!("{} bytes of which it makes none", text.len());
        return Err(BackendError::refused_cell(RefusedCell { row, column: 0, expected, got }));
    }
    Ok(tokens)
}

/// A cell. One that is missing is the empty text, whose tokens are the special ones alone.
fn text_of<'a>(row: usize, column: usize, part: &Part<'a>) -> Result<&'a str, BackendError> {
    let DataView::Str(texts) = part.inputs.data(column) else {
        return Err(BackendError::told(BackendErrorKind::Failed, "the rows are no texts"));
    };
    let text = StrView::get(&texts, row);
    if text.len() <= TEXT_BYTES {
        return Ok(text);
    }
    let expected = format!("a text of at most {TEXT_BYTES} bytes");
    let got = format!("{} bytes", text.len());
    Err(BackendError::refused_cell(RefusedCell { row, column, expected, got }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequences(lengths: &[usize]) -> Vec<Sequence> {
        let sequence = |&len: &usize| Sequence { part: 0, row: 0, tokens: 0..len };
        lengths.iter().map(sequence).collect()
    }

    #[test]
    fn passes_are_bounded_and_never_empty() {
        for (lengths, packed, padded) in [
            (&[1, PASS_TOKENS][..], 1, 1),
            (&[1, PASS_TOKENS + 1], 1, 1),
            (&[1, PASS_TOKENS - 1, PASS_TOKENS], 2, 1),
            (&[1, 1, PASS_TOKENS / 2], 3, 2),
            (&[2, 2], 2, 2),
        ] {
            assert_eq!(sequences_of_a_pass(&sequences(lengths), false), packed, "{lengths:?}");
            assert_eq!(sequences_of_a_pass(&sequences(lengths), true), padded, "{lengths:?}");
        }
    }

    #[test]
    fn positions_of_roberta_leave_padding_out() {
        let bert = Positions { first: 0, uncounted: None };
        assert_eq!(bert.of(&[0, 7, 1]).collect::<Vec<_>>(), [0, 1, 2]);
        let roberta = Positions { first: 2, uncounted: Some(1) };
        assert_eq!(roberta.of(&[0, 7, 1, 9]).collect::<Vec<_>>(), [2, 3, 1, 4]);
    }
}
