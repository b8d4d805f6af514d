//! Blocks of one file that are decoded in any order, on several threads.

use hotplate_tensor::Columns;

use super::BlockDecoder;
use crate::{Format, decoder::Progress};

impl BlockDecoder {
    /// As [`whole_records`](Self::whole_records), without blank lines at the end, which say
    /// nothing before it is seen what follows. A block of that length can be decoded without the
    /// ones in front by a decoder that [`follow`](Self::follow)s the one that began the file.
    ///
    /// The header of an array is a block, and its rows are others, or one where they do not lie one
    /// behind the other. JSON documents, archives and plain text are one
    /// block.
    pub fn independent_records(&self, buffer: &[u8]) -> usize {
        if self.is_one_block() {
            return 0;
        }
        let mut end = self.whole_records(buffer);
        loop {
            let last = match self.format {
                Format::Csv => csv_line_end(&buffer[..end]),
                Format::JsonLines | Format::Libsvm => blank_line(&buffer[..end]),
                Format::Json | Format::Npy | Format::Npz | Format::RecordIo | Format::Text => 0,
            };
            match last {
                0 => return end,
                length => end -= length,
            }
        }
    }

    /// Reads as much of the file's first block as tells how all others are read: a header, or a
    /// record that is none. What is wrong with it is not told, for that shows when the block is
    /// decoded, which is another decoder's.
    ///
    /// `columns` is memory, of the schema of the file.
    pub fn begin(&mut self, block: &[u8], columns: &mut Columns) {
        if self.is_one_block() {
            return;
        }
        if matches!(self.format, Format::Libsvm | Format::Npy) {
            // Which column is the first is told by all rows of the block; and an array has a header.
            let _ = self.decode(block, columns);
            return;
        }
        let mut rest = block;
        while !rest.is_empty() && self.is_blank() {
            let (record, behind) = rest.split_at(self.first_record(rest));
            if self.decode(record, columns).is_err() {
                break;
            }
            rest = behind;
        }
    }

    /// Makes this decoder ready for a block that stands `bytes` into the file that `first` has
    /// [begun](Self::begin), whatever it decoded before. Rows and lines are counted from the
    /// block's first.
    ///
    /// # Panics
    ///
    /// When no byte of the file stands in front of the block: that one needs a new decoder.
    pub fn follow(&mut self, first: &Self, bytes: usize) {
        assert!(bytes > 0, "the first block follows none");
        self.decoder.header.clone_from(&first.decoder.header);
        self.progress = Progress {
            begun: true,
            has_header: first.progress.has_header,
            index_base: first.progress.index_base,
            array: first.progress.array.map(|array| array.at(bytes)),
            in_blocks: self.progress.in_blocks,
            splits_at_shapes: self.progress.splits_at_shapes,
            bytes,
            ..Progress::default()
        };
    }

    const fn is_one_block(&self) -> bool {
        matches!(self.format, Format::Json | Format::Npz | Format::Text)
    }

    /// The rows and the line ends of what was decoded so far.
    pub const fn counts(&self) -> (usize, usize) {
        (self.progress.rows, self.progress.lines)
    }
}

/// The length of the line end of whole records if it stands behind another one: then it is a
/// blank line's.
fn csv_line_end(records: &[u8]) -> usize {
    let Some(line) = records.strip_suffix(b"\n") else { return 0 };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() || line.ends_with(b"\n") { records.len() - line.len() } else { 0 }
}

/// The length of the last line with its end if it holds nothing but blanks.
fn blank_line(lines: &[u8]) -> usize {
    let Some(line) = lines.strip_suffix(b"\n") else { return 0 };
    let start = memchr::memrchr(b'\n', line).map_or(0, |end| end + 1);
    let is_blank = line[start..].iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
    if is_blank { lines.len() - start } else { 0 }
}
