use super::RowFault;

/// What came of a block: answers, gaps between them, and perhaps what ended them. Reused from
/// block to block, it allocates nothing once it has grown.
#[derive(Debug, Default)]
pub struct Stretch {
    /// The answers, of an encoder within a reply.
    pub(super) answers: Vec<u8>,
    /// Records without an answer, and where in `answers` their places are.
    pub(super) gaps: Vec<(usize, RowFault)>,
    /// Records, answered or not.
    pub(super) rows: usize,
    pub(super) lines: usize,
    pub(super) is_blank: bool,
    pub(super) end: Option<RowFault>,
    /// Why the file is wrong if it ends with this block.
    pub(super) unless_followed: Option<RowFault>,
}

impl Stretch {
    /// The records so far, answered or not.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn clear(&mut self) {
        self.answers.clear();
        self.gaps.clear();
        (self.rows, self.lines) = (0, 0);
        self.is_blank = false;
        self.end = None;
        self.unless_followed = None;
    }

    pub(super) fn leave_gap(&mut self, fault: RowFault) {
        self.gaps.push((self.answers.len(), fault));
        self.rows += 1;
    }
}
