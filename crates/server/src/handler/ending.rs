//! What becomes of a request beside the answers to its rows.

use hotplate::Device;

use super::{Admitted, Handler, Task, lease::Lease, pieces::Pieces, scratch::Scratch};
use crate::{
    management::Manage, problem::Problem, reply::Reply, sessions::Session, status::Reason,
};

impl Handler {
    /// As [`answer`](Self::answer), but for many rows with the first of them alone, and what answers
    /// the others.
    pub(crate) fn answer_in_pieces(
        &self,
        admitted: Admitted,
        body: &[u8],
        reply: &mut Reply,
    ) -> Option<Pieces> {
        let mut scratch = Scratch::default();
        let (lease, ask) = match &admitted.task {
            // Whoever looks at an answer looks at all of it.
            Task::Predict { lease, ask, session: None }
                if !lease.endpoint().is_watched() && !admitted.is_captured() =>
            {
                (lease, *ask)
            }
            _ => {
                self.answer(&admitted, body, &mut scratch, reply);
                return None;
            }
        };
        let in_flight = self.begin(&admitted, &mut scratch);
        reply.clear();
        let begun = Pieces::begin(lease.again(), ask, body, self.watch(&ask), reply);
        let pieces = begun.unwrap_or_else(|problem| {
            self.conclude(Err(problem), lease, None, body, reply);
            None
        });
        self.end(in_flight.as_ref(), &admitted, body, reply);
        pieces
    }

    /// Whether a body is about sessions alone, which is answered then.
    pub(super) fn is_about_session(
        &self,
        session: Option<&Session>,
        body: &[u8],
        reply: &mut Reply,
    ) -> bool {
        let Some(sessions) = &self.sessions else { return false };
        let Some(answered) = sessions.answer(session, body, reply) else { return false };
        if let Err(problem) = answered {
            problem.answer(reply);
        }
        true
    }

    /// Tells what is wrong, or the id of a session that was wished for with the rows.
    pub(super) fn conclude(
        &self,
        answered: Result<(), Problem>,
        lease: &Lease,
        session: Option<&Session>,
        body: &[u8],
        reply: &mut Reply,
    ) {
        let answered = match (answered, session, &self.sessions) {
            (Ok(()), Some(Session::New), Some(sessions)) => sessions.open(reply),
            (answered, ..) => answered,
        };
        if let Err(problem) = answered {
            // Only what is no row of the model can be about a session, and need not say so before.
            if session.is_some() || !self.is_about_session(None, body, reply) {
                let on_device = lease.engine().placement().device != Device::Cpu;
                // Whoever decides which models are in memory has to know that there are too many.
                let problem = match self.management {
                    Some(_) if on_device => problem.of_device(),
                    _ => problem,
                };
                problem.answer(reply);
            }
        }
    }

    pub(super) fn manage(
        &self,
        manage: &Manage,
        body: &[u8],
        reply: &mut Reply,
    ) -> Result<(), Problem> {
        let (Some(management), Some(registry)) = (&self.management, self.registry()) else {
            return Err(Problem::new(Reason::Internal, "there are no models to manage"));
        };
        management.answer(registry, &self.observer, manage, body, reply)
    }
}
