//! The compiled model, and one thread's scratch for it.

use std::sync::Arc;

use hotplate_backend::{BackendError, Explainer, Limits, Part, Placement, Plan, RowTrace, Worker};
use hotplate_model::{Signature, Task};
use hotplate_tensor::{DType, Inputs, Shape, Tensor};

use crate::{
    encode::{BLOCK_ROWS, Encoder, UnknownTexts},
    ensemble::{Ensemble, EnsembleScratch, Finish, LaidOutEnsemble},
    explained,
    real::Real,
    trace::Answer,
    traced,
};

/// A model that is one vector of features and one ensemble, compiled for the host's processor.
#[derive(Debug)]
pub(crate) struct NativePlan<X: Real, F>(Arc<Compiled<X, F>>);

/// What a plan is made of.
#[derive(Debug)]
pub(crate) struct Compiled<X: Real, F> {
    pub(crate) signature: Signature,
    pub(crate) encoder: Encoder<X>,
    pub(crate) ensemble: LaidOutEnsemble<X>,
    /// The ensemble as it was read, to be explained, unless it is too large to be kept.
    pub(crate) explained: Option<Ensemble<X>>,
    pub(crate) finish: F,
    /// What each output of the signature is, less that of margins.
    pub(crate) outputs: Vec<Answer>,
    pub(crate) placement: Placement,
}

impl<X: Real, F: Finish<X>> NativePlan<X, F> {
    /// The plan; where `margins` are wanted and there are some, they are one more output.
    pub(crate) fn new(mut compiled: Compiled<X, F>, margins: bool) -> Self {
        let Compiled { signature, ensemble, finish, .. } = &mut compiled;
        let is_classifier = matches!(signature.task(), Task::Classifier { .. });
        if margins && is_classifier && !finish.transform().is_empty() {
            *signature = signature.clone().with_margins(X::DTYPE, ensemble.scores());
        }
        Self(Arc::new(compiled))
    }
}

impl<X: Real, F: Finish<X> + 'static> Plan for NativePlan<X, F> {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn worker(&self, _: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        let Compiled { encoder, ensemble, finish, .. } = &*self.0;
        Ok(Box::new(NativeWorker {
            features: vec![X::ZERO; encoder.block_len()],
            answers: vec![X::ZERO; BLOCK_ROWS * finish.answers()],
            scratch: ensemble.scratch(),
            plan: Arc::clone(&self.0),
        }))
    }

    fn warmup(&self) -> &[usize] {
        &[1, BLOCK_ROWS]
    }

    fn steps(&self) -> Vec<String> {
        let Compiled { encoder, ensemble, finish, .. } = &*self.0;
        let mut steps = encoder.describe();
        steps.push(ensemble.layout());
        steps.push(format!("{}{}", ensemble.describe(), finish.describe()));
        steps
    }

    fn explainer(&self, background: Option<Inputs<'_>>) -> Result<Explainer, BackendError> {
        explained::explainer(&self.0, background)
    }

    fn trace(&self, inputs: Inputs<'_>) -> Result<RowTrace, BackendError> {
        traced::trace(&self.0, inputs)
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
struct NativeWorker<X: Real, F> {
    plan: Arc<Compiled<X, F>>,
    /// Of a block of rows.
    features: Vec<X>,
    /// `[BLOCK_ROWS, answers]`.
    answers: Vec<X>,
    scratch: EnsembleScratch<X>,
}

impl<X: Real, F: Finish<X>> Worker for NativeWorker<X, F> {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        for part in parts {
            part.outcome = self.answer(part);
        }
    }
}

impl<X: Real, F: Finish<X>> NativeWorker<X, F> {
    fn answer(&mut self, part: &mut Part<'_>) -> Result<(), BackendError> {
        let Self { plan, features, answers, scratch } = self;
        let Part { inputs, rows, outputs, unknown_categories, .. } = part;
        if rows.start == 0 {
            plan.reset(inputs.rows(), outputs);
        }
        let unknown = UnknownTexts { policy: *unknown_categories, are_counted: true };
        plan.encoder.blocks(*inputs, rows.clone(), unknown, features, |first, rows| {
            plan.answer(first, rows, answers, scratch, outputs);
        })
    }
}

impl<X: Real, F: Finish<X>> Compiled<X, F> {
    /// Gives every output its type and its shape for `rows`.
    fn reset(&self, rows: usize, outputs: &mut [Tensor]) {
        let specs = self.signature.outputs();
        for ((tensor, answer), spec) in outputs.iter_mut().zip(&self.outputs).zip(specs) {
            match answer {
                Answer::Scores => {
                    tensor.reset::<X>(shape_of(rows, self.finish.answers()));
                }
                Answer::Label if spec.dtype == DType::I64 => {
                    tensor.reset::<i64>(Shape::of_rows(rows));
                }
                Answer::Label => {
                    tensor.reset_strings(Shape::of_rows(rows));
                }
            }
        }
        if let Some(margins) = self.signature.margins() {
            outputs[margins].reset::<X>(shape_of(rows, self.ensemble.scores()));
        }
    }

    /// Answers the rows of these feature vectors, the first of which is row `first` of its request.
    fn answer(
        &self,
        first: usize,
        features: &[X],
        answers: &mut [X],
        scratch: &mut EnsembleScratch<X>,
        outputs: &mut [Tensor],
    ) {
        let (width, a_row) = (self.encoder.width(), self.finish.answers());
        let (labels, margins) = (self.finish.labels(), self.signature.margins());
        self.ensemble.scores_of(features, width, scratch, |row, scores, got| {
            if let Some(margins) = margins {
                let at = (first + row) * scores.len();
                let margins = &mut outputs[margins].elements_mut::<X>()[at..][..scores.len()];
                margins.copy_from_slice(scores);
                self.finish.margins(margins, got);
            }
            let class = self.finish.finish(scores, got, &mut answers[row * a_row..][..a_row]);
            let Some(labels) = labels else { return };
            for (tensor, answer) in outputs.iter_mut().zip(&self.outputs) {
                if *answer == Answer::Label {
                    labels.write(class, first + row, tensor);
                }
            }
        });
        let answers = &answers[..features.len() / width * a_row];
        for (tensor, answer) in outputs.iter_mut().zip(&self.outputs) {
            if *answer == Answer::Scores {
                let elements = tensor.elements_mut::<X>();
                elements[first * a_row..][..answers.len()].copy_from_slice(answers);
            }
        }
    }
}

/// The shape of so many numbers for each of so many rows.
fn shape_of(rows: usize, numbers: usize) -> Shape {
    Shape::new(&[rows, numbers])
        .unwrap_or_else(|_| unreachable!("a row of answers per row of input"))
}
