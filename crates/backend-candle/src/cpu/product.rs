//! Products of matrices.
//!
//! Rows are tokens. A matrix of rows lies in panels of 32 columns; a panel lies in groups of rows; a
//! group is the left half of its rows, a line each, then the right half. A group's rows are as many
//! as the kernel keeps sums of in registers: what one product writes, the next reads as it lies.
//! Weights lie in panels of 32 outputs, of which each input has two lines.
//!
//! Every sum is taken in the order of its inputs, from the first to the last, whatever the rows, the
//! groups and the threads are. So a row's bits don't depend on its company.

use super::simd::{LANES, Level, Line, Loop, Simd, f32x16, lanes, prelude::*};

/// The columns of a panel.
pub(super) const WIDTH: usize = 2 * LANES;

/// The panels of inputs after which the next rows are taken: their weights stay in the first cache,
/// beside the rows.
const DEPTH: usize = 3;

/// As [`DEPTH`], for few rows, which wait for weights: their reading goes on while each is used.
const SHALLOW: usize = 1;

/// How rows lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) count: usize,
    /// The rows of a group.
    pub(super) group: usize,
}

impl Rows {
    /// The groups that cost this processor the least.
    pub(super) fn new(count: usize, level: Level) -> Self {
        let most = most(level.lanes());
        // A group with few rows waits for its sums, and each costs a little besides its rows.
        let cost = |group: &usize| count.div_ceil(*group) * (2 * group.max(&4) + 1);
        let group = (1..=most).min_by_key(cost).unwrap_or(1);
        Self { count, group }
    }

    pub(super) fn groups(self) -> usize {
        self.count.div_ceil(self.group)
    }

    /// The lines of a panel.
    pub(super) fn lines(self) -> usize {
        self.groups() * self.group * 2
    }

    /// Where in a panel a row's left half lies. Its right half is `group` lines later.
    #[inline(always)]
    pub(super) fn line(self, row: usize) -> usize {
        row / self.group * self.group * 2 + row % self.group
    }
}

/// The most rows of a group: so many sums that they, a line of weights and an element fit registers.
#[inline(always)]
const fn most(lanes: usize) -> usize {
    match lanes {
        16 => 12,
        8 => 6,
        _ if cfg!(target_arch = "aarch64") => 6,
        _ => 3,
    }
}

/// `out += x * weights`, one panel of it.
#[derive(Debug)]
pub(super) struct Product<'a> {
    pub(super) rows: Rows,
    /// Panels of rows, as many as there are of inputs.
    pub(super) x: &'a [&'a [Line]],
    /// A panel of weights: two lines for each input.
    pub(super) weights: &'a [Line],
    pub(super) out: &'a mut [Line],
}

impl Loop for Product<'_> {
    type Answer = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.rows.group {
            1 => self.of::<S, 1>(simd),
            2 => self.of::<S, 2>(simd),
            3 => self.of::<S, 3>(simd),
            4 if most(lanes(simd)) >= 4 => self.of::<S, 4>(simd),
            5 if most(lanes(simd)) >= 5 => self.of::<S, 5>(simd),
            6 if most(lanes(simd)) >= 6 => self.of::<S, 6>(simd),
            7 if most(lanes(simd)) >= 7 => self.of::<S, 7>(simd),
            8 if most(lanes(simd)) >= 8 => self.of::<S, 8>(simd),
            9 if most(lanes(simd)) >= 9 => self.of::<S, 9>(simd),
            10 if most(lanes(simd)) >= 10 => self.of::<S, 10>(simd),
            11 if most(lanes(simd)) >= 11 => self.of::<S, 11>(simd),
            12 if most(lanes(simd)) >= 12 => self.of::<S, 12>(simd),
            other => unreachable!("groups of {other} rows"),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn of<S: Simd, const R: usize>(self, simd: S) {
        let depth = if self.out.len() <= 4 * R { SHALLOW } else { DEPTH };
        for (x, weights) in self.x.chunks(depth).zip(self.weights.chunks(depth * 2 * WIDTH)) {
            for (group, out) in self.out.chunks_exact_mut(2 * R).enumerate() {
                if lanes(simd) == LANES {
                    tile::<S, R, 2>(simd, x, group, weights, 0, out);
                } else {
                    tile::<S, R, 1>(simd, x, group, weights, 0, &mut out[..R]);
                    tile::<S, R, 1>(simd, x, group, weights, 1, &mut out[R..]);
                }
            }
        }
    }
}

/// Adds the product of `R` rows and `V` lines of outputs, from the `first`.
#[inline(always)]
fn tile<S: Simd, const R: usize, const V: usize>(
    simd: S,
    x: &[&[Line]],
    group: usize,
    weights: &[Line],
    first: usize,
    out: &mut [Line],
) {
    let mut sums = [[f32x16::splat(simd, 0.0); V]; R];
    assert_eq!(out.len(), R * V, "a tile");
    for v in 0..V {
        for r in 0..R {
            sums[r][v] = out[v * R + r].load(simd);
        }
    }
    for (x, weights) in x.iter().zip(weights.chunks_exact(2 * WIDTH)) {
        let x = &x[group * 2 * R..][..2 * R];
        for (x, weights) in x.chunks_exact(R).zip(weights.chunks_exact(WIDTH)) {
            for k in 0..LANES {
                let mut line = [f32x16::splat(simd, 0.0); V];
                for v in 0..V {
                    line[v] = weights[2 * k + first + v].load(simd);
                }
                for r in 0..R {
                    let x = f32x16::splat(simd, x[r].0[k]);
                    for v in 0..V {
                        sums[r][v] = x.mul_add(line[v], sums[r][v]);
                    }
                }
            }
        }
    }
    for v in 0..V {
        for r in 0..R {
            out[v * R + r].store(sums[r][v]);
        }
    }
}
