use std::fs;

use serde_json::Value;

use crate::support::{assert_scores, folder_with, golden, hotplate, hotplate_fed, shipped};

const SECOND_CLASS: &str = "output.probabilities.1";

fn read(path: &str) -> Vec<u8> {
    fs::read(shipped(path)).unwrap()
}

/// A file of churn's six rows, with these in between, which are cells changed of the first row.
fn churn_with(column: &str, values: &[&str]) -> String {
    let rows = String::from_utf8(read("churn/rows.csv")).unwrap();
    let mut lines: Vec<String> = rows.lines().map(str::to_owned).collect();
    let at = lines[0].split(',').position(|name| name == column).unwrap();
    for value in values {
        let mut cells: Vec<&str> = rows.lines().nth(1).unwrap().split(',').collect();
        cells[at] = value;
        lines.push(cells.join(","));
    }
    lines.join("\n") + "\n"
}

#[test]
fn golden_rows_are_scored_as_they_say() {
    for (model, column) in
        [("churn", SECOND_CLASS), ("fraud", SECOND_CLASS), ("housing", "output.price")]
    {
        let (path, file) = (format!("models/{model}"), format!("models/{model}/golden.csv"));
        let run = hotplate(&["predict", &path, "--input", &file, "--ignore-unknown-columns"]);
        assert_scores(&run.lines(), &golden(model, column));
    }
}

#[test]
fn rows_are_scored_alike_in_every_form() {
    // The rows that are sent as examples are the first golden ones.
    for (model, column) in [("churn", SECOND_CLASS), ("housing", "output.price")] {
        let path = format!("models/{model}");
        let expected = &golden(model, column)[..6];
        for file in ["rows.csv", "rows.json"] {
            let file = format!("models/{model}/{file}");
            let run = hotplate(&["predict", &path, "--input", &file, "--output-format", "csv"]);
            assert_scores(&run.lines(), expected);
        }
        let rows: Value = serde_json::from_slice(&read(&format!("{model}/rows.json"))).unwrap();
        let rows = rows["instances"].as_array().unwrap().iter();
        let lines: String = rows.map(|row| format!("{row}\n")).collect();
        let run = hotplate_fed(
            &["predict", &path, "--input-format", "jsonl", "--output-format", "csv"],
            lines.as_bytes(),
        );
        assert_scores(&run.lines(), expected);
    }
}

#[test]
fn sparse_rows_mean_what_flags_and_the_folder_say() {
    let row = "8.3,0,6.9,1,322,2.5,37.9,-122.2\n";
    let dense = hotplate_fed(&["predict", "models/housing"], row.as_bytes());
    let missing = hotplate_fed(&["predict", "models/housing"], row.replace(",0,", ",,").as_bytes());
    assert_ne!(dense.lines(), missing.lines());
    let from = |first: usize| {
        let cells = row.trim_end().split(',').enumerate().filter(|&(_, cell)| cell != "0");
        let cells: String = cells.map(|(at, cell)| format!(" {}:{cell}", at + first)).collect();
        format!("1{cells}\n")
    };
    let ask = |model: &str, body: &str, flags: &[&str]| {
        let arguments = [&["predict", model, "--input-format", "libsvm"], flags].concat();
        hotplate_fed(&arguments, body.as_bytes())
    };
    let housing = "models/housing";
    assert_eq!(ask(housing, &from(1), &[]).lines(), missing.lines());
    assert_eq!(ask(housing, &from(1), &["--libsvm-base", "auto"]).lines(), missing.lines());
    assert_eq!(ask(housing, &from(1), &["--sparse-absent", "zero"]).lines(), dense.lines());
    assert!(ask(housing, &from(0), &[]).failed(1).contains("indices from 1 to 8"));
    for base in ["0", "auto"] {
        let flags = ["--libsvm-base", base, "--sparse-absent=zero"];
        assert_eq!(ask(housing, &from(0), &flags).lines(), dense.lines(), "{base}");
    }
    let folder = folder_with("housing", &["model.onnx"]);
    let settings = "[model]\nlibsvm_base = 0\nsparse_absent = \"zero\"\n";
    fs::write(folder.path().join("hotplate.toml"), settings).unwrap();
    let said = folder.path().to_str().unwrap();
    assert_eq!(ask(said, &from(0), &[]).lines(), dense.lines());
    // A flag wins.
    assert_eq!(ask(said, &from(1), &["--libsvm-base", "1"]).lines(), dense.lines());
    let flags = ["--sparse-absent", "missing"];
    assert_eq!(ask(said, &from(0), &flags).lines(), missing.lines());
    let slip = ask(housing, "", &["--libsvm-base", "2"]);
    assert!(slip.failed(2).contains("0, 1 or auto"), "{slip:?}");
}

