use std::fs;

use serde_json::Value;

use crate::{
    needs,
    support::{folder_with, hotplate, hotplate_fed, root},
};

/// Each model with the number of its trees.
const MODELS: [(&str, usize); 3] = [("churn", 120), ("fraud", 300), ("housing", 100)];

fn document(arguments: &[&str]) -> Value {
    let run = hotplate(&[&["trace"], arguments, &["--json"]].concat());
    serde_json::from_str(&run.lines().join("\n")).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

/// What all trees of a document of one score add.
fn sum(document: &Value) -> f64 {
    let adds = |tree: &Value| match list(&tree["adds"]) {
        [add] => number(&add["value"]),
        adds => panic!("{adds:?}"),
    };
    list(&document["trees"]).iter().map(adds).sum()
}

/// The third line of a model's rows, which is row 1 behind the header.
fn line(model: &str) -> String {
    let rows = fs::read_to_string(root().join(format!("models/{model}/rows.csv"))).unwrap();
    rows.lines().nth(2).unwrap().to_owned()
}

#[test]
fn trees_sum_up_to_the_margin_and_that_becomes_the_prediction() {
    for (model, trees) in MODELS {
        let (path, file) = (format!("models/{model}"), format!("models/{model}/rows.csv"));
        let scores = hotplate(&["predict", &path, "--input", &file]);
        for (row, score) in scores.lines().iter().enumerate() {
            let document = document(&[&path, "--input", &file, "--number", &row.to_string()]);
            assert_eq!(list(&document["trees"]).len(), trees);
            let [told] = list(&document["scores"]) else { panic!("{}", document["scores"]) };
            let margin = number(&told["margin"]);
            let apart = number(&told["base"]) + sum(&document) - margin;
            assert!(apart.abs() < 1e-5, "{model}, row {row}: {apart}");

            let predicted: f64 = score.parse().unwrap();
            let (of_margin, of_document) = match model {
                "housing" => (margin, number(&document["prediction"]["score"])),
                _ => {
                    let probabilities = list(&document["prediction"]["probabilities"]);
                    (1.0 / (1.0 + (-margin).exp()), number(&probabilities[1]))
                }
            };
            // Each run lays the trees out as is fastest then, and so rounds in its own way.
            for told in [of_document, of_margin] {
                let tolerance = 1e-6 * predicted.abs().max(1.0);
                assert!((told - predicted).abs() < tolerance, "{model}, row {row}: {told}");
            }
            let explained = number(&document["reasons"]["scores"][0]["score"]);
            assert!((explained - margin).abs() < 1e-5, "{model}, row {row}: {explained}");
        }
    }
}

#[test]
fn paths_follow_the_features() {
    for (model, _) in MODELS {
        let document = document(&[&format!("models/{model}"), "--row", &line(model)]);
        let features = list(&document["features"]);
        let mut branches = 0;
        for tree in list(&document["trees"]) {
            let path = list(&tree["path"]);
            assert!(path.len() as u64 <= tree["depth"].as_u64().unwrap());
            let mut node = 0;
            for branch in path {
                let feature =
                    &features[usize::try_from(branch["feature"].as_u64().unwrap()).unwrap()];
                assert_eq!(branch["value"], feature["value"], "{model}");
                let value = number(&branch["value"]);
                match (branch["above"].as_f64(), branch["at_most"].as_f64()) {
                    (None, Some(at_most)) => assert!(value <= at_most, "{branch}"),
                    (Some(above), None) => assert!(value > above, "{branch}"),
                    _ => panic!("{branch}"),
                }
                // Children stand behind their parent.
                node += 1;
                branches += 1;
            }
            assert!(tree["leaf"].as_u64().unwrap() >= node, "{tree}");
        }
        assert!(branches > 100, "{model}: {branches}");
    }
}

/// Asserts that two documents are about the same row.
#[track_caller]
fn assert_alike(got: &Value, expected: &Value, form: &str) {
    for key in ["columns", "features", "texts", "trees"] {
        // Not shown: there are many.
        assert!(got[key] == expected[key], "{key} of {form}");
    }
}

#[test]
fn row_is_taken_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        format!("@{}", path.display())
    };
    for (model, _) in MODELS {
        let path = format!("models/{model}");
        let line = line(model);
        let rows = fs::read_to_string(root().join(format!("models/{model}/rows.json"))).unwrap();
        let rows: Value = serde_json::from_str(&rows).unwrap();
        let json = rows["instances"][1].to_string();
        let expected = document(&[&path, "--row", &line]);
        assert_eq!(expected["row"], Value::Null);
        let forms =
            [json.clone(), file("row.csv", &line), file("row.json", &json), file("row", &json)];
        for form in forms {
            let got = document(&[&path, "--row", &form]);
            if let Some(file) = form.strip_prefix('@') {
                assert_eq!(got["row"]["file"], file);
            }
            assert_alike(&got, &expected, &form);
        }
        for ending in ["csv", "json"] {
            let rows = format!("models/{model}/rows.{ending}");
            let got = document(&[&path, "--input", &rows, "--number", "1"]);
            assert_eq!(got["row"]["number"], 1);
            assert_alike(&got, &expected, &rows);
        }
        let run = hotplate_fed(&["trace", &path, "--row", "@-", "--json"], json.as_bytes());
        assert_eq!(run.code, Some(0), "{}", run.err);
    }
}

