use hotplate_codec::{Encoder, Format, Placeholder};

use super::{RowFault, Stretch};

/// The faults that an outcome tells of.
const FIRST_FAULTS: usize = 5;

/// One reply, made of the stretches of one file in their order.
#[derive(Debug)]
pub struct Reply {
    encoder: Encoder<'static>,
    rows: usize,
    lines: usize,
    outcome: Outcome,
    /// Why the file is wrong if no other block follows.
    unless_followed: Option<RowFault>,
}

/// What became of the records of a file.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Records that were answered.
    pub answered: usize,
    /// Records that have a placeholder.
    pub unanswered: usize,
    /// Why the first of these have one.
    pub first: Vec<RowFault>,
    /// Whether the file has held nothing, not even a header or an empty list.
    pub is_blank: bool,
}

impl Reply {
    /// An empty reply in this format.
    ///
    /// # Panics
    ///
    /// When the format is only read; see [`Format::is_written`].
    pub fn new(format: Format) -> Self {
        // Pieces hold what fields they were made with.
        let encoder = Encoder::new(format, None);
        let outcome = Outcome { answered: 0, unanswered: 0, first: Vec::new(), is_blank: true };
        Self { encoder, rows: 0, lines: 0, outcome, unless_followed: None }
    }

    /// Appends the answers and placeholders of the next block to `out`.
    ///
    /// # Errors
    ///
    /// What ended the block, placed in the file. No other block may follow then.
    pub fn push(&mut self, stretch: &mut Stretch, out: &mut Vec<u8>) -> Result<(), RowFault> {
        self.outcome.is_blank &= stretch.is_blank;
        self.outcome.answered += stretch.rows - stretch.gaps.len();
        self.outcome.unanswered += stretch.gaps.len();
        let mut start = 0;
        for (end, fault) in stretch.gaps.drain(..) {
            self.encoder.piece(&stretch.answers[start..end], out);
            start = end;
            let fault = fault.behind(self.rows, self.lines);
            self.placeholder(&fault, out);
            if self.outcome.first.len() < FIRST_FAULTS {
                self.outcome.first.push(fault);
            }
        }
        self.encoder.piece(&stretch.answers[start..], out);
        let end = stretch.end.take().map(|fault| fault.behind(self.rows, self.lines));
        self.unless_followed = stretch.unless_followed.take();
        self.rows += stretch.rows;
        self.lines += stretch.lines;
        end.map_or(Ok(()), Err)
    }

    /// Appends what closes the reply, and tells what became of the records.
    ///
    /// # Errors
    ///
    /// When the file ended and had announced more. The reply is closed all the same.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<Outcome, RowFault> {
        self.encoder.finish(out);
        self.unless_followed.map_or(Ok(self.outcome), Err)
    }

    fn placeholder(&mut self, fault: &RowFault, out: &mut Vec<u8>) {
        let (expected, got) = (fault.expected(), fault.got());
        let placeholder = Placeholder {
            error: &fault.to_string(),
            reason: fault.reason(),
            row: fault.row(),
            column: fault.column(),
            expected: expected.as_deref(),
            got: got.as_deref(),
        };
        self.encoder.placeholder(&placeholder, out);
    }
}
