//! Where plans run, which is on the processor, and what is said to who wants them elsewhere.

use hotplate_backend::{BackendError, BackendErrorKind, Device, DeviceChoice, Placement};

/// # Errors
///
/// When another device is chosen.
pub(crate) fn of(device: DeviceChoice) -> Result<Placement, BackendError> {
    if device.allows_cpu() {
        return Ok(Placement { device: Device::Cpu, ..Placement::default() });
    }
    let problem = format!("{device}: the native engine runs on the processor alone");
    Err(BackendError::told(BackendErrorKind::DeviceUnavailable, problem))
}
