//! Every level that this machine has gives the same bits, and every row the same in whatever company.

use std::sync::Arc;

use hotplate_backend::{CompileOptions, Device, Limits, Part, Placement, Plan};
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, FLOAT, INT64,
        TestDim::{Fixed, Open},
        Writer, floats, int, ints, ml_operation, operation, string,
    },
};
use hotplate_tensor::{DataView, Inputs, Shape, Tensor, TensorView};
use proptest::{collection::vec, prelude::*, sample::select};

use super::ProgramPlan;
use crate::{rows, simd::Level};

/// What a network has between two matrices.
const ACTIVATIONS: [&str; 16] = [
    "Relu",
    "Sigmoid",
    "Tanh",
    "Erf",
    "Exp",
    "Gelu",
    "Elu",
    "Selu",
    "Celu",
    "LeakyRelu",
    "Softplus",
    "Mish",
    "HardSwish",
    "Softmax",
    "LogSoftmax",
    "Abs",
];

/// The plan of a graph, run with these instructions.
fn plan(graph: &Writer, level: Level) -> Arc<dyn Plan> {
    let model = Model::from_bytes(fixture::model(graph).finish()).unwrap();
    let options = CompileOptions::default();
    let signature = rows::signature(&model, &options).unwrap();
    let placement = Placement { device: Device::Cpu, ..Placement::default() };
    let plan = ProgramPlan::new(&model.onnx().unwrap(), signature, placement, &options).unwrap();
    Arc::new(plan.with_level(level))
}

/// The bits of the first `FLOAT` output for these rows; every NaN has the same.
fn answers(plan: &dyn Plan, rows: &[f32], width: usize) -> Vec<u32> {
    let shape = Shape::new(&[rows.len() / width, width]).unwrap();
    let views = [TensorView::new(shape, DataView::F32(rows)).unwrap()];
    let outputs = plan.signature().outputs();
    let mut tensors: Vec<Tensor> =
        outputs.iter().map(|output| Tensor::empty(output.dtype)).collect();
    let mut parts = [Part::new(Inputs::from(&views[..]), &mut tensors)];
    plan.worker(&Limits { max_rows: 100, threads: 1 }).unwrap().run(&mut parts);
    let [part] = parts;
    part.outcome.unwrap();
    let floats = tensors.iter().find_map(|tensor| match tensor.data() {
        DataView::F32(elements) => Some(elements),
        _ => None,
    });
    let bits = |x: &f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
    floats.unwrap().iter().map(bits).collect()
}

#[track_caller]
fn assert_same_bits(graph: &Writer, rows: &[f32], width: usize) {
    let levels = Level::available();
    let expected = answers(&*plan(graph, levels[0]), rows, width);
    for level in levels {
        let plan = plan(graph, level);
        assert_eq!(answers(&*plan, rows, width), expected, "{level}");
        let alone: Vec<u32> =
            rows.chunks(width).flat_map(|row| answers(&*plan, row, width)).collect();
        assert_eq!(alone, expected, "{level}, row by row");
    }
}

fn constant(name: &str, dims: &[usize], elements: &[f32]) -> Writer {
    let dims: Vec<i64> = dims.iter().map(|&dim| i64::try_from(dim).unwrap()).collect();
    elements.iter().fold(fixture::tensor(name, FLOAT, &dims), |tensor, &x| tensor.float(4, x))
}

fn numbers(name: &str, width: usize) -> Writer {
    fixture::value(name, FLOAT, &[Open, Fixed(i64::try_from(width).unwrap())])
}

/// Numbers as they come, and a few that are hard.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        40 => -4.0_f32..4.0,
        2 => any::<i8>().prop_map(f32::from),
        1 => any::<u32>().prop_map(f32::from_bits),
        1 => select(&[0.0, -0.0, f32::MIN_POSITIVE, 1e-40, f32::INFINITY, f32::NAN][..]),
    ]
}

/// Widths on both sides of the sizes of tiles, and of slices.
fn width() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 1..=80_usize, 1 => 250..=270_usize]
}

