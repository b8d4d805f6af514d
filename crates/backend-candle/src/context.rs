//! The threads of a worker.

use std::num::NonZeroUsize;

use hotplate_backend::{BackendError, BackendErrorKind, Limits};

use crate::cpu::Context;

/// # Errors
///
/// When the system has no thread left.
pub(crate) fn of(limits: &Limits) -> Result<Context, BackendError> {
    let threads = NonZeroUsize::new(limits.threads).unwrap_or(NonZeroUsize::MIN);
    Context::new(threads).map_err(|error| {
        BackendError::told(BackendErrorKind::Failed, format!("no threads for a worker: {error}"))
    })
}
