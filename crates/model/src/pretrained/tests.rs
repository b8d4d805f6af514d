use std::{fs, path::PathBuf};

use hotplate_tensor::DType;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Activation, Architecture, EncoderConfig, Family, Head, Pooling, Scores};
use crate::{
    Labels, Model, ModelError, ModelErrorKind as Kind, Task, limits, safetensors::fixture::File,
};

mod mlp;
mod modules;

const WEIGHTS: &str = "model.safetensors";

/// A folder of weights and what is said of them.
struct Folder(TempDir);

impl Folder {
    fn of(config: &Value) -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write(WEIGHTS, &File::default().f32("w", &[1], &[1.0]).finish());
        folder.with("config.json", config)
    }

    fn with(self, name: &str, document: &Value) -> Self {
        self.write(name, document.to_string().as_bytes());
        self
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn open(&self) -> Result<Model, ModelError> {
        Model::open(&self.path(WEIGHTS))
    }

    fn encoder(&self) -> EncoderConfig {
        let model = self.open().unwrap();
        match model.pretrained().unwrap().architecture {
            Architecture::Encoder(encoder) => encoder,
            Architecture::Mlp(_) => panic!("an encoder was written"),
        }
    }

    /// The refusal, at opening or later, which names this file.
    #[track_caller]
    fn refused(&self, file: &str, kind: Kind, expected: &str) {
        let error = self.open().and_then(|model| model.pretrained()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.path(), Some(&*self.path(file)), "{error}");
    }
}

fn bert() -> Value {
    json!({
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": 100,
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "hidden_act": "gelu",
        "max_position_embeddings": 32,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    })
}

