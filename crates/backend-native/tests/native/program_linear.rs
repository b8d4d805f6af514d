//! Products with matrices, and the linear models.

use hotplate_backend::{Backend, CompileOptions};
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, FLOAT, INT64, STRING, TestDim::Open, Writer, float, floats, int, ints, ml_operation,
        operation, string, strings,
    },
};
use hotplate_native::Native;
use hotplate_tensor::DataView;

use crate::{
    program_reduce::{assert_answers, assert_close},
    support::{assert_invalid, assert_refused, compile, floats_of, numbers, run},
};

/// A constant of float32 elements.
fn matrix(name: &str, dims: &[i64], elements: &[f32]) -> Writer {
    elements.iter().fold(fixture::tensor(name, FLOAT, dims), |tensor, &x| tensor.float(4, x))
}

/// A graph that makes `y` of `x`, rows of `width` numbers.
fn of(nodes: &[Writer], constants: &[Writer], width: usize) -> Writer {
    let y = fixture::value("y", FLOAT, &[Open, Open]);
    let graph = fixture::graph(&[numbers("x", width)], nodes, &[y]);
    constants.iter().fold(graph, fixture::with_constant)
}

/// Numbers that are the same at every run.
fn scattered(count: usize) -> Vec<f32> {
    (0..count).map(|seed| f32::from(u8::try_from(seed * 37 % 101).unwrap()) / 16.0 - 3.0).collect()
}

/// `[rows, k]` times `[k, n]`, by the definition.
fn product(a: &[f32], b: &[f32], k: usize, n: usize) -> Vec<f32> {
    let row = |row: &[f32]| -> Vec<f32> {
        let sum = |column: usize| row.iter().zip(b[column..].iter().step_by(n)).map(|(a, b)| a * b);
        (0..n).map(|column| sum(column).sum()).collect()
    };
    a.chunks(k).flat_map(row).collect()
}

fn turned(matrix: &[f32], columns: usize) -> Vec<f32> {
    let column = |column: usize| matrix[column..].iter().step_by(columns).copied();
    (0..columns).flat_map(column).collect()
}

#[test]
fn rows_times_a_matrix_of_any_width() {
    for n in [1, 3, 4, 5, 15, 16, 17, 32, 40] {
        let (rows, weights) = (scattered(7 * 5), scattered(5 * n));
        let dims = [5, i64::try_from(n).unwrap()];
        let expected = product(&rows, &weights, 5, n);
        let node = operation("MatMul", &["x", "w"], &["y"], &[]);
        let graph = of(&[node], &[matrix("w", &dims, &weights)], 5);
        assert_answers(&graph, &rows, 5, &expected);
        let node = operation("Gemm", &["x", "w"], &["y"], &[int("transB", 1)]);
        let w = matrix("w", &[dims[1], 5], &turned(&weights, n));
        assert_answers(&of(&[node], &[w], 5), &rows, 5, &expected);
    }
}

#[test]
fn vectors_are_rows_and_columns() {
    let node = operation("MatMul", &["x", "w"], &["y"], &[]);
    let graph = of(&[node], &[matrix("w", &[2], &[10.0, 1.0])], 2);
    assert_answers(&graph, &[1.0, 2.0, 3.0, 4.0], 2, &[12.0, 34.0]);
    assert_eq!(run(&*compile(&graph).unwrap(), &[1.0, 2.0], 2)[0].shape().dims(), [1]);
    let node = operation("MatMul", &["w", "t"], &["y"], &[]);
    let turn = operation("Transpose", &["x"], &["t"], &[ints("perm", &[1, 0])]);
    let graph = of(&[turn, node], &[matrix("w", &[2], &[10.0, 1.0])], 2);
    assert_answers(&graph, &[1.0, 2.0, 3.0, 4.0], 2, &[12.0, 34.0]);
}

