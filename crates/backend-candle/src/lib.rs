//! Text models and small networks from safetensors files, through candle.
//!
//! ```text
//! texts ──tokens──▶ gather ──passes──▶ encoder ──states──▶ head ──numbers──▶ answers
//! ```
//!
//! - `tokens` turns a text, or two, into tokens; `frame` holds the special ones around them.
//! - `gather` lays the rows of a batch end to end, without padding, and cuts them into passes.
//! - `network` says what an encoder is made of, whatever runs it; `cpu` runs it on the processor.
//! - `weights` finds tensors by name, and `assemble` knows what each family calls them.
//! - `head` pools what the encoder says of the tokens, and `chain` runs the dense layers behind.
//! - `answers` writes labels, probabilities and numbers into the outputs.
//! - `text` and `mlp` are the plans: of encoders, and of plain networks over numbers.
//!
//! Everything is computed in float32. A worker keeps as many threads busy as its lane gives it, and
//! tokenises on one of them.
#![forbid(unsafe_code)]

mod answers;
mod assemble;
mod chain;
mod context;
mod cpu;
mod frame;
mod gather;
mod head;
mod mlp;
mod network;
mod placement;
mod text;
mod tokens;
mod weights;

use std::sync::Arc;

use hotplate_backend::{Backend, BackendError, BackendErrorKind, CompileOptions, Plan};
use hotplate_model::{Format, Model, pretrained::Architecture};

use crate::{mlp::MlpPlan, text::TextPlan};

/// Text models and plain networks in safetensors format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candle;

impl Backend for Candle {
    fn name(&self) -> &'static str {
        "candle"
    }

    fn reads(&self, format: Format) -> bool {
        format == Format::Safetensors
    }

    fn compile(
        &self,
        model: &Model,
        options: &CompileOptions,
    ) -> Result<Arc<dyn Plan>, BackendError> {
        if !self.reads(model.format()) {
            let reason = format!("candle runs safetensors, not {}", model.format());
            return Err(BackendError::told(BackendErrorKind::Unsupported, reason));
        }
        let placement = placement::of(options.device)?;
        let pretrained = model.pretrained()?;
        let signature = model.signature(options.column_names.clone())?;
        let tensors = model.safetensors()?;
        match &pretrained.architecture {
            Architecture::Encoder(config) => {
                let tokenizer = pretrained.tokenizer_json.as_deref();
                let plan = TextPlan::new(config, tokenizer, &tensors, signature, placement)?;
                Ok(Arc::new(plan))
            }
            Architecture::Mlp(config) => {
                Ok(Arc::new(MlpPlan::new(config, &tensors, signature, placement)?))
            }
            other => {
                let reason = format!("candle does not run {other:?}");
                Err(BackendError::told(BackendErrorKind::Unsupported, reason))
            }
        }
    }
}
