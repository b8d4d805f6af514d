//! Where a time is counted.
//!
//! Two sets of buckets are wanted of the same times: those of a native histogram, whose bounds are
//! powers of two to the eighth (schema 3: each is 9 % wider than the one before), and the classic
//! ones at 1, 2 and 5. Times are counted in the *cells* between all these bounds, so that both sets
//! are exact sums of cells. A cell is found without logarithms: the leading bits of the time say
//! where to begin, and a step or two lead to it.

use std::sync::LazyLock;

/// A native histogram of this schema parts each power of two into 2^schema buckets.
pub(super) const SCHEMA: i32 = 3;

/// The native bucket whose upper bound, 2^-24 s or 60 ns, ends the zero bucket: less than it takes
/// to read the clock twice.
const FIRST: i32 = -24 << SCHEMA;

/// The native bucket that ends at 64 s, behind which is one more for what takes longer.
const LAST: i32 = 6 << SCHEMA;

/// The upper bounds of the classic buckets in seconds.
pub(super) const CLASSIC: [f64; 22] = [
    1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1,
    2e-1, 5e-1, 1.0, 2.0, 5.0, 10.0,
];

/// One for each bound, of which native and classic share those at 0.5, 1 and 2 s, and one for what is
/// beyond.
pub(super) const CELLS: usize = (LAST - FIRST + 1) as usize + CLASSIC.len() - 3 + 1;

/// The leading bits of a time, behind the first, that say where to begin.
const LEADING_BITS: u32 = 5;

/// The cells.
#[derive(Debug)]
pub(super) struct Cells {
    /// The upper bounds in nanoseconds, inclusive; the last cell has none.
    bounds: [u64; CELLS - 1],
    /// The native bucket that each cell is in.
    native: [i32; CELLS],
    /// The cells up to each classic bound.
    classic: [usize; CLASSIC.len()],
    /// By the leading bits, the first cell that such a time may be in.
    starts: Vec<u16>,
}

pub(super) static CELL: LazyLock<Cells> = LazyLock::new(Cells::new);

/// The zero bucket's upper bound in seconds.
pub(super) fn zero_threshold() -> f64 {
    upper_bound(FIRST)
}

/// A native bucket's upper bound in seconds.
pub(super) fn upper_bound(native: i32) -> f64 {
    (f64::from(native) / f64::from(1 << SCHEMA)).exp2()
}

/// The whole nanoseconds in so many seconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounds are positive and below 2^37 ns"
)]
const fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// The same of a classic bound, which is whole but for the last bit of the product.
const fn classic_nanos(seconds: f64) -> u64 {
    nanos(seconds + 1e-10)
}

impl Cells {
    fn new() -> Self {
        let classic = CLASSIC.map(classic_nanos);
        let native = (FIRST..=LAST).map(|index| nanos(upper_bound(index)));
        let mut all: Vec<u64> = native.chain(classic).collect();
        all.sort_unstable();
        all.dedup();
        let mut bounds = [u64::MAX; CELLS - 1];
        bounds.iter_mut().zip(&all).for_each(|(bound, of)| *bound = *of);
        let mut index = FIRST;
        let mut native = [LAST + 1; CELLS];
        for (cell, &bound) in native.iter_mut().zip(&bounds) {
            while index < LAST && nanos(upper_bound(index)) < bound {
                index += 1;
            }
            *cell = index;
        }
        let up_to = |bound: u64| bounds.partition_point(|&upper| upper <= bound);
        let starts = (0..64 << LEADING_BITS)
            .map(|key: u64| {
                let (octave, leading) = (key >> LEADING_BITS, key & ((1 << LEADING_BITS) - 1));
                let least = u128::from(1 << LEADING_BITS | leading) << octave >> LEADING_BITS;
                let cell = bounds.partition_point(|&upper| u128::from(upper) < least);
                u16::try_from(cell).unwrap_or(u16::MAX)
            })
            .collect();
        Self { native, classic: classic.map(up_to), starts, bounds }
    }

