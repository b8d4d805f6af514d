//! A graph that ONNX Runtime has taken.

use std::sync::{Arc, Mutex, MutexGuard};

use hotplate_backend::{
    BackendError, BackendErrorKind, CompileOptions, Device, DeviceChoice, Limits, Placement, Plan,
    Worker,
};
use hotplate_model::{Model, Signature};
use ort::session::Session;

use crate::{
    failure,
    library::Library,
    probe::{self, Learned},
    runner::Habits,
    session::{Recipe, Source},
    worker::OnnxWorker,
};

/// A graph, and the sessions that no worker has at the moment.
#[derive(Debug)]
pub(crate) struct OnnxPlan(Arc<Compiled>);

#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) signature: Signature,
    pub(crate) habits: Habits,
    recipe: Recipe,
    placement: Placement,
    library: &'static Library,
    sessions: Mutex<Sessions>,
}

#[derive(Debug)]
struct Sessions {
    idle: Vec<Idle>,
    /// What new ones are made from, until there are enough.
    source: Option<Source>,
}

/// A session that waits for a worker.
#[derive(Debug)]
pub(crate) struct Idle {
    pub(crate) threads: usize,
    pub(crate) session: Session,
}

impl OnnxPlan {
    /// # Errors
    ///
    /// When ONNX Runtime refuses the graph, or the chosen device is not there or runs none of it.
    pub(crate) fn new(
        library: &'static Library,
        model: &Model,
        signature: Signature,
        options: &CompileOptions,
    ) -> Result<Self, BackendError> {
        failure::check_for_aborts(&model.onnx()?.graph)?;
        let source = Source::of(model)?;
        let open = |device| Opened::on(device, library, &source, model);
        let (opened, fell_back) = match options.device {
            DeviceChoice::On(device) => (open(device)?, None),
            _ => match open(Device::Cuda(0)) {
                Ok(opened) => (opened, None),
                Err(error) if error.kind() == BackendErrorKind::DeviceUnavailable => {
                    (open(Device::Cpu)?, Some(error.to_string()))
                }
                Err(error) => return Err(error),
            },
        };
        let Opened { recipe, session, nodes } = opened;
        check(&session, &signature)?;
        let placement = Placement { device: recipe.device, fell_back, nodes };
        let mut idle = Idle { threads: 1, session };
        let Learned { signature, habits } = probe::learn(signature, &mut idle.session);
        let sessions = Mutex::new(Sessions { idle: vec![idle], source: Some(source) });
        Ok(Self(Arc::new(Compiled { signature, habits, recipe, placement, library, sessions })))
    }
}

/// The first session of a graph, and where its nodes run.
struct Opened {
    recipe: Recipe,
    session: Session,
    nodes: Vec<(String, usize)>,
}

impl Opened {
    /// # Errors
    ///
    /// [`BackendErrorKind::DeviceUnavailable`] when the device cannot be used, or none of the graph
    /// would run there; else what is wrong with the graph.
    fn on(
        device: Device,
        library: &'static Library,
        source: &Source,
        model: &Model,
    ) -> Result<Self, BackendError> {
        let recipe = Recipe::new(device, library);
        let unavailable = |problem: String| {
            let problem = format!("{device}: {problem}");
            BackendError::told(BackendErrorKind::DeviceUnavailable, problem)
        };
        if let Err(error) = recipe.register() {
            return Err(unavailable(failure::plain(error.message())));
        }
        let session = match recipe.session(source, 1) {
            Ok(session) => session,
            Err(error) if device == Device::Cpu => {
                return Err(failure::of_load(&error, &model.onnx()?.graph));
            }
            // A graph that the processor takes is in order, so the device is not: some of what it
            // lacks shows only here.
            Err(error) => {
                Self::on(Device::Cpu, library, source, model)?;
                return Err(unavailable(failure::plain(error.message())));
            }
        };
        let nodes = Recipe::placement(&session);
        // Where the library does not tell, it is believed.
        if device != Device::Cpu && !nodes.is_empty() && nodes.iter().all(|(name, _)| name == "cpu")
        {
            return Err(unavailable("no node of this graph has a kernel there".to_owned()));
        }
        Ok(Self { recipe, session, nodes })
    }
}

/// Values are given and taken by position, so both readers of the file must agree.
fn check(session: &Session, signature: &Signature) -> Result<(), BackendError> {
    let inputs = signature.schema().inputs().iter().map(|input| input.name.as_str());
    let outputs = signature.outputs().iter().map(|output| output.name.as_str());
    let agree = session.inputs().iter().map(|input| input.name()).eq(inputs)
        && session.outputs().iter().map(|output| output.name()).eq(outputs);
    if agree {
        return Ok(());
    }
    let problem = "ONNX Runtime reads other inputs or outputs from the file";
    Err(BackendError::told(BackendErrorKind::InvalidModel, problem))
}

impl Compiled {
    /// Takes back the session of a worker that is no more.
    pub(crate) fn give_back(&self, idle: Idle) {
        self.sessions().idle.push(idle);
    }

    fn take(&self, threads: usize) -> Result<Idle, BackendError> {
        let mut sessions = self.sessions();
        let fits = sessions.idle.iter().position(|idle| idle.threads == threads);
        if let Some(index) = fits {
            return Ok(sessions.idle.swap_remove(index));
        }
        match &sessions.source {
            Some(source) => match self.recipe.session(source, threads) {
                Ok(session) => Ok(Idle { threads, session }),
                Err(error) => Err(failure::of_session(&error)),
            },
            None => {
                let problem = "every session of the model has a worker";
                Err(BackendError::told(BackendErrorKind::Failed, problem))
            }
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        // Each change is one step, so that a panic leaves nothing half done.
        self.sessions.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Plan for OnnxPlan {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn worker(&self, limits: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        let idle = self.0.take(limits.threads)?;
        Ok(Box::new(OnnxWorker::new(Arc::clone(&self.0), idle, limits.max_rows)))
    }

    fn seal(&self) {
        let mut sessions = self.0.sessions();
        sessions.source = None;
        sessions.idle.clear();
    }

    fn is_parallel(&self) -> bool {
        self.0.recipe.device == Device::Cpu
    }

    fn warmup(&self) -> &[usize] {
        &[1, 8]
    }

    fn steps(&self) -> Vec<String> {
        let Compiled { library, placement, .. } = &*self.0;
        let nodes: Vec<String> =
            placement.nodes.iter().map(|(name, nodes)| format!("{nodes} on {name}")).collect();
        vec![format!("ONNX Runtime {}: nodes {}", library.version, nodes.join(", "))]
    }

    fn placement(&self) -> &Placement {
        &self.0.placement
    }
}