/// A layer's weights `[k, n]`, its summands, and what follows.
fn layer(k: usize) -> impl Strategy<Value = (usize, Vec<f32>, Vec<f32>, &'static str)> {
    width().prop_flat_map(move |n| {
        (Just(n), vec(number(), k * n), vec(number(), n), select(&ACTIVATIONS[..]))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn layers_give_the_same_bits_on_every_level(
        (k, (n, weights, summands, activation), rows, as_gemm) in width().prop_flat_map(|k| {
            let rows = (1..=40_usize).prop_flat_map(move |rows| vec(number(), rows * k));
            (Just(k), layer(k), rows, any::<bool>())
        }),
    ) {
        let nodes = if as_gemm {
            vec![operation("Gemm", &["x", "w", "b"], &["h"], &[])]
        } else {
            vec![
                operation("MatMul", &["x", "w"], &["p"], &[]),
                operation("Add", &["p", "b"], &["h"], &[]),
            ]
        };
        let nodes: Vec<Writer> =
            nodes.into_iter().chain([operation(activation, &["h"], &["y"], &[])]).collect();
        let graph = fixture::graph(&[numbers("x", k)], &nodes, &[numbers("y", n)]);
        let graph = fixture::with_constant(graph, &constant("w", &[k, n], &weights));
        let graph = fixture::with_constant(graph, &constant("b", &[n], &summands));
        assert_same_bits(&graph, &rows, k);
    }

    #[test]
    fn linear_models_give_the_same_bits_on_every_level(
        (k, n, coefficients, rows, transform) in (1..=80_usize, 1..=6_usize).prop_flat_map(|(k, n)| {
            let rows = (1..=40_usize).prop_flat_map(move |rows| vec(number(), rows * k));
            let transform = select(&["NONE", "LOGISTIC", "SOFTMAX"][..]);
            (Just(k), Just(n), vec(number(), k * n), rows, transform)
        }),
    ) {
        let labels: Vec<i64> = (0..i64::try_from(n.max(2)).unwrap()).collect();
        let attributes = [
            floats("coefficients", &coefficients),
            floats("intercepts", &vec![0.5; n]),
            ints("classlabels_ints", &labels),
            string("post_transform", transform),
        ];
        let node = ml_operation("LinearClassifier", &["x"], &["label", "y"], &attributes);
        let outputs = [fixture::value("label", INT64, &[Open]), numbers("y", labels.len())];
        assert_same_bits(&fixture::graph(&[numbers("x", k)], &[node], &outputs), &rows, k);
    }

    #[test]
    fn products_of_what_is_computed_give_the_same_bits_on_every_level(
        (k, rows) in (1..=40_usize).prop_flat_map(|k| (Just(k), vec(number(), k * 3))),
    ) {
        // Each row as a column times itself as a row.
        let nodes = [
            operation("Unsqueeze", &["x", "two"], &["column"], &[]),
            operation("Unsqueeze", &["x", "one"], &["row"], &[]),
            operation("MatMul", &["column", "row"], &["p"], &[]),
            operation("Flatten", &["p"], &["y"], &[int("axis", 1)]),
        ];
        let graph = fixture::graph(&[numbers("x", k)], &nodes, &[numbers("y", k * k)]);
        let graph = fixture::with_constant(graph, &fixture::shape("one", &[1]));
        let graph = fixture::with_constant(graph, &fixture::shape("two", &[2]));
        assert_same_bits(&graph, &rows, k);
    }
}

#[test]
fn a_plan_says_which_instructions_its_loops_are_for() {
    let node = operation("Relu", &["x"], &["y"], &[]);
    let graph = fixture::graph(&[numbers("x", 2)], &[node], &[numbers("y", 2)]);
    for level in Level::available() {
        let steps = plan(&graph, level).steps();
        assert_eq!(steps.last(), Some(&format!("loops compiled for {level}")), "{steps:?}");
    }
}
