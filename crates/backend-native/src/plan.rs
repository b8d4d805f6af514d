//! The compiled model, and one thread's scratch for it.

use std::sync::Arc;

use hotplate_backend::{BackendError, Part, Plan, Worker};
use hotplate_model::Signature;
use hotplate_tensor::{Shape, Tensor};

use crate::{
    encode::Encoder,
    head::{Binary, Head, Labels},
    trace::{Answer, Trace},
    trees::Forest,
};

/// Rows encoded together: enough to pay for finding the columns, few enough for the first cache.
const BLOCK_ROWS: usize = 32;

/// A model compiled for the host's processor.
#[derive(Clone, Debug)]
pub(crate) struct NativePlan(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    signature: Signature,
    encoder: Encoder,
    forest: Forest,
    head: Head,
    /// What each output of the signature is.
    outputs: Vec<Answer>,
}

impl NativePlan {
    /// # Errors
    ///
    /// When a tree is too large for the layout.
    pub(crate) fn new(trace: Trace, signature: Signature) -> Result<Self, BackendError> {
        let Trace { features, lookups, trees, place, outputs } = trace;
        let forest = Forest::new(&trees.trees).ok_or_else(|| {
            BackendError::unsupported(vec![place.refusal("a tree too large for the native layout")])
        })?;
        let encoder = Encoder::new(&features, lookups, signature.schema());
        Ok(Self(Arc::new(Compiled { signature, encoder, forest, head: trees.head, outputs })))
    }
}

impl Plan for NativePlan {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn worker(&self) -> Result<Box<dyn Worker>, BackendError> {
        Ok(Box::new(NativeWorker {
            features: vec![0.0; BLOCK_ROWS * self.0.encoder.width()],
            leaves: vec![0.0; self.0.forest.scratch_len()],
            plan: Arc::clone(&self.0),
        }))
    }

    fn warmup(&self) -> &[usize] {
        &[1, BLOCK_ROWS]
    }

    fn steps(&self) -> Vec<String> {
        let mut steps = self.0.encoder.describe();
        steps.push(self.0.forest.describe());
        steps.push(match &self.0.head {
            Head::Value { divisor: None, .. } => "the trees' sum".to_owned(),
            Head::Value { divisor: Some(_), .. } => "the trees' average".to_owned(),
            Head::Binary(binary) if binary.logistic => {
                "the logistic function of the trees' sum".to_owned()
            }
            Head::Binary(_) => "the trees' sum as the second class's score".to_owned(),
        });
        steps
    }

    fn unknown_categories(&self) -> Vec<(usize, u64)> {
        self.0.encoder.unknown_categories()
    }
}

/// One thread's feature vectors and leaves.
#[derive(Debug)]
struct NativeWorker {
    plan: Arc<Compiled>,
    /// `[BLOCK_ROWS, width]`.
    features: Vec<f32>,
    /// What each tree says of the row at hand.
    leaves: Vec<f32>,
}

impl Worker for NativeWorker {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        for part in parts {
            part.outcome = self.answer(part);
        }
    }
}

impl NativeWorker {
    fn answer(&mut self, part: &mut Part<'_>) -> Result<(), BackendError> {
        let Self { plan, features, leaves } = self;
        let Part { inputs, rows, outputs, unknown_categories, .. } = part;
        let width = plan.encoder.width();
        if rows.start == 0 {
            plan.reset(inputs.rows(), outputs);
        }
        if let Some(features) = plan.encoder.borrow(*inputs) {
            let features = &features[rows.start * width..rows.end * width];
            plan.score(rows.start, features.chunks_exact(width), leaves, outputs);
            return Ok(());
        }
        for first in rows.clone().step_by(BLOCK_ROWS) {
            let block = first..rows.end.min(first + BLOCK_ROWS);
            let features = &mut features[..block.len() * width];
            plan.encoder.encode(*inputs, block, *unknown_categories, features)?;
            plan.score(first, features.chunks_exact(width), leaves, outputs);
        }
        Ok(())
    }
}

/// `[rows, width]`.
fn matrix(rows: usize, width: usize) -> Shape {
    Shape::new(&[rows, width]).unwrap_or_else(|_| unreachable!("a row of answers per row of input"))
}

impl Compiled {
    /// Gives every output its type and its shape for `rows`.
    fn reset(&self, rows: usize, outputs: &mut [Tensor]) {
        for (tensor, answer) in outputs.iter_mut().zip(&self.outputs) {
            match (answer, &self.head) {
                (Answer::Scores, Head::Value { .. }) => {
                    tensor.reset::<f32>(matrix(rows, 1));
                }
                (Answer::Scores, Head::Binary(_)) => {
                    tensor.reset::<f32>(matrix(rows, 2));
                }
                (Answer::Label, Head::Binary(Binary { labels: Labels::Integers(_), .. })) => {
                    tensor.reset::<i64>(Shape::of_rows(rows));
                }
                (Answer::Label, _) => {
                    tensor.reset_strings(Shape::of_rows(rows));
                }
            }
        }
    }

    /// Answers these rows, the first of which is row `first` of its request.
    fn score<'f>(
        &self,
        first: usize,
        rows: impl Iterator<Item = &'f [f32]>,
        leaves: &mut [f32],
        outputs: &mut [Tensor],
    ) {
        for (row, features) in (first..).zip(rows) {
            let sum = self.forest.sum(features, leaves);
            match &self.head {
                Head::Value { base, divisor } => {
                    let sum = divisor.map_or(sum, |divisor| sum / divisor);
                    let value = base.map_or(sum, |base| sum + base);
                    for tensor in &mut *outputs {
                        tensor.elements_mut::<f32>()[row] = value;
                    }
                }
                Head::Binary(binary) => {
                    let (class, scores) = binary.decide(sum);
                    for (tensor, answer) in outputs.iter_mut().zip(&self.outputs) {
                        match (answer, &binary.labels) {
                            (Answer::Scores, _) => {
                                tensor.elements_mut()[2 * row..2 * row + 2].copy_from_slice(&scores)
                            }
                            (Answer::Label, Labels::Texts(texts)) => {
                                tensor.set_string(row, &texts[class]);
                            }
                            (Answer::Label, Labels::Integers(integers)) => {
                                tensor.elements_mut::<i64>()[row] = integers[class];
                            }
                        }
                    }
                }
            }
        }
    }
}