    /// The cell of a time in nanoseconds.
    pub(super) fn of(&self, nanos: u64) -> usize {
        let nanos = nanos.max(1);
        let octave = nanos.ilog2();
        // The first bit is cut off by the mask.
        let leading = nanos.rotate_left(LEADING_BITS.wrapping_sub(octave) & 63);
        let leading = leading & ((1 << LEADING_BITS) - 1);
        #[expect(clippy::cast_possible_truncation, reason = "below 2048")]
        let key = (u64::from(octave) << LEADING_BITS | leading) as usize;
        let mut cell = usize::from(self.starts[key]);
        while self.bounds.get(cell).is_some_and(|&bound| nanos > bound) {
            cell += 1;
        }
        cell
    }

    /// How many of the counts are at most each classic bound.
    pub(super) fn classic(&self, counts: &[u64; CELLS]) -> [u64; CLASSIC.len()] {
        self.classic.map(|end| counts[..end].iter().sum())
    }

    /// The counts of the native buckets that hold any, in their order; those of the zero bucket
    /// apart.
    pub(super) fn native(&self, counts: &[u64; CELLS]) -> (u64, Vec<(i32, u64)>) {
        let mut buckets: Vec<(i32, u64)> = Vec::new();
        for (&index, &count) in self.native.iter().zip(counts).skip(1).filter(|(_, c)| **c > 0) {
            match buckets.last_mut() {
                Some((last, sum)) if *last == index => *sum += count,
                _ => buckets.push((index, count)),
            }
        }
        (counts[0], buckets)
    }

    /// The bounds of a cell in nanoseconds.
    pub(super) fn range(&self, cell: usize) -> (u64, u64) {
        let lower = cell.checked_sub(1).map_or(0, |below| self.bounds[below]);
        (lower, self.bounds.get(cell).copied().unwrap_or(lower))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By search instead of by leading bits.
    fn searched(nanos: u64) -> usize {
        CELL.bounds.partition_point(|&bound| bound < nanos)
    }

    #[test]
    fn each_time_is_in_the_cell_between_its_bounds() {
        assert!(CELL.bounds.is_sorted() && CELL.bounds[CELLS - 2] == 64_000_000_000);
        let around = |bound: u64| [bound - 1, bound, bound + 1];
        let octaves = (0..64).map(|octave| 1_u64 << octave);
        let times = CELL.bounds.into_iter().flat_map(around).chain(octaves).chain(0..5000);
        for nanos in times.chain([u64::MAX]) {
            assert_eq!(CELL.of(nanos), searched(nanos), "{nanos} ns");
        }
    }

    #[test]
    fn cells_add_up_to_classic_and_native_buckets() {
        // A deterministic spread over all magnitudes.
        let times: Vec<u64> =
            (1..4000_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (28 + i % 36)).collect();
        let mut counts = [0; CELLS];
        times.iter().for_each(|&nanos| counts[CELL.of(nanos)] += 1);
        for (bound, count) in CLASSIC.into_iter().zip(CELL.classic(&counts)) {
            let least = classic_nanos(bound);
            let expected = times.iter().filter(|&&nanos| nanos <= least).count() as u64;
            assert_eq!(count, expected, "le {bound}");
        }
        let (zero, buckets) = CELL.native(&counts);
        let within = |from: f64, to: f64| {
            let seconds = |nanos: u64| nanos as f64 * 1e-9;
            let within = |nanos: &&u64| seconds(**nanos) > from && seconds(**nanos) <= to;
            times.iter().filter(within).count() as u64
        };
        assert_eq!(zero, within(-1.0, zero_threshold()));
        for &(index, count) in &buckets {
            assert_eq!(count, within(upper_bound(index - 1), upper_bound(index)));
        }
        assert!(buckets.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(zero + buckets.iter().map(|bucket| bucket.1).sum::<u64>(), 3999);
    }
}
