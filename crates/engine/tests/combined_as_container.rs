//! Several boosters answer as they do in SageMaker's container of XGBoost.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use hotplate::{Combine, Engine, Label, OpenOptions};

/// More than one turn.
const ROWS: usize = 2500;

fn xgboost(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/xgboost/3.2.0");
    folder.join(format!("{name}.ubj"))
}

/// A folder of these files, in this order by name, and of `hotplate.toml`.
fn folder(files: &[&str], settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (nth, name) in files.iter().enumerate() {
        fs::copy(xgboost(name), folder.path().join(format!("{nth}.ubj"))).unwrap();
    }
    fs::write(folder.path().join("hotplate.toml"), format!("[model]\n{settings}\n")).unwrap();
    folder
}

/// Numbers from -2 to 2 that look like chance.
fn numbers(engine: &Engine) -> Vec<f32> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).unwrap()) / 16_384.0 - 2.0
    };
    (0..ROWS * engine.columns().len()).map(|_| next()).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the models answer in float32")]
fn score(engine: &Engine, rows: &[f32]) -> Vec<f32> {
    let answer = engine.predict(rows).unwrap();
    (0..answer.rows()).map(|row| answer.score(row) as f32).collect()
}

#[test]
fn values_are_averaged_in_float32_and_in_the_order_of_names() {
    let files = ["gamma", "squarederror", "tweedie"];
    let folder = folder(&files, "combine = \"xgboost\"");
    let combined = Engine::open(folder.path()).unwrap();
    let rows = numbers(&combined);
    let [a, b, c] = files.map(|name| score(&Engine::open(xgboost(name)).unwrap(), &rows));
    let got = score(&combined, &rows);
    let mut differ = false;
    for row in 0..ROWS {
        assert_eq!(got[row], (a[row] + b[row] + c[row]) / 3.0, "row {row}");
        differ |= got[row] != (a[row] + c[row] + b[row]) / 3.0;
    }
    assert!(differ, "another order gives the same");
    assert!(combined.plan().steps()[0].contains("as SageMaker's container"));
}

#[test]
fn classes_of_multi_softmax_vote_and_the_least_wins_a_tie() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder.join("../server/tests/profiles/xgboost/4-multi-softmax");
    let combined = OpenOptions::new().combine(Combine::Xgboost).open(&folder).unwrap();
    let rows = numbers(&combined);
    let apart = [0, 1, 2, 3].map(|nth| {
        let engine = Engine::open(folder.join(format!("xgboost-model-0{nth}"))).unwrap();
        engine.predict(&rows).unwrap()
    });
    let answer = combined.predict(&rows).unwrap();
    let mut ties = 0;
    for row in 0..ROWS {
        let mut votes = [0; 3];
        for answer in &apart {
            let Some(Label::Integer(class)) = answer.label(row) else { panic!("no number") };
            votes[usize::try_from(class).unwrap()] += 1;
        }
        let most = *votes.iter().max().unwrap();
        let winners: Vec<i64> = (0_i64..)
            .zip(votes)
            .filter(|&(_, count)| count == most)
            .map(|(class, _)| class)
            .collect();
        ties += usize::from(winners.len() > 1);
        assert_eq!(answer.label(row), Some(Label::Integer(winners[0])), "row {row}");
    }
    assert!(ties > 0);
}

#[test]
fn configuration_of_the_folder_wins_over_what_holds_unless_said() {
    let files = ["gamma", "squarederror"];
    let options = OpenOptions::new().combine_unless_said(Combine::Xgboost);
    let steps = |settings: &str| {
        let folder = folder(&files, settings);
        options.open(folder.path()).map(|engine| engine.plan().steps()[0].clone())
    };
    assert!(steps("").unwrap().contains("as SageMaker's container"));
    assert_eq!(steps("combine = \"average\"").unwrap(), "2 models averaged");
    assert!(!steps("file = \"1.ubj\"").unwrap().contains("models"));
}
