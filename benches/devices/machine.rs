//! What a bench ran on.

use std::{env, fmt, fs, num::NonZero, process::Command, thread};

use hotplate::Device;
use hotplate_onnxruntime::Library;
use serde_json::{Value, json};

/// What everything ran on.
#[derive(Debug)]
pub(crate) struct Machine {
    processor: String,
    device: Device,
    /// The GPU's name and its driver.
    gpu: Option<String>,
    library: String,
}

impl Machine {
    pub(crate) fn of(device: Device) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = facts.lines().find_map(|line| line.strip_prefix("model name"));
        let name = name.and_then(|rest| rest.split_once(": ")).map_or(env::consts::ARCH, |it| it.1);
        let library = Library::loaded().map_or_else(String::new, |library| library.version.clone());
        let gpu = match device {
            Device::Cuda(index) => gpu(index),
            _ => None,
        };
        Self { processor: format!("{name}, {cores} cores"), device, gpu, library }
    }

    pub(crate) fn json(&self) -> Value {
        let Self { processor, device, gpu, library } = self;
        json!({
            "processor": processor,
            "device": device.to_string(),
            "gpu": gpu,
            "onnxruntime": library,
        })
    }
}

/// `NVIDIA H100 80GB HBM3, 580.95.05`, as the driver's own tool has it.
fn gpu(index: u32) -> Option<String> {
    let output = Command::new("nvidia-smi")
        .args(["--query-gpu=name,driver_version", "--format=csv,noheader"])
        .arg(format!("--id={index}"))
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, device, gpu, library } = self;
        if *device != Device::Cpu {
            write!(f, "{device}: {}; ", gpu.as_deref().unwrap_or("a GPU that nvidia-smi hides"))?;
        }
        write!(f, "cpu: {processor}; ONNX Runtime {library}")
    }
}
