//! What a model gave against what it should have given.

use std::fmt;

use hotplate::{DType, DataView, Shape, TensorView, tolerance::Tolerance};
use hotplate_tensor::Element;

/// What is wrong first about an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Its elements are of another type.
    Type {
        /// The type that they should be of.
        expected: DType,
        /// The type that they are of.
        got: DType,
    },
    /// It has other dimensions.
    Shape {
        /// Those that it should have.
        expected: Vec<usize>,
        /// Those that it has.
        got: Vec<usize>,
    },
    /// An element is not the expected one.
    Element {
        /// Where it is: an index for each axis.
        index: Vec<usize>,
        /// What it should be.
        expected: String,
        /// What it is.
        got: String,
    },
}

/// Compares what an engine gave with what was expected.
///
/// `tolerance` is that of the expected elements. What comes back is how much of the tolerance was needed: from 0, where all is equal, to 1.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn compare(
    tolerance: Tolerance,
    expected: &TensorView<'_>,
    got: &TensorView<'_>,
) -> Result<f64, Mismatch> {
    if expected.dtype() != got.dtype() {
        return Err(Mismatch::Type { expected: expected.dtype(), got: got.dtype() });
    }
    if expected.shape() != got.shape() {
        let [expected, got] = [expected, got].map(|view| view.shape().dims().to_vec());
        return Err(Mismatch::Shape { expected, got });
    }
    let at = Comparison {
        tolerance,
        shape: *expected.shape(),
        expected: expected.data(),
        got: got.data(),
    };
    match expected.data() {
        DataView::F32(_) => at.floats::<f32>(),
        DataView::F64(_) => at.floats::<f64>(),
        DataView::Str(texts) => match at.got {
            DataView::Str(got) => at.all_equal(texts.iter(), got.iter()),
            _ => unreachable!("the types were compared above"),
        },
        DataView::Bool(_) => at.equal::<bool>(),
        DataView::I8(_) => at.equal::<i8>(),
        DataView::I16(_) => at.equal::<i16>(),
        DataView::I32(_) => at.equal::<i32>(),
        DataView::I64(_) => at.equal::<i64>(),
        DataView::U8(_) => at.equal::<u8>(),
        DataView::U16(_) => at.equal::<u16>(),
        DataView::U32(_) => at.equal::<u32>(),
        DataView::U64(_) => at.equal::<u64>(),
        other => unreachable!("no tensor of a test is of {}", other.dtype()),
    }
}

struct Comparison<'a> {
    tolerance: Tolerance,
    shape: Shape,
    expected: DataView<'a>,
    got: DataView<'a>,
}

impl Comparison<'_> {
    fn floats<T: Element + Into<f64> + fmt::Display>(&self) -> Result<f64, Mismatch> {
        let mut needed = 0.0_f64;
        for (position, (expected, got)) in self.pairs::<T>().enumerate() {
            let (wide, got_wide) = (expected.into(), got.into());
            if !self.tolerance.accepts(got_wide, wide) {
                return Err(self.mismatch(position, expected, got));
            }
            if got_wide != wide && wide.is_finite() {
                let allowed = self.tolerance.absolute + self.tolerance.relative * wide.abs();
                needed = needed.max((got_wide - wide).abs() / allowed);
            }
        }
        Ok(needed)
    }

    fn equal<T: Element + fmt::Display>(&self) -> Result<f64, Mismatch> {
        let (expected, got): (Vec<T>, Vec<T>) = self.pairs::<T>().unzip();
        self.all_equal(expected.into_iter(), got.into_iter())
    }

    fn all_equal<T: PartialEq + fmt::Display>(
        &self,
        expected: impl Iterator<Item = T>,
        got: impl Iterator<Item = T>,
    ) -> Result<f64, Mismatch> {
        match expected.zip(got).enumerate().find(|(_, (expected, got))| expected != got) {
            None => Ok(0.0),
            Some((position, (expected, got))) => Err(self.mismatch(position, expected, got)),
        }
    }

    fn pairs<T: Element>(&self) -> impl Iterator<Item = (T, T)> {
        // Both are of this type, which the caller read off one of them.
        let [expected, got] =
            [self.expected, self.got].map(|data| T::slice(data).unwrap_or_default());
        expected.iter().copied().zip(got.iter().copied())
    }

    fn mismatch<T: fmt::Display>(&self, position: usize, expected: T, got: T) -> Mismatch {
        Mismatch::Element {
            index: index_of(&self.shape, position),
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }
}

