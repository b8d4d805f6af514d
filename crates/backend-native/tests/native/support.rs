//! From a model written by a test to its answers.

use std::sync::Arc;

use hotplate_backend::{
    Backend, BackendError, BackendErrorKind, CompileOptions, Limits, Part, Plan, TreeLayout,
    UnknownCategories,
};
use hotplate_model::{
    Model,
    onnx::fixture::{
        self, Ensemble, FLOAT, INT64, STRING,
        TestDim::{Fixed, Open},
        Writer, ints, strings,
    },
};
use hotplate_native::Native;
use hotplate_tensor::{Columns, DataView, Inputs, Shape, Tensor, TensorView, Value};

/// What a worker of a test may use.
pub(crate) const LIMITS: Limits = Limits { max_rows: 1024, threads: 1 };

/// Compiles a model of this graph.
pub(crate) fn compile(graph: &Writer) -> Result<Arc<dyn Plan>, BackendError> {
    compile_as(graph, None)
}

/// Compiles a model of this graph, its trees in this layout.
pub(crate) fn compile_as(
    graph: &Writer,
    tree_layout: Option<TreeLayout>,
) -> Result<Arc<dyn Plan>, BackendError> {
    let model = Model::from_bytes(fixture::model(graph).finish()).unwrap();
    Native.compile(&model, &CompileOptions { tree_layout, ..CompileOptions::default() })
}

/// Operator, node and reason of everything that is not taken of this graph.
pub(crate) fn refusals(graph: &Writer) -> Vec<(String, String, String)> {
    let error = compile(graph).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unsupported, "{error}");
    let refusal = |refusal: &hotplate_backend::Refusal| {
        (refusal.operator.clone(), refusal.node.clone(), refusal.reason.clone())
    };
    error.refusals().iter().map(refusal).collect()
}

/// The reason of the only refusal, which must be of this operator and node.
#[track_caller]
pub(crate) fn assert_refused(graph: &Writer, operator: &str, node: &str, reason: &str) {
    let refusals = refusals(graph);
    assert_eq!(refusals, [(operator.to_owned(), node.to_owned(), reason.to_owned())]);
}

/// Checks that a model of this graph is called wrong in itself, in these words.
#[track_caller]
pub(crate) fn assert_invalid(graph: &Writer, sentence: &str) {
    let error = compile(graph).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::InvalidModel, "{error}");
    assert_eq!(error.to_string(), sentence);
}

/// An input of `width` numbers a row.
pub(crate) fn numbers(name: &str, width: usize) -> Writer {
    fixture::value(name, FLOAT, &[Open, Fixed(i64::try_from(width).unwrap())])
}

/// An input of `width` texts a row.
pub(crate) fn texts(name: &str, width: usize) -> Writer {
    fixture::value(name, STRING, &[Open, Fixed(i64::try_from(width).unwrap())])
}

/// The output of a regressor: `y`, one number a row.
pub(crate) fn answer() -> Writer {
    numbers("y", 1)
}

/// The outputs of a classifier: `label` and `scores`.
pub(crate) fn class(label: i64) -> [Writer; 2] {
    [fixture::value("label", label, &[Open]), numbers("scores", 2)]
}

/// A regression by these trees on `x`, a row of `width` numbers.
pub(crate) fn regression(trees: &Ensemble, width: usize) -> Writer {
    fixture::graph(&[numbers("x", width)], &[trees.node("x", &["y"])], &[answer()])
}

/// A classification by these trees, with their labels, on `x`, a row of `width` numbers.
pub(crate) fn classification(trees: &Ensemble, width: usize, label: i64) -> Writer {
    let node = trees.node("x", &["label", "scores"]);
    fixture::graph(&[numbers("x", width)], &[node], &class(label))
}

/// Two classes that are called by name.
pub(crate) fn named_classes(trees: Ensemble) -> Ensemble {
    trees.with("classlabels_strings", strings("classlabels_strings", &["No", "Yes"]))
}

/// Two classes that are called by number.
pub(crate) fn numbered_classes(trees: Ensemble) -> Ensemble {
    trees.with("classlabels_int64s", ints("classlabels_int64s", &[7, -3]))
}

/// One branch on `x ≤ 0`: 1 where it holds, 2 where it does not.
pub(crate) fn regression_stump() -> Ensemble {
    Ensemble::regressor()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), 1.0)
        .leaf((0, 2), 2.0)
}

/// One branch on `x ≤ 0`, with a score of -1 or 1 for the one of two numbered classes.
pub(crate) fn classification_stump() -> Ensemble {
    let stump = Ensemble::classifier()
        .branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 2))
        .leaf((0, 1), -1.0)
        .leaf((0, 2), 1.0);
    numbered_classes(stump)
}

