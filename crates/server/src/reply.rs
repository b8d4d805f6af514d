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
    /// Where the time went, if the handler [times](crate::Handler::time_phases) it.
    pub phases: Phases,
}

/// How long the parts of one request took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phases {
    /// From bytes to columns.
    pub parse: Duration,
    /// From columns to answers, waiting for a slot included.
    pub compute: Duration,
    /// From answers to bytes.
    pub encode: Duration,
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
