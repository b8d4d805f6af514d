//! The runs of one command, one after the other.

use std::{thread, time::Duration};

use anyhow::{Result, bail};
use hotplate_load::{
    Arrivals, ClosedLoop, Measured, OpenLoop, Target, closed_loop,
    knee::{self, Limits},
    open_loop,
};

use super::{
    machine::{self, Machine},
    subject::{Kind, Subject},
    text::Watch,
    units,
};
use crate::arguments::{Bench, Spread};

/// The longest that the capacity is measured before the rates, and the longest warm-up of that.
const CAPACITY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_millis(500));

/// What the command line says, with what it does not say filled in.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) mode: Mode,
    pub(super) arrivals: Spread,
    pub(super) seed: u64,
    pub(super) callers: usize,
    pub(super) spinners: usize,
    pub(super) duration: Duration,
    pub(super) warm_up: Duration,
    pub(super) slo: Option<Duration>,
    pub(super) price_per_hour: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mode {
    /// Rates around the capacity, until two are not held.
    Knee,
    Rates(Vec<f64>),
    Concurrency,
}

/// Everything that a command has found out.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) command: String,
    pub(super) started_at: String,
    pub(super) machine: Machine,
    pub(super) subject: Subject,
    pub(super) settings: Settings,
    /// The closed loop that the rates were chosen by.
    pub(super) capacity: Option<Measured>,
    pub(super) runs: Vec<Measured>,
    /// None in a closed loop, where nothing is to be held.
    pub(super) limits: Option<Limits>,
}

impl Settings {
    pub(super) fn of(arguments: &Bench, subject: &Subject, machine: &Machine) -> Self {
        let (mode, callers) = match (arguments.concurrency, arguments.rate) {
            (Some(callers), _) => (Mode::Concurrency, Some(callers)),
            (None, Some(rate)) => (Mode::Rates(vec![rate]), arguments.callers),
            (None, None) if !arguments.rates.is_empty() => {
                (Mode::Rates(arguments.rates.clone()), arguments.callers)
            }
            (None, None) => (Mode::Knee, arguments.callers),
        };
        let callers = callers.unwrap_or_else(|| subject.callers());
        Self {
            mode,
            arrivals: arguments.arrivals,
            seed: arguments.seed,
            callers,
            spinners: subject.spinners(callers, machine.cores),
            duration: arguments.duration,
            warm_up: arguments.warm_up,
            slo: arguments.slo,
            price_per_hour: arguments.price_per_hour,
        }
    }
}

/// Runs what the settings say.
///
/// # Errors
///
/// When the target cannot be reached, or answers nothing at all.
pub(super) fn measure(subject: Subject, settings: Settings, watch: &mut Watch) -> Result<Report> {
    let mut report = Report {
        command: machine::command(),
        started_at: machine::now(),
        machine: Machine::here(),
        subject,
        settings,
        capacity: None,
        runs: Vec::new(),
        limits: None,
    };
    watch.begin(&report)?;
    let Report { subject, settings, capacity, runs, limits, .. } = &mut report;
    let mut all = Runs { settings, capacity, runs, limits, watch };
    match &subject.kind {
        Kind::Model(model) => all.run(&&**model)?,
        Kind::Url(server) => all.run(&server.target)?,
    }
    Ok(report)
}

struct Runs<'r> {
    settings: &'r Settings,
    capacity: &'r mut Option<Measured>,
    runs: &'r mut Vec<Measured>,
    limits: &'r mut Option<Limits>,
    watch: &'r mut Watch,
}

