//! What becomes of a request beside the answers to its rows.

use hotplate::Device;

use super::{
    Admitted, Handler, Task, admission::Predict, ask::Form, lease::Lease, pieces::Pieces,
    scratch::Scratch,
};
use crate::{
    management::Manage,
    observe::Streamed,
    problem::{Problem, Refusal},
    reply::Reply,
    sessions::Session,
    status::Reason,
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
            Task::Predict(Predict { lease, form: Form::Own(ask), session: None })
                if !lease.endpoint().is_watched() && !admitted.is_captured() =>
            {
                (lease, *ask)
            }
            _ => {
                self.answer(&admitted, body, &mut scratch, reply);
                return None;
            }
        };
        let in_flight = self.begin_with(lease, &mut scratch);
        reply.clear();
        match Pieces::begin(lease.keep(), ask, body, self.watch(&ask.wishes), reply) {
            Ok(Some(pieces)) => {
                let streamed = Streamed::new(in_flight, admitted.observed, body.len());
                reply.phases.total = streamed.elapsed();
                self.tell(lease, ask.wishes.timing, reply);
                Some(pieces.observed(streamed, reply))
            }
            begun => {
                let answered = begun.map(drop).map_err(Refusal::from);
                self.conclude(answered, lease, None, body, reply);
                self.end(Some(&in_flight), &admitted, body, reply);
                None
            }
        }
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
        answered: Result<(), Refusal>,
        lease: &Lease,
        session: Option<&Session>,
        body: &[u8],
        reply: &mut Reply,
    ) {
        let answered = match (answered, session, &self.sessions) {
            (Ok(()), Some(Session::New), Some(sessions)) => {
                sessions.open(reply).map_err(Refusal::from)
            }
            (answered, ..) => answered,
        };
        let Err(refusal) = answered else { return };
        // Only what is no row of the model can be about a session, and need not say so before.
        if session.is_none() && self.is_about_session(None, body, reply) {
            return;
        }
        let on_device = lease.engine().placement().device != Device::Cpu;
        // Whoever decides which models are in memory has to know that there are too many.
        let refusal = match (refusal, &self.management) {
            (Refusal::Problem(problem), Some(_)) if on_device => problem.of_device().into(),
            (refusal, _) => refusal,
        };
        refusal.answer(reply);
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
        let profile = self.profile.as_deref();
        management.answer(registry, &self.observer, profile, manage, body, reply)
    }
}
