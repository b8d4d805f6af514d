//! What each column adds to a score, beside LightGBM's `pred_contrib`: one row, one thread, the
//! same file. Ours is all of `Engine::explain`; theirs as in `own_files`.

use std::{hint::black_box, path::Path};

use hotplate::{Engine, TensorView};

use crate::{calls, library::Library, own_files::single_rows};

/// The case whose file both read.
const CASE: &str = "lightgbm-churn-500";

/// How far a contribution may be off the library's.
const TOLERANCE: f64 = 1e-5;

/// Checks and times them, if they are wanted.
pub(crate) fn run(quick: bool, models: &Path, is_wanted: impl Fn(&str) -> bool) {
    let case = format!("{CASE}, explained");
    if !is_wanted(&case) {
        return;
    }
    let folder = models.join(CASE);
    let (engine, _) = crate::open(&folder.join("model.txt")).unwrap();
    let values = calls::read(&folder.join("test_data_set_0"));
    let rows = single_rows(&values.inputs[0]);
    let mut library = Library::start(models, "time_contributions.py", &folder);
    let expected = library.answers();
    assert_eq!(expected.len(), rows.len());
    for (row, (view, expected)) in rows.iter().zip(expected).enumerate() {
        let got = in_one(&engine, view);
        let columns = f64::from(u32::try_from(engine.columns().len()).unwrap());
        let allowed = TOLERANCE * columns * columns;
        assert!((got - expected).abs() < allowed, "{case}: row {row} is {got}, not {expected}");
    }
    let mut ours = rows.iter().cycle();
    let paired = hotplate_benches::compare_timed(
        quick,
        |times| library.time(times),
        hotplate_benches::timed(|| {
            let row = black_box(std::slice::from_ref(ours.next().unwrap()));
            black_box(engine.explain(row).unwrap());
        }),
    );
    println!("{:46}{:>12} {:>12}", "", "lightgbm", "native");
    println!("{case:46}{paired}");
}

/// A row's contributions and what is expected, each times its place.
fn in_one(engine: &Engine, row: &TensorView<'_>) -> f64 {
    let explanations = engine.explain(std::slice::from_ref(row)).unwrap();
    let all = explanations.contributions(0, 0).iter().copied().chain([explanations.expected(0)]);
    (1_u32..).zip(all).map(|(place, one)| f64::from(place) * one).sum()
}
