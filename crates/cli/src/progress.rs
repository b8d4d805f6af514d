//! How far a long run has come, for a person who watches.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Rows done and rows per second, on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    start: Instant,
    watched: bool,
    bar: Option<ProgressBar>,
    rows: u64,
}

impl Progress {
    /// Shown where standard error is a terminal, unless `rows_are_shown` there themselves.
    pub(crate) fn start(rows_are_shown: bool) -> Self {
        let watched = io::stderr().is_terminal() && !rows_are_shown;
        Self { start: Instant::now(), watched, bar: None, rows: 0 }
    }

    /// Counts rows that were done.
    pub(crate) fn add(&mut self, rows: usize) {
        self.rows += rows as u64;
        if !self.watched || self.start.elapsed() < PATIENCE {
            return;
        }
        let line = self.line();
        let bar = self.bar.get_or_insert_with(bar);
        bar.set_message(line);
        bar.tick();
    }

    /// Replaces the line that moved by one that stays, if there was one.
    pub(crate) fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            eprintln!("{}, {:.1} s", self.line(), self.start.elapsed().as_secs_f64());
        }
    }

    fn line(&self) -> String {
        let milliseconds = self.start.elapsed().as_millis().max(1);
        let per_second = u128::from(self.rows) * 1000 / milliseconds;
        let per_second = HumanCount(u64::try_from(per_second).unwrap_or(u64::MAX));
        format!("{} rows, {per_second} rows/s", HumanCount(self.rows))
    }
}

fn bar() -> ProgressBar {
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_style(ProgressStyle::default_spinner())
}
