//! What the probabilities of a classifier are made of, as one more output of its program.

use hotplate_model::{Signature, Task};

use super::{
    compile::Program,
    kernel::Source,
    shape::{Dim, ValueType},
};

/// What exporters put between a classifier and the probabilities: margins are in front of it.
const NORMALIZER: &str = "ai.onnx.ml.Normalizer";

impl Program {
    /// Adds an output behind the others for the margins that a classifier's probabilities are made
    /// of, and gives the signature with it; the signature as it is where there are none.
    pub(super) fn answer_margins(&mut self, signature: Signature) -> Signature {
        let &Task::Classifier { probabilities, .. } = signature.task() else { return signature };
        let mut source = self.outputs[probabilities];
        while let Source::Step { step, output: 0 } = source
            && self.steps[step].operator == NORMALIZER
        {
            source = self.steps[step].sources[0];
        }
        let Source::Step { step, output: 1 } = source else { return signature };
        let classifier = &mut self.steps[step];
        let Some((dtype, width)) = classifier.kernel.margins() else { return signature };
        let ty = ValueType { dtype, dims: vec![Dim::Rows, Dim::Fixed(width)] };
        self.output_rows.push(ty.shape(1).of_one_row());
        self.outputs.push(Source::Step { step, output: classifier.outputs.len() });
        classifier.outputs.push(ty);
        signature.with_margins(dtype, width)
    }
}
