//! Answers that are ready in any order, written in that of the rows.

use std::{
    collections::VecDeque,
    fmt,
    io::{self, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use hotplate::scorer::{Outcome, Reply, RowFault, Stretch};
use hotplate_codec::Format;

use crate::progress::Progress;

/// Where threads put the answers to blocks. Whoever brings what is next writes it, and what waited
/// for it, so that no thread is there for that alone.
pub(super) struct Ordered {
    state: Mutex<State>,
    /// Told of each change of the state that somebody may wait for.
    changed: Condvar,
    /// How far ahead of what is written a block may be, which bounds the memory.
    window: usize,
}

struct State {
    /// The number of the block that is written next.
    next: usize,
    /// The answers to that block and those behind it, where they are there.
    ready: VecDeque<Option<Stretch>>,
    /// Memory for answers to other blocks.
    spare: Vec<Stretch>,
    /// Away while a thread writes.
    writer: Option<Writer>,
    /// The number of blocks, once it is known, and why there are no more where that is no end.
    blocks: Option<usize>,
    unread: Option<io::Error>,
    end: Option<End>,
}

struct Writer {
    output: Box<dyn Write + Send>,
    format: Format,
    reply: Reply,
    bytes: Vec<u8>,
    progress: Progress,
}

/// What ended a run early.
#[derive(Debug)]
pub(super) enum End {
    Read(io::Error),
    Write(io::Error),
    Row(RowFault),
    Panicked,
}

impl Ordered {
    pub(super) fn new(
        output: Box<dyn Write + Send>,
        format: Format,
        progress: Progress,
        window: usize,
    ) -> Self {
        let writer =
            Writer { output, format, reply: Reply::new(format), bytes: Vec::new(), progress };
        let state = State {
            next: 0,
            ready: VecDeque::new(),
            spare: Vec::new(),
            writer: Some(writer),
            blocks: None,
            unread: None,
            end: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), window }
    }

    /// Whether more answers are wanted.
    pub(super) fn goes_on(&self) -> bool {
        self.lock().end.is_none()
    }

    /// Takes the answers to block `number`, and gives memory for those to another; none when no
    /// more are wanted. Waits while the block is too far ahead of the others.
    pub(super) fn put(&self, number: usize, stretch: Stretch) -> Option<Stretch> {
        let mut state = self.lock();
        while state.end.is_none() && number >= state.next + self.window {
            state = self.wait(state);
        }
        if state.end.is_some() {
            return None;
        }
        let place = number - state.next;
        if state.ready.len() <= place {
            state.ready.resize_with(place + 1, || None);
        }
        state.ready[place] = Some(stretch);
        if let Some(mut writer) = state.writer.take() {
            state = self.write_ready(state, &mut writer);
            state.writer = Some(writer);
            self.changed.notify_all();
        }
        state.end.is_none().then(|| state.spare.pop().unwrap_or_default())
    }

    /// Says that there are so many blocks, because the rows ended, or could not be read any more.
    pub(super) fn close(&self, blocks: usize, unread: Option<io::Error>) {
        let mut state = self.lock();
        if state.blocks.is_none() {
            (state.blocks, state.unread) = (Some(blocks), unread);
        }
        self.changed.notify_all();
    }

    /// Ends the run at once.
    pub(super) fn abort(&self, end: End) {
        self.lock().end.get_or_insert(end);
        self.changed.notify_all();
    }

    /// Waits until all is written, and closes the reply; also behind a bad row, so that what was
    /// written before it is a whole document.
    ///
    /// # Errors
    ///
    /// What ended the run.
    pub(super) fn finish(&self) -> Result<Outcome, End> {
        let mut state = self.lock();
        loop {
            let is_done = state.end.is_some() || state.blocks == Some(state.next);
            if is_done && let Some(writer) = state.writer.take() {
                // What was read is answered first.
                let unread = state.unread.take().map(End::Read);
                return writer.finish(state.end.take().or(unread));
            }
            if matches!(state.end, Some(End::Panicked)) {
                return Err(End::Panicked);
            }
            state = self.wait(state);
        }
    }

    /// Writes what is next as long as that is there, without keeping others from the state.
    fn write_ready<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        writer: &mut Writer,
    ) -> MutexGuard<'s, State> {
        while state.end.is_none()
            && let Some(mut stretch) = state.ready.front_mut().and_then(Option::take)
        {
            drop(state);
            let written = writer.write(&mut stretch);
            state = self.lock();
            state.ready.pop_front();
            state.next += 1;
            state.spare.push(stretch);
            if let Err(end) = written {
                state.end.get_or_insert(end);
            }
            self.changed.notify_all();
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    fn write(&mut self, stretch: &mut Stretch) -> Result<(), End> {
        let rows = stretch.rows();
        self.bytes.clear();
        let outcome = self.reply.push(stretch, &mut self.bytes);
        self.output.write_all(&self.bytes).map_err(End::Write)?;
        self.progress.add(rows);
        outcome.map_err(End::Row)
    }

    fn finish(mut self, end: Option<End>) -> Result<Outcome, End> {
        if let Some(end @ (End::Read(_) | End::Write(_) | End::Panicked)) = end {
            return Err(end);
        }
        self.progress.finish();
        self.bytes.clear();
        let outcome = self.reply.finish(&mut self.bytes);
        if self.format == Format::Json {
            // A file of text ends with a line end; the other formats end their lines themselves.
            self.bytes.push(b'\n');
        }
        let flushed = self.output.write_all(&self.bytes).and_then(|()| self.output.flush());
        flushed.map_err(End::Write)?;
        end.map_or_else(|| outcome.map_err(End::Row), Err)
    }
}

impl fmt::Debug for Ordered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ordered").field("window", &self.window).finish_non_exhaustive()
    }
}
