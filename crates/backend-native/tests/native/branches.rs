//! One branch, every comparison, every kind of number.

use hotplate_model::onnx::fixture::Ensemble;

use crate::{
    oracle,
    support::{compile, floats_of, regression, run},
};

const MODES: [&str; 4] = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"];

/// The smallest float above zero.
const TINY: f32 = f32::from_bits(1);

const THRESHOLDS: [f32; 13] = [
    0.0,
    -0.0,
    TINY,
    -TINY,
    1.0,
    -2.5,
    1.0e-40,
    f32::MIN_POSITIVE,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
];

fn stump(mode: &'static str, threshold: f32, missing_is_true: bool) -> Ensemble {
    let branch = Ensemble::regressor().branch((0, 0), mode, (0, threshold), (1, 2));
    let branch = if missing_is_true { branch.missing_is_true() } else { branch };
    branch.leaf((0, 1), 1.0).leaf((0, 2), 2.0)
}

/// Numbers around `threshold` and those that are special everywhere.
fn numbers(threshold: f32) -> Vec<f32> {
    let around = [threshold - 1.0, threshold.next_down(), threshold, threshold.next_up()];
    let special = [0.0, -0.0, TINY, -TINY, f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    [&around[..], &special, &THRESHOLDS, &[threshold + 1.0]].concat()
}

#[test]
fn every_comparison_is_that_of_onnx() {
    for mode in MODES {
        for threshold in THRESHOLDS {
            for missing_is_true in [false, true] {
                let stump = stump(mode, threshold, missing_is_true);
                let plan = compile(&regression(&stump, 1)).unwrap();
                let numbers = numbers(threshold);
                let outputs = run(&*plan, &numbers, 1);
                for (x, answer) in numbers.iter().zip(floats_of(&outputs[0])) {
                    let expected = oracle::sum(&stump, &[*x]);
                    let case = format!("{x:e} {mode} {threshold:e}, missing {missing_is_true}");
                    assert_eq!(*answer, expected, "{case}");
                }
            }
        }
    }
}

#[test]
fn nodes_without_a_word_on_missing_values_send_them_where_comparisons_do_not_hold() {
    for mode in MODES {
        let stump = stump(mode, 0.0, false).without("nodes_missing_value_tracks_true");
        let plan = compile(&regression(&stump, 1)).unwrap();
        assert_eq!(floats_of(&run(&*plan, &[f32::NAN], 1)[0]), [2.0], "{mode}");
    }
}
