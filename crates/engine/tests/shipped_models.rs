//! The models that ship, through the engine, against the answers of ONNX Runtime, or of XGBoost for
//! its own format, that their golden rows hold.

use std::path::PathBuf;

use hotplate::{Engine, GoldenRows, Label, Task, Value};

fn model(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name)
}

#[test]
fn golden_rows_are_reproduced() {
    for (name, rows) in [("churn", 1248), ("fraud", 611), ("housing", 1192)] {
        let engine = Engine::open(model(name)).unwrap();
        assert_eq!(engine.golden_rows(), rows, "{name}");
        let golden = GoldenRows::read(&model(name).join("golden.csv"), engine.signature()).unwrap();
        let verdict = golden.verify(&engine).unwrap();
        assert_eq!((verdict.wrong, verdict.first), (0, None), "{name}");
        // Printed for the curious: zero means bit for bit.
        println!("{name}: greatest difference {:e}", verdict.greatest);
    }
}

#[test]
fn signatures_say_what_the_models_are() {
    let churn = Engine::open(model("churn")).unwrap();
    assert_eq!(churn.columns().len(), 19);
    assert!(matches!(churn.signature().task(), Task::Classifier { .. }));
    let housing = Engine::open(model("housing")).unwrap();
    let names: Vec<&str> = housing.columns().map(|column| column.name.as_str()).collect();
    assert_eq!(names[0], "MedInc");
    assert!(matches!(housing.signature().task(), Task::Regressor { .. }));
    let fraud = Engine::open(model("fraud")).unwrap();
    assert_eq!((fraud.backend(), fraud.columns().len()), ("native", 30));
    assert!(matches!(fraud.signature().task(), Task::Classifier { .. }));
}

#[test]
fn bound_row_is_answered() {
    let churn = Engine::open(model("churn")).unwrap();
    let names: Vec<&str> = churn.columns().map(|column| column.name.as_str()).collect();
    let bound = churn.bind(&names).unwrap();
    let row: Vec<Value<'_>> = vec![
        "Female".into(),
        0.into(),
        "Yes".into(),
        "No".into(),
        1.into(),
        "No".into(),
        "No phone service".into(),
        "DSL".into(),
        "No".into(),
        "Yes".into(),
        "No".into(),
        "No".into(),
        "No".into(),
        "No".into(),
        "Month-to-month".into(),
        "Yes".into(),
        "Electronic check".into(),
        29.85.into(),
        29.85.into(),
    ];
    let answer = bound.predict(&row).unwrap();
    assert!(matches!(answer.label(0), Some(Label::Text("Yes" | "No"))));
    let [no, yes] = answer.probabilities(0) else { panic!("two classes") };
    assert!((no + yes - 1.0).abs() < 1e-6);
    assert_eq!(answer.score(0), f64::from(*yes));
}
