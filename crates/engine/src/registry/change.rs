//! Endpoints that change while they are asked.

use std::sync::{Arc, PoisonError};

use super::{Change, Endpoint, Event, Outcome, Probation, Registry, retire::retire};
use crate::error::{Cause, Error};

impl Registry {
    /// Puts what `change` makes of the endpoint of this name in its place. Requests that are being
    /// answered go on with what they began with; engines that are no longer needed are freed when the
    /// last of these has ended.
    ///
    /// What takes long, such as opening a model, belongs before this: other changes wait meanwhile.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownEndpoint`](crate::ErrorKind::UnknownEndpoint), or what `change` says; then
    /// everything stays as it is.
    pub fn update(
        &self,
        name: &str,
        change: impl FnOnce(&Endpoint) -> Result<Endpoint, Error>,
    ) -> Result<(), Error> {
        let (before, after) = {
            // What the lock guards is in the table, which is whole at any time.
            let _alone = self.0.change.lock().unwrap_or_else(PoisonError::into_inner);
            let mut endpoints = super::Endpoints::clone(&self.0.endpoints.load());
            let unknown = |_| Error::new(Cause::UnknownEndpoint { name: name.to_owned() });
            let place = endpoints.position(name).map_err(unknown)?;
            let after = Arc::new(change(&endpoints[place])?);
            let before = std::mem::replace(&mut endpoints.0[place], Arc::clone(&after));
            self.0.endpoints.store(Arc::new(endpoints));
            (before, after)
        };
        let stays = |engine: &Arc<_>| after.engines().any(|kept| Arc::ptr_eq(kept, engine));
        retire(before.engines().filter(|engine| !stays(engine)).cloned().collect());
        Ok(())
    }

    /// Ends the trial of a version: it stays, or the one before comes back. Gives what happened,
    /// unless somebody else has ended the trial before.
    pub fn settle(
        &self,
        endpoint: &str,
        probation: &Arc<Probation>,
        outcome: Outcome,
    ) -> Option<Event> {
        let mut event = None;
        let settled = self.update(endpoint, |endpoint| {
            let over = || Error::new(Cause::UnknownEndpoint { name: endpoint.name().to_owned() });
            let at = endpoint.on(probation).ok_or_else(over)?;
            let name = endpoint.variants()[at].name();
            let problem = format!(
                "{} of its first {} answers failed",
                probation.failures(),
                probation.answers() + 1
            );
            let (change, problem, next) = match outcome {
                Outcome::Passed => (Change::Confirmed, None, endpoint.confirmed(at)?),
                Outcome::Failed => match endpoint.rolled_back(name) {
                    Ok(next) => (Change::RolledBack, Some(problem), next),
                    // Nothing else gets traffic: a version that fails is better than none.
                    Err(error) => {
                        let problem = format!("{problem}, and it stays: {error}");
                        (Change::Refused, Some(problem), endpoint.confirmed(at)?)
                    }
                },
            };
            let change = Event::new(change, Some(name), problem);
            endpoint.history().note(change.clone());
            event = Some(change);
            Ok(next)
        });
        settled.ok().and(event)
    }

    /// Notes in an endpoint's history what somebody wished or was refused, and gives the note.
    pub fn note(
        &self,
        endpoint: &str,
        change: Change,
        variant: Option<&str>,
        problem: Option<String>,
    ) -> Event {
        let event = Event::new(change, variant, problem);
        if let Some(endpoint) = self.load().get(endpoint) {
            endpoint.history().note(event.clone());
        }
        event
    }
}
