//! How busy the machine is with other things while something is timed.
//!
//! A tail of a millisecond is told from one of a neighbour's only where there are none, so a round
//! counts when they took little of the cores. On Linux alone; elsewhere every round counts.

use std::{
    fs,
    time::{Duration, Instant},
};

/// The share of the cores that others may take in a round that counts.
const QUIET: f64 = 0.05;

/// How many times as long as the rounds should take a machine may take to become quiet.
const PATIENCE: u32 = 3;

/// Processor time, in the system's own ticks: of everything, and of what is neither this process nor one
/// that it started.
#[derive(Clone, Copy, Debug)]
struct Ticks {
    all: u64,
    others: u64,
}

impl Ticks {
    fn now() -> Option<Self> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let line = stat.lines().next()?;
        let fields = line.split_whitespace().skip(1).take(8).map(|field| field.parse().ok());
        let fields: Vec<u64> = fields.collect::<Option<_>>()?;
        let [_, _, _, idle, waits, ..] = fields[..] else { return None };
        let all: u64 = fields.iter().sum();
        let own: u64 = family()?.iter().map(|process| ticks_of(process)).sum::<Option<_>>()?;
        Some(Self { all, others: all.checked_sub(idle + waits)?.saturating_sub(own) })
    }
}

/// This process and those that it started and that still run, as `/proc` calls them.
fn family() -> Option<Vec<String>> {
    let mut family = vec!["self".to_owned()];
    for thread in fs::read_dir("/proc/self/task").ok()? {
        // A thread may be gone by now.
        let children = fs::read_to_string(thread.ok()?.path().join("children"));
        family.extend(children.unwrap_or_default().split_whitespace().map(str::to_owned));
    }
    Some(family)
}

/// What a process has had, in user mode and in the kernel.
fn ticks_of(process: &str) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the name, which may hold anything: the 14th and the 15th field of the line.
    let ticks = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    ticks.map(|field| field.parse::<u64>().ok()).sum()
}

/// The share of the cores that others took since.
fn others_since(before: Option<Ticks>) -> f64 {
    let (Some(before), Some(now)) = (before, Ticks::now()) else { return 0.0 };
    let all = now.all.saturating_sub(before.all).max(1);
    now.others.saturating_sub(before.others) as f64 / all as f64
}

/// What the rounds found, and the share of the cores that others took in each.
#[derive(Clone, Debug)]
pub(crate) struct Rounds<T> {
    pub(crate) found: Vec<T>,
    pub(crate) others: Vec<f64>,
}

/// Plays rounds, each told its number, until so many were quiet; where the machine does not become
/// quiet in time, as many of the quietest.
pub(crate) fn quiet_rounds<T>(rounds: usize, mut round: impl FnMut(usize) -> T) -> Rounds<T> {
    let start = Instant::now();
    let mut expected = Duration::ZERO;
    let mut played: Vec<(f64, T)> = Vec::new();
    loop {
        let (before, begun) = (Ticks::now(), Instant::now());
        let found = round(played.len());
        played.push((others_since(before), found));
        if played.len() == 1 {
            expected = begun.elapsed() * u32::try_from(rounds).unwrap_or(u32::MAX);
        }
        let quiet = played.iter().filter(|(others, _)| *others <= QUIET).count();
        let late = start.elapsed() > expected * PATIENCE;
        if quiet >= rounds || played.len() >= rounds && (late || rounds == 1) {
            break;
        }
    }
    // The order of equally quiet rounds stays.
    played.sort_by(|one, other| one.0.max(QUIET).total_cmp(&other.0.max(QUIET)));
    let (others, found) = played.into_iter().take(rounds).unzip();
    Rounds { found, others }
}
