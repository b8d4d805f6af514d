//! Text models come and go as others do.
#![cfg(feature = "candle")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use hotplate::{
    Endpoint, Engine, ErrorKind, OpenOptions, Registry,
    scorer::{OnError, Position, Reply, Scorer, ScorerOptions, Stretch},
};
use hotplate_codec::Format;

fn case(name: &str) -> PathBuf {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/cases/safetensors");
    cases.join(name)
}

fn opened(path: &Path) -> Engine {
    OpenOptions::new().instances(1).open(path).unwrap()
}

/// A copy whose files can be changed.
fn copy_of(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = fs::read_dir(case(name)).unwrap().map(Result::unwrap);
    for file in files.filter(|file| file.path().is_file()) {
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

#[test]
fn digest_tells_of_every_file_that_shapes_the_answer() {
    let name = "distilbert-topics";
    let was = opened(&case(name)).sha256().to_owned();
    assert_eq!(opened(copy_of(name).path()).sha256(), was);
    for file in ["config.json", "tokenizer.json"] {
        let folder = copy_of(name);
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        // Means the same, and is another file.
        fs::write(&path, text + "\n").unwrap();
        assert_ne!(opened(folder.path()).sha256(), was, "{file}");
    }
}

#[test]
fn logits_can_be_asked_for_where_there_are_some() {
    let folder = copy_of("distilbert-topics");
    let config = "[model]\noutput = [\"raw_scores\"]\n";
    fs::write(folder.path().join("hotplate.toml"), config).unwrap();
    assert!(opened(folder.path()).output().is_some());
    // A value has none.
    let folder = copy_of("bert-regression");
    fs::write(folder.path().join("hotplate.toml"), config).unwrap();
    let error = Engine::open(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn version_takes_the_place_of_another_where_clients_see_no_difference() {
    let registry = Registry::open(&case("bert-mean"), &OpenOptions::new().instances(1)).unwrap();
    let endpoint = |name: &str| Endpoint::new("bert-mean", opened(&case(name))).unwrap();
    let embedding = |registry: &Registry| {
        let endpoints = registry.load();
        let engine = endpoints.get("bert-mean").unwrap().variants()[0].engine();
        let mut row = engine.rows();
        row.begin_row();
        row.set_text(0, "where is my parcel?").unwrap();
        format!("{:?}", engine.predict(&row).unwrap().outputs()[0])
    };
    let before = embedding(&registry);
    registry.swap(endpoint("bert-cls")).unwrap();
    let after = embedding(&registry);
    assert_ne!(after, before);
    // Another vocabulary is fine, another width is not what clients keep.
    let versions = [("bert-mean", None), ("xlmr-shards", Some("expected embeddings of"))];
    for (name, why) in versions {
        let folder = tempfile::tempdir().unwrap();
        let variant = |name: &str, model: &str| {
            let model = case(model).canonicalize().unwrap();
            format!("[[variant]]\nname = {name:?}\nmodel = {:?}\n", model.to_str().unwrap())
        };
        let config = variant("one", "bert-mean") + &variant("other", name);
        fs::write(folder.path().join("hotplate.toml"), config).unwrap();
        let opened = Registry::open(folder.path(), &OpenOptions::new().instances(1));
        match why {
            None => assert!(opened.is_ok(), "{opened:?}"),
            Some(why) => {
                let error = opened.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::VariantsDiffer);
                assert!(error.to_string().contains(why), "{error}");
            }
        }
    }
}

#[test]
fn parameters_are_refused_where_answers_are_records() {
    let engine = opened(&case("distilbert-topics"));
    let end_of = |body: &str| {
        let options = ScorerOptions {
            input: Format::Json,
            output: Format::Json,
            ignore_unknown_columns: false,
            explain: None,
            on_error: OnError::Placeholder,
        };
        let mut stretch = Stretch::default();
        Scorer::new(&engine, options).score(Position::First, body.as_bytes(), &mut stretch);
        let outcome = Reply::new(options.output).push(&mut stretch, &mut Vec::new());
        outcome.err().map(|fault| fault.to_string())
    };
    assert_eq!(end_of(r#"{"inputs": ["a"]}"#), None);
    let refused = end_of(r#"{"inputs": ["a"], "parameters": {"top_k": 2}}"#).unwrap();
    assert!(refused.contains("top_k"), "{refused}");
}
