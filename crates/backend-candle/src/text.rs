//! Encoders of text: the plan, and one thread's way of rows through it.

use std::sync::Arc;

use hotplate_backend::{BackendError, BackendErrorKind, Limits, Part, Placement, Plan, Worker};
use hotplate_model::{Signature, pretrained::EncoderConfig, safetensors::Safetensors};

use crate::{
    answers::Answers,
    assemble::Parts,
    chain::{in_kernel, name_of},
    context,
    cpu::{Context, Encoder},
    device,
    gather::{Gathered, PASS_TOKENS, Positions, Sequence},
    head::Head,
    network,
    placement::{Place, told},
    tokens::{TextTokenizer, TokenRules},
};

/// The rows of a turn at least, so that short ones gain by company.
const FEWEST_OF_A_TURN: usize = 8;

/// A tokenizer, an encoder and a head, compiled.
#[derive(Debug)]
pub(crate) struct TextPlan(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    signature: Signature,
    placement: Placement,
    tokenizer: TextTokenizer,
    positions: Positions,
    encoder: Placed,
    head: Head,
    answers: Answers,
    steps: Vec<String>,
}

/// An encoder where it runs.
#[derive(Debug)]
enum Placed {
    Processor(Box<Encoder>),
    Device(Box<device::Encoder>),
}

impl TextPlan {
    /// # Errors
    ///
    /// When a tensor is missing, has another shape than the configuration says, or is not of floats,
    /// and when there is no tokenizer, or one that does not fit.
    pub(crate) fn new(
        config: &EncoderConfig,
        tokenizer: Option<&[u8]>,
        tensors: &Safetensors<'_>,
        signature: Signature,
        place: Place,
    ) -> Result<Self, BackendError> {
        let invalid = |problem| BackendError::told(BackendErrorKind::InvalidModel, problem);
        let Some(json) = tokenizer else {
            let problem = "tokenizer.json: there is none beside the model's file, and texts cannot \
                           be read without; `AutoTokenizer.from_pretrained(…).save_pretrained(…)` \
                           of transformers writes it";
            return Err(invalid(problem.to_owned()));
        };
        let rules = rules_of(config, &signature);
        let tokenizer = TextTokenizer::read(json, rules)
            .map_err(|problem| invalid(format!("tokenizer.json: {problem}")))?;
        let encoder = Placed::new(&Parts::new(tensors, config), config, place.device)?;
        let (head, finish) = Head::new(tensors, config)?;
        let answers = Answers::of(&signature, finish, head.width())?;
        let steps = vec![tokenizer.describe(), describe(config), head.describe()];
        Ok(Self(Arc::new(Compiled {
            signature,
            placement: place.placement,
            tokenizer,
            positions: positions_of(config),
            encoder,
            head,
            answers,
            steps,
        })))
    }
}

impl Placed {
    /// # Errors
    ///
    /// When a tensor is not as it should be, or the device has no room.
    fn new(
        parts: &Parts<'_>,
        config: &EncoderConfig,
        device: Option<candle_core::Device>,
    ) -> Result<Self, BackendError> {
        let (embeddings, activation) = (parts.embeddings()?, in_kernel(config.activation));
        let mut layers = (0..config.layers).map(|layer| parts.block(layer));
        let Some(device) = device else {
            let mut encoder = Encoder::new(embeddings, config.heads, activation);
            layers.try_for_each(|block| block.map(|block| encoder.push(&block)))?;
            return Ok(Self::Processor(Box::new(encoder)));
        };
        let mut encoder = device::Encoder::new(&embeddings, config.heads, activation, &device)
            .map_err(|error| no_room(&error))?;
        for block in layers {
            encoder.push(&block?).map_err(|error| no_room(&error))?;
        }
        Ok(Self::Device(Box::new(encoder)))
    }

    /// Whether rows are as long as the longest of their pass.
    const fn pads(&self) -> bool {
        matches!(self, Self::Device(_))
    }

    /// Replaces what `states` holds by the last layer's, `[tokens, width]`.
    ///
    /// # Errors
    ///
    /// When a device fails.
    fn forward(
        &self,
        context: &mut Context,
        tokens: &network::Tokens<'_>,
        states: &mut Vec<f32>,
    ) -> Result<(), BackendError> {
        match self {
            Self::Processor(encoder) => {
                // What it holds is overwritten, whatever it is.
                states.resize(tokens.ids.len() * encoder.width(), 0.0);
                encoder.forward(context, tokens, states);
                Ok(())
            }
            Self::Device(encoder) => {
                let answer = encoder.forward(tokens).and_then(|x| x.flatten_all()?.to_vec1());
                *states = answer.map_err(|error| of_device(&error))?;
                Ok(())
            }
        }
    }
}

