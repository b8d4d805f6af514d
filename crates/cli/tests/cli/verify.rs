use std::fs;

use crate::support::{folder_with, hotplate, shipped};

#[test]
fn shipped_models_reproduce_their_rows() {
    for (model, rows) in [("churn", 1248), ("fraud", 611), ("housing", 1192)] {
        let run = hotplate(&["verify", &format!("models/{model}")]);
        let [line] = run.lines()[..] else { panic!("{run:?}") };
        assert!(line.starts_with(&format!("{model}: {rows} of {rows} rows reproduced")), "{line}");
    }
}

#[test]
fn doctored_rows_are_told_apart() {
    let folder = folder_with("churn", &["model.onnx"]);
    let golden = fs::read_to_string(shipped("churn/golden.csv")).unwrap();
    let doctored = golden.replacen(",0.01838386,", ",0.01839386,", 1);
    assert_ne!(golden, doctored);
    let file = folder.path().join("golden.csv");
    fs::write(&file, doctored).unwrap();
    let (path, file) = (folder.path().to_str().unwrap(), file.to_str().unwrap());

    for arguments in [&["verify", path][..], &["verify", "models/churn", "--rows", file]] {
        let run = hotplate(arguments);
        let message = run.failed(1);
        let words = "1 of 1248 rows are not reproduced; the first: row 0 (line 2), \
                     output.probabilities.1: expected 0.01839386, got 0.01838386";
        assert!(message.contains(words), "{message}");
        assert!(run.out.contains("1247 of 1248 rows reproduced"), "{}", run.out);
        assert!(run.out.contains("greatest difference 1.0e-5"), "{}", run.out);
    }
    // Nor does a model answer that is not right.
    let run = hotplate(&["predict", path]);
    let message = run.failed(1);
    assert!(message.contains(path) && message.contains("1 of 1248 golden rows"), "{message}");
}

#[test]
fn missing_rows_are_explained() {
    let format = "a column output.NAME, or output.NAME.INDEX";
    let run = hotplate(&["verify", "models/churn/model.onnx"]);
    let message = run.failed(1);
    assert!(message.contains("--rows FILE") && message.contains(format), "{message}");
    let run = hotplate(&["verify", "models/churn", "--rows", "models/churn/rows.csv"]);
    let message = run.failed(1);
    assert!(message.contains("no column output.NAME") && message.contains(format), "{message}");
}
