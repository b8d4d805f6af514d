use std::time::Duration;

/// A reply, in memory that is used again.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`; empty when there is no body.
    pub content_type: &'static str,
    /// Headers beyond those below, by name in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// `Allow`, with status 405.
    pub allow: Option<&'static str>,
    /// When another try may be worth it, of a request that was refused for what else goes on.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
    /// The stable code of the failure, if it is one.
    pub reason: Option<&'static str>,
    /// The rows answered.
    pub rows: usize,
    /// Where the time went.
    pub phases: Phases,
}

/// How long the parts of one request took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phases {
    /// Whether the handler [timed](crate::Handler::time_phases) the four that follow.
    pub timed: bool,
    /// From bytes to columns.
    pub parse: Duration,
    /// Until the model had a slot for the rows; those of many rows may wait again between turns,
    /// which counts as computing.
    pub queue: Duration,
    /// From then on to answers.
    pub compute: Duration,
    /// From answers to bytes.
    pub encode: Duration,
    /// From the request's head to its reply, the arrival of the body included.
    pub total: Duration,
}

impl Reply {
    /// Makes this a document that is there, in a reply that was cleared.
    pub(crate) fn document(&mut self, content_type: &'static str, body: &[u8]) {
        self.status = 200;
        self.content_type = content_type;
        self.body.extend_from_slice(body);
    }

    pub(crate) fn clear(&mut self) {
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        *self = Self { body, ..Self::default() };
    }
}
