//! Ensembles that no plan of one feature vector takes, run as a step of their own.

use hotplate_backend::TreeLayout;
use hotplate_model::onnx::fixture::{
    self, Ensemble, FLOAT, INT64,
    TestDim::{Fixed, Open},
    Writer, floats, int, ints, string, value,
};
use hotplate_tensor::{DataView, Tensor, Value};

use crate::support::{
    NUMBERS, answer, classification, classification_stump, compile, compile_as, floats_of, numbers,
    regression, regression_stump, run, run_cells,
};

/// What the trees answer for rows of one number.
fn answers(graph: &Writer, rows: &[f32]) -> Vec<Tensor> {
    run(&*compile(graph).unwrap(), rows, 1)
}

fn integers_of(tensor: &Tensor) -> &[i64] {
    let DataView::I64(elements) = tensor.data() else { panic!("a tensor of {}", tensor.dtype()) };
    elements
}

#[test]
fn trees_compare_integers_and_doubles() {
    // The code of float64.
    for code in [INT64, 11] {
        let input = value("x", code, &[Open, Fixed(2)]);
        let graph = fixture::graph(&[input], &[regression_stump().node("x", &["y"])], &[answer()]);
        let plan = compile(&graph).unwrap();
        let cells: [&[Value<'_>]; 2] = [&[0.into(), 9.into()], &[1.into(), (-9).into()]];
        assert_eq!(floats_of(&run_cells(&*plan, &cells)[0]), [1.0, 2.0]);
    }
}

#[test]
fn bare_list_of_numbers_is_one_row() {
    let input = value("x", FLOAT, &[Fixed(2)]);
    let output = value("y", FLOAT, &[Fixed(1), Fixed(1)]);
    let graph = fixture::graph(&[input], &[regression_stump().node("x", &["y"])], &[output]);
    let plan = compile(&graph).unwrap();
    assert_eq!(floats_of(&run_cells(&*plan, &[&[1.0.into(), 0.0.into()]])[0]), [2.0]);
}

#[test]
fn trees_of_one_target_are_aggregated() {
    let both = regression_stump().leaf((1, 0), 1.5);
    for (name, expected) in [("MIN", [1.0, 1.5]), ("MAX", [1.5, 2.0]), ("AVERAGE", [1.25, 1.75])] {
        let trees = both.clone().with("aggregate_function", string("aggregate_function", name));
        let outputs = answers(&regression(&trees, 1), &[0.0, 1.0]);
        assert_eq!(floats_of(&outputs[0]), expected, "{name}");
    }
}

#[test]
fn second_target_alone_leaves_the_first_at_zero() {
    let trees = regression_stump()
        .with("n_targets", int("n_targets", 2))
        .with("target_ids", ints("target_ids", &[1, 1]));
    let node = trees.node("x", &["y"]);
    let graph = fixture::graph(&[numbers("x", 1)], &[node], &[numbers("y", 2)]);
    assert_eq!(floats_of(&answers(&graph, &[0.0, 1.0])[0]), [0.0, 1.0, 0.0, 2.0]);
}

#[test]
fn one_target_is_the_sum_whatever_is_made_of_several() {
    let trees = regression_stump().with("post_transform", string("post_transform", "LOGISTIC"));
    assert_eq!(floats_of(&answers(&regression(&trees, 1), &[0.0, 1.0])[0]), [1.0, 2.0]);
}

#[test]
fn leaves_may_add_to_the_second_class() {
    let trees = classification_stump().with("class_ids", ints("class_ids", &[1, 1]));
    let outputs = answers(&classification(&trees, 1, NUMBERS), &[0.0, 1.0]);
    assert_eq!(integers_of(&outputs[0]), [7, -3]);
    assert_eq!(floats_of(&outputs[1]), [0.0, -1.0, 0.0, 1.0]);
}

#[test]
fn leaf_may_add_twice_to_one_class_of_two() {
    let trees = classification_stump().weight((0, 1), 0, 5.0);
    let outputs = answers(&classification(&trees, 1, NUMBERS), &[0.0, 1.0]);
    assert_eq!(integers_of(&outputs[0]), [-3, -3]);
    assert_eq!(floats_of(&outputs[1]), [-4.0, 4.0, -1.0, 1.0]);
}

#[test]
fn one_class_is_a_yes_or_no() {
    let one = ints("classlabels_int64s", &[1]);
    let node =
        classification_stump().with("classlabels_int64s", one).node("x", &["label", "scores"]);
    let outputs = [value("label", INT64, &[Open]), numbers("scores", 1)];
    let graph = fixture::graph(&[numbers("x", 1)], &[node], &outputs);
    let outputs = answers(&graph, &[0.0, 1.0]);
    assert_eq!(integers_of(&outputs[0]), [0, 1]);
    assert_eq!(floats_of(&outputs[1]), [-1.0, 1.0]);
}

#[test]
fn softmax_leaves_two_classes_of_one_score_alone() {
    for name in ["SOFTMAX", "SOFTMAX_ZERO"] {
        let trees = classification_stump().with("post_transform", string("post_transform", name));
        let outputs = answers(&classification(&trees, 1, NUMBERS), &[0.0, 1.0]);
        assert_eq!(integers_of(&outputs[0]), [7, -3]);
        assert_eq!(floats_of(&outputs[1]), [1.0, -1.0, -1.0, 1.0], "{name}");
    }
}

#[test]
fn of_two_base_values_the_first_class_gets_its_own() {
    let trees = classification_stump().with("base_values", floats("base_values", &[0.5, 0.25]));
    let outputs = answers(&classification(&trees, 1, NUMBERS), &[0.0, 1.0]);
    assert_eq!(integers_of(&outputs[0]), [7, -3]);
    assert_eq!(floats_of(&outputs[1]), [-0.5, 0.0, 1.5, 0.0]);
}

/// Numbers from one on that lead to leaf 1 of tree 0 by a chain of comparisons, else to leaf 2.
fn chain(members: &[f32]) -> Ensemble {
    let mut trees = Ensemble::regressor();
    for (at, member) in (0..).zip(members) {
        let next = if at + 1 == i64::try_from(members.len()).unwrap() { 2 } else { 11 + at };
        let at = if at == 0 { 0 } else { 10 + at };
        trees = trees.branch((0, at), "BRANCH_EQ", (0, *member), (1, next));
    }
    trees.leaf((0, 1), 1.0).leaf((0, 2), 2.0)
}

#[test]
fn chain_of_equalities_is_a_set_in_every_layout_that_holds_sets() {
    let members = [3.0, 4.0, 9.0, f32::INFINITY, -0.0];
    let graph = regression(&chain(&members), 1);
    let mut rows = vec![f32::NAN, f32::NEG_INFINITY, f32::INFINITY, f32::MAX, 0.0, -0.0];
    rows.extend((-3..12).map(|tenth: i8| f32::from(tenth)));
    rows.extend(members.iter().flat_map(|member| [member.next_up(), member.next_down()]));
    let expected: Vec<f32> =
        rows.iter().map(|x| if members.contains(x) { 1.0 } else { 2.0 }).collect();
    for layout in [None, Some(TreeLayout::Walk), Some(TreeLayout::QuickScorer)] {
        let plan = compile_as(&graph, layout).unwrap();
        assert_eq!(floats_of(&run(&*plan, &rows, 1)[0]), expected, "{layout:?}");
    }
    let error = compile_as(&graph, Some(TreeLayout::Blocks)).unwrap_err();
    assert!(error.to_string().contains("trees that cannot be laid out as blocks"), "{error}");
}

#[test]
fn forced_layout_is_told_and_is_that_of_every_ensemble_of_the_graph() {
    let other = regression_stump().with("base_values", floats("base_values", &[10.0]));
    let nodes = [regression_stump().node("x", &["y"]), other.node("x", &["z"])];
    let two = fixture::graph(&[numbers("x", 1)], &nodes, &[answer(), numbers("z", 1)]);
    for graph in [regression(&regression_stump(), 1), two] {
        for (layout, told) in [
            (TreeLayout::Walk, "walked at a time"),
            (TreeLayout::Blocks, "blocks in"),
            (TreeLayout::QuickScorer, "QuickScorer"),
            (TreeLayout::Symmetric, "symmetric, 1 levels or fewer"),
        ] {
            let plan = compile_as(&graph, Some(layout)).unwrap();
            let steps = plan.steps();
            assert!(steps.iter().any(|step| step.contains(told)), "{steps:?}");
            assert_eq!(floats_of(&run(&*plan, &[0.0, 1.0], 1)[0]), [1.0, 2.0]);
        }
    }
}

#[test]
fn branches_may_share_a_leaf() {
    let trees =
        Ensemble::regressor().branch((0, 0), "BRANCH_LEQ", (0, 0.0), (1, 1)).leaf((0, 1), 1.0);
    assert_eq!(floats_of(&answers(&regression(&trees, 1), &[0.0, 1.0])[0]), [1.0, 1.0]);
}

#[test]
fn tree_that_is_too_wide_for_the_fast_layout_is_walked_all_the_same() {
    // Sixteen bits name a feature of so wide a row, which leaves sixteen for the way to a child.
    let width = hotplate_tensor::Schema::MAX_COLUMNS;
    let last = i64::try_from(width).unwrap() - 1;
    let branches = (1 << 17) - 1;
    let mut trees = Ensemble::regressor();
    for id in 0..branches {
        trees = trees.branch((0, id), "BRANCH_LEQ", (last, 0.0), (2 * id + 1, 2 * id + 2));
    }
    for id in branches..2 * branches {
        trees = trees.leaf((0, id), 1.0);
    }
    let trees = trees.leaf((0, 2 * branches), 3.0);
    let plan = compile(&regression(&trees, width)).unwrap();
    let mut rows = vec![0.0; 2 * width];
    rows[2 * width - 1] = 1.0;
    assert_eq!(floats_of(&run(&*plan, &rows, width)[0]), [1.0, 3.0]);
}

#[test]
fn two_ensembles_read_one_row() {
    let other = regression_stump().with("base_values", floats("base_values", &[10.0]));
    let nodes = [regression_stump().node("x", &["y"]), other.node("x", &["z"])];
    let graph = fixture::graph(&[numbers("x", 1)], &nodes, &[answer(), numbers("z", 1)]);
    let outputs = answers(&graph, &[0.0, 1.0]);
    assert_eq!(floats_of(&outputs[0]), [1.0, 2.0]);
    assert_eq!(floats_of(&outputs[1]), [11.0, 12.0]);
}

#[test]
fn trees_read_the_whole_tensors_of_a_model_without_rows() {
    let input = value("x", FLOAT, &[Fixed(4), Fixed(1)]);
    let output = value("y", FLOAT, &[Fixed(4), Fixed(1)]);
    let plan =
        compile(&fixture::graph(&[input], &[regression_stump().node("x", &["y"])], &[output]))
            .unwrap();
    let cells = [-1.0, 0.0, 1.0, 2.0].map(Value::from);
    assert_eq!(floats_of(&run_cells(&*plan, &[&cells])[0]), [1.0, 1.0, 2.0, 2.0]);
}
