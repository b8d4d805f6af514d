use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use super::{
    Counts,
    files::{Files, Outcome},
    line::LineStyle,
    pages::Pages,
    record::Record,
};

/// How long a record may wait in a page that is far from full.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The thread that makes lines and files of pages.
#[derive(Debug)]
pub(super) struct Writer<F> {
    pages: Arc<Pages>,
    counts: Arc<Counts>,
    style: LineStyle,
    files: Files<F>,
}

impl<F: Fn(&Path) -> io::Result<File>> Writer<F> {
    pub(super) const fn new(
        pages: Arc<Pages>,
        counts: Arc<Counts>,
        style: LineStyle,
        files: Files<F>,
    ) -> Self {
        Self { pages, counts, style, files }
    }

    /// Writes until it is told to stop, and then what is left.
    pub(super) fn run(mut self, stop: &AtomicBool) {
        let mut spare = Vec::new();
        loop {
            // Looked at first: what was taken before the stop is then written after it.
            let stops = stop.load(Relaxed);
            let mut outcome = Outcome::default();
            let pages = Arc::clone(&self.pages);
            let any = pages.take(&mut spare, |page| self.write(page, &mut outcome));
            self.files.flush_all(&mut outcome);
            self.count(outcome);
            if stops && !any {
                return;
            }
            if !stops {
                thread::park_timeout(LOOK_EVERY);
            }
        }
    }

    fn write(&mut self, mut page: &[u8], outcome: &mut Outcome) {
        let clock = self.pages.clock();
        while let Some((record, rest)) = Record::read(page) {
            let at = clock.time_of(record.at);
            let names = [record.model, record.variant];
            self.files.add(names, |block| self.style.write(&record, at, block), outcome);
            page = rest;
        }
    }

    fn count(&self, outcome: Outcome) {
        let Outcome { written, bytes, full, failed } = outcome;
        self.counts.written.fetch_add(written, Relaxed);
        self.counts.bytes.fetch_add(bytes, Relaxed);
        self.counts.full.fetch_add(full, Relaxed);
        self.counts.failed.fetch_add(failed, Relaxed);
    }
}
