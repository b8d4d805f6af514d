//! What a person is told of a model that does not run where it was meant to.

use hotplate::{Device, DeviceChoice, Engine};

/// One line: a warning where a device was asked for, and a note where `auto` found no GPU. None
/// where the model runs as it was meant to.
pub(crate) fn line(engine: &Engine) -> Option<String> {
    let placement = engine.placement();
    let reason = placement.fell_back.as_deref()?;
    Some(told(engine.name(), engine.requested_device(), placement.device, reason))
}

/// The line, where it is a warning: who scores a file has not asked for notes.
pub(crate) fn warn(engine: &Engine) {
    if engine.requested_device() != DeviceChoice::Auto
        && let Some(line) = line(engine)
    {
        eprintln!("{line}");
    }
}

fn told(name: &str, requested: DeviceChoice, device: Device, reason: &str) -> String {
    match requested {
        DeviceChoice::Auto => format!("note: {name} runs on {device}; {reason}"),
        // The reason may begin with the device that is named already.
        requested => {
            let reason = reason.strip_prefix(&format!("{requested}: ")).unwrap_or(reason);
            format!(
                "warning: {name} runs on {device} and not on {requested}, as was asked: {reason}; \
                 --require-device makes that an error"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_warned_of_and_auto_is_noted_on_a_line() {
        let reason = "cuda:0: no driver";
        let cuda = DeviceChoice::On(Device::Cuda(0));
        assert_eq!(
            told("m", cuda, Device::Cpu, reason),
            "warning: m runs on cpu and not on cuda:0, as was asked: no driver; --require-device \
             makes that an error"
        );
        assert_eq!(
            told("m", DeviceChoice::Auto, Device::Cpu, reason),
            "note: m runs on cpu; cuda:0: no driver"
        );
    }
}
