use std::sync::Arc;

use hotplate::{Endpoint, Engine, Snapshot, Variant};

/// The variant that answers a request.
///
/// At first it is found in a snapshot: threads that count who holds an engine would write to the
/// same memory with each request. A request that waits for something must [keep](Self::keep) its
/// lease, since a snapshot keeps whatever is removed meanwhile in memory.
#[derive(Debug)]
pub(super) struct Lease {
    held: Held,
    variant: usize,
}

#[derive(Debug)]
enum Held {
    Seen { endpoints: Snapshot, place: usize },
    Kept(Arc<Endpoint>),
}

impl Lease {
    /// The variant at `variant` of the endpoint at `place`.
    pub(super) const fn of(endpoints: Snapshot, place: usize, variant: usize) -> Self {
        Self { held: Held::Seen { endpoints, place }, variant }
    }

    /// The same for as long as one likes.
    pub(super) fn keep(&self) -> Self {
        Self { held: Held::Kept(Arc::clone(self.endpoint())), variant: self.variant }
    }

    pub(super) fn endpoint(&self) -> &Arc<Endpoint> {
        match &self.held {
            Held::Seen { endpoints, place } => &endpoints[*place],
            Held::Kept(endpoint) => endpoint,
        }
    }

    pub(super) fn variant(&self) -> &Variant {
        &self.endpoint().variants()[self.variant]
    }

    pub(super) fn engine(&self) -> &Arc<Engine> {
        self.variant().engine()
    }
}
