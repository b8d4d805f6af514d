//! Text models and small networks from safetensors files, through candle.
//!
//! ```text
//! texts ──tokens──▶ gather ──passes──▶ encoder ──states──▶ head ──numbers──▶ answers
//! ```
//!
//! - `tokens` turns a text, or two, into tokens; `frame` holds the special ones around them.
//! - `gather` lays the rows of a batch end to end, without padding, and cuts them into passes.
//! - `network` says what an encoder is made of, whatever runs it: `cpu` on the processor, `device`
//!   on one of candle's.
//! - `weights` finds tensors by name, and `assemble` knows what each family calls them.
//! - `head` pools what the encoder says of the tokens, and `chain` runs the dense layers behind.
//! - `answers` writes labels, probabilities and numbers into the outputs.
//! - `text` and `mlp` are the plans: of encoders, and of plain networks over numbers.
//!
//! Everything is computed in float32. On the processor candle's own operations would be run by as
//! many threads as there are cores, whatever a lane is given, and pad each text to the longest: the
//! kernels of `cpu` do neither. A worker keeps as many threads busy as its lane gives it, and
//! tokenises on one of them.
#![forbid(unsafe_code)]

mod answers;
mod assemble;
mod chain;
mod context;
mod cpu;
mod device;
mod frame;
mod gather;
mod head;
mod mlp;
mod network;
#[cfg(test)]
mod oracle;
mod placement;
mod text;
mod tokens;
mod weights;

use std::sync::Arc;

use hotplate_backend::{
    Backend, BackendError, BackendErrorKind, CompileOptions, DeviceChoice, Plan,
};
use hotplate_model::{Format, Model, pretrained::Architecture};

use crate::{mlp::MlpPlan, placement::Place, text::TextPlan};

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

    /// CUDA's driver does, from the first look at it on.
    fn starts_threads(&self, options: &CompileOptions) -> bool {
        cfg!(feature = "cuda") && options.device != DeviceChoice::CPU
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
        let pretrained = model.pretrained()?;
        let signature = model.signature(options.column_names.clone())?;
        let tensors = model.safetensors()?;
        match &pretrained.architecture {
            Architecture::Encoder(config) => {
                let tokenizer = pretrained.tokenizer_json.as_deref();
                let place = Place::of(options.device)?;
                let plan = TextPlan::new(config, tokenizer, &tensors, signature, place)?;
                Ok(Arc::new(plan))
            }
            Architecture::Mlp(config) => {
                let placement = Place::processor(options.device)?.placement;
                Ok(Arc::new(MlpPlan::new(config, &tensors, signature, placement)?))
            }
            other => {
                let reason = format!("candle does not run {other:?}");
                Err(BackendError::told(BackendErrorKind::Unsupported, reason))
            }
        }
    }
}
