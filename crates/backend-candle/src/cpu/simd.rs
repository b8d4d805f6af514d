//! Which of the processor's instructions loops are run with.
//!
//! A loop is written once and compiled for several sets of instructions; which of these runs is
//! found out once. Only what is inlined into a loop is compiled for the set: its functions are
//! `#[inline(always)]`, and what is long stands in a `for`, because closures are inlined as the
//! compiler pleases.
//!
//! Every level that fuses multiplications with additions (AVX-512, AVX2, NEON) gives the same bits.

use std::ops::{Deref, DerefMut};

use fearless_simd::dispatch;
pub(super) use fearless_simd::{Simd, f32x16, i32x16, prelude};

/// The elements of a [`Line`].
pub(super) const LANES: usize = 16;

/// A cache line of elements. Loads of one vector never touch two lines of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(64))]
pub(super) struct Line(pub(super) [f32; LANES]);

/// The instructions that loops are run with. This machine has them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level(fearless_simd::Level);

/// A loop that knows what it is compiled for.
pub(super) trait Loop {
    type Answer;

    /// Must be `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Answer;
}

impl Level {
    /// The best that the processor and the system have.
    pub(super) fn best() -> Self {
        Self(fearless_simd::Level::new())
    }

    /// Every level that can be run here, the least first.
    #[cfg(test)]
    pub(super) fn available() -> Vec<Self> {
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

    /// Whether multiplications are fused with additions.
    #[cfg(test)]
    pub(super) fn is_fused(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self.0.as_avx2().is_some() || self.0.as_avx512().is_some();
        #[cfg(not(target_arch = "x86_64"))]
        return cfg!(target_arch = "aarch64");
    }

    /// The elements of a register.
    pub(super) fn lanes(self) -> usize {
        dispatch!(self.0, simd => lanes(simd))
    }

    #[inline]
    pub(super) fn run<L: Loop>(self, work: L) -> L::Answer {
        dispatch!(self.0, simd => work.run(simd))
    }
}

/// The elements of a register.
#[inline(always)]
pub(super) fn lanes<S: Simd>(_: S) -> usize {
    use prelude::SimdBase;
    S::f32s::LEN
}

impl Line {
    #[inline(always)]
    pub(super) fn load<S: Simd>(&self, simd: S) -> f32x16<S> {
        use prelude::SimdBase;
        f32x16::load_array_ref(simd, &self.0)
    }

    #[inline(always)]
    pub(super) fn store<S: Simd>(&mut self, value: f32x16<S>) {
        use prelude::SimdBase;
        value.store_array(&mut self.0);
    }
}

impl Deref for Line {
    type Target = [f32; LANES];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Line {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