#[test]
fn output_is_in_the_form_of_the_input_or_of_its_name() {
    let json = hotplate(&["predict", "models/churn", "--input", "models/churn/rows.json"]);
    let document: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(document["predictions"][4]["predicted_label"], "Yes");
    assert!(json.out.ends_with("]}\n"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scores.jsonl");
    let arguments = ["predict", "models/churn", "--input", "models/churn/rows.csv", "--output"];
    let run = hotplate(&[&arguments[..], &[file.to_str().unwrap()]].concat());
    assert_eq!((run.code, run.out.as_str()), (Some(0), ""));
    let lines = fs::read_to_string(file).unwrap();
    assert_eq!(lines.lines().count(), 6);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["predicted_label"], "No");
}

#[test]
fn configuration_of_the_model_says_what_is_written() {
    let folder = folder_with("churn", &["model.onnx"]);
    let text = "[model]\noutput = [\"predicted_label\"]\nthreshold = 0.04\n";
    fs::write(folder.path().join("hotplate.toml"), text).unwrap();
    let path = folder.path().to_str().unwrap();
    let run = hotplate(&["predict", path, "--input", "models/churn/rows.csv"]);
    assert_eq!(run.lines(), ["No", "Yes", "Yes", "Yes", "Yes", "Yes"]);
}

#[test]
fn row_that_is_wrong_is_named_and_what_precedes_it_is_written() {
    let body = churn_with("tenure", &["12", "many"]);
    let run = hotplate_fed(&["predict", "models/churn"], body.as_bytes());
    let expected = "error: standard input: row 7 (line 9), column \"tenure\": expected a number, got text \
         \"many\"\n";
    assert_eq!(run.failed(1), expected);
    assert_scores(&run.out.lines().collect::<Vec<_>>()[..6], &golden("churn", SECOND_CLASS)[..6]);
    assert_eq!(run.out.lines().count(), 7);

    let run =
        hotplate_fed(&["predict", "models/churn", "--output-format", "json"], body.as_bytes());
    run.failed(1);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document["predictions"].as_array().unwrap().len(), 7);
}

#[test]
fn category_that_is_refused_is_named_by_its_place_in_the_file() {
    let folder = folder_with("churn", &["model.onnx"]);
    let text = "[model]\nunknown_categories = \"refuse\"\n";
    fs::write(folder.path().join("hotplate.toml"), text).unwrap();
    let path = folder.path().to_str().unwrap();
    // What the model refuses comes before what is no row at all.
    let body = churn_with("Contract", &["Two year", "Weekly"]) + "x\n";
    let run = hotplate_fed(&["predict", path], body.as_bytes());
    let message = run.failed(1);
    assert!(message.contains("row 7 (line 9), column \"Contract\": \"Weekly\""), "{message}");
    assert_eq!(run.out.lines().count(), 7);
}