/// Churn's row 1 with a contract that training never saw and no tenure.
fn odd_customer() -> String {
    let mut cells: Vec<String> = line("churn").split(',').map(str::to_owned).collect();
    cells[4].clear();
    cells[14] = "Weekly".to_owned();
    cells.join(",")
}

#[test]
fn what_is_missing_or_unknown_is_said() {
    let row = odd_customer();
    let document = document(&["models/churn", "--row", &row]);
    let tenure = &document["columns"][4];
    assert_eq!((&tenure["name"], &tenure["missing"]), (&"tenure".into(), &true.into()));
    assert_eq!(document["columns"][5]["missing"], false);
    let texts = list(&document["texts"]);
    for text in texts {
        let is_contract = text["column"] == "Contract";
        assert_eq!(text["category"].is_null(), is_contract, "{text}");
    }
    let features = list(&document["features"]);
    let of = |column: &'static str| features.iter().filter(move |of| of["column"] == column);
    let imputed = &of("tenure").next().unwrap()["steps"][0];
    assert_eq!((&imputed["operation"], &imputed["is_replaced"]), (&"impute".into(), &true.into()));
    assert_eq!(imputed["value"], imputed["with"]);
    assert_eq!(of("Contract").count(), 3);
    assert!(of("Contract").all(|feature| number(&feature["value"]) == 0.0));
    // The text of any other column sets just one of its features.
    assert_eq!(of("PaymentMethod").map(|feature| number(&feature["value"])).sum::<f64>(), 1.0);

    let text = hotplate(&["trace", "models/churn", "--row", &row]).lines().join("\n");
    for part in
        ["missing, imputed with 29", "\"Weekly\", unknown, none of 3 categories: 3 others = 0"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn some_trees_are_shown_or_all() {
    let arguments = ["trace", "models/churn", "--row", &line("churn")];
    let leaves = |more: &[&str]| -> Vec<u64> {
        let run = hotplate(&[&arguments[..], more].concat());
        let lines = run.lines();
        let trees = lines.iter().filter(|line| line.contains("  #"));
        trees.map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect()
    };
    let some = leaves(&[]);
    assert_eq!(some.len(), 12);
    assert!(some.is_sorted());
    for end in [0, 1, 2, 117, 118, 119] {
        assert!(some.contains(&end), "{end} in {some:?}");
    }
    assert_eq!(leaves(&["--trees", "all"]), (0..120).collect::<Vec<_>>());
    let asked = |more: &[&str]| {
        let run = hotplate(&[&arguments[..], more].concat());
        run.lines().iter().filter(|line| line.contains(" ≤ ") || line.contains(" > ")).count()
    };
    assert_eq!(asked(&[]), 0);
    assert!(asked(&["--trees", "all", "--paths"]) > 120);
}

#[test]
fn threshold_of_the_folder_decides() {
    let folder = folder_with("churn", &["model.onnx"]);
    fs::write(folder.path().join("hotplate.toml"), "[model]\nthreshold = 0.0001\n").unwrap();
    let path = folder.path().to_str().unwrap();
    let run = hotplate(&["trace", path, "--row", &line("churn")]);
    let text = run.lines().join("\n");
    assert!(text.contains("Yes, by the threshold 0.0001 of hotplate.toml"), "{text}");
}

#[test]
fn what_is_no_row_is_refused() {
    let told = |arguments: &[&str], code: i32, words: &str| {
        let run = hotplate(&[&["trace", "models/housing"], arguments].concat());
        let message = run.failed(code);
        assert!(message.contains(words), "{message}");
    };
    told(&[], 2, "--row <ROW>");
    told(&["--row", "1", "--input", "x.csv"], 2, "cannot be used with");
    told(&["--row", "1,2"], 1, "--row: ");
    told(&["--row", "[1,2,"], 1, "--row: ");
    told(&["--row", "@models/housing/rows.csv"], 2, "expected one row, got 6");
    let rows = ["--input", "models/housing/rows.csv", "--number", "6"];
    told(&rows, 1, "there is no row 6: the last of 6 is 5");
    told(&["--input", "nowhere.csv"], 1, "nowhere.csv: ");

    let folder = folder_with("churn", &["model.onnx"]);
    let text = "[model]\nunknown_categories = \"refuse\"\n";
    fs::write(folder.path().join("hotplate.toml"), text).unwrap();
    let run = hotplate(&["trace", folder.path().to_str().unwrap(), "--row", &odd_customer()]);
    assert!(run.failed(1).contains("column \"Contract\": \"Weekly\""), "{}", run.err);
}

#[test]
fn negative_first_cell_is_no_flag() {
    let row = "-1.5,2,3,4,5,6,7,-8";
    let document = document(&["models/housing", "--row", row]);
    assert_eq!(document["columns"][0]["value"], -1.5);
}

#[test]
fn what_another_backend_does_not_tell_is_said() {
    let Some(library) = needs::onnxruntime("what_another_backend_does_not_tell_is_said") else {
        return;
    };
    let flags = ["--backend", "onnxruntime", "--device", "cpu", "--onnxruntime", &library];
    let row = line("churn");
    let arguments = [&["models/churn", "--row", &row], &flags[..]].concat();
    let document = document(&arguments);
    for key in ["features", "texts", "trees", "scores", "transform", "reasons"] {
        assert_eq!(document[key], Value::Null, "{key}");
    }
    assert!(document["not_traced"].as_str().unwrap().contains("run natively"), "{document}");
    assert_eq!(document["columns"][4]["name"], "tenure");
    assert!(document["prediction"]["probabilities"][1].is_number());
    let text = hotplate(&[&["trace"], &arguments[..]].concat()).lines().join("\n");
    assert!(text.contains("runs step by step:"), "{text}");
}

#[test]
fn program_is_told_step_by_step() {
    let model = "crates/conformance/cases/skl2onnx/SklearnBinBernoulliNB/model.onnx";
    let row = ["1"; 20].join(",");
    let document = document(&[model, "--row", &row]);
    assert_eq!((&document["backend"], &document["trees"]), (&"native".into(), &Value::Null));
    assert_eq!(list(&document["columns"]).len(), 20);
    let second = number(&document["prediction"]["probabilities"][1]);
    let predicted = hotplate_fed(&["predict", model], row.as_bytes());
    assert_eq!(predicted.lines(), [second.to_string()]);
    let text = hotplate(&["trace", model, "--row", &row]).lines().join("\n");
    for part in ["not traced: only a model that is one ensemble", "runs step by step:", "MatMul"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
