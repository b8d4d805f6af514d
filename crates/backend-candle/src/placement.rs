//! Where plans run, and what is said to who wants them elsewhere.

use hotplate_backend::{BackendError, BackendErrorKind, Device, DeviceChoice, Placement};

/// Where a plan runs, and candle's own handle of it unless it is the processor.
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(crate) placement: Placement,
    pub(crate) device: Option<candle_core::Device>,
}

impl Place {
    /// The processor, because that is what runs such a model.
    ///
    /// # Errors
    ///
    /// When another device is chosen.
    pub(crate) fn processor(choice: DeviceChoice) -> Result<Self, BackendError> {
        if choice.allows_cpu() {
            return Ok(Self::default());
        }
        Err(unavailable(choice, "plain networks run on the processor alone"))
    }

    /// The device that is chosen; where that is left open, a GPU if this build can use one.
    ///
    /// # Errors
    ///
    /// When the device that is chosen cannot be used.
    pub(crate) fn of(choice: DeviceChoice) -> Result<Self, BackendError> {
        match choice {
            DeviceChoice::On(Device::Cuda(index)) => Self::cuda(index),
            DeviceChoice::Auto if cfg!(feature = "cuda") => Self::cuda(0).or_else(|error| {
                let fell_back = Some(error.to_string());
                let placement = Placement { fell_back, ..Placement::default() };
                Ok(Self { placement, device: None })
            }),
            choice if choice.allows_cpu() => Ok(Self::default()),
            choice => Err(unavailable(choice, "candle runs on the processor and through CUDA")),
        }
    }

    fn cuda(index: u32) -> Result<Self, BackendError> {
        let device = Device::Cuda(index);
        let choice = DeviceChoice::On(device);
        if !cfg!(feature = "cuda") {
            let why = "this build runs candle on the processor alone: it was made without the \
                       feature `cuda`";
            return Err(unavailable(choice, why));
        }
        let opened = candle_core::Device::new_cuda(usize::try_from(index).unwrap_or(usize::MAX));
        let opened = opened.map_err(|error| unavailable(choice, &told(&error)))?;
        let placement = Placement { device, ..Placement::default() };
        Ok(Self { placement, device: Some(opened) })
    }
}

/// What candle says went wrong, without the stack that it may show behind.
pub(crate) fn told(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn unavailable(choice: DeviceChoice, why: &str) -> BackendError {
    BackendError::told(BackendErrorKind::DeviceUnavailable, format!("{choice}: {why}"))
}
