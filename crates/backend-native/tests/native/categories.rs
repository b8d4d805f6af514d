//! Texts that training never saw: zeros and a count, or a refusal that says where.

use std::sync::Arc;

use hotplate_backend::{BackendErrorKind, Part, Plan};
use hotplate_model::onnx::fixture::{
    self, Ensemble, Writer, int, ml_operation, operation, shape, strings, with_constant,
};
use hotplate_tensor::Value;

use crate::support::{
    answer, compile, floats_of, numbers, outputs, rows, run_cells, run_part, run_strictly, texts,
};

fn encoder(input: &str, output: &str, categories: &[&str], zeros: i64) -> Writer {
    let attributes = [strings("cats_strings", categories), int("zeros", zeros)];
    ml_operation("OneHotEncoder", &[input], &[output], &attributes)
}

/// A number `x` and texts `s` and `t`, encoded in "a" and "b" and in "b" and "c"; the answer is 1
/// where `s` is "a". The second encoder reads `second`.
fn plan(zeros: i64, second: &str) -> Arc<dyn Plan> {
    let trees = Ensemble::regressor()
        .branch((0, 0), "BRANCH_GT", (1, 0.5), (1, 2))
        .leaf((0, 1), 1.0)
        .leaf((0, 2), 0.0);
    let reshape = |input, output| operation("Reshape", &[input, "dims"], &[output], &[]);
    let nodes = [
        encoder("s", "e", &["a", "b"], zeros),
        encoder(second, "f", &["b", "c"], zeros),
        reshape("e", "e2"),
        reshape("f", "f2"),
        operation("Concat", &["x", "e2", "f2"], &["z"], &[int("axis", 1)]),
        trees.node("z", &["y"]),
    ];
    let inputs = [numbers("x", 1), texts("s", 1), texts("t", 1)];
    let graph = fixture::graph(&inputs, &nodes, &[answer()]);
    compile(&with_constant(graph, &shape("dims", &[-1, 2]))).unwrap()
}

#[test]
fn unknown_texts_are_counted_by_column_and_missing_ones_are_not() {
    let plan = plan(1, "t");
    assert_eq!(plan.unknown_categories(), [(1, 0), (2, 0)]);
    let one = 1.0.into();
    let outputs = run_cells(
        &*plan,
        &[
            &[one, "a".into(), "c".into()],
            &[one, "?".into(), "c".into()],
            &[one, "a".into(), "".into()],
            &[one, "!".into(), "a".into()],
        ],
    );
    assert_eq!(floats_of(&outputs[0]), [1.0, 0.0, 1.0, 0.0]);
    assert_eq!(plan.unknown_categories(), [(1, 2), (2, 1)]);
}

#[test]
fn column_that_is_looked_up_twice_is_counted_once() {
    let plan = plan(1, "s");
    let one = 1.0.into();
    run_cells(&*plan, &[&[one, "?".into(), "".into()], &[one, "c".into(), "".into()]]);
    assert_eq!(plan.unknown_categories(), [(1, 2)]);
}

#[test]
fn same_categories_of_a_column_are_looked_up_once() {
    let trees = Ensemble::regressor().leaf((0, 0), 1.0);
    let nodes = [
        encoder("s", "e", &["a", "b"], 1),
        encoder("s", "f", &["a", "b"], 1),
        operation("Concat", &["e", "f"], &["g"], &[int("axis", 1)]),
        operation("Reshape", &["g", "dims"], &["z"], &[]),
        trees.node("z", &["y"]),
    ];
    let graph = fixture::graph(&[texts("s", 1)], &nodes, &[answer()]);
    let plan = compile(&with_constant(graph, &shape("dims", &[-1, 4]))).unwrap();
    run_cells(&*plan, &[&["?".into()]]);
    assert_eq!(plan.unknown_categories(), [(0, 1)]);
    assert_eq!(plan.steps()[0], "1 texts, looked up in 2 categories");
}

#[test]
fn model_that_knows_no_zeros_refuses_unknown_texts() {
    let plan = plan(0, "t");
    let one = 1.0.into();
    let cells: [&[_]; 2] = [&[one, "a".into(), "b".into()], &[one, "a".into(), "?".into()]];
    let columns = rows(&*plan, &cells);
    let mut outputs = outputs(&*plan);
    let part = Part::new(columns.inputs(), &mut outputs);
    let error = run_part(&*plan, part).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::UnknownCategory);
    let at = error.as_unknown_category().unwrap();
    assert_eq!((at.row, at.column, &*at.got), (1, 2, "?"));
    assert_eq!(at.known, ["b", "c"]);
}

#[test]
fn model_that_knows_no_zeros_refuses_a_missing_text_and_does_not_count_it() {
    let plan = plan(0, "t");
    let columns = rows(&*plan, &[&[1.0.into(), "".into(), "b".into()]]);
    let mut outputs = outputs(&*plan);
    let part = Part::new(columns.inputs(), &mut outputs);
    let error = run_part(&*plan, part).unwrap_err();
    let at = error.as_unknown_category().unwrap();
    assert_eq!((at.row, at.column, &*at.got), (0, 1, ""));
    assert_eq!(plan.unknown_categories(), [(1, 0), (2, 0)]);
}

#[test]
fn configuration_refuses_unknown_texts_and_lets_missing_ones_pass() {
    let plan = plan(1, "t");
    let one = 1.0.into();
    let outputs = run_strictly(&*plan, &[&[one, "a".into(), "".into()]]).unwrap();
    assert_eq!(floats_of(&outputs[0]), [1.0]);
    let error = run_strictly(&*plan, &[&[one, "b".into(), "d".into()]]).unwrap_err();
    let at = error.as_unknown_category().unwrap();
    assert_eq!((at.row, at.column, &*at.got), (0, 2, "d"));
}

#[test]
fn refusal_names_the_row_of_its_request_behind_the_first_block() {
    let plan = plan(1, "t");
    let good: &[_] = &[1.0.into(), "a".into(), "b".into()];
    let mut cells = vec![good; 70];
    cells[67] = &[Value::Missing, Value::Text("?"), Value::Text("b")];
    let error = run_strictly(&*plan, &cells).unwrap_err();
    assert_eq!(error.as_unknown_category().unwrap().row, 67);
}

#[test]
fn refusal_names_some_categories_of_many() {
    let names: Vec<String> = (0..100).map(|name| format!("category {name}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let trees = Ensemble::regressor().leaf((0, 0), 1.0);
    let nodes = [
        encoder("s", "e", &names, 0),
        operation("Reshape", &["e", "dims"], &["z"], &[]),
        trees.node("z", &["y"]),
    ];
    let graph = fixture::graph(&[texts("s", 1)], &nodes, &[answer()]);
    let plan = compile(&with_constant(graph, &shape("dims", &[-1, 100]))).unwrap();
    let error = run_strictly(&*plan, &[&["category 100".into()]]).unwrap_err();
    assert_eq!(error.as_unknown_category().unwrap().known, names[..8]);
}
