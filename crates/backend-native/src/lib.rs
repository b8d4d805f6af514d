//! Hotplate's own engine for tabular models.
//!
//! A graph is compiled whole, once, and no node of it is left to interpret per row:
//!
//! ```text
//! file ──rows──▶ table ──graph──▶ nodes ──trace──▶ elements ──encode──▶ steps ──plan──▶ worker
//! ```
//!
//! 1. `rows` refuses models whose rows are no table, for another engine to take.
//! 2. `graph` reads the nodes and their attributes, and collects every operator that is not taken.
//! 3. `trace` follows each *element* of the model's feature vector back to the cell that it comes
//!    from. Concatenation, reshaping, identities and casts vanish here, and arithmetic on a one-hot
//!    column is done on its two possible values.
//! 4. `encode` groups the elements into steps: a number with its arithmetic, or a text that is
//!    looked up once and sets one of several elements.
//! 5. `trees` lays the trees out for the cache, and `head` turns their sum into the answer.
//! 6. `plan` runs steps, trees and head, block by block of rows.
//!
//! A graph that is not of this form becomes a `program`, operator by operator. `simd` says which of
//! the processor's instructions loops are run with.
#![forbid(unsafe_code)]

mod category;
mod encode;
mod graph;
mod head;
mod operator;
mod placement;
mod plan;
mod program;
mod rows;
mod simd;
mod trace;
mod trees;

use std::sync::Arc;

use hotplate_backend::{Backend, BackendError, BackendErrorKind, CompileOptions, Placement, Plan};
use hotplate_model::{Batching, Model, Signature, onnx::OnnxModel};

use crate::{plan::NativePlan, program::ProgramPlan, trace::Trace};

/// The native engine on the host's processor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Backend for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn compile(
        &self,
        model: &Model,
        options: &CompileOptions,
    ) -> Result<Arc<dyn Plan>, BackendError> {
        let placement = placement::of(options.device)?;
        let signature = rows::signature(model, options)?;
        let onnx = model.onnx()?;
        rows::check(&onnx, &signature)?;
        match fused(&onnx, &signature, &placement) {
            Ok(plan) => Ok(Arc::new(plan)),
            Err(error) if error.kind() == BackendErrorKind::Unsupported => {
                Ok(Arc::new(ProgramPlan::new(&onnx, signature, placement)?))
            }
            Err(error) => Err(error),
        }
    }
}

/// The plan of a graph that is one vector of features and one ensemble of trees.
fn fused(
    model: &OnnxModel<'_>,
    signature: &Signature,
    placement: &Placement,
) -> Result<NativePlan, BackendError> {
    if signature.batching() == Batching::None {
        return Err(BackendError::told(BackendErrorKind::Unsupported, "no rows axis"));
    }
    let trace = Trace::of(graph::read(model)?, signature)?;
    NativePlan::new(trace, signature.clone(), placement.clone())
}
