//! Files of which some rows are wrong, scored without them.

use std::fs;

use serde_json::Value;

use crate::support::{Run, assert_scores, folder_with, golden, hotplate, hotplate_fed, shipped};

const PREDICT: [&str; 4] = ["predict", "models/churn", "--on-error", "placeholder"];

fn churn_lines() -> Vec<String> {
    let rows = fs::read_to_string(shipped("churn/rows.csv")).unwrap();
    rows.lines().map(str::to_owned).collect()
}

fn expected_scores() -> Vec<f64> {
    golden("churn", "output.probabilities.1")[..6].to_vec()
}

/// The answers of a run that went well but for some rows, and what it said of them.
fn warned(run: &Run) -> (Vec<&str>, Vec<&str>) {
    assert_eq!(run.code, Some(0), "{run:?}");
    (run.out.lines().collect(), run.err.lines().collect())
}

#[test]
fn bad_rows_have_placeholders_and_are_told_of() {
    let mut lines = churn_lines();
    lines.insert(2, "x".to_owned());
    lines.insert(5, String::new());
    lines[6] = lines[6].replacen(',', ",\"open,", 1);
    let run = hotplate_fed(&PREDICT, lines.join("\n").as_bytes());
    let (mut answers, warnings) = warned(&run);
    assert_eq!([answers.remove(5), answers.remove(4), answers.remove(1)], ["ERROR"; 3]);
    let mut expected = expected_scores();
    expected.remove(3);
    assert_scores(&answers, &expected);
    assert_eq!(warnings[0], "warning: 3 of 8 rows have ERROR for an answer:");
    assert_eq!(warnings[1], "  row 1 (line 3): expected 19 cells, got 1");
    assert_eq!(warnings[2], "  row 4 (line 6): expected 19 cells, got a blank line");
    assert!(warnings[3].starts_with("  row 5 (line 7): malformed at byte"), "{warnings:?}");
    assert_eq!(warnings.len(), 4);
}

#[test]
fn placeholders_of_json_say_what_is_wrong() {
    let mut lines = churn_lines();
    lines.insert(2, lines[1].replacen(",0,", ",none,", 1));
    for format in ["json", "jsonl"] {
        let arguments = [&PREDICT[..], &["--output-format", format, "--explain=1"]].concat();
        let run = hotplate_fed(&arguments, lines.join("\n").as_bytes());
        let (answers, warnings) = warned(&run);
        assert_eq!(warnings[0], "warning: 1 of 7 rows have an error for an answer:");
        let answers: Vec<Value> = match format {
            "json" => {
                let document: Value = serde_json::from_str(&run.out).unwrap();
                document["predictions"].as_array().unwrap().clone()
            }
            _ => answers.iter().map(|line| serde_json::from_str(line).unwrap()).collect(),
        };
        assert_eq!(answers.len(), 7);
        for (row, answer) in answers.iter().enumerate() {
            assert_eq!(answer["score"].is_number(), row != 1, "{answer}");
            assert_eq!(answer["explanations"].is_array(), row != 1, "{answer}");
        }
        let bad = &answers[1];
        assert_eq!(bad["reason"], "wrong_type");
        assert_eq!((&bad["row"], &bad["column"]), (&Value::from(1), &"SeniorCitizen".into()));
        assert_eq!(warnings[1].trim(), bad["error"].as_str().unwrap());
    }
}

#[test]
fn rows_that_the_model_refuses_have_placeholders_too() {
    let folder = folder_with("churn", &["model.onnx"]);
    let text = "[model]\nunknown_categories = \"refuse\"\n";
    fs::write(folder.path().join("hotplate.toml"), text).unwrap();
    let path = folder.path().to_str().unwrap();
    let mut lines = churn_lines();
    lines.insert(3, lines[1].replacen("Two year", "Weekly", 1));
    let arguments = ["predict", path, "--on-error", "placeholder"];
    let run = hotplate_fed(&arguments, lines.join("\n").as_bytes());
    let (mut answers, warnings) = warned(&run);
    assert_eq!(answers.remove(2), "ERROR");
    assert_scores(&answers, &expected_scores());
    let begin = "  row 2 (line 4), column \"Contract\": \"Weekly\" is none of the categories";
    assert!(warnings[1].starts_with(begin), "{warnings:?}");
}

#[test]
fn file_of_bad_rows_alone_is_a_failure_though_each_has_a_placeholder() {
    let mut lines = churn_lines();
    lines.truncate(1);
    lines.extend((0..9).map(|_| "x".to_owned()));
    let run = hotplate_fed(&PREDICT, lines.join("\n").as_bytes());
    assert_eq!(
        run.failed(1),
        "error: standard input: none of 9 rows could be answered; the first: row 0 (line 2): \
         expected 19 cells, got 1\n"
    );
    assert_eq!(run.out, "ERROR\n".repeat(9));

    // No rows, none of which is wrong.
    assert_eq!(hotplate_fed(&PREDICT, lines[0].as_bytes()).lines(), [""; 0]);
}

#[test]
fn of_many_bad_rows_the_first_are_told() {
    let mut lines = churn_lines();
    lines.extend((0..9).map(|_| "x".to_owned()));
    let run = hotplate_fed(&PREDICT, lines.join("\n").as_bytes());
    let (_, warnings) = warned(&run);
    assert_eq!(warnings.len(), 7);
    assert_eq!(warnings[6], "  and 4 more");
}

#[test]
fn what_makes_every_row_unreadable_ends_the_run() {
    let body = churn_lines().join("\n").replacen("tenure", "tenur", 1);
    let run = hotplate_fed(&PREDICT, body.as_bytes());
    assert!(run.failed(1).contains("unknown column \"tenur\""), "{run:?}");
    assert_eq!(run.out, "");
    let run = hotplate(&["predict", "models/churn", "--on-error", "pass"]);
    assert!(run.failed(2).contains("[possible values: stop, placeholder]"), "{run:?}");
}

#[test]
fn quote_that_is_left_open_costs_its_line_alone() {
    let lines = churn_lines();
    let mut body = format!("{}\n{}\n\"{}\n", lines[0], lines[1], lines[2]);
    let mut rows = 2;
    while body.len() < 3 << 20 {
        lines[1..].iter().for_each(|line| body.extend([line, "\n"]));
        rows += lines.len() - 1;
    }
    let run = hotplate_fed(&PREDICT, body.as_bytes());
    let (answers, warnings) = warned(&run);
    assert_eq!((answers.len(), answers[1]), (rows, "ERROR"));
    assert_eq!(answers.iter().filter(|&&answer| answer == "ERROR").count(), 1);
    assert_eq!(warnings.len(), 2);
}
