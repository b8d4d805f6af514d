//! The compiled model, and one thread's scratch for it.

use std::sync::Arc;

use hotplate_backend::{BackendError, Limits, Part, Placement, Plan, Worker};
use hotplate_model::Signature;
use hotplate_tensor::{Shape, Tensor};

use crate::{
    encode::Encoder,
    head::{Binary, Head, Labels},
    trace::{Answer, Trace},
    trees::{Layout, Scorer, Scratch},
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
    trees: Scorer,
    head: Head,
    /// What each output of the signature is.
    outputs: Vec<Answer>,
    placement: Placement,
}

impl NativePlan {
    /// # Errors
    ///
    /// When a tree is too large for the layout.
    pub(crate) fn new(
        trace: Trace,
        signature: Signature,
        placement: Placement,
    ) -> Result<Self, BackendError> {
        Self::with_layout(trace, signature, placement, Layout::Auto)
    }

    /// As [`new`](Self::new), with the trees in this layout.
    fn with_layout(
        trace: Trace,
        signature: Signature,
        placement: Placement,
        layout: Layout,
    ) -> Result<Self, BackendError> {
        let Trace { features, lookups, trees, place, outputs } = trace;
        let head = trees.head;
        let trees = Scorer::new(&trees.trees, layout).ok_or_else(|| {
            BackendError::unsupported(vec![place.refusal("a tree too large for the native layout")])
        })?;
        let encoder = Encoder::new(&features, lookups, signature.schema());
        Ok(Self(Arc::new(Compiled { signature, encoder, trees, head, outputs, placement })))
    }
}

impl Plan for NativePlan {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn worker(&self, _: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        Ok(Box::new(NativeWorker {
            features: vec![0.0; BLOCK_ROWS * self.0.encoder.width()],
            scratch: self.0.trees.scratch(),
            plan: Arc::clone(&self.0),
        }))
    }

    fn warmup(&self) -> &[usize] {
        &[1, BLOCK_ROWS]
    }

    fn steps(&self) -> Vec<String> {
        let mut steps = self.0.encoder.describe();
        steps.push(self.0.trees.describe());
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

    fn placement(&self) -> &Placement {
        &self.0.placement
    }

    fn unknown_categories(&self) -> Vec<(usize, u64)> {
        self.0.encoder.unknown_categories()
    }
}

/// One thread's feature vectors and scratch.
#[derive(Debug)]
struct NativeWorker {
    plan: Arc<Compiled>,
    /// `[BLOCK_ROWS, width]`.
    features: Vec<f32>,
    scratch: Scratch,
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
        let Self { plan, features, scratch } = self;
        let Part { inputs, rows, outputs, unknown_categories, .. } = part;
        let width = plan.encoder.width();
        if rows.start == 0 {
            plan.reset(inputs.rows(), outputs);
        }
        if let Some(features) = plan.encoder.borrow(*inputs) {
            let features = &features[rows.start * width..rows.end * width];
            plan.score(rows.start, features, scratch, outputs);
            return Ok(());
        }
        for first in rows.clone().step_by(BLOCK_ROWS) {
            let block = first..rows.end.min(first + BLOCK_ROWS);
            let features = &mut features[..block.len() * width];
            plan.encoder.encode(*inputs, block, *unknown_categories, features)?;
            plan.score(first, features, scratch, outputs);
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

    /// Answers the rows of these feature vectors, the first of which is row `first` of its request.
    fn score(&self, first: usize, features: &[f32], scratch: &mut Scratch, outputs: &mut [Tensor]) {
        let width = self.encoder.width();
        let mut sums = [0.0; BLOCK_ROWS];
        for (block, features) in features.chunks(BLOCK_ROWS * width).enumerate() {
            let sums = &mut sums[..features.len() / width];
            self.trees.sums(features, width, sums, scratch);
            self.answer(first + block * BLOCK_ROWS, sums, outputs);
        }
    }

    /// Writes what is made of these sums, the first of which is that of row `first`.
    fn answer(&self, first: usize, sums: &[f32], outputs: &mut [Tensor]) {
        for (row, &sum) in (first..).zip(sums) {
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
