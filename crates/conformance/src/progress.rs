//! How far a long run has come, for a person who watches.

use std::time::{Duration, Instant};

use hotplate_conformance::{Case, Report};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Cases done of all, and the one that is being run, on standard error where that is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    start: Instant,
    bar: ProgressBar,
    begun: u64,
}

impl Progress {
    /// Nothing is done yet of so many runs of a case.
    pub(crate) fn start(runs: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(runs as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{pos} of {len} {bar:30} {msg}");
        Self {
            start: Instant::now(),
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            begun: 0,
        }
    }

    /// A case is run on the backend of this report, and those before it are done.
    pub(crate) fn begin(&mut self, report: &Report, case: &Case) {
        if self.bar.is_hidden() && self.start.elapsed() >= PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_message(format!("{} {}", report.backend(), case.name()));
        self.bar.set_position(self.begun);
        self.begun += 1;
    }

    /// All is done.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
