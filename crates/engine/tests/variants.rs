//! Versions that share an endpoint's traffic, and how they come and go.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "support/onnx.rs"]
mod onnx;

use std::{
    fs,
    path::Path,
    sync::{Arc, Weak},
    thread,
    time::{Duration, Instant},
};

use hotplate::{
    Change, Endpoint, Engine, ErrorKind, OpenOptions, Outcome, ProbationTerms, Registry, Shadow,
    ShadowTerms, Variant,
};

/// The model of two probabilities, the same for every row, in the folder `name`.
fn write(root: &Path, name: &str, yes: f32) {
    onnx::write(&root.join(name), &onnx::stump(yes, yes));
}

fn open(text: &str, write: impl Fn(&Path)) -> Result<Registry, hotplate::Error> {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("answers");
    fs::create_dir(&folder).unwrap();
    write(&folder);
    fs::write(folder.join("hotplate.toml"), text).unwrap();
    Registry::open(&folder, &OpenOptions::new())
}

fn two(folder: &Path) {
    write(folder, "a", 0.25);
    write(folder, "b", 0.75);
}

const TWO: &str = "[[variant]]\nname = \"v1\"\nmodel = \"a\"\nweight = 3\n\n\
                   [[variant]]\nname = \"v2\"\nmodel = \"b\"\n";

fn wait_until(what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < end, "it never came to that");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn weights_of_a_file_are_shares() {
    let registry = open(TWO, two).unwrap();
    let endpoints = registry.load();
    let endpoint = endpoints.get("answers").unwrap();
    let mut counts = [0_usize; 2];
    for _ in 0..4000 {
        let chosen = endpoint.choose(None).unwrap();
        counts[chosen] += 1;
        let score = endpoint.variants()[chosen].engine().predict(&[0.0_f32, 0.0]).unwrap().score(0);
        assert_eq!(score, [0.25, 0.75][chosen]);
    }
    assert!(counts[0].abs_diff(3000) <= 5, "{counts:?}");
    assert_eq!(endpoint.choose(Some("v2")).unwrap(), 1);
    let error = endpoint.choose(Some("v3")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownVariant);
    assert!(error.to_string().ends_with("there is v1 or v2"), "{error}");

    let all_to_v2 = endpoint.with_weights([("v1", 0.0)]).unwrap();
    assert!((0..100).all(|_| all_to_v2.choose(None).unwrap() == 1));
    assert_eq!(all_to_v2.choose(Some("v1")).unwrap(), 0, "who asks for it gets it");
    for weights in [[("v1", 0.0), ("v2", 0.0)], [("v1", -1.0), ("v2", 1.0)]] {
        let error = endpoint.with_weights(weights).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
}

#[test]
fn endpoints_of_variants_stand_beside_models() {
    let root = tempfile::tempdir().unwrap();
    two(&root.path().join("many"));
    let text = format!("[endpoint]\nname = \"shared\"\nprobation = 7\n\n{TWO}");
    fs::write(root.path().join("many/hotplate.toml"), text).unwrap();
    write(root.path(), "one", 0.5);
    let registry = Registry::open(root.path(), &OpenOptions::new()).unwrap();
    let endpoints = registry.load();
    let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name()).collect();
    assert_eq!(names, ["one", "shared"]);
    assert_eq!(endpoints.get("shared").unwrap().probation().answers, 7);
    let one = endpoints.get("one").unwrap();
    assert_eq!(one.variants()[0].name(), Endpoint::ONLY_VARIANT);
    assert_eq!(one.variants()[0].version().model(), Some(&*root.path().join("one")));
}

#[test]
fn configuration_that_cannot_be_served_is_refused() {
    let refused = |text: &str| {
        let error = open(text, |folder| {
            two(folder);
            onnx::write(&folder.join("other"), &onnx::copies(1));
        })
        .unwrap_err();
        (error.kind(), error.to_string())
    };
    let differ = "[[variant]]\nname = \"v1\"\nmodel = \"a\"\n\n\
                  [[variant]]\nname = \"v2\"\nmodel = \"other\"\n";
    let (kind, problem) = refused(differ);
    assert_eq!(kind, ErrorKind::VariantsDiffer);
    assert!(problem.contains("\"v2\" is not as \"v1\" is: expected a classifier"), "{problem}");
    for (text, words) in [
        (format!("{TWO}\n[model]\nthreshold = 0.5\n"), "[model] stands beside several models"),
        (TWO.replace("\"v2\"", "\"v 2\""), "a variant is called by at most 63 letters"),
        (TWO.replace("\"v2\"", "\"v1\""), "another variant is called \"v1\""),
        (TWO.replace("\"b\"", "\"c\""), "there is no file or folder"),
        (TWO.replace("weight", "wieght"), "did you mean `weight`?"),
        (format!("{}weight = 1.5e308\n", TWO.replace('3', "1.5e308")), "a weight above 0"),
    ] {
        let (kind, problem) = refused(&text);
        assert_eq!(kind, ErrorKind::Configuration, "{problem}");
        assert!(problem.contains(words), "{words}: {problem}");
    }
}

