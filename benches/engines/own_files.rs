//! LightGBM's and XGBoost's own files, beside the call of each library's C interface that is made
//! for a single row: `LGBM_BoosterPredictForMatSingleRowFast` and `XGBoosterPredictFromDense`.
//!
//! One row a call and one thread on either side. Ours is all of `Engine::predict_into`. Theirs runs
//! in a process of Python that calls the C function through `ctypes` over the rows in turn, with
//! everything that can be made before the loop made there: pointers, the fast configuration of
//! LightGBM, the descriptions of arrays that XGBoost takes. Its own clock is read before the loop
//! and behind it. What Python takes for a call is in the time and nothing is taken off it; a line
//! tells what a function of the same library that does nothing takes from the same loop, with fewer
//! arguments to pass.

use std::{hint::black_box, path::Path};

use hotplate::{Answer, DataView, Engine, Shape, TensorView, tolerance::Tolerance};
use hotplate_model::onnx::TestValue;

use crate::{calls, library::Library};

/// A case, its file, and the script that asks the library.
struct OwnFile {
    case: &'static str,
    library: &'static str,
    file: &'static str,
    script: &'static str,
}

const OWN_FILES: [OwnFile; 2] = [
    OwnFile {
        case: "lightgbm-churn-500",
        library: "lightgbm",
        file: "model.txt",
        script: "time_lightgbm.py",
    },
    OwnFile {
        case: "xgboost-churn-500",
        library: "xgboost",
        file: "model.ubj",
        script: "time_xgboost.py",
    },
];

/// The names of the cases.
pub(crate) fn cases() -> impl Iterator<Item = &'static str> {
    OWN_FILES.iter().map(|own| own.case)
}

/// Checks and times the cases that are wanted.
pub(crate) fn run(quick: bool, models: &Path, is_wanted: impl Fn(&str) -> bool) {
    for own in &OWN_FILES {
        let case = format!("{}, its own library", own.case);
        if is_wanted(&case) {
            println!("{:46}{:>12} {:>12}", "", own.library, "native");
            beside(quick, models, own, &case);
        }
    }
}

fn beside(quick: bool, models: &Path, own: &OwnFile, case: &str) {
    let folder = models.join(own.case);
    let (engine, opened) = crate::open(&folder.join(own.file)).unwrap();
    let values = calls::read(&folder.join("test_data_set_0"));
    let rows = single_rows(&values.inputs[0]);
    let mut answer = engine.answer();

    let mut library = Library::start(models, own.script, &folder);
    let expected = library.answers();
    assert_eq!(expected.len(), rows.len(), "{case}");
    for (row, (view, expected)) in rows.iter().zip(expected).enumerate() {
        let (got, tolerance) = last(&engine, view, &mut answer);
        assert!(tolerance.accepts(got, expected), "{case}: row {row} is {got}, not {expected}");
    }
    let mut ours = rows.iter().cycle();
    let paired = hotplate_benches::compare_timed(
        quick,
        |times| library.time(times),
        hotplate_benches::timed(|| {
            let row = black_box(std::slice::from_ref(ours.next().unwrap()));
            engine.predict_into(row, &mut answer).unwrap();
            black_box(answer.outputs().last().unwrap().data());
        }),
    );
    println!("{case:46}{paired}");
    let overhead = library.overhead() / 1e3;
    println!("    of theirs {overhead:.2} us for a call that does nothing; opened in {opened:.1?}");
}

/// The rows of a matrix, each by itself.
pub(crate) fn single_rows(matrix: &TestValue) -> Vec<TensorView<'_>> {
    let TestValue::Tensor { shape, data, .. } = matrix else { panic!("an input is no tensor") };
    let row = shape.of_one_row();
    let view = |data| TensorView::new(one_row(row), data).unwrap();
    match data.view() {
        DataView::F32(all) => {
            all.chunks(row.elements()).map(|row| view(DataView::F32(row))).collect()
        }
        DataView::F64(all) => {
            all.chunks(row.elements()).map(|row| view(DataView::F64(row))).collect()
        }
        other => panic!("no library here takes {}", other.dtype()),
    }
}

fn one_row(row: Shape) -> Shape {
    row.with_rows(1).unwrap()
}

/// The last number of the answer to a row, which of two classes is the probability of the second,
/// and how far it may be off the library's.
fn last(engine: &Engine, row: &TensorView<'_>, answer: &mut Answer) -> (f64, Tolerance) {
    engine.predict_into(std::slice::from_ref(row), answer).unwrap();
    let output = answer.outputs().last().unwrap();
    let number = match output.data() {
        DataView::F32(scores) => scores.last().copied().map(f64::from),
        DataView::F64(scores) => scores.last().copied(),
        other => panic!("scores are {}", other.dtype()),
    };
    (number.unwrap(), Tolerance::of_engine(engine, output.dtype()))
}
