//! Sessions: a graph, optimised for a device, and the right to run it on one thread at a time.

use std::sync::Arc;

use hotplate_backend::{BackendError, Device};
use hotplate_model::Model;
use ort::{
    ep::{CUDA, ExecutionProvider, TensorRT},
    session::{
        Session,
        builder::{GraphOptimizationLevel, PrepackedWeights, SessionBuilder},
    },
};

use crate::{
    library::Library,
    placement::{self, RECORD},
};

/// What sessions are made from.
#[derive(Debug)]
pub(crate) struct Source {
    graph: Vec<u8>,
    /// The files of weights beside the model's own, by the names that the graph has for them.
    weights: Vec<(String, Arc<[u8]>)>,
}

impl Source {
    /// # Errors
    ///
    /// When a file of weights lies outside the model's folder or cannot be read.
    pub(crate) fn of(model: &Model) -> Result<Self, BackendError> {
        let mut weights = Vec::new();
        for file in model.external_files()? {
            let bytes = file.read()?;
            weights.push((file.name, bytes));
        }
        Ok(Self { graph: model.without_zipmap()?.into_owned(), weights })
    }
}

/// How sessions of one plan are made: all alike.
#[derive(Debug)]
pub(crate) struct Recipe {
    library: &'static Library,
    pub(crate) device: Device,
    /// What the first session has computed of the weights, and the others need not hold again.
    shared: PrepackedWeights,
}

impl Recipe {
    pub(crate) fn new(device: Device, library: &'static Library) -> Self {
        Self { library, device, shared: PrepackedWeights::new() }
    }

    /// Tries whether the device is there, as far as that shows without a graph.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub(crate) fn register(&self) -> Result<(), ort::Error> {
        self.builder(1).map(drop)
    }

    /// A new session, whose runs keep `threads` threads busy where that is faster.
    ///
    /// # Errors
    ///
    /// When ONNX Runtime refuses the graph; see [`failure::of_load`].
    pub(crate) fn session(&self, source: &Source, threads: usize) -> Result<Session, ort::Error> {
        let mut builder = self.builder(threads)?;
        for (name, bytes) in &source.weights {
            builder = builder.with_external_initializer_file_in_memory(name, Arc::clone(bytes))?;
        }
        builder.commit_from_memory(&source.graph)
    }

    fn builder(&self, threads: usize) -> Result<SessionBuilder, ort::Error> {
        let mut builder = Session::builder(&self.library.environment)?;
        match self.device {
            Device::Cuda(index) => register(&cuda(index), &mut builder)?,
            Device::TensorRt(index) => {
                let tensor_rt = TensorRT::default().with_device_id(ordinal(index)?);
                register(&tensor_rt, &mut builder)?;
                // What TensorRT does not take should not leave the GPU.
                register(&cuda(index), &mut builder)?;
            }
            _ => {}
        }
        let builder = builder
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(threads)?
            .with_inter_threads(1)?
            // A thread that spins takes a core from whoever else would answer.
            .with_intra_op_spinning(false)?
            .with_prepacked_weights(&self.shared)?
            .with_config_entry(RECORD, "1")?;
        Ok(builder)
    }

    /// The number of nodes on each device, of which those that are not the processor come first.
    pub(crate) fn placement(session: &Session) -> Vec<(String, usize)> {
        let mut nodes: Vec<(String, usize)> = placement::of_session(session)
            .unwrap_or_default()
            .into_iter()
            .map(|(provider, nodes)| (placement::short_name(&provider), nodes))
            .collect();
        nodes.sort_by_key(|(name, _)| name == "cpu");
        nodes
    }
}

/// Whether the library, which is loaded, knows of other devices than the processor.
pub(crate) fn knows_devices() -> bool {
    // What cannot be told may be so.
    [CUDA::is_available(), TensorRT::is_available()].into_iter().any(|is| is.unwrap_or(true))
}

fn cuda(index: u32) -> CUDA {
    CUDA::default().with_device_id(ordinal(index).unwrap_or(i32::MAX))
}

fn ordinal(index: u32) -> Result<i32, ort::Error> {
    i32::try_from(index).map_err(|_| ort::Error::new("there is no device of such a number"))
}

/// Puts an execution provider in front of the processor.
fn register<E: ExecutionProvider>(
    provider: &E,
    builder: &mut SessionBuilder,
) -> Result<(), ort::Error> {
    if !E::is_available()? {
        let name = placement::short_name(E::NAME);
        let problem = format!("this build of ONNX Runtime has no provider of that name ({name})");
        return Err(ort::Error::new(problem));
    }
    provider.register(builder)
}