/// An endpoint of one variant that is on probation for so many answers, with what was before it.
fn swapped(terms: ProbationTerms) -> (Registry, tempfile::TempDir, Weak<Engine>) {
    let root = tempfile::tempdir().unwrap();
    two(root.path());
    let registry = Registry::new();
    let engine = Engine::open(root.path().join("a")).unwrap();
    let endpoint = Endpoint::new("answers", engine).unwrap().with_probation(terms);
    let before = Arc::downgrade(endpoint.variants()[0].engine());
    registry.insert(endpoint).unwrap();
    let version = registry.open_version(&root.path().join("b")).unwrap();
    let name = Endpoint::ONLY_VARIANT;
    registry.update("answers", |endpoint| endpoint.with_version(name, version, None)).unwrap();
    (registry, root, before)
}

fn count(registry: &Registry, change: Change) -> u64 {
    registry.load().get("answers").unwrap().history().count(change)
}

fn score(registry: &Registry) -> f64 {
    let endpoints = registry.load();
    let endpoint = endpoints.get("answers").unwrap();
    let variant = &endpoint.variants()[endpoint.choose(None).unwrap()];
    variant.engine().predict(&[0.0_f32, 0.0]).unwrap().score(0)
}

#[test]
fn version_before_is_freed_once_the_new_one_has_passed() {
    let (registry, _root, before) = swapped(ProbationTerms { answers: 2, max_failures: 0 });
    assert_eq!(score(&registry), 0.75);
    let probation = Arc::clone(registry.load()[0].variants()[0].probation().unwrap());
    assert_eq!(probation.count(false), None);
    assert!(before.upgrade().is_some(), "it stays warm");
    let outcome = probation.count(false).unwrap();
    assert_eq!(outcome, Outcome::Passed);
    let event = registry.settle("answers", &probation, outcome).unwrap();
    assert_eq!((event.change, event.variant.as_deref()), (Change::Confirmed, Some("AllTraffic")));
    assert!(registry.settle("answers", &probation, Outcome::Failed).is_none(), "it is over");
    drop(probation);
    wait_until(|| before.strong_count() == 0);
    assert_eq!(score(&registry), 0.75);
    let back = registry.update("answers", |endpoint| endpoint.rolled_back("AllTraffic"));
    assert_eq!(back.unwrap_err().kind(), ErrorKind::NothingBefore);
}

#[test]
fn version_before_comes_back_when_the_new_one_fails() {
    let (registry, _root, before) = swapped(ProbationTerms::default());
    let new = Arc::downgrade(registry.load()[0].variants()[0].engine());
    let probation = Arc::clone(registry.load()[0].variants()[0].probation().unwrap());
    let outcome = probation.count(true).unwrap();
    let event = registry.settle("answers", &probation, outcome).unwrap();
    assert_eq!(
        event.to_string(),
        "variant AllTraffic rolled_back: 1 of its first 1 answers failed"
    );
    drop(probation);
    assert_eq!((score(&registry), count(&registry, Change::RolledBack)), (0.25, 1));
    wait_until(|| new.strong_count() == 0);
    assert!(before.strong_count() > 0);
}

#[test]
fn one_goes_back_to_what_has_passed() {
    let (registry, root, _before) = swapped(ProbationTerms::default());
    write(root.path(), "c", 0.5);
    let version = registry.open_version(&root.path().join("c")).unwrap();
    let swap = |endpoint: &Endpoint| endpoint.with_version("AllTraffic", version, None);
    registry.update("answers", swap).unwrap();
    assert_eq!(score(&registry), 0.5);
    registry.update("answers", |endpoint| endpoint.rolled_back("AllTraffic")).unwrap();
    assert_eq!(score(&registry), 0.25, "the second never passed");

    // A new variant has nothing before it: it goes.
    let version = registry.open_version(&root.path().join("c")).unwrap();
    registry.update("answers", |endpoint| endpoint.with_version("more", version, None)).unwrap();
    assert_eq!(registry.load()[0].variants().len(), 2);
    registry.update("answers", |endpoint| endpoint.rolled_back("more")).unwrap();
    assert_eq!(registry.load()[0].variants().len(), 1);

    // One that gets everything stays, since nothing else would answer.
    let version = registry.open_version(&root.path().join("c")).unwrap();
    let all_to_more = |endpoint: &Endpoint| {
        let more = endpoint.with_version("more", version, None)?;
        more.with_weights([("AllTraffic", 0.0)])
    };
    registry.update("answers", all_to_more).unwrap();
    let probation = Arc::clone(registry.load()[0].variants()[1].probation().unwrap());
    let event = registry.settle("answers", &probation, Outcome::Failed).unwrap();
    assert_eq!(event.change, Change::Refused);
    assert!(registry.load()[0].variants()[1].probation().is_none());
    let alone =
        |endpoint: &Endpoint| endpoint.with_weights([("AllTraffic", 1.0)])?.without_variant("more");
    registry.update("answers", alone).unwrap();

    let last = registry.update("answers", |endpoint| endpoint.without_variant("AllTraffic"));
    assert_eq!(last.unwrap_err().kind(), ErrorKind::Configuration);
    let unknown = registry.update("others", |endpoint| Ok(endpoint.clone()));
    assert_eq!(unknown.unwrap_err().kind(), ErrorKind::UnknownEndpoint);
}