#[test]
fn rows_may_stand_on_any_axis_that_is_not_added_up() {
    let turn = |from: &str, to: &str| operation("Transpose", &[from], &[to], &[]);
    let (rows, weights) = (scattered(6), scattered(8));
    // (w · xᵀ)ᵀ is x · wᵀ.
    for node in [
        operation("MatMul", &["w", "t"], &["p"], &[]),
        operation("Gemm", &["w", "x"], &["p"], &[int("transB", 1)]),
        operation("Gemm", &["v", "t"], &["p"], &[int("transA", 1)]),
    ] {
        let constants =
            [matrix("w", &[4, 2], &weights), matrix("v", &[2, 4], &turned(&weights, 2))];
        let graph = of(&[turn("x", "t"), node, turn("p", "y")], &constants, 2);
        assert_answers(&graph, &rows, 2, &product(&rows, &turned(&weights, 2), 2, 4));
    }
    // xᵀ as the first factor, turned back.
    let node = operation("Gemm", &["t", "w"], &["y"], &[int("transA", 1)]);
    let graph = of(&[turn("x", "t"), node], &[matrix("w", &[2, 4], &weights)], 2);
    assert_answers(&graph, &rows, 2, &product(&rows, &weights, 2, 4));
    // A matrix for each row.
    let nodes = [
        operation("Unsqueeze", &["x", "one"], &["a"], &[]),
        operation("MatMul", &["a", "w"], &["p"], &[]),
        operation("Reshape", &["p", "flat"], &["y"], &[]),
    ];
    let constants = [
        matrix("w", &[1, 2, 4], &weights),
        fixture::shape("one", &[1]),
        fixture::shape("flat", &[-1, 4]),
    ];
    assert_answers(&of(&nodes, &constants, 2), &rows, 2, &product(&rows, &weights, 2, 4));
    let node = operation("MatMul", &["t", "x"], &["y"], &[]);
    assert_refused(
        &of(&[turn("x", "t"), node], &[], 2),
        "MatMul",
        "y",
        "a product that adds rows up",
    );
}

#[test]
fn gemm_scales_and_adds() {
    let w = matrix("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let attributes = [float("alpha", 2.0), float("beta", 0.5)];
    let node = operation("Gemm", &["x", "w", "c"], &["y"], &attributes);
    let cases: [(&[i64], &[f32], [f32; 3]); 5] = [
        (&[], &[2.0], [11.0, 15.0, 19.0]),
        (&[1], &[2.0], [11.0, 15.0, 19.0]),
        (&[3], &[2.0, 4.0, 6.0], [11.0, 16.0, 21.0]),
        (&[1, 3], &[2.0, 4.0, 6.0], [11.0, 16.0, 21.0]),
        (&[1, 1], &[2.0], [11.0, 15.0, 19.0]),
    ];
    for (dims, c, expected) in cases {
        let graph = of(std::slice::from_ref(&node), &[w.clone(), matrix("c", dims, c)], 2);
        assert_answers(&graph, &[1.0, 1.0], 2, &expected);
    }
    let own = operation("Gemm", &["x", "w", "x"], &["y"], &[]);
    let square = matrix("w", &[2, 2], &[1.0, 0.0, 0.0, 1.0]);
    assert_answers(&of(&[own], &[square], 2), &[1.0, 2.0, 3.0, 4.0], 2, &[2.0, 4.0, 6.0, 8.0]);
    for dims in [&[2_i64][..], &[2, 3], &[1, 1, 3]] {
        let count: i64 = dims.iter().product();
        let c = matrix("c", dims, &vec![0.0; usize::try_from(count).unwrap()]);
        assert!(compile(&of(std::slice::from_ref(&node), &[w.clone(), c], 2)).is_err(), "{dims:?}");
    }
}

#[test]
fn widths_that_do_not_fit_are_refused() {
    let node = operation("MatMul", &["x", "w"], &["y"], &[]);
    let graph = of(&[node], &[matrix("w", &[3, 1], &[0.0; 3])], 2);
    assert_invalid(&graph, "node \"y\": rows of 2 times 3");
    let node = operation("MatMul", &["x", "w"], &["y"], &[]);
    let graph = of(&[node], &[matrix("w", &[], &[0.0])], 2);
    assert_invalid(&graph, "node \"y\": the product with a scalar");
    let node = operation("Gemm", &["x", "w"], &["y"], &[]);
    let graph = of(&[node], &[matrix("w", &[3], &[0.0; 3])], 2);
    assert_invalid(&graph, "node \"y\": float32 [3] is no matrix");
    let node = operation("MatMul", &["x", "w"], &["y"], &[]);
    let graph = of(&[node], &[matrix("w", &[2, 0], &[])], 2);
    assert_answers(&graph, &[1.0, 2.0], 2, &[]);
}

#[test]
fn channels_are_normalized_by_what_was_learnt() {
    let constants = [
        matrix("s", &[2], &[1.0, 2.0]),
        matrix("b", &[2], &[0.5, 0.0]),
        matrix("m", &[2], &[1.0, -1.0]),
        matrix("v", &[2], &[4.0, 1.0]),
    ];
    let inputs = ["x", "s", "b", "m", "v"];
    let node = operation("BatchNormalization", &inputs, &["y"], &[float("epsilon", 0.0)]);
    assert_answers(&of(&[node], &constants, 2), &[3.0, 1.0, 1.0, 0.0], 2, &[1.5, 4.0, 0.5, 2.0]);
    let node = operation("BatchNormalization", &inputs, &["y"], &[int("training_mode", 1)]);
    let reason = "normalization by the batch itself";
    assert_refused(&of(&[node], &constants, 2), "BatchNormalization", "y", reason);
}

#[test]
fn points_have_distances() {
    let points = matrix("p", &[2, 5], &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 3.0]);
    let roots = [17.0_f32.sqrt(), 8.0_f32.sqrt()];
    for (metric, expected) in [("sqeuclidean", [17.0, 8.0]), ("euclidean", roots)] {
        let node = operation("CDist", &["x", "p"], &["y"], &[string("metric", metric)])
            .text(7, "com.microsoft");
        let graph = of(&[node], std::slice::from_ref(&points), 5);
        let opset = Writer::default().text(1, "com.microsoft").int(2, 1);
        let model = fixture::model(&graph).message(8, &opset).finish();
        let model = Model::from_bytes(model).unwrap();
        let plan = Native.compile(&model, &CompileOptions::default()).unwrap();
        let answer = run(&*plan, &[2.0, 2.0, 2.0, 2.0, 1.0], 5);
        assert_close(floats_of(&answer[0]), &expected);
    }
}

