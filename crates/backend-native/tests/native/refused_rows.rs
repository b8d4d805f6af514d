//! Models that are right and whose rows are no table: for another engine to take.

use hotplate_backend::{Backend, BackendErrorKind, CompileOptions, Device, DeviceChoice};
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, Ensemble, FLOAT,
        TestDim::{self, Fixed, Open, Symbol},
        Writer, external, optional, shape, value, with_constant,
    },
};
use hotplate_native::Native;
use hotplate_tensor::Schema;

use crate::support::{
    answer, assert_refused, bits_of, compile, numbers, refusals, regression, run,
};

fn stump() -> Ensemble {
    Ensemble::regressor()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 1.0)
        .leaf((0, 2), 2.0)
}

/// The stump on an input that is declared so.
fn of(inputs: &[Writer]) -> Writer {
    fixture::graph(inputs, &[stump().node("x", &["y"])], &[answer()])
}

fn of_dims(dims: &[TestDim<'_>]) -> Writer {
    of(&[value("x", FLOAT, dims)])
}

#[test]
fn open_dimensions_are_refused() {
    let open = "a row of shape [?], which is open";
    assert_refused(&of_dims(&[Open, Open]), "input", "x", open);
    let tokens = of_dims(&[Symbol("batch"), Symbol("length"), Fixed(2)]);
    assert_refused(&tokens, "input", "x", "a row of shape [length, 2], which is open");
    // Only what is to blame.
    let one = of(&[value("x", FLOAT, &[Open, Open]), numbers("z", 2)]);
    assert_refused(&one, "input", "x", open);
}

#[test]
fn rows_that_are_too_wide_are_refused() {
    let width = i64::try_from(Schema::MAX_COLUMNS).unwrap();
    compile(&of_dims(&[Open, Fixed(width)])).unwrap();
    let reason = "rows of more than 65536 elements";
    assert_refused(&of_dims(&[Open, Fixed(width + 1)]), "input", "x", reason);
}

#[test]
fn rows_axis_of_one_takes_any_number() {
    let plan = compile(&of_dims(&[Fixed(1), Fixed(2)])).unwrap();
    let rows = [-1.0, 0.0, 1.0, 0.0, 0.5, 9.0];
    let any = compile(&of_dims(&[Open, Fixed(2)])).unwrap();
    assert_eq!(bits_of(&run(&*plan, &rows, 2)[0]), bits_of(&run(&*any, &rows, 2)[0]));
}

#[test]
fn constants_in_another_file_are_refused() {
    let constant = external("weights", FLOAT, &[2], "weights.bin", "0");
    let reason = "its elements are in another file";
    let graph = with_constant(regression(&stump(), 1), &constant);
    assert_refused(&graph, "initializer", "weights", reason);
    compile(&with_constant(regression(&stump(), 1), &shape("here", &[1]))).unwrap();
}

#[test]
fn output_that_may_be_absent_is_refused() {
    let outputs = [optional("y", FLOAT, &[Open, Fixed(1)])];
    let graph = fixture::graph(&[numbers("x", 1)], &[stump().node("x", &["y"])], &outputs);
    assert_refused(&graph, "output", "y", "may be absent");
}

#[test]
fn model_that_cannot_be_described_says_why() {
    let refused = refusals(&of(&[fixture::opaque_value("x", 4)]));
    let [(operator, _, reason)] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!(operator, "signature");
    assert!(reason.starts_with("input \"x\" should be a tensor"), "{reason}");
}

#[test]
fn plans_run_on_the_processor_and_nowhere_else() {
    let model = Model::from_bytes(fixture::model(&regression(&stump(), 1)).finish()).unwrap();
    let compile =
        |device| Native.compile(&model, &CompileOptions { device, ..CompileOptions::default() });
    for device in [DeviceChoice::Auto, DeviceChoice::CPU] {
        let plan = compile(device).unwrap();
        assert_eq!((plan.placement().device, &plan.placement().fell_back), (Device::Cpu, &None));
    }
    let error = compile(DeviceChoice::On(Device::Cuda(0))).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::DeviceUnavailable);
    assert!(error.to_string().starts_with("cuda:0: the native engine runs on"), "{error}");
}