impl Runs<'_> {
    fn run<T: Target>(&mut self, target: &T) -> Result<()> {
        match &self.settings.mode {
            Mode::Concurrency => {
                let Settings { duration, warm_up, .. } = *self.settings;
                let measured = self.closed(target, duration, warm_up, "closed loop")?;
                self.watch.table(None, &measured)?;
                self.runs.push(measured);
                Ok(())
            }
            Mode::Rates(rates) => rates.iter().try_for_each(|&rate| self.open(target, rate, "")),
            Mode::Knee => {
                let Settings { duration, warm_up, .. } = *self.settings;
                let (duration, warm_up) = (duration.min(CAPACITY.0), warm_up.min(CAPACITY.1));
                let capacity = self.closed(target, duration, warm_up, "capacity")?;
                self.watch.capacity(&capacity, self.settings.callers)?;
                let rates = knee::rates(capacity.rate());
                *self.capacity = Some(capacity);
                for (step, &rate) in rates.iter().enumerate() {
                    self.open(target, rate, &format!("{} of {}, ", step + 1, rates.len()))?;
                    let limits = self.limits.as_ref();
                    let held = self.runs.iter().map(|run| limits.is_some_and(|all| all.hold(run)));
                    if knee::is_passed(&held.collect::<Vec<_>>()) {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    fn closed<T: Target>(
        &mut self,
        target: &T,
        duration: Duration,
        warm_up: Duration,
        what: &str,
    ) -> Result<Measured> {
        let settings = ClosedLoop { callers: self.settings.callers, warm_up, duration };
        let length = warm_up + duration;
        let watch = &mut *self.watch;
        let measured = closed_loop(target, &settings, |elapsed| watch.tick(what, elapsed, length))?;
        answered(measured)
    }

    fn open<T: Target>(&mut self, target: &T, rate: f64, step: &str) -> Result<()> {
        let Settings { arrivals, seed, callers, spinners, duration, warm_up, .. } = *self.settings;
        let length = warm_up + duration;
        let arrivals = match arrivals {
            Spread::Poisson => Arrivals::poisson(rate, length, seed)?,
            Spread::Constant => Arrivals::constant(rate, length)?,
        };
        let settings = OpenLoop { callers, spinners, warm_up };
        let what = format!("{step}{}/s", units::rate(rate));
        let watch = &mut *self.watch;
        let measured =
            open_loop(target, &arrivals, &settings, |elapsed| watch.tick(&what, elapsed, length))?;
        let measured = answered(measured)?;
        let limits = self.limits.get_or_insert_with(|| match self.settings.slo {
            Some(latency) => Limits::p99(latency),
            None => Limits::of_lowest(&measured),
        });
        self.watch.table(Some(limits), &measured)?;
        self.runs.push(measured);
        // What one run has left behind, such as a backlog that is being worked off, is not the
        // next one's.
        thread::sleep(BREATH);
        Ok(())
    }
}

/// Between two runs.
const BREATH: Duration = Duration::from_millis(100);

/// A run in which something was answered.
fn answered(measured: Measured) -> Result<Measured> {
    if measured.answered > 0 {
        return Ok(measured);
    }
    match measured.failures.first() {
        Some(failure) => bail!("none of the requests was answered: {}", failure.reason),
        None if measured.refused > 0 => bail!("every request was refused: the target is too busy"),
        None => bail!("no request was answered in this time; --duration gives more"),
    }
}

impl Report {
    /// The run at the knee: the highest rate that was held.
    pub(super) fn knee(&self) -> Option<usize> {
        knee::find(&self.runs, self.limits.as_ref()?)
    }

    /// The run whose rate is nearest to half of the knee's, where that is another.
    pub(super) fn half(&self) -> Option<usize> {
        let knee = self.knee()?;
        let half = self.runs[knee].requested? / 2.0;
        let distance = |run: &Measured| (run.requested.unwrap_or_default() - half).abs();
        let runs = self.runs.iter().enumerate();
        let nearest = runs.min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)));
        nearest.map(|(run, _)| run).filter(|&run| run != knee)
    }

    /// The run that tells most: the one at the knee, else the first.
    pub(super) fn main(&self) -> usize {
        self.knee().unwrap_or_default()
    }

    /// The predictions a second at the knee, where the rows of a request are known.
    pub(super) fn predictions_per_second(&self) -> Option<f64> {
        let rows = self.subject.rows? as f64;
        Some(self.runs[self.knee()?].rate() * rows)
    }

    /// What a million predictions cost at the knee, where the machine has a price.
    pub(super) fn cost_per_million(&self) -> Option<f64> {
        let price = self.settings.price_per_hour?;
        Some(price / (self.predictions_per_second()? * 3600.0) * 1e6)
    }

    /// The limit that a run breaks, for a person; none where it was held or nothing was to be.
    pub(super) fn broken(limits: Option<&Limits>, run: &Measured) -> Option<String> {
        let limits = limits?;
        Some(match limits.broken(run)? {
            knee::Broken::Unanswered => {
                format!("{:.3} % unanswered", 100.0 * run.unanswered_share())
            }
            knee::Broken::Achieved => {
                let asked = run.requested.unwrap_or_default();
                format!("{:.1} % answered in time", 100.0 * run.rate() / asked)
            }
            knee::Broken::Latency => format!("p99 above {}", units::time(limits.latency)),
        })
    }
}
