//! Where plans run, and what is said to who wants them elsewhere.

use hotplate_backend::{BackendError, BackendErrorKind, Device, DeviceChoice, Placement};

/// # Errors
///
/// When another device is chosen.
pub(crate) fn of(device: DeviceChoice) -> Result<Placement, BackendError> {
    if device.allows_cpu() {
        return Ok(Placement { device: Device::Cpu, ..Placement::default() });
    }
    let why = match device {
        DeviceChoice::On(Device::Cuda(_)) => {
            "this build runs candle on the processor alone: it \
             was made without the feature `cuda`"
        }
        _ => "candle runs on the processor and, where it is built with it, through CUDA",
    };
    let problem = format!("{device}: {why}");
    Err(BackendError::told(BackendErrorKind::DeviceUnavailable, problem))
}