/// The object with other values; null takes one away.
fn changed(mut object: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

#[test]
fn bert_is_described_by_its_config() {
    let encoder = Folder::of(&bert()).encoder();
    let mean =
        Head::Embedding { pooling: vec![Pooling::Mean], dense: Vec::new(), normalize: false };
    let expected = EncoderConfig {
        family: Family::Bert,
        vocab_size: 100,
        hidden_size: 8,
        layers: 2,
        heads: 2,
        intermediate_size: 16,
        activation: Activation::Gelu,
        max_positions: 32,
        type_vocab_size: 2,
        layer_norm_eps: 1e-12,
        pad_token_id: 0,
        position_offset: 0,
        max_tokens: 32,
        do_lower_case: false,
        head: mean,
    };
    assert_eq!(encoder, expected);
}

#[test]
fn each_family_is_read_by_its_own_keys() {
    let distilbert = json!({
        "model_type": "distilbert", "vocab_size": 100, "dim": 8, "n_layers": 3, "n_heads": 4,
        "hidden_dim": 32, "activation": "gelu_new", "max_position_embeddings": 64,
    });
    let encoder = Folder::of(&distilbert).encoder();
    assert_eq!((encoder.layers, encoder.heads, encoder.intermediate_size), (3, 4, 32));
    assert_eq!((encoder.type_vocab_size, encoder.activation), (0, Activation::GeluTanh));

    let change = json!({
        "model_type": "xlm-roberta", "architectures": ["XLMRobertaModel"], "pad_token_id": null,
        "type_vocab_size": 1, "layer_norm_eps": 1e-5, "max_position_embeddings": 34,
    });
    let encoder = Folder::of(&changed(bert(), &change)).encoder();
    assert_eq!((encoder.pad_token_id, encoder.position_offset), (1, 2));
    assert_eq!((encoder.max_positions, encoder.max_tokens), (34, 32));
    assert_eq!(encoder.layer_norm_eps, 1e-5);
}

#[test]
fn text_is_as_long_as_the_files_say_and_positions_allow() {
    let folder =
        Folder::of(&bert()).with("tokenizer_config.json", &json!({ "model_max_length": 20 }));
    assert_eq!(folder.encoder().max_tokens, 20);
    let sentence = json!({ "max_seq_length": 10, "do_lower_case": true });
    let folder = folder.with("sentence_bert_config.json", &sentence);
    let encoder = folder.encoder();
    assert_eq!((encoder.max_tokens, encoder.do_lower_case), (10, true));
    let folder = folder.with("sentence_bert_config.json", &json!({ "max_seq_length": 1000 }));
    assert_eq!(folder.encoder().max_tokens, 32);
    let folder = folder.with("sentence_bert_config.json", &json!({ "max_seq_length": null }));
    assert_eq!(folder.encoder().max_tokens, 20);
    folder.write(
        "tokenizer_config.json",
        br#"{"model_max_length": 1000000000000000019884624838656}"#,
    );
    assert_eq!(folder.encoder().max_tokens, 32);
    let folder = folder.with("sentence_bert_config.json", &json!({ "max_seq_length": 2 }));
    folder.refused(
        "sentence_bert_config.json",
        Kind::Malformed,
        "`max_seq_length` should be a whole number from 5",
    );
}

#[test]
fn classes_and_scores_are_those_of_the_config() {
    let classifier = |change: &Value| {
        let task = json!({ "architectures": ["BertForSequenceClassification"] });
        Folder::of(&changed(changed(bert(), &task), change))
    };
    let labels = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect::<Vec<_>>();
    let id2label = json!({ "id2label": { "1": "good", "0": "bad", "2": "none" } });
    let cases = [
        (json!({}), labels(&["LABEL_0", "LABEL_1"]), Scores::Softmax),
        (json!({ "num_labels": 3 }), labels(&["LABEL_0", "LABEL_1", "LABEL_2"]), Scores::Softmax),
        (id2label.clone(), labels(&["bad", "good", "none"]), Scores::Softmax),
        (
            changed(id2label, &json!({ "problem_type": "multi_label_classification" })),
            labels(&["bad", "good", "none"]),
            Scores::Sigmoid,
        ),
        (json!({ "id2label": { "0": "score" } }), labels(&["score"]), Scores::Raw),
    ];
    for (change, labels, scores) in cases {
        let head = classifier(&change).encoder().head;
        assert_eq!(head, Head::SequenceClassification { labels, scores });
    }
    for id2label in [
        json!({}),
        json!({ "0": "a", "2": "b" }),
        json!({ "0": 1 }),
        json!({ "0": "a", "00": "b" }),
        json!([]),
    ] {
        let folder = classifier(&json!({ "id2label": id2label }));
        folder.refused("config.json", Kind::Malformed, "`id2label` should be");
    }
    let regression = classifier(&json!({ "problem_type": "regression" }));
    regression.refused(
        "config.json",
        Kind::Malformed,
        "`problem_type` should be one that 2 labels",
    );
}

#[test]
fn signature_is_texts_in_and_vectors_or_classes_out() {
    let folder = Folder::of(&bert());
    let model = folder.open().unwrap();
    let signature = model.signature(None).unwrap();
    let columns: Vec<_> =
        signature.schema().columns().iter().map(|column| (&*column.name, column.dtype)).collect();
    assert_eq!(columns, [("text", DType::Str)]);
    assert_eq!(*signature.task(), Task::Embedding { output: 0 });
    assert_eq!(signature.outputs()[0].name, "embedding");
    assert_eq!(signature.outputs()[0].row_dims, Some(vec![Some(8)]));

    let pair = model.signature(Some(vec!["question".to_owned(), "answer".to_owned()])).unwrap();
    let inputs: Vec<_> = pair.schema().inputs().iter().map(|input| &*input.name).collect();
    assert_eq!(inputs, ["text", "text_pair"]);
    assert_eq!(pair.schema().column_index("answer"), Some(1));
    let three = model.signature(Some(vec![String::new(); 3])).unwrap_err();
    assert_eq!(three.kind(), Kind::BadNames);

    let change = json!({ "architectures": ["BertForSequenceClassification"], "id2label": { "0": "no", "1": "yes" } });
    let classifier = Folder::of(&changed(bert(), &change)).open().unwrap().signature(None).unwrap();
    let classes = Labels::Text(vec!["no".to_owned(), "yes".to_owned()]);
    assert_eq!(*classifier.task(), Task::Classifier { label: 0, probabilities: 1, classes });
    let names: Vec<_> =
        classifier.outputs().iter().map(|output| (&*output.name, output.dtype)).collect();
    assert_eq!(
        names,
        [("label", DType::Str), ("probabilities", DType::F32), ("logits", DType::F32)]
    );
    let regressor = Folder::of(&changed(
        bert(),
        &json!({ "architectures": ["BertForSequenceClassification"], "num_labels": 1 }),
    ));
    let signature = regressor.open().unwrap().signature(None).unwrap();
    assert_eq!(
        (signature.task(), &*signature.outputs()[0].name),
        (&Task::Regressor { value: 0 }, "value")
    );
}

#[test]
fn what_cannot_be_run_is_refused_by_name() {
    let cases = [
        (
            json!({ "model_type": "gpt2" }),
            Kind::UnsupportedModel,
            "`model_type` is \"gpt2\"; known are \"bert\", \"distilbert\", \"roberta\", \"xlm-roberta\", and our own \"mlp\"",
        ),
        (
            json!({ "model_type": null }),
            Kind::UnsupportedModel,
            "`model_type` is absent; known are",
        ),
        (
            json!({ "architectures": ["BertForTokenClassification"] }),
            Kind::UnsupportedModel,
            "\"BertForTokenClassification\" of `architectures` is not run",
        ),
        (
            json!({ "hidden_act": "silu" }),
            Kind::Malformed,
            "`hidden_act` should be \"gelu\", \"gelu_new\", \"gelu_fast\", \"gelu_pytorch_tanh\" or \"relu\", is \"silu\"",
        ),
        (
            json!({ "position_embedding_type": "relative_key" }),
            Kind::Malformed,
            "`position_embedding_type` should be \"absolute\"",
        ),
        (json!({ "is_decoder": true }), Kind::Malformed, "`is_decoder` should be false"),
        (
            json!({ "hidden_size": null }),
            Kind::Malformed,
            "`hidden_size` should be a whole number from 1 to 1048576, is absent",
        ),
        (json!({ "hidden_size": 8.5 }), Kind::Malformed, "is 8.5"),
        (json!({ "hidden_size": -8 }), Kind::Malformed, "is -8"),
        (json!({ "hidden_size": 1_u64 << 40 }), Kind::Malformed, "`hidden_size` should be"),
        (
            json!({ "num_attention_heads": 3 }),
            Kind::Malformed,
            "`num_attention_heads` should be a divisor of 8, is 3",
        ),
        (json!({ "num_hidden_layers": 0 }), Kind::Malformed, "`num_hidden_layers` should be"),
        (
            json!({ "max_position_embeddings": 4 }),
            Kind::Malformed,
            "`max_position_embeddings` should be",
        ),
        (
            json!({ "layer_norm_eps": 0.0 }),
            Kind::Malformed,
            "`layer_norm_eps` should be a number above 0",
        ),
        (json!({ "layer_norm_eps": "x" }), Kind::Malformed, "is \"x\""),
        (
            json!({ "architectures": "BertModel" }),
            Kind::Malformed,
            "`architectures` should be a list of texts",
        ),
    ];
    for (change, kind, expected) in cases {
        Folder::of(&changed(bert(), &change)).refused("config.json", kind, expected);
    }
}

#[test]
fn hostile_descriptions_are_refused() {
    let folder = Folder::of(&bert());
    let cases: [(&[u8], Kind, &str); 9] = [
        (b"", Kind::Empty, "empty"),
        (b"{\"a\":", Kind::Truncated, "cut short"),
        (b"[]", Kind::Malformed, "should be an object"),
        (b"{\"model_type\": \"bert\"} x", Kind::Malformed, "expected the end"),
        (
            b"{\"hidden_size\": 8, \"hidden_size\": 9}",
            Kind::Malformed,
            "\"hidden_size\" is there twice",
        ),
        (b"{\"a\": nul}", Kind::Malformed, "expected a value"),
        (b"{\"a\": 1e}", Kind::Malformed, "expected a value"),
        (b"{\"a\": \"\xff\"}", Kind::Malformed, "not UTF-8"),
        (&[b'['; 1_000_000], Kind::TooDeep, "more than 32 deep"),
    ];
    for (bytes, kind, expected) in cases {
        folder.write("config.json", bytes);
        folder.refused("config.json", kind, expected);
    }
    let long = vec![b' '; usize::try_from(limits::CONFIG_BYTES).unwrap() + 1];
    folder.write("config.json", &long);
    folder.refused("config.json", Kind::TooLarge, "at most 4194304 are read");
    fs::remove_file(folder.path("config.json")).unwrap();
    folder.refused(WEIGHTS, Kind::UnsupportedModel, "neither a `config.json`");
    fs::create_dir(folder.path("config.json")).unwrap();
    folder.refused("config.json", Kind::NotAFile, "got a directory");
}

#[test]
fn files_beside_the_weights_are_part_of_the_digest() {
    let folder = Folder::of(&bert());
    let bare = folder.open().unwrap();
    assert!(bare.pretrained().unwrap().tokenizer_json.is_none());
    folder.write("tokenizer.json", b"{}");
    let model = folder.open().unwrap();
    let pretrained = model.pretrained().unwrap();
    assert_eq!(pretrained.tokenizer_json.as_deref(), Some(&b"{}"[..]));
    assert_eq!(pretrained.files, [folder.path("config.json"), folder.path("tokenizer.json")]);
    assert_ne!(model.digest(), bare.digest());
    let folder = folder.with("config.json", &changed(bert(), &json!({ "layer_norm_eps": 1e-5 })));
    assert_ne!(folder.open().unwrap().digest(), model.digest());
    // The rest of a folder has no part.
    let digest = folder.open().unwrap().digest();
    let folder = folder.with("README.md", &json!("text"));
    assert_eq!(folder.open().unwrap().digest(), digest);
}

#[cfg(unix)]
#[test]
fn folder_of_links_is_read_and_a_pipe_is_not_waited_for() {
    use std::os::unix::fs::symlink;

    let store = Folder::of(&bert());
    let cache = TempDir::new().unwrap();
    for name in [WEIGHTS, "config.json"] {
        symlink(store.path(name), cache.path().join(name)).unwrap();
    }
    let model = Model::open(&cache.path().join(WEIGHTS)).unwrap();
    assert!(matches!(model.pretrained().unwrap().architecture, Architecture::Encoder(_)));
    symlink("/dev/zero", cache.path().join("tokenizer.json")).unwrap();
    let error = Model::open(&cache.path().join(WEIGHTS)).unwrap_err();
    assert_eq!(error.kind(), Kind::NotAFile);
}

#[test]
fn other_models_have_no_tensors_of_this_kind() {
    let graph = crate::onnx::fixture::model(&crate::onnx::fixture::full_graph()).finish();
    let model = Model::from_bytes(graph).unwrap();
    let expected = "the model should be in safetensors format, is in ONNX format";
    assert_eq!(model.safetensors().unwrap_err().to_string(), expected);
    assert_eq!(model.pretrained().unwrap_err().to_string(), expected);
}
