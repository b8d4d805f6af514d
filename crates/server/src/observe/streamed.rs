//! Replies that go out as they are computed, which are counted at their ends.

use std::time::Duration;

use super::{InFlight, Observed, answered, nanos};
use crate::{problem::Problem, reply::Reply};

/// A request whose reply is on its way.
#[derive(Debug)]
pub(crate) struct Streamed {
    in_flight: InFlight,
    observed: Observed,
    request_bytes: usize,
}

impl Streamed {
    pub(crate) const fn new(in_flight: InFlight, observed: Observed, request_bytes: usize) -> Self {
        Self { in_flight, observed, request_bytes }
    }

    /// The time since the request came.
    pub(crate) fn elapsed(&self) -> Duration {
        self.observed.begun.elapsed()
    }

    /// Counts the reply at its end: what of it went out, and the problem that broke it off.
    pub(crate) fn end(&self, reply: &mut Reply, bytes: usize, problem: Option<&Problem>) {
        reply.phases.total = self.elapsed();
        let recorder = self.in_flight.recorder();
        match problem.map(Problem::on_the_wire) {
            None => recorder.count(&answered(self.request_bytes, reply, bytes)),
            Some((status, reason)) => recorder.fail(status, reason, nanos(reply.phases.total)),
        }
    }
}