/// The index, axis by axis, of an element that lies at `position` of a tensor's.
fn index_of(shape: &Shape, mut position: usize) -> Vec<usize> {
    let mut index = vec![0; shape.rank()];
    for (axis, &dim) in shape.dims().iter().enumerate().rev() {
        index[axis] = position % dim;
        position /= dim;
    }
    index
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { expected, got } => write!(f, "expected {expected}, got {got}"),
            Self::Shape { expected, got } => {
                write!(f, "expected shape {expected:?}, got shape {got:?}")
            }
            Self::Element { index, expected, got } => {
                write!(f, "element {index:?}: expected {expected}, got {got}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hotplate::{Format, StrView};

    use super::*;

    fn native(expected: &TensorView<'_>) -> Tolerance {
        Tolerance::of("native", Format::Onnx, expected.dtype())
    }

    fn view<'a>(dims: &[usize], data: DataView<'a>) -> TensorView<'a> {
        TensorView::new(Shape::new(dims).unwrap(), data).unwrap()
    }

    fn compare_data(expected: DataView<'_>, got: DataView<'_>) -> Result<f64, String> {
        let [expected, got] = [expected, got].map(|data| view(&[data.len()], data));
        compare(native(&expected), &expected, &got).map_err(|mismatch| mismatch.to_string())
    }

    #[test]
    fn floats_may_differ_within_the_tolerance() {
        let expected = DataView::F32(&[1.0, f32::NAN, f32::INFINITY]);
        let near = DataView::F32(&[1.000_001, f32::NAN, f32::INFINITY]);
        let needed = compare_data(expected, near).unwrap();
        assert!(needed > 0.0 && needed < 1.0, "{needed}");
        let far = DataView::F32(&[1.0, 0.0, f32::INFINITY]);
        assert_eq!(compare_data(expected, far).unwrap_err(), "element [1]: expected NaN, got 0");
    }

    #[test]
    fn everything_else_must_be_equal() {
        let integers = [DataView::I8(&[1, -2]), DataView::I8(&[1, -3])];
        let refused = compare_data(integers[0], integers[1]).unwrap_err();
        assert_eq!(refused, "element [1]: expected -2, got -3");
        assert_eq!(compare_data(integers[0], integers[0]), Ok(0.0));
        let truths = [DataView::Bool(&[true]), DataView::Bool(&[false])];
        assert!(compare_data(truths[0], truths[1]).is_err());
        let texts = [&["ä"][..], &["a"]].map(|texts| DataView::Str(StrView::from(texts)));
        let refused = compare_data(texts[0], texts[1]).unwrap_err();
        assert_eq!(refused, "element [0]: expected ä, got a");
    }

    #[test]
    fn an_element_is_found_by_its_axes() {
        let expected = view(&[2, 1, 3], DataView::U64(&[0, 1, 2, 3, 4, 5]));
        let got = view(&[2, 1, 3], DataView::U64(&[0, 1, 2, 3, 4, 6]));
        let Err(Mismatch::Element { index, .. }) = compare(native(&expected), &expected, &got)
        else {
            panic!("5 is as good as 6");
        };
        assert_eq!(index, [1, 0, 2]);
    }

    #[test]
    fn types_and_shapes_come_first() {
        let refused = compare_data(DataView::F32(&[1.0]), DataView::F64(&[1.0])).unwrap_err();
        assert_eq!(refused, "expected float32, got float64");
        let flat = view(&[2], DataView::F32(&[1.0, 2.0]));
        let column = view(&[2, 1], DataView::F32(&[1.0, 2.0]));
        let refused = compare(native(&column), &column, &flat).unwrap_err().to_string();
        assert_eq!(refused, "expected shape [2, 1], got shape [2]");
        assert_eq!(compare_data(DataView::F32(&[]), DataView::F32(&[])), Ok(0.0));
    }
}
