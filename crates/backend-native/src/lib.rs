//! Hotplate's own engine for tabular models.
//!
//! A graph is compiled whole, once, and no node of it is left to interpret per row:
//!
//! ```text
//! file ──graph──▶ nodes ──trace──▶ elements ──encode──▶ steps ──plan──▶ worker
//! ```
//!
//! 1. `graph` reads the nodes and their attributes, and collects every operator that is not taken.
//! 2. `trace` follows each *element* of the model's feature vector back to the cell that it comes
//!    from. Concatenation, reshaping, identities and casts vanish here, and arithmetic on a one-hot
//!    column is done on its two possible values.
//! 3. `encode` groups the elements into steps: a number with its arithmetic, or a text that is
//!    looked up once and sets one of several elements.
//! 4. `trees` lays the trees out for the cache, and `head` turns their sum into the answer.
//! 5. `plan` runs steps, trees and head, block by block of rows.
#![forbid(unsafe_code)]

mod category;
mod encode;
mod graph;
mod head;
mod operator;
mod plan;
mod trace;
mod trees;

use std::sync::Arc;

use hotplate_backend::{Backend, BackendError, CompileOptions, Device, Plan};
use hotplate_model::Model;

use crate::{plan::NativePlan, trace::Trace};

/// The native engine on the host's processor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Backend for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn device(&self) -> Device {
        Device::Cpu
    }

    fn compile(
        &self,
        model: &Model,
        options: &CompileOptions,
    ) -> Result<Arc<dyn Plan>, BackendError> {
        let signature = model.signature(options.column_names.clone())?;
        let graph = graph::read(&model.onnx()?)?;
        let trace = Trace::of(graph, &signature)?;
        Ok(Arc::new(NativePlan::new(trace, signature)?))
    }
}
