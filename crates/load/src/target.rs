use crate::Error;

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Answered,
    /// The target had too much to do, and said so.
    Refused,
    /// Otherwise, for this reason. Reasons are counted by their text, so they should not hold what
    /// differs from request to request.
    Failed(String),
}

/// Something that answers requests. A closure that makes [`Caller`]s is one.
pub trait Target: Sync {
    /// What one thread asks with.
    type Caller: Caller;

    /// A caller, made on the thread that will use it.
    ///
    /// # Errors
    ///
    /// When the target cannot be reached.
    fn caller(&self) -> Result<Self::Caller, Error>;
}

/// One thread's way to ask a target. A closure of a request's number is one.
pub trait Caller {
    /// Sends the request of that number and waits for its answer. Numbers count from zero in the
    /// order in which requests are due; a target that has fewer requests goes round in them.
    fn call(&mut self, request: usize) -> Outcome;
}

impl<F, C> Target for F
where
    F: Fn() -> C + Sync,
    C: Caller,
{
    type Caller = C;

    fn caller(&self) -> Result<C, Error> {
        Ok(self())
    }
}

impl<F: FnMut(usize) -> Outcome> Caller for F {
    fn call(&mut self, request: usize) -> Outcome {
        self(request)
    }
}
