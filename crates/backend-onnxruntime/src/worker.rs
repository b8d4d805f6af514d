//! One thread's session, and the right to run it.

use std::sync::Arc;

use hotplate_backend::{Part, Worker};

use crate::{
    plan::{Compiled, Idle},
    runner::Runner,
};

/// A worker: a session, and what runs it.
#[derive(Debug)]
pub(crate) struct OnnxWorker {
    plan: Arc<Compiled>,
    /// `None` only while the worker is taken down.
    idle: Option<Idle>,
    runner: Runner,
}

impl OnnxWorker {
    pub(crate) fn new(plan: Arc<Compiled>, idle: Idle, max_rows: usize) -> Self {
        let runner = Runner::new(&idle.session, &plan.signature, plan.habits, max_rows);
        Self { plan, idle: Some(idle), runner }
    }
}

impl Drop for OnnxWorker {
    fn drop(&mut self) {
        // What may be broken is on our side of the session: the next worker can have it.
        if let Some(idle) = self.idle.take() {
            self.plan.give_back(idle);
        }
    }
}

impl Worker for OnnxWorker {
    fn run(&mut self, parts: &mut [Part<'_>]) {
        let Some(Idle { session, .. }) = &mut self.idle else { unreachable!("the worker lives") };
        self.runner.run(session, &self.plan.signature, parts);
    }
}