fn shadow_of(model: &[u8], terms: ShadowTerms) -> Shadow {
    let folder = tempfile::tempdir().unwrap();
    onnx::write(folder.path(), model);
    let engine = Engine::open(folder.path()).unwrap();
    Shadow::start(Variant::new("shadow", engine).unwrap(), terms).unwrap()
}

#[test]
fn agreement_of_a_shadow_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    // They agree where the first number is below zero, and not even in the label where it is not.
    onnx::write(folder.path(), &onnx::stump(0.25, 0.25));
    let engine = Engine::open(folder.path()).unwrap();
    let other = onnx::stump(0.25, 0.875);
    let rows = [[-1.0_f32, 0.0], [1.0, 0.0], [1.0, 0.0]];
    let asked = |shadow: &Shadow| {
        let mut columns = engine.rows();
        for row in rows {
            columns.begin_row();
            (0..2).for_each(|at| columns.set_number(at, row[at].into()).unwrap());
        }
        let answer = engine.predict(&columns).unwrap();
        shadow.show(&columns, &answer);
    };

    let shadow = shadow_of(&other, ShadowTerms::default());
    (0..10).for_each(|_| asked(&shadow));
    wait_until(|| shadow.figures().requests == 10);
    let figures = shadow.figures();
    assert_eq!((figures.rows, figures.beyond_tolerance, figures.label_flips), (30, 20, 20));
    assert_eq!((figures.largest_difference, figures.dropped, figures.failed), (0.625, 0, 0));

    let lenient = shadow_of(&other, ShadowTerms { tolerance: Some(0.7), ..ShadowTerms::default() });
    asked(&lenient);
    wait_until(|| lenient.figures().requests == 1);
    let figures = lenient.figures();
    assert_eq!((figures.beyond_tolerance, figures.label_flips), (0, 2));

    let none = shadow_of(&other, ShadowTerms { sample: 0.0, tolerance: None });
    (0..10).for_each(|_| asked(&none));
    thread::sleep(Duration::from_millis(20));
    assert_eq!(none.figures().requests + none.figures().dropped, 0);
}

#[test]
fn shadow_may_compute_in_another_precision() {
    let folder = tempfile::tempdir().unwrap();
    onnx::write(folder.path(), &onnx::copies(1));
    let engine = Engine::open(folder.path()).unwrap();
    const DOUBLE: i64 = 11;
    let shadow = shadow_of(&onnx::copies_of(DOUBLE, 1), ShadowTerms::default());
    let mut rows = engine.rows();
    for number in [0.1, f64::NAN] {
        rows.begin_row();
        (0..2).for_each(|at| rows.set_number(at, number).unwrap());
    }
    let answer = engine.predict(&rows).unwrap();
    let endpoint = Endpoint::new("copies", engine).unwrap();
    shadow.show(&rows, &answer);
    wait_until(|| shadow.figures().requests == 1);
    let figures = shadow.figures();
    assert_eq!((figures.rows, figures.beyond_tolerance, figures.failed), (2, 0, 0));
    assert!(endpoint.with_shadow(Some(Arc::new(shadow))).is_ok());
}

#[test]
fn slow_shadow_misses_requests_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    onnx::write(folder.path(), &onnx::stump(0.25, 0.25));
    let engine = Engine::open(folder.path()).unwrap();
    let slow = OpenOptions::new()
        .max_queue_delay(Duration::from_millis(200))
        .max_batch_rows(64)
        .instances(1)
        .open(folder.path())
        .unwrap();
    let variant = Variant::new("slow", slow).unwrap();
    let shadow = Shadow::start(variant, ShadowTerms::default()).unwrap();
    let mut columns = engine.rows();
    columns.begin_row();
    let answer = engine.predict(&columns).unwrap();
    let start = Instant::now();
    (0..5_000).for_each(|_| shadow.show(&columns, &answer));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    let dropped = shadow.figures().dropped;
    assert!((3_900..5_000).contains(&dropped), "{dropped}");
}
