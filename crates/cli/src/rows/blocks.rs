//! A file in blocks of whole records.

use std::{
    io::{self, Read},
    mem,
};

use hotplate_codec::Format;

/// What is read at once, where the source has it.
const BLOCK_BYTES: usize = 256 << 10;

/// The longest record that is waited for; a document is one record and may be longer.
const RECORD_BYTES: usize = 64 << 20;

/// Cuts a source into blocks. A block is given as soon as it holds a whole record, so that a source
/// that trickles is answered as it does.
#[derive(Debug)]
pub(crate) struct Blocks<R> {
    source: R,
    longest: usize,
    /// What was read is `buffer[..filled]`, and `buffer[..given]` is the last block.
    buffer: Vec<u8>,
    filled: usize,
    given: usize,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(source: R, format: Format) -> Self {
        let is_document = matches!(format, Format::Json | Format::Npy | Format::Npz);
        let longest = if is_document { usize::MAX } else { RECORD_BYTES };
        let buffer = vec![0; BLOCK_BYTES];
        Self { source, longest, buffer, filled: 0, given: 0, ended: false }
    }

    /// The next block, which `whole_records` of what was read; at the end of the source, the rest.
    ///
    /// # Errors
    ///
    /// When the source cannot be read, or a record is longer than any should be.
    pub(crate) fn next(
        &mut self,
        whole_records: impl Fn(&[u8]) -> usize,
    ) -> io::Result<Option<&[u8]>> {
        self.buffer.copy_within(self.given..self.filled, 0);
        self.filled -= self.given;
        // What was left may hold records, as behind the header of an array, and more may not come.
        self.given = if self.filled == 0 { 0 } else { whole_records(&self.buffer[..self.filled]) };
        // A long record is not looked through again before twice as much is there, which bounds
        // the time by the length of the source.
        let mut look_from = 0;
        while self.given == 0 && !self.ended {
            self.fill()?;
            if self.ended {
                self.given = self.filled;
            } else if self.filled >= look_from {
                self.given = whole_records(&self.buffer[..self.filled]);
                look_from = if self.filled < BLOCK_BYTES { 0 } else { 2 * self.filled };
            }
        }
        Ok((self.given > 0).then(|| &self.buffer[..self.given]))
    }

    /// As [`next`](Self::next), with the block in memory that is the caller's, and comes back as
    /// that of a later block. Tells whether there is one.
    pub(crate) fn next_into(
        &mut self,
        block: &mut Vec<u8>,
        whole_records: impl Fn(&[u8]) -> usize,
    ) -> io::Result<bool> {
        if self.next(whole_records)?.is_none() {
            return Ok(false);
        }
        mem::swap(&mut self.buffer, block);
        let rest = &block[self.given..self.filled];
        self.buffer.resize(rest.len().max(BLOCK_BYTES), 0);
        self.buffer[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
        block.truncate(self.given);
        self.given = 0;
        Ok(true)
    }

    /// Reads on, once.
    fn fill(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            if self.filled >= self.longest {
                let problem = format!(
                    "a record longer than {} MiB; is a quote left open?",
                    self.longest >> 20
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
            }
            self.buffer.resize(2 * self.filled, 0);
        }
        match self.source.read(&mut self.buffer[self.filled..]) {
            Ok(0) => self.ended = true,
            Ok(read) => self.filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(buffer: &[u8]) -> usize {
        buffer.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1)
    }

    /// Gives a few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn blocks_of(text: &[u8], step: usize) -> Vec<Vec<u8>> {
        let mut blocks = Blocks::new(Trickle(text, step), Format::Csv);
        let mut all = Vec::new();
        while let Some(block) = blocks.next(lines).unwrap() {
            all.push(block.to_vec());
        }
        let mut blocks = Blocks::new(Trickle(text, step), Format::Csv);
        let mut memory = vec![b'?'; 3];
        for block in &all {
            assert!(blocks.next_into(&mut memory, lines).unwrap());
            assert_eq!(memory, *block);
        }
        assert!(!blocks.next_into(&mut memory, lines).unwrap());
        all
    }

    #[test]
    fn blocks_end_with_records_and_lose_nothing() {
        for step in 1..9 {
            let blocks = blocks_of(b"one\ntwo\n\nthree", step);
            assert_eq!(blocks.concat(), b"one\ntwo\n\nthree");
            let (last, whole) = blocks.split_last().unwrap();
            assert!(whole.iter().all(|block| block.ends_with(b"\n")), "{blocks:?}");
            assert!(last.ends_with(b"three"));
        }
        assert_eq!(blocks_of(b"", 1), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn record_longer_than_a_block_is_whole() {
        let text = [vec![b'x'; 3 * BLOCK_BYTES], b"\ny\n".to_vec()].concat();
        for step in [1000, BLOCK_BYTES] {
            let blocks = blocks_of(&text, step);
            assert!(blocks[0].len() > 3 * BLOCK_BYTES);
            assert_eq!(blocks.concat(), text);
        }
    }

    #[test]
    fn record_without_an_end_is_not_waited_for() {
        let mut blocks = Blocks::new(io::repeat(b'x'), Format::Csv);
        let error = blocks.next(lines).unwrap_err();
        assert!(error.to_string().starts_with("a record longer than 64 MiB"), "{error}");
    }
}
