use std::{panic::resume_unwind, thread};

use hotplate_backend::{BackendError, BackendErrorKind};

use crate::error::{Cause, Error};

/// Whether the work of opening a model steps back behind threads that answer requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Behind(pub(crate) Option<fn()>);

impl Behind {
    /// Does some work: on a thread of its own that has stepped back first, because no thread can
    /// step forward again, or else on this one. A panic of the work is this thread's.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub(crate) fn run<T: Send>(self, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
        let Some(step_back) = self.0 else { return Ok(work()) };
        thread::scope(|scope| {
            let behind = thread::Builder::new().name("hotplate-compile".to_owned());
            let work = || {
                step_back();
                work()
            };
            let working = behind.spawn_scoped(scope, work).map_err(|error| {
                let problem = format!("no thread can be started to compile the model: {error}");
                let error = BackendError::told(BackendErrorKind::OutOfMemory, problem);
                Error::new(Cause::Backend(error))
            })?;
            Ok(working.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    }
}
