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
//! 5. `trees` lays the trees out for the cache, and `ensemble` makes scores and classes of what they
//!    say.
//! 6. `plan` runs steps and ensemble, block by block of rows.
//!
//! `explained` and `traced` tell of a row how its score came about.
//!
//! What is not one vector of features and one ensemble is a `program`: its nodes, compiled, run one
//! after another on blocks of rows. `simd` says which of the processor's instructions loops are run
//! with.
#![forbid(unsafe_code)]

mod category;
mod encode;
mod ensemble;
mod explain;
mod explained;
mod graph;
mod operator;
mod placement;
mod plan;
mod post_transform;
mod program;
mod real;
mod rows;
mod simd;
mod trace;
mod traced;
mod trees;

use std::sync::Arc;

use hotplate_backend::{Backend, BackendError, BackendErrorKind, CompileOptions, Placement, Plan};
use hotplate_model::{Batching, Format, Model, Signature, onnx::OnnxModel};

use crate::{
    encode::Encoder,
    ensemble::{
        LaidOutEnsemble,
        library::{LibraryModel, lightgbm, xgboost},
    },
    plan::{Compiled, NativePlan},
    program::ProgramPlan,
    real::Real,
    trace::Trace,
};

/// The native engine on the host's processor.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Backend for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn reads(&self, format: Format) -> bool {
        format != Format::Safetensors
    }

    fn compile(
        &self,
        model: &Model,
        options: &CompileOptions,
    ) -> Result<Arc<dyn Plan>, BackendError> {
        if !self.reads(model.format()) {
            let reason = "the native engine runs trees and graphs, not weights in safetensors";
            return Err(BackendError::told(BackendErrorKind::Unsupported, reason));
        }
        let placement = placement::of(options.device)?;
        let signature = rows::signature(model, options)?;
        match model.format() {
            Format::LightGbm => {
                let read = lightgbm::read(&model.lightgbm()?, &signature)?;
                library(read, signature, placement, options)
            }
            Format::XgBoost(_) => {
                let read = xgboost::read(&model.xgboost()?, &signature)?;
                library(read, signature, placement, options)
            }
            _ => graph_plan(&model.onnx()?, signature, placement, options),
        }
    }
}

/// The plan of a graph of operators.
fn graph_plan(
    model: &OnnxModel<'_>,
    signature: Signature,
    placement: Placement,
    options: &CompileOptions,
) -> Result<Arc<dyn Plan>, BackendError> {
    rows::check(model, &signature)?;
    match fused(model, &signature, &placement, options) {
        Ok(plan) => Ok(plan),
        Err(error) if error.kind() == BackendErrorKind::Unsupported => {
            Ok(Arc::new(ProgramPlan::new(model, signature, placement, options)?))
        }
        Err(error) => Err(error),
    }
}

/// The plan of a graph that is one vector of features and one ensemble of trees.
fn fused(
    model: &OnnxModel<'_>,
    signature: &Signature,
    placement: &Placement,
    options: &CompileOptions,
) -> Result<Arc<dyn Plan>, BackendError> {
    if signature.batching() == Batching::None {
        return Err(BackendError::told(BackendErrorKind::Unsupported, "no rows axis"));
    }
    let trace = Trace::of(graph::read(model)?, signature)?;
    let Trace { features, lookups, ensemble, head, place, outputs } = trace;
    let laid_out = LaidOutEnsemble::new(&ensemble, options.tree_layout)
        .map_err(|reason| BackendError::unsupported(vec![place.refusal(reason)]))?;
    let compiled = Compiled {
        encoder: Encoder::new(&features, lookups, signature.schema()),
        signature: signature.clone(),
        explained: ensemble.kept(),
        ensemble: laid_out,
        finish: head,
        outputs,
        placement: placement.clone(),
    };
    Ok(Arc::new(NativePlan::new(compiled, options.margins)))
}

/// The plan of a model in the file of the library that trained it.
fn library<X: Real>(
    read: LibraryModel<X>,
    signature: Signature,
    placement: Placement,
    options: &CompileOptions,
) -> Result<Arc<dyn Plan>, BackendError> {
    let LibraryModel { ensemble, finish, encoder, outputs } = read;
    let laid_out = LaidOutEnsemble::new(&ensemble, options.tree_layout)
        .map_err(|reason| BackendError::told(BackendErrorKind::Unsupported, reason))?;
    let explained = ensemble.kept();
    let ensemble = laid_out;
    let compiled = Compiled { signature, encoder, ensemble, explained, finish, outputs, placement };
    Ok(Arc::new(NativePlan::new(compiled, options.margins)))
}
