//! Two versions of a model on the same rows.

use std::fs;

use hotplate_codec::csv;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{folder_with, golden, hotplate, hotplate_fed, replaced, shipped};

const CHURN_ROWS: &str = "models/churn/golden.csv";
const HOUSING_ROWS: &str = "models/housing/golden.csv";

/// A folder with a shipped model, its bytes `from` replaced by `to`.
fn changed(model: &str, from: &str, to: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(shipped(model).join("model.onnx")).unwrap();
    let bytes = replaced(bytes, from.as_bytes(), to.as_bytes());
    fs::write(folder.path().join("model.onnx"), bytes).unwrap();
    folder
}

/// Churn that was taught another spelling of a contract.
fn respelled() -> TempDir {
    changed("churn", "Month-to-month", "Month_to_month")
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

fn case(name: &str) -> String {
    format!("crates/conformance/cases/skl2onnx/{name}/model.onnx")
}

/// The document of a comparison that must have gone well.
fn compared(arguments: &[&str]) -> Value {
    let run = hotplate(&[&["diff", "--json"], arguments].concat());
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    serde_json::from_str(&run.out).unwrap()
}

/// What `hotplate predict` scores the rows.
fn predicted(model: &str, rows: &str) -> Vec<f64> {
    let run = hotplate(&["predict", model, "--input", rows, "--ignore-unknown-columns"]);
    run.lines().iter().map(|line| line.parse().unwrap()).collect()
}

fn assert_near(got: &Value, expected: f64) {
    let got = got.as_f64().unwrap();
    assert!((got - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{got}, not {expected}");
}

#[test]
fn figures_are_those_of_the_scores_that_predict_writes() {
    let folder = respelled();
    let document = compared(&["models/churn", path(&folder), "--rows", CHURN_ROWS, "--top", "3"]);
    let (old, new) = (predicted("models/churn", CHURN_ROWS), predicted(path(&folder), CHURN_ROWS));
    let changes: Vec<f64> = old.iter().zip(&new).map(|(old, new)| new - old).collect();
    let rows = changes.len() as f64;
    let count =
        |holds: &dyn Fn(usize) -> bool| (0..changes.len()).filter(|&row| holds(row)).count();

    assert_eq!((&document["kind"], &document["rows"]), (&json!("two_classes"), &json!(1248)));
    assert_eq!(document["identical"], count(&|row| changes[row] == 0.0));
    assert_near(&document["change"]["mean"], changes.iter().sum::<f64>() / rows);
    let sizes: Vec<f64> = changes.iter().map(|change| change.abs()).collect();
    assert_near(&document["change"]["mean_absolute"], sizes.iter().sum::<f64>() / rows);
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    assert_near(&document["change"]["largest_absolute"], largest);
    assert_near(&document["moved_most"][0]["change"], -largest);
    let mut sorted = changes.clone();
    sorted.sort_by(f64::total_cmp);
    // The thirteenth of 1248 is the first that a hundredth of them does not exceed.
    assert_near(&document["change"]["quantiles"]["p1"], sorted[12]);
    assert_near(&document["change"]["quantiles"]["p50"], sorted[623]);
    for (index, size) in [0.001, 0.01, 0.1].into_iter().enumerate() {
        let moved = &document["moved"][index];
        let expected = count(&|row| sizes[row] > size);
        assert_eq!((&moved["by_more_than"], &moved["rows"]), (&json!(size), &json!(expected)));
        assert_near(&moved["share"], expected as f64 / rows);
    }
    let binned = document["histogram"].as_array().unwrap().iter();
    assert_eq!(binned.map(|bin| bin["rows"].as_u64().unwrap()).sum::<u64>(), 1248);
    assert_eq!(document["histogram"][0]["rows"], count(&|row| changes[row] < -0.1));

    let flips = count(&|row| (old[row] >= 0.5) != (new[row] >= 0.5));
    assert!(flips > 0);
    assert_eq!(document["flips"], flips);
    assert_near(&document["flip_share"], flips as f64 / rows);
    let flipped = document["decisions"].as_array().unwrap().iter();
    let flipped: Vec<_> = flipped.filter(|pair| pair["old"] != pair["new"]).collect();
    assert_eq!(flipped.len(), 1);
    assert_eq!(
        (&flipped[0]["old"], &flipped[0]["new"], &flipped[0]["rows"]),
        (&json!("Yes"), &json!("No"), &json!(flips))
    );

    let top = document["moved_most"].as_array().unwrap();
    assert_eq!(top.len(), 3);
    for moved in top {
        let row = usize::try_from(moved["row"].as_u64().unwrap()).unwrap();
        assert_near(&moved["old"], old[row]);
        assert_near(&moved["new"], new[row]);
        assert_eq!((&moved["old_decision"], &moved["class"]), (&json!("Yes"), &json!("Yes")));
    }
    // What the new model has not seen is told for it alone.
    let [seen, unseen] = ["old", "new"]
        .map(|side| document[side]["unknown_categories"]["Contract"].as_u64().unwrap());
    assert!(unseen > seen, "{unseen} and {seen}");
}

#[test]
fn model_moves_by_nothing_from_itself() {
    let run = hotplate(&["diff", "models/churn", "models/churn", "--rows", CHURN_ROWS]);
    let text = run.lines().join("\n");
    for part in ["1248 rows (100.00 %)", "largest size 0\n", "none flips", "none moved"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn threshold_of_a_folder_decides_until_one_is_said_for_both() {
    let folder = folder_with("churn", &["model.onnx"]);
    fs::write(folder.path().join("hotplate.toml"), "[model]\nthreshold = 0.4\n").unwrap();
    let scores = golden("churn", "output.probabilities.1");
    let between = scores.iter().filter(|score| (0.4..0.5).contains(*score)).count();
    let arguments = ["models/churn", path(&folder), "--rows", CHURN_ROWS];

    let document = compared(&arguments);
    assert_eq!((&document["flips"], &document["identical"]), (&json!(between), &json!(1248)));
    assert_eq!(
        (&document["old"]["threshold"], &document["new"]["threshold"]),
        (&Value::Null, &json!(0.4))
    );
    let text = hotplate(&[&["diff"], &arguments[..]].concat()).lines().join("\n");
    let told = format!("No → Yes  {between}  ");
    assert!(text.contains(&told) && text.contains(", threshold 0.4"), "{text}");
    // Rows that are decided differently are listed, though no score moved.
    assert_eq!(document["moved_most"].as_array().unwrap().len(), 10);

    let document = compared(&[&arguments[..], &["--threshold", "0.4"]].concat());
    assert_eq!((&document["flips"], &document["old"]["threshold"]), (&json!(0), &json!(0.4)));
    let yes = scores.iter().filter(|&&score| score >= 0.4).count();
    assert_eq!(document["decisions"][1]["rows"], yes);
}

#[test]
fn gate_fails_where_more_rows_flip_than_it_allows() {
    let folder = respelled();
    let arguments = ["diff", "models/churn", path(&folder), "--rows", CHURN_ROWS];
    let run = hotplate(&[&arguments[..], &["--max-flips", "280"]].concat());
    assert_eq!(run.failed(1), "error: 281 decisions flip, and --max-flips allows 280\n");
    assert!(run.out.contains("281 flip (22.52 %)"), "{}", run.out);
    let run = hotplate(&[&arguments[..], &["--max-flips", "281"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.err);
}

#[test]
fn regressors_move_by_shares_and_decide_where_a_threshold_is_said() {
    let folder = changed("housing", "\"Latitude\", \"Longitude\"", "\"Longitude\", \"Latitude\"");
    let arguments = ["models/housing", path(&folder), "--rows", HOUSING_ROWS];
    let (old, new) =
        (predicted("models/housing", HOUSING_ROWS), predicted(path(&folder), HOUSING_ROWS));
    let pairs = || old.iter().zip(&new);

    let document = compared(&arguments);
    assert_eq!((&document["kind"], &document["flips"]), (&json!("regressors"), &Value::Null));
    let largest = pairs().map(|(old, new)| (new - old).abs()).fold(0.0, f64::max);
    assert_near(&document["change"]["largest_absolute"], largest);
    let relative = pairs().map(|(old, new)| ((new - old) / old).abs()).fold(0.0, f64::max);
    assert_near(&document["relative_change"]["largest_absolute"], relative);
    let by_a_tenth = pairs().filter(|(old, new)| ((*new - *old) / *old).abs() > 0.1).count();
    assert_eq!(document["moved"][2]["rows"], by_a_tenth);

    let document = compared(&[&arguments[..], &["--threshold", "3"]].concat());
    let flips = pairs().filter(|(old, new)| (**old >= 3.0) != (**new >= 3.0)).count();
    assert_eq!(document["flips"], flips);
    assert_eq!(document["decisions_between"], json!(["< 3", ">= 3"]));

    let run = hotplate(&[&["diff"], &arguments[..], &["--max-flips", "0"]].concat());
    assert!(run.failed(2).contains("--threshold makes decisions"), "{}", run.err);
}

#[test]
fn labels_of_several_classes_are_set_against_each_other() {
    let (old, new) = (
        case("SklearnMclGradientBoostingClassifier"),
        case("SklearnRndMclGradientBoostingClassifier"),
    );
    let rows = b"0.1,0.2\n1,-1\n-2,3\n0.5,0.5\n2,2\n-1,-1\n";
    let arguments = ["diff", &old, &new, "--rows", "-"];
    let run = hotplate_fed(&[&arguments[..], &["--json"]].concat(), rows);
    let document: Value = serde_json::from_str(&run.out).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    fs::write(&file, rows).unwrap();
    let answers = |model: &str| -> Vec<(i64, Vec<f64>)> {
        let input = ["--input", file.to_str().unwrap(), "--output-format", "jsonl"];
        let run = hotplate(&[&["predict", model], &input[..]].concat());
        let lines = run.lines().into_iter().map(|line| {
            let answer: Value = serde_json::from_str(line).unwrap();
            let probabilities = answer["probabilities"].as_array().unwrap().iter();
            let label = answer["predicted_label"].as_i64().unwrap();
            (label, probabilities.map(|number| number.as_f64().unwrap()).collect())
        });
        lines.collect()
    };
    let (old, new) = (answers(&old), answers(&new));
    let largest = old.iter().zip(&new).flat_map(|((_, old), (_, new))| {
        old.iter().zip(new).map(|(old, new)| (new - old).abs()).collect::<Vec<_>>()
    });
    assert_eq!(document["kind"], "classes");
    assert_near(&document["change"]["largest_absolute"], largest.fold(0.0, f64::max));
    let flips = old.iter().zip(&new).filter(|((old, _), (new, _))| old != new).count();
    assert_eq!((flips, &document["flips"]), (1, &json!(1)));
    let of_pair = |from: &str, to: &str| {
        let pairs = document["decisions"].as_array().unwrap().iter();
        let mut pairs = pairs.filter(|pair| pair["old"] == from && pair["new"] == to);
        pairs.next().map_or(0, |pair| pair["rows"].as_u64().unwrap())
    };
    for (from, to) in [(0, 0), (1, 1), (2, 2), (2, 1), (0, 2)] {
        let expected = old.iter().zip(&new).filter(|(old, new)| (old.0, new.0) == (from, to));
        let rows = of_pair(&from.to_string(), &to.to_string());
        assert_eq!(rows, expected.count() as u64, "{from} and {to}");
    }

    let text = hotplate_fed(&arguments, rows).lines().join("\n");
    assert!(text.contains("old \\ new       0  1  2\n"), "{text}");
    let run = hotplate_fed(&[&arguments[..], &["--threshold", "0.5"]].concat(), rows);
    assert!(run.failed(2).contains("more than two classes"), "{}", run.err);
}

#[test]
fn columns_are_matched_by_name_and_told_where_they_differ() {
    let folder = changed("churn", "tenure", "months");
    let run = hotplate(&["diff", "models/churn", path(&folder), "--rows", CHURN_ROWS]);
    let message = run.failed(1);
    let words = format!("{CHURN_ROWS}: {}: line 1: missing column \"months\"", path(&folder));
    assert!(message.contains(&words), "{message}");

    let text = fs::read_to_string(shipped("churn/golden.csv")).unwrap();
    let mut records = csv::records(&text).map(Result::unwrap);
    let at = records.next().unwrap().iter().position(|name| name == "tenure").unwrap();
    let mut both = text.lines().next().unwrap().to_owned() + ",months\n";
    for (line, record) in text.lines().skip(1).zip(records) {
        both += &format!("{line},{}\n", record[at]);
    }
    let arguments = ["diff", "models/churn", path(&folder), "--rows", "-"];
    let run = hotplate_fed(&[&arguments[..], &["--json"]].concat(), both.as_bytes());
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&document["rows"], &document["identical"]), (&json!(1248), &json!(1248)));
    assert_eq!(document["old"]["columns_of_its_own"], json!(["tenure"]));
    assert_eq!(document["new"]["columns_of_its_own"], json!(["months"]));
    let text = hotplate_fed(&arguments, both.as_bytes()).lines().join("\n");
    assert!(text.contains("reads columns that the other does not: months"), "{text}");
}

#[test]
fn rows_without_names_are_for_models_of_the_same_columns() {
    let rows = fs::read_to_string(shipped("housing/rows.csv")).unwrap();
    let (_, unnamed) = rows.split_once('\n').unwrap();
    let folder = changed("housing", "\"Latitude\", \"Longitude\"", "\"Longitude\", \"Latitude\"");
    let against = |new: &str, rows: &str| {
        hotplate_fed(&["diff", "models/housing", new, "--rows", "-", "--top", "1"], rows.as_bytes())
    };
    let run = against(path(&folder), unnamed);
    assert!(run.failed(1).contains("standard input: rows without names"), "{}", run.err);
    against(path(&folder), &rows).lines();
    against("models/housing/model.onnx", unnamed).lines();
    let list = format!("[[{}]]", unnamed.lines().next().unwrap());
    let format = ["--rows-format", "json", "--rows", "-"];
    let run = hotplate_fed(
        &[&["diff", "models/housing", path(&folder)], &format[..]].concat(),
        list.as_bytes(),
    );
    assert!(run.failed(1).contains("rows without names"), "{}", run.err);
}

#[test]
fn models_of_other_questions_are_not_compared() {
    let refused = |old: &str, new: &str, words: &str| {
        let run = hotplate(&["diff", old, new, "--rows", CHURN_ROWS]);
        assert!(run.failed(1).contains(words), "{}", run.err);
    };
    let words = "the old model is a classifier of \"No\", \"Yes\", and the new one is a regressor";
    refused("models/churn", "models/housing", words);
    let three = case("SklearnMclGradientBoostingClassifier");
    refused("models/churn", &three, "other classes apart, so that their scores mean different");
    refused("models/churn", &three, ": \"No\", \"Yes\" and 0, 1, 2");
    let other = case("SklearnMLPClassifierMultiLabelTanhActivation");
    refused(&other, &other, "neither a classifier nor a regressor, so it has no score");
}

#[test]
fn model_that_is_not_right_is_not_compared() {
    let folder = respelled();
    fs::copy(shipped("churn/golden.csv"), folder.path().join("golden.csv")).unwrap();
    let run = hotplate(&["diff", "models/churn", path(&folder), "--rows", CHURN_ROWS]);
    assert!(run.failed(1).contains("of 1248 golden rows"), "{}", run.err);
}

#[test]
fn rows_that_cannot_be_compared_are_refused() {
    let diff = |rows: &str, input: &str| {
        hotplate_fed(
            &["diff", "models/housing", "models/housing", "--rows", rows],
            input.as_bytes(),
        )
    };
    assert_eq!(diff("-", "").failed(1), "error: standard input: no rows: the file is empty\n");
    let header = "MedInc,HouseAge,AveRooms,AveBedrms,Population,AveOccup,Latitude,Longitude\n";
    assert!(diff("-", header).failed(1).contains("no rows under the header"));
    let bad = format!("{header}1,2,3,4,5,6,7,8\n1,2,3,4,5,6,7,x\n");
    let message = "error: standard input: models/housing: row 1 (line 3), column \"Longitude\": \
                   expected a number, got text \"x\"\n";
    assert_eq!(diff("-", &bad).failed(1), message);
    let run = diff("models/housing/data.csv.gz", "");
    let words = "| hotplate diff models/housing models/housing --rows -";
    assert!(run.failed(2).contains(words), "{}", run.err);
    let run = hotplate(&["diff", "models/churn", "models/churn"]);
    assert!(run.failed(2).contains("--rows <FILE>"), "{}", run.err);
}

#[test]
fn every_row_of_a_long_file_counts() {
    const TIMES: usize = 200;
    let text = fs::read_to_string(shipped("housing/rows.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let long = format!("{header}\n{}", rows.repeat(TIMES * 100 / 6));
    let expected = long.lines().count() - 1;
    assert!(long.len() > 2 * (256 << 10), "several blocks");
    let folder = changed("housing", "\"Latitude\", \"Longitude\"", "\"Longitude\", \"Latitude\"");
    let arguments = ["diff", "models/housing", path(&folder), "--json", "--rows", "-"];
    let run = hotplate_fed(&arguments, long.as_bytes());
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let short: Value =
        serde_json::from_str(&hotplate_fed(&arguments, text.as_bytes()).out).unwrap();
    assert_eq!(document["rows"], expected);
    assert_near(&document["change"]["mean"], short["change"]["mean"].as_f64().unwrap());
    assert_eq!(document["change"]["quantiles"]["p50"], short["change"]["quantiles"]["p50"]);
    // Of rows that moved alike the first are listed.
    assert_eq!(document["moved_most"][0], short["moved_most"][0]);
    let first = short["moved_most"][0]["row"].as_u64().unwrap();
    assert_eq!(document["moved_most"][9]["row"], first + 9 * 6);
}
