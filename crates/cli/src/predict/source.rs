//! The rows, in blocks that any thread can score.

use std::{
    io::{self, Read},
    sync::Arc,
};

use hotplate::{
    Columns, Engine,
    scorer::{OnError, Position, ScorerOptions},
};
use hotplate_codec::BlockDecoder;

use crate::rows::Blocks;

/// How far a quote that is open may reach where a bad record must not end the run: beyond, it is
/// one that was never closed.
const OPEN_QUOTE_BYTES: usize = 1 << 20;

/// Cuts a file into blocks, one after the other.
#[derive(Debug)]
pub(super) struct Source<R> {
    blocks: Blocks<R>,
    on_error: OnError,
    /// What began the file, and tells how every block is read.
    first: Arc<BlockDecoder>,
    /// Memory to read the header with.
    columns: Columns,
    /// The blocks given so far, and their bytes.
    given: usize,
    bytes: usize,
}

/// Where a block stands.
#[derive(Debug)]
pub(super) struct Place {
    /// Its number, from zero.
    pub(super) number: usize,
    first: Arc<BlockDecoder>,
    bytes: usize,
}

impl<R: Read> Source<R> {
    pub(super) fn new(source: R, engine: &Engine, options: ScorerOptions) -> Self {
        Self {
            blocks: Blocks::new(source, options.input),
            on_error: options.on_error,
            first: Arc::new(options.decoder(engine)),
            columns: engine.rows(),
            given: 0,
            bytes: 0,
        }
    }

    /// Puts the next block into `block`, if there is one, and says where it stands.
    ///
    /// # Errors
    ///
    /// As [`Blocks::next`].
    pub(super) fn next(&mut self, block: &mut Vec<u8>) -> io::Result<Option<Place>> {
        let Self { blocks, first, on_error, .. } = self;
        if !blocks.next_into(block, |buffer| whole_records(first, *on_error, buffer))? {
            return Ok(None);
        }
        // Nobody has seen the first block, so that nobody has what begins the file either.
        if self.given == 0
            && let Some(first) = Arc::get_mut(&mut self.first)
        {
            first.begin(block, &mut self.columns);
        }
        let place = Place { number: self.given, first: Arc::clone(&self.first), bytes: self.bytes };
        self.given += 1;
        self.bytes += block.len();
        Ok(Some(place))
    }

    /// The blocks given so far.
    pub(super) const fn given(&self) -> usize {
        self.given
    }
}

impl Place {
    pub(super) fn position(&self) -> Position<'_> {
        match self.number {
            0 => Position::First,
            _ => Position::Behind { first: &self.first, bytes: self.bytes },
        }
    }
}

fn whole_records(decoder: &BlockDecoder, on_error: OnError, buffer: &[u8]) -> usize {
    match decoder.independent_records(buffer) {
        0 if on_error == OnError::Placeholder && buffer.len() >= OPEN_QUOTE_BYTES => {
            buffer.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1)
        }
        length => length,
    }
}