const ROWS: [f32; 6] = [1.0, 2.0, -1.0, -2.0, 0.0, 0.0];

fn classifier(attributes: &[Writer]) -> Writer {
    ml_operation("LinearClassifier", &["x"], &["label", "y"], attributes)
}

fn classification(attributes: &[Writer], label: i64) -> Writer {
    of(&[classifier(attributes)], &[], 2).message(12, &fixture::value("label", label, &[Open]))
}

#[test]
fn one_score_stands_for_two_classes() {
    let attributes = |labels: Writer, transform: &str| {
        [
            floats("coefficients", &[0.3, 0.1]),
            floats("intercepts", &[-0.1]),
            labels,
            string("post_transform", transform),
        ]
    };
    let scores = [0.6, 0.4, 1.6, -0.6, 1.1, -0.1];
    let logistic = [0.401_312_35, 0.598_687_65, 0.645_656_3, 0.354_343_7, 0.524_979_2, 0.475_020_8];
    for (transform, expected) in
        [("NONE", scores), ("SOFTMAX", scores), ("SOFTMAX_ZERO", scores), ("LOGISTIC", logistic)]
    {
        let graph =
            classification(&attributes(ints("classlabels_ints", &[5, 7]), transform), INT64);
        assert_answers(&graph, &ROWS, 2, &expected);
        let plan = compile(&graph).unwrap();
        assert_eq!(run(&*plan, &ROWS, 2)[1].data(), DataView::I64(&[7, 5, 5]));
    }
    let names = strings("classlabels_strings", &["a", "b"]);
    let plan = compile(&classification(&attributes(names, "NONE"), STRING)).unwrap();
    let answer = run(&*plan, &ROWS, 2);
    let DataView::Str(labels) = answer[1].data() else { panic!("labels are texts") };
    assert_eq!(labels.iter().collect::<Vec<_>>(), ["b", "a", "a"]);
    let labels = ints("classlabels_ints", &[5, 7]);
    let graph = classification(&attributes(labels, "PROBIT"), INT64);
    assert_refused(&graph, "ai.onnx.ml.LinearClassifier", "label", "PROBIT");
    // Without names there is one score, as it is.
    let attributes = [floats("coefficients", &[0.3, 0.1]), floats("intercepts", &[-0.1])];
    let graph = classification(&attributes, INT64);
    assert_answers(&graph, &ROWS, 2, &[0.4, -0.6, -0.1]);
    let plan = compile(&graph).unwrap();
    assert_eq!(run(&*plan, &ROWS, 2)[1].data(), DataView::I64(&[1, 0, 0]));
}

