//! How far a long run has come, for a person who watches.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// A line on standard error that changes while a run goes on, where that is a terminal.
#[derive(Debug)]
pub(crate) struct Line {
    start: Instant,
    watched: bool,
    bar: Option<ProgressBar>,
}

impl Line {
    /// Nothing is shown yet, and never anything unless `watched`.
    pub(crate) fn new(watched: bool) -> Self {
        Self { start: Instant::now(), watched: watched && io::stderr().is_terminal(), bar: None }
    }

    /// Shows what `line` says, once the run is long enough.
    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        if !self.watched || self.start.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(bar);
        bar.set_message(line());
        bar.tick();
    }

    /// Takes the line away, if there was one, which is told.
    pub(crate) fn clear(&mut self) -> bool {
        let bar = self.bar.take();
        bar.inspect(ProgressBar::finish_and_clear).is_some()
    }
}

/// Rows done and rows per second, on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    line: Line,
    rows: u64,
}

impl Progress {
    /// Shown where standard error is a terminal, unless `rows_are_shown` there themselves.
    pub(crate) fn start(rows_are_shown: bool) -> Self {
        Self { line: Line::new(!rows_are_shown), rows: 0 }
    }

    /// Counts rows that were done.
    pub(crate) fn add(&mut self, rows: usize) {
        self.rows += rows as u64;
        let (rows, elapsed) = (self.rows, self.line.start.elapsed());
        self.line.say(|| rate(rows, elapsed));
    }

    /// Replaces the line that moved by one that stays, if there was one.
    pub(crate) fn finish(mut self) {
        let elapsed = self.line.start.elapsed();
        if self.line.clear() {
            eprintln!("{}, {:.1} s", rate(self.rows, elapsed), elapsed.as_secs_f64());
        }
    }
}

fn rate(rows: u64, elapsed: Duration) -> String {
    let per_second = u128::from(rows) * 1000 / elapsed.as_millis().max(1);
    let per_second = HumanCount(u64::try_from(per_second).unwrap_or(u64::MAX));
    format!("{} rows, {per_second} rows/s", HumanCount(rows))
}

fn bar() -> ProgressBar {
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_style(ProgressStyle::default_spinner())
}
