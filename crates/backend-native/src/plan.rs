//! The compiled model, and one thread's scratch for it.

use std::sync::Arc;

use hotplate_backend::{BackendError, Limits, Part, Placement, Plan, Worker};
use hotplate_model::Signature;
use hotplate_tensor::{Shape, Tensor};

use crate::{
    encode::Encoder,
    ensemble::{EnsembleScratch, Labels, LaidOutEnsemble},
    trace::{Answer, Trace},
    trees::Layout,
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
    ensemble: LaidOutEnsemble<f32>,
    /// What each output of the signature is.
    outputs: Vec<Answer>,
    placement: Placement,
}

impl NativePlan {
    /// # Errors
    ///
    /// When the trees cannot be laid out, or not in this layout.
    pub(crate) fn new(
        trace: Trace,
        signature: Signature,
        placement: Placement,
        layout: Option<Layout>,
    ) -> Result<Self, BackendError> {
        let Trace { features, lookups, ensemble, place, outputs } = trace;
        let ensemble = LaidOutEnsemble::new(ensemble, layout)
            .map_err(|reason| BackendError::unsupported(vec![place.refusal(reason)]))?;
        let encoder = Encoder::new(&features, lookups, signature.schema());
        Ok(Self(Arc::new(Compiled { signature, encoder, ensemble, outputs, placement })))
    }
}

impl Plan for NativePlan {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn worker(&self, _: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        let Compiled { encoder, ensemble, .. } = &*self.0;
        Ok(Box::new(NativeWorker {
            features: vec![0.0; BLOCK_ROWS * encoder.width()],
            scores: vec![0.0; BLOCK_ROWS * ensemble.scores()],
            scratch: ensemble.scratch(),
            plan: Arc::clone(&self.0),
        }))
    }

    fn warmup(&self) -> &[usize] {
        &[1, BLOCK_ROWS]
    }

    fn steps(&self) -> Vec<String> {
        let mut steps = self.0.encoder.describe();
        steps.extend(self.0.ensemble.describe());
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
    /// `[BLOCK_ROWS, scores]`.
    scores: Vec<f32>,
    scratch: EnsembleScratch<f32>,
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
        let Part { inputs, rows, outputs, unknown_categories, .. } = part;
        let plan = Arc::clone(&self.plan);
        let width = plan.encoder.width();
        if rows.start == 0 {
            plan.reset(inputs.rows(), outputs);
        }
        let direct = plan.encoder.borrow(*inputs);
        for first in rows.clone().step_by(BLOCK_ROWS) {
            let block = first..rows.end.min(first + BLOCK_ROWS);
            let features = match direct {
                Some(features) => &features[block.start * width..block.end * width],
                None => {
                    let features = &mut self.features[..block.len() * width];
                    plan.encoder.encode(*inputs, block, *unknown_categories, features)?;
                    &*features
                }
            };
            plan.score(first, features, &mut self.scores, &mut self.scratch, outputs);
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
            match (answer, self.ensemble.labels()) {
                (Answer::Scores, _) => {
                    tensor.reset::<f32>(matrix(rows, self.ensemble.scores()));
                }
                (Answer::Label, Some(Labels::Integers(_))) => {
                    tensor.reset::<i64>(Shape::of_rows(rows));
                }
                (Answer::Label, _) => {
                    tensor.reset_strings(Shape::of_rows(rows));
                }
            }
        }
    }

    /// Answers the rows of these feature vectors, the first of which is row `first` of its request.
    fn score(
        &self,
        first: usize,
        features: &[f32],
        scores: &mut [f32],
        scratch: &mut EnsembleScratch<f32>,
        outputs: &mut [Tensor],
    ) {
        let (width, a_row) = (self.encoder.width(), self.ensemble.scores());
        let rows = features.len() / width;
        let scores = &mut scores[..rows * a_row];
        match self.ensemble.labels() {
            Some(labels) => {
                self.ensemble.answer(features, width, scratch, scores, |row, class| {
                    for (tensor, answer) in outputs.iter_mut().zip(&self.outputs) {
                        if *answer == Answer::Label {
                            labels.write(class, first + row, tensor);
                        }
                    }
                });
            }
            None => self.ensemble.answer(features, width, scratch, scores, |_, _| {}),
        }
        for (tensor, answer) in outputs.iter_mut().zip(&self.outputs) {
            if *answer == Answer::Scores {
                tensor.elements_mut::<f32>()[first * a_row..][..scores.len()]
                    .copy_from_slice(scores);
            }
        }
    }
}
