//! What happens beside an answer: a version on probation is judged by it.

use std::sync::Arc;

use hotplate::{Engine, Registry};

use super::{Handler, lease::Lease};
use crate::problem::Refusal;

impl Handler {
    /// Looks at an answer of an endpoint that is watched.
    ///
    /// Gives the engine to ask again, where a version failed on its probation and the one before is
    /// there: its client should not pay for the trial.
    #[cold]
    pub(super) fn judge<'l>(
        &self,
        answered: &Result<(), Refusal>,
        lease: &'l Lease,
    ) -> Option<&'l Arc<Engine>> {
        let endpoint = lease.endpoint();
        let probation = lease.variant().probation()?;
        let failed = answered.as_ref().is_err_and(Refusal::speaks_against_model);
        if let Some(outcome) = probation.count(failed) {
            let settle = |registry: &Registry| registry.settle(endpoint.name(), probation, outcome);
            if let Some(event) = self.registry().and_then(settle) {
                crate::log::event(endpoint.name(), &event);
            }
        }
        probation.before().filter(|_| failed).map(hotplate::Version::engine)
    }
}
