//! Which variant answers: shares of the traffic, by a sequence that each thread has for itself.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// The variants that get traffic, by the points from zero to 2^64 that are theirs.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    /// The last point of each, and its index; points go up, and the last is the greatest there is.
    last_points: Vec<(u64, usize)>,
}

impl Shares {
    /// Shares in proportion to `weights`, or none where none of them is above zero.
    pub(super) fn new(weights: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let total: f64 = weights.clone().sum();
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        let mut below = 0.0;
        let mut last_points = Vec::new();
        for (index, weight) in weights.enumerate().filter(|&(_, weight)| weight > 0.0) {
            below += weight;
            last_points.push((point(below / total), index));
        }
        // Whatever was lost to rounding is the last one's.
        last_points.last_mut()?.0 = u64::MAX;
        Some(Self { last_points })
    }

    /// The index of the variant that answers the next request of this thread.
    ///
    /// Nothing is written that other threads read, and nothing at all where one gets everything.
    pub(super) fn choose(&self) -> usize {
        match self.last_points[..] {
            [(_, only)] => only,
            ref several => {
                let [point, _] = next();
                several.iter().find(|&&(last, _)| point <= last).map_or(0, |&(_, index)| index)
            }
        }
    }
}

/// The fraction of all points that lies below one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a fraction of the range, rounded; a cast of what is beyond it gives its end"
)]
fn point(fraction: f64) -> u64 {
    (fraction * u64::MAX as f64) as u64
}

/// A share of the requests that is looked at, whichever variant answers them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample(u64);

impl Sample {
    /// A fraction from zero to one of them.
    pub(super) fn new(fraction: f64) -> Self {
        Self(point(fraction))
    }

    /// Whether the next request of this thread is one of them.
    pub(super) fn takes_next(self) -> bool {
        match self.0 {
            0 => false,
            u64::MAX => true,
            most => {
                let [_, point] = next();
                point <= most
            }
        }
    }
}

/// The steps of a sequence of points in a square, as fractions of 2^64: `1/p` and `1/p²` for the
/// root `p` of `p³ = p + 1`. The points lie evenly, and so does each coordinate by itself: after N
/// requests a share is off by a few requests, where chance would be off by some root of N (Roberts,
/// "The unreasonable effectiveness of quasirandom sequences").
const STEPS: [u64; 2] = [0xC13F_A9A9_02A6_328F, 0x91E1_0DA5_C79E_7B1D];

thread_local! {
    static SEQUENCE: Cell<u64> = Cell::new(beginning());
}

/// Where a thread's sequence begins: far from those of the threads before it, which would choose
/// alike otherwise.
fn beginning() -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(0);
    THREADS.fetch_add(1, Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16
}

/// The next point of this thread's sequence.
fn next() -> [u64; 2] {
    SEQUENCE.with(|sequence| {
        let at = sequence.get().wrapping_add(1);
        sequence.set(at);
        STEPS.map(|step| at.wrapping_mul(step))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each of the variants is chosen in so many requests.
    fn chosen(weights: &[f64], requests: usize) -> Vec<usize> {
        let shares = Shares::new(weights.iter().copied()).unwrap();
        let mut counts = vec![0; weights.len()];
        (0..requests).for_each(|_| counts[shares.choose()] += 1);
        counts
    }

    #[test]
    fn shares_are_the_weights() {
        for weights in [&[9.0, 1.0][..], &[1.0, 1.0, 1.0], &[0.5, 0.0, 0.125], &[1e-3, 1.0], &[7.0]]
        {
            let total: f64 = weights.iter().sum();
            for requests in [1_000, 100_000] {
                for (count, weight) in chosen(weights, requests).iter().zip(weights) {
                    let expected = weight / total * requests as f64;
                    // Chance would be off by more than this two times in three.
                    let off = (*count as f64 - expected).abs();
                    assert!(off <= 12.0, "{weights:?}: {count} of {requests}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn variant_without_weight_gets_nothing() {
        assert_eq!(chosen(&[0.0, 1.0, 0.0], 1_000), [0, 1_000, 0]);
        assert_eq!(chosen(&[0.0, 1.0, 1.0, 0.0], 10_000)[3], 0);
    }

    #[test]
    fn something_must_have_a_share() {
        for weights in [&[][..], &[0.0, 0.0], &[f64::INFINITY], &[f64::MAX, f64::MAX]] {
            assert!(Shares::new(weights.iter().copied()).is_none(), "{weights:?}");
        }
    }

    #[test]
    fn sample_is_of_every_variant_alike() {
        let shares = Shares::new([0.5, 0.5].into_iter()).unwrap();
        let sample = Sample::new(0.25);
        let mut taken = [0_usize; 2];
        for _ in 0..40_000 {
            let variant = shares.choose();
            taken[variant] += usize::from(sample.takes_next());
        }
        assert!(taken.iter().all(|&taken| taken.abs_diff(5_000) < 250), "{taken:?}");
        assert!(!Sample::new(0.0).takes_next() && Sample::new(1.0).takes_next());
    }

    #[test]
    fn threads_begin_apart() {
        let first = std::thread::spawn(next).join().unwrap();
        let second = std::thread::spawn(next).join().unwrap();
        assert_ne!(first, second);
    }
}
