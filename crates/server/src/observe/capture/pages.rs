//! Where requests wait for the thread that writes them.

use std::{
    cell::Cell,
    mem,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use super::{super::series::locked, record::Record};

/// What a page holds.
const PAGE_BYTES: usize = 2 << 20;

/// What waits of records that are longer than half a page.
const LARGE_BYTES: usize = 64 << 20;

thread_local! {
    /// Which pages this thread writes first.
    static PLACE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Pages, of which each thread has two of its own as long as there are enough: while the one is
/// taken away, there is the other, so that nobody waits for its lock.
#[derive(Debug)]
pub(super) struct Pages {
    pages: Vec<Mutex<Vec<u8>>>,
    large: Mutex<Large>,
    next_place: AtomicUsize,
    begun: Instant,
}

#[derive(Debug, Default)]
struct Large {
    records: Vec<Vec<u8>>,
    bytes: usize,
}

/// The same moment by the pages' clock and by the world's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    nanos: u64,
    time: SystemTime,
}

impl Clock {
    /// The world's time at a moment of the pages' clock that has passed.
    pub(super) fn time_of(&self, nanos: u64) -> SystemTime {
        let ago = Duration::from_nanos(self.nanos.saturating_sub(nanos));
        self.time.checked_sub(ago).unwrap_or(self.time)
    }
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Taken,
    /// It was taken, and the pages had better be written now.
    TakenAndDue,
    /// There was no room.
    Left,
}

impl Pages {
    /// Pages for so many threads, and those that answer now and then.
    pub(super) fn new(threads: usize) -> Self {
        let pages = (0..2 * (threads + 1)).map(|_| Mutex::new(Vec::with_capacity(PAGE_BYTES)));
        Self {
            pages: pages.collect(),
            large: Mutex::default(),
            next_place: AtomicUsize::new(0),
            begun: Instant::now(),
        }
    }

    /// A point in time by the pages' clock.
    pub(super) fn nanos_of(&self, at: Instant) -> u64 {
        let time = at.saturating_duration_since(self.begun);
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Both clocks at this moment.
    pub(super) fn clock(&self) -> Clock {
        Clock { nanos: self.nanos_of(Instant::now()), time: SystemTime::now() }
    }

    /// Copies a record into a page. Locks are tried and never waited for.
    pub(super) fn give(&self, record: &Record<'_>) -> Given {
        let bytes = record.len();
        if bytes > PAGE_BYTES / 2 {
            return self.give_large(record, bytes);
        }
        let place = PLACE.get().unwrap_or_else(|| {
            let place = 2 * self.next_place.fetch_add(1, Relaxed);
            PLACE.set(Some(place));
            place
        });
        let count = self.pages.len();
        for page in (0..count).map(|step| &self.pages[(place + step) % count]) {
            let Ok(mut page) = page.try_lock() else { continue };
            let before = page.len();
            if before + bytes > PAGE_BYTES || !record.write(&mut page) {
                continue;
            }
            let half = PAGE_BYTES / 2;
            let due = before < half && page.len() >= half;
            return if due { Given::TakenAndDue } else { Given::Taken };
        }
        Given::Left
    }

    #[cold]
    fn give_large(&self, record: &Record<'_>, bytes: usize) -> Given {
        let fits = |large: &Large| large.bytes + bytes <= LARGE_BYTES;
        // Looked at twice, so that what is left out is not copied.
        if !fits(&locked(&self.large)) {
            return Given::Left;
        }
        let mut copy = Vec::with_capacity(bytes);
        let written = record.write(&mut copy);
        let mut large = locked(&self.large);
        if !written || !fits(&large) {
            return Given::Left;
        }
        large.bytes += bytes;
        large.records.push(copy);
        Given::TakenAndDue
    }

    /// Takes what waits, page by page, in whose places `spare` is left; whether there was any.
    pub(super) fn take(&self, spare: &mut Vec<u8>, mut each: impl FnMut(&[u8])) -> bool {
        let mut any = false;
        for page in &self.pages {
            spare.clear();
            spare.reserve(PAGE_BYTES);
            mem::swap(&mut *locked(page), spare);
            any |= !spare.is_empty();
            each(spare);
        }
        let mut large = mem::take(&mut locked(&self.large).records);
        for record in large.drain(..) {
            any = true;
            each(&record);
            // Only now: until it is written, it is in memory.
            locked(&self.large).bytes -= record.len();
        }
        any
    }
}
