//! What happens beside an answer: a shadow sees it, and a version on probation is judged by it.

use std::sync::Arc;

use hotplate::{Engine, Registry};

use super::{Handler, lease::Lease, scratch::ModelScratch};
use crate::problem::Problem;

impl Handler {
    /// Looks at an answer of an endpoint that is watched, and at the rows that `model` decoded for it,
    /// where it did: batches are no traffic, and no shadow sees them.
    ///
    /// Gives the engine to ask again, where a version failed on its probation and the one before is
    /// there: its client should not pay for the trial.
    #[cold]
    pub(super) fn look_at<'l>(
        &self,
        answered: &Result<(), Problem>,
        lease: &'l Lease,
        model: Option<&ModelScratch>,
    ) -> Option<&'l Arc<Engine>> {
        let endpoint = lease.endpoint();
        if let (Ok(()), Some(shadow), Some(model)) = (answered, endpoint.shadow(), model) {
            model.show(shadow);
        }
        let probation = lease.variant().probation()?;
        let failed = answered.as_ref().is_err_and(Problem::speaks_against_model);
        if let Some(outcome) = probation.count(failed) {
            let settle = |registry: &Registry| registry.settle(endpoint.name(), probation, outcome);
            if let Some(event) = self.registry().and_then(settle) {
                crate::log::event(endpoint.name(), &event);
            }
        }
        probation.before().filter(|_| failed).map(hotplate::Version::engine)
    }
}
