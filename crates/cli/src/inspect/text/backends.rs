//! What runs a model, and what does not.

use std::io::{self, Write};

use hotplate::{Choice, Error, ErrorKind, Inspection, PassedOver};

use crate::layout::section;

pub(super) fn write(inspection: &Inspection, out: &mut impl Write) -> io::Result<()> {
    match &inspection.choice {
        Ok(choice) => write_choice(choice, out)?,
        Err(error) => write_problem(error, out)?,
    }
    if let Some(library) = &inspection.onnxruntime {
        let found = format!("{} in {}", library.version, library.path.display());
        let failures = library.failures.iter().map(|failure| format!("not from {failure}"));
        section(out, "ONNX Runtime", std::iter::once(found).chain(failures))?;
    }
    Ok(())
}

fn write_choice(choice: &Choice, out: &mut impl Write) -> io::Result<()> {
    let placement = &choice.placement;
    let mut lines =
        vec![format!("{} on {}, which takes the whole graph", choice.backend, placement.device)];
    lines.extend(placement.fell_back.iter().map(|reason| format!("not elsewhere: {reason}")));
    section(out, "runs on", lines)?;
    let nodes: Vec<String> =
        placement.nodes.iter().map(|(device, nodes)| format!("{nodes} on {device}")).collect();
    section(out, "nodes", (!nodes.is_empty()).then(|| nodes.join(", ")))?;
    section(out, "passed over", lines_of(&choice.passed_over))?;
    let steps = choice.steps.iter().enumerate();
    section(out, "steps", steps.map(|(index, step)| format!("{}. {step}", index + 1)))
}

fn write_problem(error: &Error, out: &mut impl Write) -> io::Result<()> {
    let passed = error.passed_over();
    let first = match error.kind() {
        ErrorKind::BackendUnavailable | ErrorKind::DeviceUnavailable => "nothing on this machine",
        _ => "nothing in this build",
    };
    if passed.is_empty() {
        let reason = error.to_string();
        let lines = reason.lines().map(str::trim_start);
        return section(out, "runs on", std::iter::once(first).chain(lines));
    }
    section(out, "runs on", [first])?;
    section(out, "passed over", lines_of(passed))
}

fn lines_of(passed: &[PassedOver]) -> Vec<String> {
    let lines = passed.iter().map(ToString::to_string);
    lines.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}