/// A graph whose one output says what feature `feature` of `last` is: 1 where it is `expected`
/// (NaN included), 0 where it is not.
fn probe(inputs: &[Writer], nodes: &[Writer], last: &str, feature: usize, expected: f32) -> Writer {
    let feature = i64::try_from(feature).unwrap();
    let tree = if expected.is_nan() {
        // Only a missing value holds at first and not then.
        Ensemble::regressor()
            .branch((0, 0), "BRANCH_LEQ", (feature, -f32::MAX), (1, 2))
            .missing_is_true()
            .branch((0, 1), "BRANCH_LEQ", (feature, -f32::MAX), (3, 4))
            .leaf((0, 2), 0.0)
            .leaf((0, 3), 0.0)
            .leaf((0, 4), 1.0)
    } else {
        Ensemble::regressor()
            .branch((0, 0), "BRANCH_LEQ", (feature, expected), (1, 2))
            .branch((0, 1), "BRANCH_LEQ", (feature, expected.next_down()), (3, 4))
            .leaf((0, 2), 0.0)
            .leaf((0, 3), 0.0)
            .leaf((0, 4), 1.0)
    };
    let mut nodes = nodes.to_vec();
    nodes.push(tree.node(last, &["y"]));
    fixture::graph(inputs, &nodes, &[answer()])
}

/// Checks that trees which read `last` see these features of a row with these cells.
#[track_caller]
pub(crate) fn assert_features(
    inputs: &[Writer],
    constants: &[Writer],
    nodes: &[Writer],
    last: &str,
    cells: &[Value<'_>],
    expected: &[f32],
) {
    let graph = |feature, value| {
        let graph = probe(inputs, nodes, last, feature, value);
        constants.iter().fold(graph, fixture::with_constant)
    };
    for (feature, &value) in expected.iter().enumerate() {
        let plan = compile(&graph(feature, value)).unwrap();
        let outputs = run_cells(&*plan, &[cells]);
        assert_eq!(floats_of(&outputs[0]), [1.0], "feature {feature} of {cells:?} is not {value}");
    }
    let width = expected.len();
    let beyond = format!("node \"y\": asks for feature {width} of {width}");
    assert_invalid(&graph(width, 0.0), &beyond);
}

/// The label code of a fixture's classes.
pub(crate) const NAMES: i64 = STRING;
/// The label code of a fixture's classes.
pub(crate) const NUMBERS: i64 = INT64;

/// Runs rows of `width` numbers.
pub(crate) fn run(plan: &dyn Plan, rows: &[f32], width: usize) -> Vec<Tensor> {
    let shape = Shape::new(&[rows.len() / width, width]).unwrap();
    run_views(plan, &[TensorView::new(shape, DataView::F32(rows)).unwrap()])
}

/// Runs the rows of these inputs.
pub(crate) fn run_views(plan: &dyn Plan, views: &[TensorView<'_>]) -> Vec<Tensor> {
    let mut outputs = outputs(plan);
    run_part(plan, Part::new(Inputs::from(views), &mut outputs)).unwrap();
    outputs
}

/// Runs one part in a worker of its own.
pub(crate) fn run_part(plan: &dyn Plan, part: Part<'_>) -> Result<(), BackendError> {
    let mut parts = [part];
    plan.worker(&LIMITS).unwrap().run(&mut parts);
    let [part] = parts;
    part.outcome
}

/// A tensor for each of the plan's outputs.
pub(crate) fn outputs(plan: &dyn Plan) -> Vec<Tensor> {
    plan.signature().outputs().iter().map(|output| Tensor::empty(output.dtype)).collect()
}

/// Rows given cell by cell.
pub(crate) fn rows(plan: &dyn Plan, cells: &[&[Value<'_>]]) -> Columns {
    let mut columns = Columns::new(Arc::clone(plan.signature().schema()));
    for row in cells {
        columns.begin_row();
        for (column, &cell) in row.iter().enumerate() {
            columns.set(column, cell).unwrap();
        }
    }
    columns
}

/// Runs rows given cell by cell.
pub(crate) fn run_cells(plan: &dyn Plan, cells: &[&[Value<'_>]]) -> Vec<Tensor> {
    let columns = rows(plan, cells);
    let mut outputs = outputs(plan);
    run_part(plan, Part::new(columns.inputs(), &mut outputs)).unwrap();
    outputs
}

/// Runs rows given cell by cell, where unknown texts are refused.
pub(crate) fn run_strictly(
    plan: &dyn Plan,
    cells: &[&[Value<'_>]],
) -> Result<Vec<Tensor>, BackendError> {
    let columns = rows(plan, cells);
    let mut outputs = outputs(plan);
    let mut part = Part::new(columns.inputs(), &mut outputs);
    part.unknown_categories = UnknownCategories::Refuse;
    run_part(plan, part)?;
    Ok(outputs)
}

/// The elements of a float32 tensor.
pub(crate) fn floats_of(tensor: &Tensor) -> &[f32] {
    let DataView::F32(elements) = tensor.data() else { panic!("a tensor of {}", tensor.dtype()) };
    elements
}

/// The bits of a float32 tensor, which tell NaN from NaN and zero from minus zero.
pub(crate) fn bits_of(tensor: &Tensor) -> Vec<u32> {
    floats_of(tensor).iter().map(|element| element.to_bits()).collect()
}
