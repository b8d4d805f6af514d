//! The two precisions that trees compare and add in.

use std::{
    cmp::Ordering,
    fmt::Debug,
    ops::{Add, AddAssign, Div, Neg},
};

use hotplate_tensor::{DataView, Element};

use crate::trees::Payload;

/// float32 or float64.
pub(crate) trait Real:
    Element
    + Debug
    + PartialOrd
    + Payload<Self>
    + Add<Output = Self>
    + AddAssign
    + Div<Output = Self>
    + Neg<Output = Self>
{
    const ZERO: Self;
    const ONE_HALF: Self;
    const NAN: Self;

    fn widened(number: f32) -> Self;
    /// Rounded to float32.
    fn narrowed(self) -> f32;
    fn of_count(count: usize) -> Self;
    fn is_nan(self) -> bool;
    /// The greatest number below.
    fn below(self) -> Self;
    /// The least number above.
    fn above(self) -> Self;
    fn total_cmp(&self, other: &Self) -> Ordering;
    /// These bits, which mean no number: [`index`](Self::index) gives them back.
    fn of_index(index: u32) -> Self;
    fn index(self) -> u32;
    /// Writes numbers of another type as ones of this, which rounds integers to float32.
    fn convert(from: DataView<'_>, to: &mut [Self]);
}

macro_rules! real {
    ($type:ty, $($variant:ident),*) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const ONE_HALF: Self = 0.5;
            const NAN: Self = <$type>::NAN;

            fn widened(number: f32) -> Self {
                Self::from(number)
            }

            #[expect(clippy::allow_attributes, reason = "float32 is not narrowed")]
            #[allow(clippy::cast_possible_truncation, reason = "rounding is what is asked for")]
            fn narrowed(self) -> f32 {
                self as f32
            }

            #[expect(clippy::cast_precision_loss, reason = "trees are counted in few digits")]
            fn of_count(count: usize) -> Self {
                count as $type
            }

            fn is_nan(self) -> bool {
                <$type>::is_nan(self)
            }

            fn below(self) -> Self {
                self.next_down()
            }

            fn above(self) -> Self {
                self.next_up()
            }

            fn total_cmp(&self, other: &Self) -> Ordering {
                <$type>::total_cmp(self, other)
            }

            fn of_index(index: u32) -> Self {
                Self::from_bits(index.into())
            }

            #[expect(clippy::allow_attributes, reason = "the bits of float32 are not narrowed")]
            #[allow(clippy::cast_possible_truncation, reason = "they were widened")]
            fn index(self) -> u32 {
                self.to_bits() as u32
            }

            #[expect(clippy::allow_attributes, reason = "one of two types has such casts")]
            #[allow(clippy::cast_precision_loss, reason = "features are rounded")]
            fn convert(from: DataView<'_>, to: &mut [Self]) {
                match from {
                    $(DataView::$variant(from) => {
                        to.iter_mut().zip(from).for_each(|(to, &from)| *to = from as $type);
                    })*
                    _ => unreachable!("compiled for the type of the features"),
                }
            }
        }
    };
}

real!(f32, I64, I32);
real!(f64, I64, I32);
