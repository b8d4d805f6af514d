//! Where a plan runs, on whatever machine this is.

use hotplate_backend::{
    Backend as _, BackendErrorKind, CompileOptions, Device, DeviceChoice, Plan,
};
use hotplate_model::onnx::fixture::{
    FLOAT,
    TestDim::{Fixed, Open},
    graph, operation, value,
};

use crate::support::{LIMITS, ask, backend_or_return, floats, model, numbers};

fn on(device: DeviceChoice) -> CompileOptions {
    CompileOptions { device, ..CompileOptions::default() }
}

#[test]
fn device_that_is_not_there_is_never_replaced_in_silence() {
    let backend = backend_or_return!();
    let dims = [Open, Fixed(2)];
    let nodes = [operation("Neg", &["x"], &["z"], &[]), operation("Exp", &["z"], &["y"], &[])];
    let graph = graph(&[value("x", FLOAT, &dims)], &nodes, &[value("y", FLOAT, &dims)]);
    let model = model(&graph);
    let answers_as_it_should = |plan: &std::sync::Arc<dyn Plan>| {
        let mut worker = plan.worker(&LIMITS).unwrap();
        let answer = ask(plan, &mut worker, &[floats(&[1, 2], &[0., 0.])]).unwrap();
        assert_eq!(numbers(&answer[0]), [1., 1.]);
    };

    let plan = backend.compile(&model, &on(DeviceChoice::CPU)).unwrap();
    assert_eq!(plan.placement().device, Device::Cpu);
    assert_eq!(plan.placement().fell_back, None);
    assert_eq!(plan.placement().nodes, [("cpu".to_owned(), 2)]);
    assert!(plan.is_parallel());
    answers_as_it_should(&plan);

    for device in [Device::Cuda(0), Device::TensorRt(0), Device::Cuda(u32::MAX)] {
        match backend.compile(&model, &on(DeviceChoice::On(device))) {
            Ok(plan) => {
                assert_eq!(plan.placement().device, device);
                assert!(plan.placement().nodes.iter().any(|(name, _)| name != "cpu"));
                answers_as_it_should(&plan);
            }
            Err(error) => {
                assert_eq!(error.kind(), BackendErrorKind::DeviceUnavailable);
                assert!(error.to_string().starts_with(&format!("{device}: ")), "{error}");
            }
        }
    }

    // Left open, it says why it is on the processor.
    let plan = backend.compile(&model, &on(DeviceChoice::Auto)).unwrap();
    let on_processor = plan.placement().device == Device::Cpu;
    assert_eq!(plan.placement().fell_back.is_some(), on_processor);
    answers_as_it_should(&plan);
}
