//! Tiny models of every family and head, against what sentence-transformers and transformers said
//! when they were made.

use std::fs;

use serde_json::Value;

use crate::{
    folders::cases,
    rows::{Row, ask, compile, floats_of, options, texts_of, worker},
};

/// How far a logit may lie from the truth.
const LOGIT: f32 = 1e-4;

/// How far a probability may.
const PROBABILITY: f32 = 2e-5;

/// How far from one the cosine of an embedding and the truth may.
const COSINE: f64 = 1e-5;

struct Golden {
    labels: Vec<String>,
    rows: Vec<Value>,
}

impl Golden {
    fn read(case: &str) -> Self {
        let text = fs::read_to_string(cases().join(case).join("golden.json")).unwrap();
        let mut golden: Value = serde_json::from_str(&text).unwrap();
        Self {
            labels: serde_json::from_value(golden["labels"].take()).unwrap(),
            rows: serde_json::from_value(golden["rows"].take()).unwrap(),
        }
    }

    fn rows(&self) -> Vec<Row<'_>> {
        self.rows
            .iter()
            .map(|row| (row["text"].as_str().unwrap(), row["text_pair"].as_str()))
            .collect()
    }

    fn numbers(&self, key: &str) -> Vec<Vec<f32>> {
        let of = |row: &Value| serde_json::from_value(row[key].clone()).unwrap();
        self.rows.iter().map(of).collect()
    }

    fn has_pairs(&self) -> bool {
        self.rows.iter().any(|row| row["text_pair"].is_string())
    }
}

fn assert_near(case: &str, what: &str, got: &[Vec<f32>], expected: &[Vec<f32>], apart: f32) {
    assert_eq!(got.len(), expected.len(), "{case}: rows of {what}");
    for (row, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert_eq!(got.len(), expected.len(), "{case}: {what} of row {row}");
        for (got, expected) in got.iter().zip(expected) {
            let near = (got - expected).abs() <= apart;
            assert!(near, "{case}: {what} of row {row}: got {got}, expected {expected}");
        }
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// All rows of a case together, and each by itself.
fn check(case: &str) {
    let golden = Golden::read(case);
    let names: Option<&[&str]> = golden.has_pairs().then_some(&["premise", "hypothesis"]);
    let plan = compile(&cases().join(case), &options(names)).unwrap();
    let rows = golden.rows();
    for threads in [1, 2] {
        let mut worker = worker(&*plan, threads);
        let mut answers = vec![ask(&*plan, &mut *worker, &rows).unwrap()];
        if threads == 1 {
            let alone = rows.iter().map(|row| ask(&*plan, &mut *worker, &[*row]).unwrap());
            answers.extend(alone);
        }
        for (asked, tensors) in answers.iter().enumerate() {
            let of =
                |all: Vec<Vec<f32>>| if asked == 0 { all } else { vec![all[asked - 1].clone()] };
            let numbers = |name: &str| floats_of(&*plan, tensors, name);
            if golden.labels.is_empty() {
                let expected = of(golden.numbers("embedding"));
                let got = numbers("embedding");
                assert_eq!(got.len(), expected.len(), "{case}: rows");
                for (row, (got, expected)) in got.iter().zip(&expected).enumerate() {
                    let apart = 1.0 - cosine(got, expected);
                    assert!(apart <= COSINE, "{case}: embedding of row {row}: {apart:e} from one");
                }
                assert_near(case, "embedding", &got, &expected, LOGIT);
            } else if golden.labels.len() == 1 {
                assert_near(case, "value", &numbers("value"), &of(golden.numbers("logits")), LOGIT);
            } else {
                let logits = of(golden.numbers("logits"));
                assert_near(case, "logits", &numbers("logits"), &logits, LOGIT);
                let scores = of(golden.numbers("scores"));
                assert_near(case, "scores", &numbers("probabilities"), &scores, PROBABILITY);
                for (label, scores) in texts_of(&*plan, tensors, "label").iter().zip(&scores) {
                    let greatest =
                        (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
                    assert_eq!(*label, golden.labels[greatest.unwrap()], "{case}: label");
                }
            }
        }
    }
}

macro_rules! cases {
    ($($test:ident: $case:literal),+ $(,)?) => {
        $(
            #[test]
            fn $test() {
                check($case);
            }
        )+

        #[test]
        fn every_case_is_checked() {
            let mut folders: Vec<String> = fs::read_dir(cases())
                .unwrap()
                .map(|entry| entry.unwrap())
                .filter(|entry| entry.path().join("tokenizer.json").exists())
                .map(|entry| entry.file_name().into_string().unwrap())
                .collect();
            folders.sort();
            assert_eq!(folders, [$($case),+]);
        }
    };
}

cases! {
    halves_of_bfloat16_and_every_pooling: "bert-bf16",
    first_token_and_gelu_by_tanh: "bert-cls",
    dense_module_behind_the_pooling: "bert-dense",
    halves_of_float16_without_modules: "bert-f16",
    mean_of_the_tokens_normalised: "bert-mean",
    several_labels_at_once: "bert-multilabel",
    regression_of_pairs: "bert-regression",
    classes_of_distilbert: "distilbert-topics",
    mean_of_the_tokens_by_roberta: "roberta-mean",
    classes_of_pairs_by_roberta: "roberta-pairs",
    shards_of_xlm_roberta: "xlmr-shards",
}

#[test]
fn steps_say_what_a_text_goes_through() {
    let plan = compile(&cases().join("bert-mean"), &options(None)).unwrap();
    let steps = plan.steps();
    let [tokenizer, encoder, head] = &steps[..] else { panic!("{steps:?}") };
    assert!(tokenizer.contains("WordPiece of 447 tokens"), "{tokenizer}");
    assert!(encoder.starts_with("bert: 2 layers of 4 heads, width 32"), "{encoder}");
    assert_eq!(head, "mean of the tokens, divided by its length: 32 numbers");
}
