//! A row's answer is its own, whatever stands beside it.

use std::sync::Arc;

use hotplate_backend::{BackendError, BackendErrorKind, Part, Plan, UnknownCategories};
use hotplate_model::onnx::fixture::{
    self, Ensemble, floats, int, ml_operation, operation, shape, string, strings, with_constant,
};
use hotplate_tensor::{Columns, DataView, Tensor, Value};

use crate::support::{
    LIMITS, NAMES, bits_of, class, compile, floats_of, named_classes, numbers, outputs, regression,
    rows, run, run_cells, run_part, texts,
};

const TEXTS: [&str; 4] = ["a", "b", "?", ""];

/// Eleven trees with a branch for every feature, and one that sends missing values to its true
/// side.
fn trees(ensemble: Ensemble, width: i64) -> Ensemble {
    (0_i16..11).fold(ensemble, |mut trees, number| {
        let tree = i64::from(number);
        for feature in 0..width {
            let threshold = 0.37 * f32::from(number) - 1.7;
            let children = (2 * feature + 2, 2 * feature + 1);
            trees = trees.branch((tree, 2 * feature), "BRANCH_LT", (feature, threshold), children);
            if number == 3 {
                trees = trees.missing_is_true();
            }
            let weight = 0.013 * f32::from(number) - 0.07;
            trees = trees.leaf((tree, 2 * feature + 1), weight);
        }
        trees.leaf((tree, 2 * width), 0.19 - 0.011 * f32::from(number))
    })
}

/// Two numbers as they are.
fn matrix() -> Arc<dyn Plan> {
    compile(&regression(&trees(Ensemble::regressor(), 2), 2)).unwrap()
}

/// Two numbers, imputed and scaled, and a text in two categories, classified.
fn pipeline() -> Arc<dyn Plan> {
    let ensemble = trees(Ensemble::classifier(), 4)
        .with("post_transform", string("post_transform", "LOGISTIC"));
    let nodes = [
        ml_operation(
            "Imputer",
            &["x"],
            &["i"],
            &[
                floats("imputed_value_floats", &[0.3, -0.4]),
                fixture::float("replaced_value_float", f32::NAN),
            ],
        ),
        ml_operation("OneHotEncoder", &["s"], &["e"], &[strings("cats_strings", &["a", "b"])]),
        operation("Reshape", &["e", "dims"], &["r"], &[]),
        operation("Concat", &["i", "r"], &["c"], &[int("axis", 1)]),
        ml_operation(
            "Scaler",
            &["c"],
            &["z"],
            &[floats("offset", &[0.1]), floats("scale", &[1.9])],
        ),
        named_classes(ensemble).node("z", &["label", "scores"]),
    ];
    let graph = fixture::graph(&[numbers("x", 2), texts("s", 1)], &nodes, &class(NAMES));
    compile(&with_constant(graph, &shape("dims", &[-1, 2]))).unwrap()
}

/// Numbers that are scattered enough for tests and the same at every run; now and then missing.
fn number(seed: usize) -> f32 {
    let scattered = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    match scattered % 17 {
        0 => f32::NAN,
        1 => f32::INFINITY,
        _ => f32::from(u16::try_from(scattered % 4096).unwrap()) / 1024.0 - 2.0,
    }
}

#[test]
fn rows_of_a_matrix_are_answered_alike_alone_and_in_any_batch() {
    let plan = matrix();
    for count in [0, 1, 31, 32, 33, 1000] {
        let cells: Vec<f32> = (0..2 * count).map(number).collect();
        let together = run(&*plan, &cells, 2);
        assert_eq!(together[0].shape().dims(), [count, 1]);
        let alone: Vec<u32> =
            cells.chunks(2).flat_map(|row| bits_of(&run(&*plan, row, 2)[0])).collect();
        assert_eq!(bits_of(&together[0]), alone, "{count} rows");
    }
}

fn pipeline_row(seed: usize) -> [Value<'static>; 3] {
    [number(3 * seed).into(), number(3 * seed + 1).into(), TEXTS[seed % TEXTS.len()].into()]
}

fn labels(tensor: &Tensor) -> Vec<String> {
    let DataView::Str(labels) = tensor.data() else { panic!("a tensor of {}", tensor.dtype()) };
    labels.iter().map(str::to_owned).collect()
}

