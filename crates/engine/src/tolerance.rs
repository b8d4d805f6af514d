//! How far an answer may lie from the expected one: the one table of tolerances.

use hotplate_tensor::DType;

/// `|got − expected| ≤ absolute + relative · |expected|`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// In the unit of the answer.
    pub absolute: f64,
    /// As a share of the expected answer.
    pub relative: f64,
}

impl Tolerance {
    /// For answers of type `dtype` from `backend`, against the library that is the format's truth.
    ///
    /// | Backend | Truth | float32, float64 | anything else |
    /// |---|---|---|---|
    /// | native | ONNX Runtime on one thread, for an ONNX file | 1e-6 + 1e-5·\|y\| | equal |
    pub fn of(backend: &str, dtype: DType) -> Self {
        match (backend, dtype) {
            ("native", DType::F32 | DType::F64) => Self { absolute: 1e-6, relative: 1e-5 },
            _ => Self { absolute: 0.0, relative: 0.0 },
        }
    }

    /// Whether `got` will do for `expected`. NaN is as good as NaN, and infinities must be equal.
    pub fn accepts(self, got: f64, expected: f64) -> bool {
        if !got.is_finite() || !expected.is_finite() {
            return got == expected || (got.is_nan() && expected.is_nan());
        }
        (got - expected).abs() <= self.absolute + self.relative * expected.abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_a_number_is_only_as_good_as_itself() {
        let tolerance = Tolerance::of("native", DType::F32);
        assert!(tolerance.accepts(f64::NAN, f64::NAN));
        assert!(!tolerance.accepts(f64::NAN, 0.0));
        assert!(!tolerance.accepts(0.0, f64::NAN));
        assert!(!tolerance.accepts(f64::INFINITY, f64::NEG_INFINITY));
    }

    #[test]
    fn integers_must_be_equal() {
        let tolerance = Tolerance::of("native", DType::I64);
        assert!(tolerance.accepts(3.0, 3.0));
        assert!(!tolerance.accepts(3.0, 4.0));
    }
}
