//! Models in the files of the libraries that trained them, from cells to predictions.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use hotplate_backend::{Backend, CompileOptions, Plan};
use hotplate_model::{Model, Task};
use hotplate_native::Native;
use hotplate_tensor::{DType, DataView, Value};

use crate::support::{run_cells, run_strictly};

fn folder(library: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests").join(library)
}

fn compile(path: &Path) -> Arc<dyn Plan> {
    Native.compile(&Model::open(path).unwrap(), &CompileOptions::default()).unwrap()
}

/// The plan of a classifier that answers margins too.
fn with_margins(path: &Path) -> Option<(Arc<dyn Plan>, usize)> {
    let options = CompileOptions { margins: true, ..CompileOptions::default() };
    let plan = Native.compile(&Model::open(path).unwrap(), &options).unwrap();
    let margins = plan.signature().margins()?;
    Some((plan, margins))
}

/// The rows whose predictions are at the end of a LightGBM model's scores.
const PREDICTED_ROWS: usize = 16;

/// The files of LightGBM, each with the lines of its rows.
fn lightgbm_models() -> impl Iterator<Item = (PathBuf, String)> {
    let entries = fs::read_dir(folder("lightgbm/models")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let models = paths.filter(|path| path.extension().is_some_and(|ending| ending == "txt"));
    models.map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let data = ["codes", "frame"].into_iter().find(|data| name.contains(data));
        let rows = folder("lightgbm").join(data.unwrap_or("numbers")).with_extension("tsv");
        (path, fs::read_to_string(rows).unwrap())
    })
}

/// The cells of a row of the tests' data, texts where the model has texts.
fn cells<'l>(plan: &dyn Plan, line: &'l str) -> Vec<Value<'l>> {
    let columns = plan.signature().schema().columns();
    let cell = |(cell, column): (&'l str, &hotplate_tensor::Column)| match column.dtype {
        DType::Str if cell == "NaN" || cell == "nan" => Value::Missing,
        DType::Str => cell.into(),
        _ => cell.parse::<f64>().unwrap().into(),
    };
    line.split('\t').zip(columns).map(cell).collect()
}

