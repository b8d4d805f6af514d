use std::{fmt, str::FromStr};

/// Where a plan runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// The host's processor.
    #[default]
    Cpu,
    /// The NVIDIA GPU of this number, through CUDA.
    Cuda(u32),
    /// The NVIDIA GPU of this number, through TensorRT, and through CUDA what that does not take.
    TensorRt(u32),
}

/// Where a model's owner wants it to run.
///
/// Written `auto`, `cpu`, `cuda`, `cuda:1`, `tensorrt` or `tensorrt:1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceChoice {
    /// On a GPU where there is one that the backend can use, else on the processor.
    #[default]
    Auto,
    /// There.
    On(Device),
}

/// Where a plan runs, and how it came to run there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The device.
    pub device: Device,
    /// Why it is not the device that was asked for, or that `auto` tried first.
    pub fell_back: Option<String>,
    /// How many nodes of the graph run on each device or library, as far as the backend tells.
    pub nodes: Vec<(String, usize)>,
}

impl DeviceChoice {
    /// The processor, chosen.
    pub const CPU: Self = Self::On(Device::Cpu);

    /// Whether a plan that runs on the processor, and nowhere else, is what was asked for.
    pub const fn allows_cpu(self) -> bool {
        matches!(self, Self::Auto | Self::On(Device::Cpu))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
            Self::TensorRt(index) => write!(f, "tensorrt:{index}"),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::On(device) => device.fmt(f),
        }
    }
}

/// The error is what was expected.
impl FromStr for DeviceChoice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "auto, cpu, cuda, cuda:N, tensorrt or tensorrt:N";
        let (name, index) = match text.split_once(':') {
            Some((name, index)) => (name, Some(index.parse().map_err(|_| EXPECTED)?)),
            None => (text, None),
        };
        match (name, index) {
            ("auto", None) => Ok(Self::Auto),
            ("cpu", None) => Ok(Self::CPU),
            ("cuda", index) => Ok(Self::On(Device::Cuda(index.unwrap_or(0)))),
            ("tensorrt", index) => Ok(Self::On(Device::TensorRt(index.unwrap_or(0)))),
            _ => Err(EXPECTED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_are_written() {
        for text in ["auto", "cpu", "cuda:0", "cuda:3", "tensorrt:1"] {
            assert_eq!(text.parse::<DeviceChoice>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse(), Ok(DeviceChoice::On(Device::Cuda(0))));
        for wrong in ["", "gpu", "cuda:", "cuda:-1", "cpu:0", "auto:1", "CUDA"] {
            assert!(wrong.parse::<DeviceChoice>().is_err(), "{wrong}");
        }
    }
}
