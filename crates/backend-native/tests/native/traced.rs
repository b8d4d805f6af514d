//! How rows came to their scores.

use std::{fs, path::Path, sync::Arc};

use hotplate_backend::{
    Backend, BackendErrorKind, CompileOptions, Plan, RowTrace, TracedAggregate, TracedScore,
};
use hotplate_model::{
    Model,
    onnx::fixture::{self, Ensemble, floats, int, ints, operation, string},
};
use hotplate_native::Native;
use hotplate_tensor::{Columns, DType, Value};

use crate::support::{
    NUMBERS, classification, classification_stump, compile, named_classes, numbers, regression,
    regression_stump,
};

fn trace(plan: &dyn Plan, cells: &[Value<'_>]) -> RowTrace {
    let mut columns = Columns::new(Arc::clone(plan.signature().schema()));
    columns.begin_row();
    for (column, &cell) in cells.iter().enumerate() {
        columns.set(column, cell).unwrap();
    }
    plan.trace(columns.inputs()).unwrap()
}

/// What the trees add to each score.
fn sums(trace: &RowTrace) -> Vec<f64> {
    let mut sums = vec![0.0; trace.scores.len()];
    for (score, value) in trace.trees.iter().flatten().flat_map(|tree| &tree.adds) {
        sums[*score] += value;
    }
    sums
}

#[track_caller]
fn assert_sums_up(trace: &RowTrace, name: &str) {
    for (score, sum) in trace.scores.iter().zip(sums(trace)) {
        let &TracedScore { base, margin, .. } = score;
        let apart = (base + sum - margin).abs();
        assert!(apart <= 1e-5 * margin.abs().max(1.0), "{name}: {base} and {sum} are {margin}");
    }
}

/// The files of models below a folder of the models' crate.
fn models(folder: &str, ending: &str) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests").join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|own| own == ending)).collect()
}

#[test]
fn trees_of_the_libraries_sum_up_to_the_margins() {
    let mut traced = 0;
    let files = [("lightgbm/models", "txt"), ("xgboost/3.2.0", "json"), ("xgboost/3.2.0", "ubj")];
    for path in files.into_iter().flat_map(|(folder, ending)| models(folder, ending)) {
        let model = Model::open(&path);
        let options = CompileOptions::default();
        // Some of the files are there to be refused.
        let Some(plan) = model.ok().and_then(|model| Native.compile(&model, &options).ok()) else {
            continue;
        };
        for seed in [-1.5, 0.25, 3.0] {
            let columns = plan.signature().schema().columns().iter();
            let cells: Vec<Value<'_>> = columns
                .map(|column| match column.dtype {
                    DType::Str => Value::Missing,
                    _ => Value::Number(seed),
                })
                .collect();
            let trace = trace(&*plan, &cells);
            assert_sums_up(&trace, &path.display().to_string());
            traced += 1;
        }
    }
    assert!(traced > 30, "{traced}");
}

#[test]
fn only_score_of_two_classes_is_the_seconds() {
    let trees = named_classes(classification_stump())
        .with("base_values", floats("base_values", &[0.5]))
        .with("post_transform", string("post_transform", "LOGISTIC"));
    let plan = compile(&classification(&trees, 1, fixture::STRING)).unwrap();
    let trace = trace(&*plan, &[1.0.into()]);
    assert_eq!(trace.scores, [TracedScore { class: Some(1), base: 0.5, margin: 1.5 }]);
    assert_eq!(trace.transform, "the logistic function of it");
    let [tree] = &trace.trees.as_ref().unwrap()[..] else { panic!("one tree") };
    assert_eq!((tree.leaf, tree.depth, tree.adds.as_slice()), (1, 1, &[(0, 1.0)][..]));
    let [branch] = tree.path[..] else { panic!("one branch") };
    assert_eq!((branch.value, branch.above, branch.at_most), (1.0, Some(0.0), None));
}

#[test]
fn base_that_is_not_added_is_in_no_margin() {
    // ONNX Runtime leaves the second score of such a model at zero.
    let trees = classification_stump().with("base_values", floats("base_values", &[0.5, 0.25]));
    let plan = compile(&classification(&trees, 1, NUMBERS)).unwrap();
    let trace = trace(&*plan, &[1.0.into()]);
    let margins: Vec<f64> = trace.scores.iter().map(|score| score.margin).collect();
    assert_eq!(margins, [1.5, 0.0]);
}

#[test]
fn average_is_shared_out_and_the_least_is_not() {
    let both = regression_stump().leaf((1, 0), 1.5);
    let traced = |name: &str| {
        let trees: Ensemble =
            both.clone().with("aggregate_function", string("aggregate_function", name));
        trace(&*compile(&regression(&trees, 1)).unwrap(), &[1.0.into()])
    };
    let average = traced("AVERAGE");
    assert_eq!((average.aggregate, sums(&average)[0]), (TracedAggregate::Average, 1.75));
    assert_sums_up(&average, "average");
    let least = traced("MIN");
    assert_eq!((least.aggregate, least.scores[0].margin), (TracedAggregate::Least, 1.5));
    assert_eq!(sums(&least), [3.5]);
}

#[test]
fn each_target_has_a_score() {
    let trees = regression_stump()
        .with("n_targets", int("n_targets", 2))
        .with("target_ids", ints("target_ids", &[1, 1]));
    let graph = fixture::graph(&[numbers("x", 1)], &[trees.node("x", &["y"])], &[numbers("y", 2)]);
    let trace = trace(&*compile(&graph).unwrap(), &[1.0.into()]);
    assert_eq!(sums(&trace), [0.0, 2.0]);
    assert_sums_up(&trace, "targets");
}

#[test]
fn program_is_not_traced_and_says_so() {
    let node = operation("Exp", &["x"], &["y"], &[]);
    let graph = fixture::graph(&[numbers("x", 1)], &[node], &[numbers("y", 1)]);
    let plan = compile(&graph).unwrap();
    let mut columns = Columns::new(Arc::clone(plan.signature().schema()));
    columns.begin_row();
    let error = plan.trace(columns.inputs()).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unsupported);
    assert!(error.to_string().contains("one ensemble of trees"), "{error}");
}
