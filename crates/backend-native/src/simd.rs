//! Which of the processor's instructions loops are run with.
//!
//! A loop is written once and compiled for several sets of instructions; which of these runs is
//! found out when a plan is made. Only what is inlined into a loop is compiled for the set: its
//! functions are `#[inline(always)]`, and what is long stands in a `for`, because `for_each` and its
//! like are inlined as the compiler pleases.
//!
//! Every level gives the same bits. The compiler neither reorders sums nor fuses multiplications
//! with additions, and vectors' `mul_add_precise` rounds once on every processor. Products of
//! matrices need it: ONNX Runtime fuses, and where large terms cancel, sums that are rounded
//! otherwise are not near to its answers. Elementwise functions do without, so that a processor that
//! cannot fuse is not slowed down.

use std::fmt;

use fearless_simd::dispatch;
pub(crate) use fearless_simd::{Simd, f32x4, f32x16, f64x4, f64x8, prelude};

/// The instructions that loops are run with. This machine has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level(fearless_simd::Level);

/// A loop that knows what it is compiled for: it uses vectors, or as many sums as there are
/// registers.
pub(crate) trait Loop {
    type Answer;

    /// Must be `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Answer;
}

impl Level {
    /// The best that the processor and the system have.
    ///
    /// AVX-512 is that of Ice Lake and later: the processors before it lower their clock for it.
    pub(crate) fn best() -> Self {
        Self(fearless_simd::Level::new())
    }

    /// Every level that can be run here, the least first.
    #[cfg(test)]
    pub(crate) fn available() -> Vec<Self> {
        let best = fearless_simd::Level::new();
        #[cfg(target_arch = "x86_64")]
        let better = {
            let (sse4, avx2, avx512) = (best.as_sse4_2(), best.as_avx2(), best.as_avx512());
            let better = [sse4.map(Simd::level), avx2.map(Simd::level), avx512.map(Simd::level)];
            better.into_iter().flatten()
        };
        #[cfg(not(target_arch = "x86_64"))]
        let better = [best];
        [fearless_simd::Level::baseline()].into_iter().chain(better).map(Self).collect()
    }

    /// Runs a loop.
    #[inline]
    pub(crate) fn run<L: Loop>(self, work: L) -> L::Answer {
        dispatch!(self.0, simd => work.run(simd))
    }

    /// Runs a loop of plain Rust, which the compiler vectorises.
    ///
    /// The closure must be `#[inline(always)]`.
    #[inline]
    pub(crate) fn call<R>(self, work: impl FnOnce() -> R) -> R {
        dispatch!(self.0, _ => work())
    }
}

/// The name that the processor's makers give the instructions.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(target_arch = "x86_64")]
        if self.0.as_avx512().is_some() {
            return f.write_str("AVX-512");
        } else if self.0.as_avx2().is_some() {
            return f.write_str("AVX2");
        } else if self.0.as_sse4_2().is_some() {
            return f.write_str("SSE4.2");
        }
        let vectors = if cfg!(target_arch = "x86_64") {
            "SSE2"
        } else if cfg!(target_arch = "aarch64") {
            "NEON"
        } else {
            "no vectors"
        };
        f.write_str(vectors)
    }
}
