//! How far an answer may lie from the expected one: the one table of tolerances.

use hotplate_backend::Device;
use hotplate_model::Format;
use hotplate_tensor::DType;

use crate::Engine;

/// `|got − expected| ≤ absolute + relative · |expected|`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// In the unit of the answer.
    pub absolute: f64,
    /// As a share of the expected answer.
    pub relative: f64,
}

impl Tolerance {
    /// For answers of type `dtype` from `backend` to a model in a file of `format`, against the
    /// library that is the format's truth.
    ///
    /// | Backend | Truth | float32 | float64 | anything else |
    /// |---|---|---|---|---|
    /// | native | ONNX Runtime on one thread, for an ONNX file | 1e-6 + 1e-5·\|y\| | the same | equal |
    /// | native | LightGBM, for its own file | there is none | 1e-15 + 1e-12·\|y\| | equal |
    /// | native | XGBoost, for its own file | 1e-7 + 1e-6·\|y\| | there is none | equal |
    /// | onnxruntime | ONNX Runtime, anywhere | 1e-5 + 5e-5·\|y\| | 1e-6 + 1e-6·\|y\| | equal |
    /// | candle | transformers and sentence-transformers | 1e-5 + 1e-5·\|y\| | there is none | equal |
    /// | onnxruntime on a GPU | ONNX Runtime on a processor | 1e-3 + 1e-3·\|y\| | 1e-6 + 1e-6·\|y\| | equal |
    ///
    /// ONNX Runtime differs from itself: the order of its sums depends on the processor, on the
    /// number of threads, and on the number of rows of a batch. Where large terms cancel, what is
    /// left of float32 is coarse: a linear model that answers 2.9 for the sum of terms above 400
    /// is 6e-5 off when its rows are asked for one by one, and a BERT of six layers is 1.2e-5 off
    /// at 0.5 when its nodes are not fused. In float64 a Gaussian process is 1.3e-5 off at 28.
    /// Each is two fifths of what is allowed, which leaves as much again for other processors.
    ///
    /// Of a text's embedding or logits it is the order of float32's sums that differs, in matrix
    /// products and norms; with weights of float16 or bfloat16 the truth is computed in float32 too.
    ///
    /// In the files of LightGBM and XGBoost the sums of the trees are the library's, bit for bit.
    /// What differs are the last bits of the exponential, whose code is the processor's and the
    /// system's; what is left of them where a probability is taken off one is the absolute part.
    pub fn of(backend: &str, format: Format, dtype: DType) -> Self {
        match (backend, format, dtype) {
            ("native", Format::LightGbm, DType::F64) => Self { absolute: 1e-15, relative: 1e-12 },
            ("native", Format::XgBoost(_), DType::F32) => Self { absolute: 1e-7, relative: 1e-6 },
            ("native", Format::Onnx, DType::F32 | DType::F64) => {
                Self { absolute: 1e-6, relative: 1e-5 }
            }
            ("candle", _, DType::F32) => Self { absolute: 1e-5, relative: 1e-5 },
            ("onnxruntime", _, DType::F32) => Self { absolute: 1e-5, relative: 5e-5 },
            ("onnxruntime", _, DType::F64) => Self { absolute: 1e-6, relative: 1e-6 },
            _ => Self { absolute: 0.0, relative: 0.0 },
        }
    }

    /// For answers of type `dtype` from `backend` on a GPU, whose matrix products round what they
    /// multiply to the ten bits of TF32 and whose fused kernels sum in another order: the table of
    /// [`of`](Self::of). Graphs of ONNX run there, and encoders of text, which answer in float32.
    pub fn on_gpu(backend: &str, dtype: DType) -> Self {
        match dtype {
            DType::F32 => Self { absolute: 1e-3, relative: 1e-3 },
            _ => Self::of(backend, Format::Onnx, dtype),
        }
    }

    /// For answers of type `dtype` from this engine.
    pub fn of_engine(engine: &Engine, dtype: DType) -> Self {
        match engine.placement().device {
            Device::Cpu => Self::of(engine.backend(), engine.format(), dtype),
            _ => Self::on_gpu(engine.backend(), dtype),
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
    use hotplate_model::xgboost::Encoding;

    use super::*;

    #[test]
    fn not_a_number_is_only_as_good_as_itself() {
        let tolerance = Tolerance::of("native", Format::Onnx, DType::F32);
        assert!(tolerance.accepts(f64::NAN, f64::NAN));
        assert!(!tolerance.accepts(f64::NAN, 0.0));
        assert!(!tolerance.accepts(0.0, f64::NAN));
        assert!(!tolerance.accepts(f64::INFINITY, f64::NEG_INFINITY));
    }

    #[test]
    fn library_is_matched_closer_than_a_graph() {
        let of = |format, dtype| Tolerance::of("native", format, dtype);
        let graph = of(Format::Onnx, DType::F64);
        let lightgbm = of(Format::LightGbm, DType::F64);
        let xgboost = of(Format::XgBoost(Encoding::Ubjson), DType::F32);
        for (tolerance, apart) in [(graph, 1e-6), (lightgbm, 1e-13), (xgboost, 1e-7)] {
            assert!(
                tolerance.accepts(0.5 + apart, 0.5) && !tolerance.accepts(0.5 + apart * 100.0, 0.5)
            );
        }
    }

    #[test]
    fn integers_must_be_equal() {
        let tolerance = Tolerance::of("native", Format::Onnx, DType::I64);
        assert!(tolerance.accepts(3.0, 3.0));
        assert!(!tolerance.accepts(3.0, 4.0));
    }
}