#[test]
fn columns_of_others_are_passed_over_when_asked() {
    let body = "id,MedInc,HouseAge,AveRooms,AveBedrms,Population,AveOccup,Latitude,Longitude\n\
                7,4.1518,22,5.6630726,1.0754716,1551,4.180593,32.58,-117.05\n";
    let run = hotplate_fed(&["predict", "models/housing"], body.as_bytes());
    let message = run.failed(1);
    assert!(message.contains("unknown column \"id\"; --ignore-unknown-columns"), "{message}");
    let arguments = ["predict", "models/housing", "--ignore-unknown-columns"];
    let run = hotplate_fed(&arguments, body.as_bytes());
    assert_scores(&run.lines(), &golden("housing", "output.price")[..1]);

    // However many there are.
    let (header, row) = body.trim_end().split_once('\n').unwrap();
    let body = format!("a,b,c,d,e,f,g,h,i,{header}\n,,,,,,,,,{row}\n");
    let run = hotplate_fed(&arguments, body.as_bytes());
    assert_scores(&run.lines(), &golden("housing", "output.price")[..1]);
}

#[test]
fn file_without_rows_has_no_answers() {
    let header = "MedInc,HouseAge,AveRooms,AveBedrms,Population,AveOccup,Latitude,Longitude\n";
    assert_eq!(hotplate_fed(&["predict", "models/housing"], header.as_bytes()).lines(), [""; 0]);
    for document in ["[]", "{\"instances\":[]}"] {
        let arguments = ["predict", "models/housing", "--input-format", "json"];
        let run = hotplate_fed(&arguments, document.as_bytes());
        assert_eq!(run.lines(), ["{\"predictions\":[]}"]);
    }
}

#[test]
fn file_without_anything_is_a_failure_of_whatever_should_have_written_it() {
    for (format, blanks) in [
        ("csv", ""),
        ("csv", "\r\n\n"),
        ("csv", "\u{feff}"),
        ("json", ""),
        ("json", " \n"),
        ("jsonl", ""),
        ("jsonl", "\n\n"),
    ] {
        let arguments = ["predict", "models/housing", "--input-format", format];
        let run = hotplate_fed(&arguments, blanks.as_bytes());
        assert_eq!(run.failed(1), "error: standard input: no rows: the file is empty\n");
    }
}

#[test]
fn files_that_cannot_be_right_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    fs::copy(shipped("churn/rows.csv"), &file).unwrap();
    let path = file.to_str().unwrap();
    let run = hotplate(&["predict", "models/churn", "--input", path, "--output", path]);
    assert!(run.failed(2).contains("would overwrite the rows"));
    assert_eq!(fs::read(&file).unwrap(), read("churn/rows.csv"));

    let run = hotplate(&["predict", "models/churn", "--input", "models/churn/data.csv.gz"]);
    assert!(run.failed(2).contains("zcat models/churn/data.csv.gz |"));
    let run = hotplate(&["predict", "models/churn", "--input", "nowhere.csv"]);
    assert!(run.failed(1).starts_with("error: nowhere.csv: "));
    let run = hotplate(&["predict", "models/nowhere", "--input", path]);
    assert!(run.failed(1).contains("models/nowhere: there is no such file or folder"));
    let run = hotplate(&["predict", "models", "--input", path]);
    assert!(run.failed(1).contains("name one of them: models/churn, models/fraud, models/housing"));
}

#[test]
fn answers_are_explained_where_that_is_asked_for() {
    let rows = ["predict", "models/housing", "--input", "models/housing/rows.csv"];
    let run = hotplate(&[&rows[..], &["--output-format", "jsonl", "--explain=2"]].concat());
    for line in run.lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        let explanation = &answer["explanations"][0];
        assert_eq!(explanation["contributions"].as_object().unwrap().len(), 2, "{line}");
        let [score, explained] = [&answer["score"], &explanation["score"]];
        let apart = score.as_f64().unwrap() - explained.as_f64().unwrap();
        assert!(apart.abs() < 1e-5, "{line}");
    }
    let all = hotplate(&[&rows[..], &["--output-format", "json", "--explain"]].concat());
    let all: Value = serde_json::from_str(&all.out).unwrap();
    let told = &all["predictions"][0]["explanations"][0]["contributions"];
    assert_eq!(told.as_object().unwrap().len(), 8, "{told}");
    let run = hotplate(&[&rows[..], &["--explain"]].concat());
    let message = run.failed(1);
    assert!(message.contains("--output-format jsonl"), "{message}");
}