#[test]
fn rows_of_a_pipeline_are_answered_alike_alone_and_in_any_batch() {
    let plan = pipeline();
    for count in [0, 1, 31, 32, 33, 1000] {
        let cells: Vec<_> = (0..count).map(pipeline_row).collect();
        let cells: Vec<&[Value<'_>]> = cells.iter().map(|row| &row[..]).collect();
        let together = run_cells(&*plan, &cells);
        assert_eq!(together[0].shape().dims(), [count]);
        assert_eq!(together[1].shape().dims(), [count, 2]);
        let alone: Vec<_> = cells.iter().map(|row| run_cells(&*plan, &[row])).collect();
        let alone_labels: Vec<_> = alone.iter().flat_map(|outputs| labels(&outputs[0])).collect();
        let alone_scores: Vec<_> = alone.iter().flat_map(|outputs| bits_of(&outputs[1])).collect();
        assert_eq!(labels(&together[0]), alone_labels, "{count} rows");
        assert_eq!(bits_of(&together[1]), alone_scores, "{count} rows");
    }
}

#[test]
fn both_classes_and_many_scores_come_up() {
    // What the tests above compare would be alike too if it were all the same.
    let plan = pipeline();
    let cells: Vec<_> = (0..200).map(pipeline_row).collect();
    let cells: Vec<&[Value<'_>]> = cells.iter().map(|row| &row[..]).collect();
    let outputs = run_cells(&*plan, &cells);
    let labels = labels(&outputs[0]);
    assert!(labels.iter().any(|label| label == "No") && labels.iter().any(|label| label == "Yes"));
    let mut scores = bits_of(&outputs[1]);
    scores.sort_unstable();
    scores.dedup();
    assert!(scores.len() > 10, "{} scores", scores.len());
}

#[test]
fn part_that_fails_harms_no_other() {
    let plan = pipeline();
    let good = rows(&*plan, &[&pipeline_row(0), &pipeline_row(1)]);
    let bad = rows(&*plan, &[&pipeline_row(0), &pipeline_row(2)]);
    let mut alone = outputs(&*plan);
    run_part(&*plan, Part::new(good.inputs(), &mut alone)).unwrap();

    let mut answers = [outputs(&*plan), outputs(&*plan), outputs(&*plan)];
    let [first, second, third] = &mut answers;
    let mut parts = [part(&good, first), part(&bad, second), part(&good, third)];
    // What an earlier run left does not matter.
    parts[0].outcome = Err(BackendError::worker_panicked());
    plan.worker(&LIMITS).unwrap().run(&mut parts);
    let [first, second, third] = parts;
    first.outcome.unwrap();
    let error = second.outcome.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::UnknownCategory);
    assert_eq!(error.as_unknown_category().unwrap().row, 1, "the row within its own request");
    third.outcome.unwrap();
    for answer in [&answers[0], &answers[2]] {
        assert_eq!(labels(&answer[0]), labels(&alone[0]));
        assert_eq!(bits_of(&answer[1]), bits_of(&alone[1]));
    }
}

fn part<'a>(columns: &'a Columns, outputs: &'a mut [Tensor]) -> Part<'a> {
    let mut part = Part::new(columns.inputs(), outputs);
    part.unknown_categories = UnknownCategories::Refuse;
    part
}

#[test]
fn outputs_stand_in_the_order_of_the_file() {
    let trees = named_classes(Ensemble::classifier().leaf((0, 0), 0.75));
    let node = trees.node("x", &["label", "scores"]);
    let [label, scores] = class(NAMES);
    let twice = fixture::value("again", NAMES, &[fixture::TestDim::Open]);
    let copy = operation("Identity", &["label"], &["again"], &[]);
    let graph = fixture::graph(&[numbers("x", 1)], &[node, copy], &[scores, twice, label]);
    let answer = run(&*compile(&graph).unwrap(), &[0.0, 1.0], 1);
    assert_eq!(floats_of(&answer[0]), [0.25, 0.75, 0.25, 0.75]);
    assert_eq!(labels(&answer[1]), ["Yes", "Yes"]);
    assert_eq!(labels(&answer[2]), ["Yes", "Yes"]);
}

#[test]
fn outputs_are_shrunk_and_grown_from_run_to_run() {
    let plan = matrix();
    let mut worker = plan.worker(&LIMITS).unwrap();
    let mut answers = outputs(&*plan);
    for count in [40, 3, 0, 41] {
        let cells: Vec<_> =
            (0..count).map(|row| [number(row).into(), number(row + 9).into()]).collect();
        let cells: Vec<&[Value<'_>]> = cells.iter().map(|row| &row[..]).collect();
        let columns = rows(&*plan, &cells);
        let mut parts = [Part::new(columns.inputs(), &mut answers)];
        worker.run(&mut parts);
        assert!(parts[0].outcome.is_ok());
        assert_eq!(answers[0].shape().dims(), [count, 1]);
        assert_eq!(bits_of(&answers[0]), bits_of(&run_cells(&*plan, &cells)[0]));
    }
}

#[test]
fn request_that_takes_several_turns_is_answered_as_in_one() {
    for plan in [matrix(), pipeline()] {
        let width = plan.signature().schema().columns().len();
        let cells: Vec<_> = (0..100).map(pipeline_row).collect();
        let cells: Vec<&[Value<'_>]> = cells.iter().map(|row| &row[..width]).collect();
        let whole = run_cells(&*plan, &cells);
        let columns = rows(&*plan, &cells);
        let mut answers = outputs(&*plan);
        let mut worker = plan.worker(&LIMITS).unwrap();
        for turn in [0..1, 1..33, 33..34, 34..97, 97..100] {
            let mut part = Part::new(columns.inputs(), &mut answers);
            part.rows = turn;
            let mut parts = [part];
            worker.run(&mut parts);
            assert!(parts[0].outcome.is_ok());
        }
        let scores = answers.len() - 1;
        assert_eq!(bits_of(&answers[scores]), bits_of(&whole[scores]));
        if scores > 0 {
            assert_eq!(labels(&answers[0]), labels(&whole[0]));
        }
    }
}