/// Of a device that does not take a model, so that another place is tried.
fn no_room(error: &candle_core::Error) -> BackendError {
    let problem = format!("the device does not take the model: {}", told(error));
    BackendError::told(BackendErrorKind::DeviceUnavailable, problem)
}

fn of_device(error: &candle_core::Error) -> BackendError {
    let problem = told(error);
    let kind = match problem.to_lowercase().replace('_', " ").contains("out of memory") {
        true => BackendErrorKind::OutOfMemory,
        false => BackendErrorKind::Failed,
    };
    BackendError::told(kind, format!("the device failed: {problem}"))
}

fn rules_of(config: &EncoderConfig, signature: &Signature) -> TokenRules {
    let positions = config.max_positions.saturating_sub(config.position_offset);
    TokenRules {
        max_tokens: config.max_tokens.min(positions),
        vocabulary: config.vocab_size,
        segments: config.type_vocab_size,
        has_pairs: signature.schema().inputs().len() > 1,
        lower_case: config.do_lower_case,
    }
}

fn positions_of(config: &EncoderConfig) -> Positions {
    // It is below the number of positions, which is that of rows of a tensor in the file.
    let first = u32::try_from(config.position_offset).unwrap_or(0);
    Positions { first, uncounted: (first > 0).then_some(config.pad_token_id) }
}

fn describe(config: &EncoderConfig) -> String {
    let EncoderConfig { family, layers, hidden_size, heads, intermediate_size, activation, .. } =
        config;
    let activation = name_of(*activation);
    format!(
        "{family}: {layers} layers of {heads} heads, width {hidden_size}, {intermediate_size} \
         between them with {activation}, float32"
    )
}

impl Plan for TextPlan {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn worker(&self, limits: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        let context = context::of(limits)?;
        Ok(Box::new(TextWorker {
            plan: Arc::clone(&self.0),
            context,
            gathered: Gathered::default(),
            states: Vec::new(),
            rows: Vec::new(),
            spare: Vec::new(),
        }))
    }

    fn is_parallel(&self) -> bool {
        matches!(self.0.encoder, Placed::Processor(_))
    }

    /// As many as are two passes where all are as long as can be.
    fn turn_rows(&self) -> usize {
        (2 * PASS_TOKENS / self.0.tokenizer.max_tokens()).max(FEWEST_OF_A_TURN)
    }

    fn warmup(&self) -> &[usize] {
        &[1, 8]
    }

    fn steps(&self) -> Vec<String> {
        self.0.steps.clone()
    }

    fn placement(&self) -> &Placement {
        &self.0.placement
    }
}

/// One thread's tokens and hidden states.
#[derive(Debug)]
struct TextWorker {
    plan: Arc<Compiled>,
    context: Context,
    gathered: Gathered,
    /// `[tokens, hidden]` of a pass.
    states: Vec<f32>,
    /// `[sequences, width]` of a pass.
    rows: Vec<f32>,
    spare: Vec<f32>,
}

impl Worker for TextWorker {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        let Self { plan, context, gathered, states, rows, spare } = self;
        gathered.clear();
        for (index, part) in parts.iter_mut().enumerate() {
            let start = match part.rows.start {
                0 => plan.answers.reset(part.inputs.rows(), part.outputs),
                _ => Ok(()),
            };
            part.outcome = start.and_then(|()| gathered.add(index, part, &plan.tokenizer));
        }
        gathered.passes(plan.positions, plan.encoder.pads(), |tokens, sequences| {
            if let Err(error) = plan.encoder.forward(context, &tokens, states) {
                for Sequence { part, .. } in sequences {
                    let told = BackendError::told(error.kind(), error.to_string());
                    parts[*part].outcome = Err(told);
                }
                return;
            }
            plan.head.forward(context, states, tokens.lengths, rows, spare);
            for (sequence, numbers) in sequences.iter().zip(rows.chunks_exact(plan.head.width())) {
                plan.answers.write(sequence.row, numbers, parts[sequence.part].outputs);
            }
        });
    }
}

#[cfg(test)]
mod tests;
