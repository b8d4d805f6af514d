use hotplate_codec::{BlockDecoder, Format};

/// The lines that records of a part of a block are in, for those that are asked for in order.
#[derive(Debug)]
pub(super) struct Lines<'b> {
    part: Part<'b>,
    /// Finds where records end, once that is asked for.
    walk: Option<Walk<'b>>,
}

/// Some records of a block that were decoded together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'b> {
    pub(super) format: Format,
    pub(super) bytes: &'b [u8],
    /// Records and lines in front of it, in the block.
    pub(super) rows: usize,
    pub(super) lines: usize,
    pub(super) has_header: bool,
}

#[derive(Debug)]
struct Walk<'b> {
    decoder: BlockDecoder,
    rest: &'b [u8],
    row: usize,
    line: usize,
}

impl<'b> Lines<'b> {
    pub(super) const fn new(part: Part<'b>) -> Self {
        Self { part, walk: None }
    }

    /// The line in the block, from one, in which a record begins; `decoder` makes a decoder of
    /// such a file. None where the format has no lines, or a record in front is not well-formed,
    /// so that nobody knows how many lines it has.
    pub(super) fn of(
        &mut self,
        row: usize,
        decoder: impl FnOnce() -> BlockDecoder,
    ) -> Option<usize> {
        let Part { format, bytes, rows, lines, has_header } = self.part;
        // Lines of libsvm need not be rows, and other formats have none.
        if !matches!(format, Format::Csv | Format::JsonLines) {
            return None;
        }
        let walk = self.walk.get_or_insert_with(|| {
            let mut walk = Walk { decoder: decoder(), rest: bytes, row: rows, line: lines + 1 };
            if has_header {
                walk.pass();
            }
            walk
        });
        while walk.row < row && !walk.rest.is_empty() {
            walk.pass();
            walk.row += 1;
        }
        (!walk.rest.is_empty()).then_some(walk.line)
    }
}

impl Walk<'_> {
    fn pass(&mut self) {
        let (record, behind) = self.rest.split_at(self.decoder.first_record(self.rest));
        self.line += record.iter().filter(|&&byte| byte == b'\n').count();
        self.rest = behind;
    }
}