#[test]
fn predictions_are_lightgbms() {
    let mut texts = 0;
    for (path, rows) in lightgbm_models() {
        let plan = compile(&path);
        let name = path.display();
        let rows: Vec<_> =
            rows.lines().take(PREDICTED_ROWS).map(|line| cells(&*plan, line)).collect();
        let rows: Vec<&[Value<'_>]> = rows.iter().map(|row| &row[..]).collect();
        let outputs = run_cells(&*plan, &rows);
        let DataView::F64(got) = outputs.last().unwrap().data() else { panic!("not float64") };
        // Of two classes the library gives the second's probability alone.
        let scores = Model::open(&path).unwrap().lightgbm().unwrap().scores();
        let width = got.len() / PREDICTED_ROWS;
        let got = got.chunks(width).flat_map(|row| &row[width - scores..]);
        let bytes = fs::read(path.with_extension("f64")).unwrap();
        let numbers = bytes.as_chunks().0;
        let expected = &numbers[numbers.len() - PREDICTED_ROWS * scores..];
        for (got, &expected) in got.zip(expected) {
            let expected = f64::from_le_bytes(expected);
            assert!((got - expected).abs() <= 1e-12 * expected.abs(), "{name}: {got}, {expected}");
        }
        texts += usize::from(plan.steps().iter().any(|step| step.contains("looked up")));
    }
    assert!(texts >= 2, "{texts}");
}

#[test]
fn unknown_texts_are_missing_and_counted_or_refused() {
    let plan = compile(&folder("lightgbm/models").join("frame.txt"));
    let columns = plan.signature().schema().columns();
    let text = columns.iter().position(|column| column.dtype == DType::Str).unwrap();
    let mut row = vec![Value::from(0.5); columns.len()];
    for (cell, column) in row.iter_mut().zip(columns) {
        if column.dtype == DType::Str {
            *cell = Value::Missing;
        }
    }
    let score = |row: &[Value<'_>]| {
        let outputs = run_cells(&*plan, &[row]);
        let DataView::F64(scores) = outputs.last().unwrap().data() else { panic!("float64") };
        scores.last().unwrap().to_bits()
    };
    let missing = score(&row);
    assert_eq!(plan.unknown_categories().iter().map(|(_, count)| count).sum::<u64>(), 0);
    row[text] = "never seen in training".into();
    assert_eq!(score(&row), missing);
    assert_eq!(plan.unknown_categories()[0], (text, 1));
    run_strictly(&*plan, &[&row]).unwrap_err();
}

#[test]
fn classifiers_answer_a_label_and_the_probabilities_of_all_classes() {
    for (path, classes) in [
        (folder("lightgbm/models").join("multiclass.txt"), 3),
        (folder("lightgbm/models").join("binary.txt"), 2),
        (folder("xgboost/3.2.0").join("softprob.ubj"), 3),
        (folder("xgboost/3.2.0").join("binary-logistic.json"), 2),
    ] {
        let plan = compile(&path);
        assert!(matches!(plan.signature().task(), Task::Classifier { .. }), "{}", path.display());
        let row = vec![Value::from(0.25); plan.signature().schema().columns().len()];
        let outputs = run_cells(&*plan, &[&row]);
        let DataView::I64(&[label]) = outputs[0].data() else { panic!("one label") };
        let probabilities: Vec<f64> = match outputs[1].data() {
            DataView::F32(row) => row.iter().copied().map(f64::from).collect(),
            DataView::F64(row) => row.to_vec(),
            _ => panic!("numbers"),
        };
        assert!(probabilities.len() >= classes, "{}", path.display());
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        let greatest = probabilities.iter().copied().fold(0.0, f64::max);
        assert_eq!(probabilities[usize::try_from(label).unwrap()], greatest);
    }
}

#[test]
fn margins_are_lightgbms_raw_scores_bit_for_bit() {
    let mut models = 0;
    for (path, rows) in lightgbm_models() {
        let Some((plan, margins)) = with_margins(&path) else { continue };
        if Model::open(&path).unwrap().lightgbm().unwrap().average_output() {
            // The library's raw scores are not averaged.
            continue;
        }
        let rows: Vec<_> = rows.lines().map(|line| cells(&*plan, line)).collect();
        let rows: Vec<&[Value<'_>]> = rows.iter().map(|row| &row[..]).collect();
        let outputs = run_cells(&*plan, &rows);
        let DataView::F64(got) = outputs[margins].data() else { panic!("not float64") };
        let bytes = fs::read(path.with_extension("f64")).unwrap();
        let expected = bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
        assert!(got.len() >= 200);
        for (row, (got, expected)) in got.iter().zip(expected).enumerate() {
            assert_eq!(got.to_bits(), expected.to_bits(), "{}, score {row}", path.display());
        }
        models += 1;
    }
    assert!(models >= 8, "{models}");
}

#[test]
fn margins_are_xgboosts() {
    let read = |path: &Path| -> Vec<[u8; 4]> { fs::read(path).unwrap().as_chunks().0.to_vec() };
    let mut models = 0;
    for entry in fs::read_dir(folder("xgboost/3.2.0")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json" && extension != "ubj") {
            continue;
        }
        let Some((plan, margins)) = with_margins(&path) else { continue };
        let words = read(&path.with_extension("rows"));
        let [count, features, groups] = [0, 1, 2].map(|at| u32::from_le_bytes(words[at]) as usize);
        let width = plan.signature().schema().columns().len();
        let shared = read(&path.with_file_name("shared.rows"));
        // Without features of their own they are the rows of all models of a release.
        let rows = if features == 0 { &shared } else { &words };
        let floats = |words: &[[u8; 4]]| -> Vec<f32> {
            words.iter().map(|&word| f32::from_le_bytes(word)).collect()
        };
        let cells: Vec<Value<'_>> =
            floats(&rows[4..][..count * width]).into_iter().map(|x| f64::from(x).into()).collect();
        let outputs = run_cells(&*plan, &cells.chunks(width).collect::<Vec<_>>());
        let DataView::F32(got) = outputs[margins].data() else { panic!("not float32") };
        let expected = floats(&words[4 + count * features..][..count * groups]);
        assert_eq!(got.len(), expected.len(), "{}", path.display());
        for (got, expected) in got.iter().zip(&expected) {
            let is_near = (got - expected).abs() <= 1e-6 * expected.abs().max(1.0);
            assert!(is_near, "{}: {got}, not {expected}", path.display());
        }
        models += 1;
    }
    assert!(models >= 4, "{models}");
}
