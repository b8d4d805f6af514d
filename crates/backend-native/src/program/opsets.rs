//! The versions of the operators that a file is written in.

use hotplate_model::onnx::OnnxModel;

/// The versions of the operators that the file is written in.
pub(super) struct Opsets {
    main: i64,
    ml: i64,
}

impl Opsets {
    pub(super) fn of(model: &OnnxModel<'_>) -> Self {
        let version = |domains: &[&str]| {
            let of_domain = model.opsets.iter().filter(|opset| domains.contains(&opset.domain));
            of_domain.map(|opset| opset.version).max().unwrap_or(1)
        };
        Self { main: version(&["", "ai.onnx"]), ml: version(&["ai.onnx.ml"]) }
    }

    /// The version of ONNX's own operators.
    pub(super) const fn main(&self) -> i64 {
        self.main
    }

    /// The version of the operators of classical models.
    pub(super) const fn ml(&self) -> i64 {
        self.ml
    }
}