#[test]
fn greatest_score_is_the_class() {
    let attributes = |transform: &str| {
        [
            floats("coefficients", &[0.3, 0.1, 0.2, 0.3, 0.4, 0.5]),
            floats("intercepts", &[0.1, 0.2, 0.3]),
            ints("classlabels_ints", &[3, 1, 2]),
            string("post_transform", transform),
        ]
    };
    let cases = [
        ("NONE", [0.6, 1.0, 1.7, -0.4, -0.6, -1.1]),
        (
            "LOGISTIC",
            [0.645_656_3, 0.731_058_6, 0.845_534_74, 0.401_312_35, 0.354_343_7, 0.249_739_9],
        ),
        (
            "SOFTMAX",
            [0.181_950_82, 0.271_438_72, 0.546_610_5, 0.431_906_5, 0.353_615_1, 0.214_478_43],
        ),
    ];
    for (transform, expected) in cases {
        let graph = classification(&attributes(transform), INT64);
        assert_answers(&graph, &ROWS[..4], 2, &expected);
        let plan = compile(&graph).unwrap();
        assert_eq!(run(&*plan, &ROWS[..4], 2)[1].data(), DataView::I64(&[2, 3]));
    }
    let [coefficients, intercepts, labels, _] = attributes("NONE");
    let refused = |attributes: &[Writer], sentence: &str| {
        assert_invalid(&classification(attributes, INT64), &format!("node \"label\": {sentence}"));
    };
    let few = floats("coefficients", &[0.3, 0.1, 0.2]);
    refused(&[few, intercepts.clone(), labels.clone()], "3 coefficients for 3 times 2");
    let two = ints("classlabels_ints", &[3, 1]);
    refused(&[coefficients.clone(), intercepts.clone(), two], "2 class labels for 3 scores");
    refused(&[coefficients.clone(), intercepts.clone()], "no class labels are given");
    let texts = strings("classlabels_strings", &["a", "b", "c"]);
    let both = "classes have texts and integers for labels";
    refused(&[coefficients.clone(), intercepts, labels.clone(), texts], both);
    let graph = classification(&[coefficients, labels], INT64);
    let reason = "a classifier without intercepts";
    assert_refused(&graph, "ai.onnx.ml.LinearClassifier", "label", reason);
}

#[test]
fn targets_have_coefficients_of_their_own() {
    let regressor = |attributes: &[Writer]| {
        of(&[ml_operation("LinearRegressor", &["x"], &["y"], attributes)], &[], 2)
    };
    let one = |transform: &str| {
        let coefficients = floats("coefficients", &[0.3, 0.1]);
        let transform = string("post_transform", transform);
        regressor(&[coefficients, floats("intercepts", &[0.5]), transform])
    };
    for transform in ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"] {
        assert_answers(&one(transform), &ROWS, 2, &[1.0, 0.0, 0.5]);
    }
    assert_refused(&one("PROBIT"), "ai.onnx.ml.LinearRegressor", "y", "PROBIT");
    assert_invalid(&one("ERF"), "node \"y\": post_transform is \"ERF\"");
    let two = |attribute: Writer| {
        regressor(&[floats("coefficients", &[0.3, 0.1, 0.2, 0.3]), int("targets", 2), attribute])
    };
    let logistic = [0.622_459_3, 0.689_974_4, 0.377_540_7, 0.310_025_54, 0.5, 0.5];
    assert_answers(&two(string("post_transform", "LOGISTIC")), &ROWS, 2, &logistic);
    assert_invalid(&two(floats("intercepts", &[1.0])), "node \"y\": 1 intercepts for 2 targets");
    for targets in [0, -1] {
        let graph = regressor(&[floats("coefficients", &[0.3, 0.1]), int("targets", targets)]);
        assert_invalid(&graph, "node \"y\": targets is not positive");
    }
    let graph = regressor(&[floats("coefficients", &[0.3]), int("targets", i64::MAX)]);
    let problem = format!("node \"y\": 1 coefficients for {} targets", i64::MAX);
    assert_invalid(&graph, &problem);
}

#[test]
fn small_network_is_answered_as_by_the_definition() {
    let relu = |x: Vec<f32>| -> Vec<f32> { x.into_iter().map(|x| x.max(0.0)).collect() };
    let (one, two) = (scattered(20 * 64), scattered(64));
    let nodes = [
        operation("MatMul", &["x", "w1"], &["a"], &[]),
        operation("Relu", &["a"], &["b"], &[]),
        operation("Gemm", &["b", "w2"], &["y"], &[]),
    ];
    let constants = [matrix("w1", &[20, 64], &one), matrix("w2", &[64, 1], &two)];
    let rows = scattered(20 * 33);
    let expected = product(&relu(product(&rows, &one, 20, 64)), &two, 64, 1);
    let answer = run(&*compile(&of(&nodes, &constants, 20)).unwrap(), &rows, 20);
    assert_close(floats_of(&answer[0]), &expected);
}
