//! A program as a plan.

use std::{fmt, iter, sync::Arc};

use hotplate_backend::{BackendError, CompileOptions, Limits, Part, Placement, Plan, Worker};
use hotplate_model::{Signature, onnx::OnnxModel};

use super::{
    compile::Program,
    run::{BLOCK_ROWS, Frame},
};

/// A graph that is run step by step.
#[derive(Clone, Debug)]
pub(crate) struct ProgramPlan(Arc<Compiled>);

struct Compiled {
    signature: Signature,
    program: Program,
    placement: Placement,
}

/// The steps, not their constants: there may be millions.
impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({} steps)", self.program.steps.len())
    }
}

impl ProgramPlan {
    /// # Errors
    ///
    /// As [`Program::new`].
    pub(crate) fn new(
        model: &OnnxModel<'_>,
        signature: Signature,
        placement: Placement,
        options: &CompileOptions,
    ) -> Result<Self, BackendError> {
        let mut program = Program::new(model, &signature, options.tree_layout)?;
        let signature = if options.margins { program.answer_margins(signature) } else { signature };
        Ok(Self(Arc::new(Compiled { signature, program, placement })))
    }

    /// The same plan, run with these instructions.
    #[cfg(test)]
    pub(super) fn with_level(mut self, level: crate::simd::Level) -> Self {
        let compiled = Arc::get_mut(&mut self.0).expect("a plan that nobody shares yet");
        compiled.program.level = level;
        self
    }
}

impl Program {
    /// What the program does: a line for each operator, what its kernel says of itself, and a line
    /// for how.
    fn describe(&self) -> Vec<String> {
        let of_steps = self.steps.iter().flat_map(|step| {
            let outputs: Vec<String> = step.outputs.iter().map(ToString::to_string).collect();
            let line = format!("{} → {}", step.operator, outputs.join(", "));
            let details = step.kernel.describe().into_iter().map(|detail| format!("  {detail}"));
            iter::once(line).chain(details)
        });
        of_steps.chain([format!("loops compiled for {}", self.level)]).collect()
    }
}

impl Plan for ProgramPlan {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn worker(&self, _: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        Ok(Box::new(ProgramWorker { plan: Arc::clone(&self.0), frame: self.0.program.frame() }))
    }

    fn warmup(&self) -> &[usize] {
        &[1, BLOCK_ROWS]
    }

    fn steps(&self) -> Vec<String> {
        self.0.program.describe()
    }

    fn placement(&self) -> &Placement {
        &self.0.placement
    }

    fn unknown_categories(&self) -> Vec<(usize, u64)> {
        self.0.program.unknown_categories()
    }
}

/// One thread's buffers for a program.
#[derive(Debug)]
struct ProgramWorker {
    plan: Arc<Compiled>,
    frame: Frame,
}

impl Worker for ProgramWorker {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        for part in parts {
            part.outcome = self.plan.program.answer(part, &mut self.frame);
        }
    }
}
