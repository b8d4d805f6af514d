//! Plain networks over numbers.

use std::sync::Arc;

use hotplate_backend::{BackendError, BackendErrorKind, Limits, Part, Placement, Plan, Worker};
use hotplate_model::{
    ModelError, Signature,
    pretrained::{Activation, MlpAnswer, MlpConfig},
    safetensors::Safetensors,
};
use hotplate_tensor::DataView;

use crate::{
    answers::{Answers, Finish},
    chain::Chain,
    context,
    cpu::Context,
    weights::Weights,
};

/// The rows that go through the layers together at most, and the numbers that they may have between
/// two layers.
const BLOCK_ROWS: usize = 256;
const BLOCK_NUMBERS: usize = 1 << 20;

/// A network of dense layers, compiled.
#[derive(Debug)]
pub(crate) struct MlpPlan(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    signature: Signature,
    placement: Placement,
    standard: Option<Standard>,
    chain: Chain,
    answers: Answers,
    /// The numbers of a row, and of its answer.
    widths: [usize; 2],
    /// One row, and the rows that go through the layers together.
    blocks: [usize; 2],
    steps: Vec<String>,
}

impl MlpPlan {
    /// # Errors
    ///
    /// When a tensor is missing, has another shape than the configuration says, or is not of floats.
    pub(crate) fn new(
        config: &MlpConfig,
        tensors: &Safetensors<'_>,
        signature: Signature,
        placement: Placement,
    ) -> Result<Self, BackendError> {
        let (weights, widths) = (Weights::all(tensors), [config.inputs(), config.outputs()]);
        let mut chain = Chain::default();
        for (index, layer) in config.layers.iter().enumerate() {
            let (weight, bias) = (&layer.weight, layer.bias.as_deref());
            let dense = weights.dense_of(weight, bias, layer.inputs, layer.outputs)?;
            let is_last = index + 1 == config.layers.len();
            chain.push(&dense, if is_last { Activation::Identity } else { config.activation });
        }
        let finish = match &config.answer {
            MlpAnswer::Classes { labels, scores } => {
                Finish::Classes { labels: labels.clone(), scores: *scores }
            }
            _ => Finish::Numbers,
        };
        let answers = Answers::of(&signature, finish, widths[1])?;
        let standard = Standard::of(config, weights)?;
        let steps = steps(config, &chain);
        let widest = config.layers.iter().map(|layer| layer.inputs.max(layer.outputs)).max();
        let block = (BLOCK_NUMBERS / widest.unwrap_or(1).max(1)).clamp(1, BLOCK_ROWS);
        let blocks = [1, block];
        let compiled =
            Compiled { signature, placement, standard, chain, answers, widths, blocks, steps };
        Ok(Self(Arc::new(compiled)))
    }
}

/// What is subtracted from a row, and what it is divided by then.
#[derive(Debug)]
struct Standard {
    mean: Vec<f32>,
    scale: Vec<f32>,
}

impl Standard {
    /// `None` where the model takes rows as they are.
    fn of(config: &MlpConfig, weights: Weights<'_>) -> Result<Option<Self>, ModelError> {
        let inputs = config.inputs();
        let vector = |name: &Option<String>, otherwise: f32| match name {
            Some(name) => weights.vector(name, inputs),
            None => Ok(vec![otherwise; inputs]),
        };
        if config.mean.is_none() && config.scale.is_none() {
            return Ok(None);
        }
        let (mean, scale) = (vector(&config.mean, 0.0)?, vector(&config.scale, 1.0)?);
        Ok(Some(Self { mean, scale }))
    }

    fn apply(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.mean.len()) {
            let by = self.mean.iter().zip(&self.scale);
            row.iter_mut().zip(by).for_each(|(x, (mean, scale))| *x = (*x - mean) / scale);
        }
    }
}

fn steps(config: &MlpConfig, chain: &Chain) -> Vec<String> {
    let is_standard = config.mean.is_some() || config.scale.is_some();
    let standard = if is_standard { ", standardised" } else { "" };
    let mut steps = vec![format!("{} numbers{standard}{chain}", config.inputs())];
    if let MlpAnswer::Classes { labels, scores } = &config.answer {
        steps.push(format!("{} classes, {scores:?}", labels.len()));
    }
    steps
}

impl Plan for MlpPlan {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn worker(&self, limits: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        let context = context::of(limits)?;
        let plan = Arc::clone(&self.0);
        Ok(Box::new(MlpWorker { plan, context, rows: Vec::new(), spare: Vec::new() }))
    }

    fn is_parallel(&self) -> bool {
        true
    }

    fn warmup(&self) -> &[usize] {
        &self.0.blocks
    }

    fn steps(&self) -> Vec<String> {
        self.0.steps.clone()
    }

    fn placement(&self) -> &Placement {
        &self.0.placement
    }
}

/// One thread's block of rows.
#[derive(Debug)]
struct MlpWorker {
    plan: Arc<Compiled>,
    context: Context,
    rows: Vec<f32>,
    spare: Vec<f32>,
}

impl Worker for MlpWorker {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        for part in parts {
            part.outcome = self.answer(part);
        }
    }
}

impl MlpWorker {
    fn answer(&mut self, part: &mut Part<'_>) -> Result<(), BackendError> {
        let Self { plan, context, rows, spare } = self;
        if part.rows.start == 0 {
            plan.answers.reset(part.inputs.rows(), part.outputs)?;
        }
        let ([inputs, outputs], [_, block]) = (plan.widths, plan.blocks);
        let DataView::F32(cells) = part.inputs.data(0) else {
            return Err(BackendError::told(BackendErrorKind::Failed, "the rows are not float32"));
        };
        let mut row = part.rows.start;
        for block in cells[row * inputs..part.rows.end * inputs].chunks(block * inputs) {
            rows.clear();
            rows.extend_from_slice(block);
            plan.standard.iter().for_each(|standard| standard.apply(rows));
            plan.chain.forward(context, rows, spare);
            for numbers in rows.chunks_exact(outputs) {
                plan.answers.write(row, numbers, part.outputs);
                row += 1;
            }
        }
        Ok(())
    }
}
