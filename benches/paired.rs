//! Two ways to do one thing, timed in turns.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// The rounds of a comparison; odd, so that one is the median.
const ROUNDS: usize = 21;

/// How long one side runs in a round: long enough for the clock, short enough for both sides to
/// meet the same neighbours.
const SIDE: Duration = Duration::from_millis(40);

/// How much longer one side takes than the other, over all rounds.
#[derive(Clone, Debug)]
pub struct Paired {
    /// The time of one call, each side's median.
    pub ours: Duration,
    /// As `ours`.
    pub theirs: Duration,
    /// `ours / theirs` of each round, in order of size.
    ratios: Vec<f64>,
}

impl Paired {
    /// The median of `ours / theirs`.
    pub fn ratio(&self) -> f64 {
        self.ratios[self.ratios.len() / 2]
    }
}

impl fmt::Display for Paired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (self.ratios[0], self.ratios[self.ratios.len() - 1]);
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        write!(
            f,
            "{:9.2} us {:9.2} us   ratio {:.3} ({least:.3} to {most:.3}, {} rounds)",
            micros(self.ours),
            micros(self.theirs),
            self.ratio(),
            self.ratios.len()
        )
    }
}

/// Times both sides in alternating rounds, each for the same time, which of them is first changing
/// with each.
///
/// With `quick`, every side is called once and nothing is to be read out of the times.
pub fn compare(quick: bool, ours: impl FnMut(), theirs: impl FnMut()) -> Paired {
    compare_timed(quick, timed(ours), timed(theirs))
}

/// As [`compare`], of sides that tell how long so many calls take: one may be another process with
/// a clock of its own.
pub fn compare_timed(
    quick: bool,
    mut ours: impl FnMut(u32) -> Duration,
    mut theirs: impl FnMut(u32) -> Duration,
) -> Paired {
    let rounds = if quick { 1 } else { ROUNDS };
    let calls = match quick {
        true => [1, 1],
        false => [calls_in(SIDE, &mut ours), calls_in(SIDE, &mut theirs)],
    };
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        for side in [round % 2, 1 - round % 2] {
            let time: &mut dyn FnMut(u32) -> Duration =
                if side == 0 { &mut ours } else { &mut theirs };
            times[side].push(time(calls[side]) / calls[side]);
        }
    }
    let mut ratios: Vec<f64> = times[0]
        .iter()
        .zip(&times[1])
        .map(|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    let [ours, theirs] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    });
    Paired { ours, theirs, ratios }
}

/// Tells how long so many calls take, by this process's clock.
pub fn timed(mut call: impl FnMut()) -> impl FnMut(u32) -> Duration {
    move |calls| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed()
    }
}

/// How often a side can be called in about `time`.
fn calls_in(time: Duration, side: &mut dyn FnMut(u32) -> Duration) -> u32 {
    let mut calls = 1_u32;
    while side(calls) < time && calls <= 1 << 24 {
        calls *= 2;
    }
    calls
}
