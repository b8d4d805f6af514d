use std::{fs, path::Path};

use hotplate_tensor::DType;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Activation, Architecture, Dense, EncoderConfig, Family, Head, MlpAnswer, MlpConfig, Pooling,
    Scores,
};
use crate::{
    Labels, Model, ModelError, ModelErrorKind as Kind, Task, limits, safetensors::fixture::File,
};

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

    fn path(&self, name: &str) -> std::path::PathBuf {
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

fn module(place: usize, kind: &str, path: &str) -> Value {
    let kind = format!("sentence_transformers.models.{kind}");
    json!({ "idx": place, "name": place.to_string(), "path": path, "type": kind })
}

fn sentence_modules() -> Value {
    json!([
        module(0, "Transformer", ""),
        module(1, "Pooling", "1_Pooling"),
        module(2, "Normalize", "2_Normalize")
    ])
}

fn mean_pooling() -> Value {
    json!({ "word_embedding_dimension": 8, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true })
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
fn modules_make_the_embedding() {
    let folder = Folder::of(&bert())
        .with("modules.json", &sentence_modules())
        .with("1_Pooling/config.json", &mean_pooling());
    let head = Head::Embedding { pooling: vec![Pooling::Mean], dense: Vec::new(), normalize: true };
    assert_eq!(folder.encoder().head, head);

    // The order of the results is fixed, whatever that of the keys.
    let several = json!({ "pooling_mode_mean_tokens": true, "pooling_mode_lasttoken": true, "pooling_mode_max_tokens": true, "pooling_mode_cls_token": true });
    let folder = folder.with("1_Pooling/config.json", &several);
    let Head::Embedding { pooling, .. } = folder.encoder().head else { panic!() };
    assert_eq!(pooling, [Pooling::Cls, Pooling::Max, Pooling::Mean, Pooling::LastToken]);
    let signature = folder.open().unwrap().signature(None).unwrap();
    assert_eq!(signature.outputs()[0].row_dims, Some(vec![Some(32)]));
    let folder =
        folder.with("1_Pooling/config.json", &json!({ "pooling_mode": "mean_sqrt_len_tokens" }));
    let Head::Embedding { pooling, .. } = folder.encoder().head else { panic!() };
    assert_eq!(pooling, [Pooling::MeanSqrtLen]);
}

#[test]
fn dense_module_brings_weights_of_its_own() {
    let modules = json!([
        module(0, "Transformer", ""),
        module(1, "Pooling", "1_Pooling"),
        module(2, "Dense", "2_Dense")
    ]);
    let dense = json!({ "in_features": 8, "out_features": 3, "bias": true, "activation_function": "torch.nn.modules.activation.Tanh" });
    let folder = Folder::of(&bert())
        .with("modules.json", &modules)
        .with("1_Pooling/config.json", &mean_pooling())
        .with("2_Dense/config.json", &dense);
    folder.refused(
        "modules.json",
        Kind::ExternalData,
        "weights \"2_Dense/model.safetensors\" are missing",
    );
    let linear = File::default().f32("linear.weight", &[3, 8], &[0.5; 24]).f32(
        "linear.bias",
        &[3],
        &[1.0, 2.0, 3.0],
    );
    folder.write("2_Dense/model.safetensors", &linear.finish());
    let Head::Embedding { dense, .. } = folder.encoder().head else { panic!() };
    let expected = Dense {
        weight: "2_Dense/linear.weight".to_owned(),
        bias: Some("2_Dense/linear.bias".to_owned()),
        inputs: 8,
        outputs: 3,
        activation: Activation::Tanh,
    };
    assert_eq!(dense, [expected]);
    let model = folder.open().unwrap();
    let bias = model.safetensors().unwrap().require("2_Dense/linear.bias", &[3]).unwrap();
    assert_eq!(bias.to_f32().unwrap(), [1.0, 2.0, 3.0]);
    let signature = model.signature(None).unwrap();
    assert_eq!(signature.outputs()[0].row_dims, Some(vec![Some(3)]));

    let narrow = json!({ "in_features": 9, "out_features": 3 });
    let folder = folder.with("2_Dense/config.json", &narrow);
    folder.refused("2_Dense/config.json", Kind::Malformed, "`in_features` should be 8, is 9");
    folder.write("2_Dense/model.safetensors", &linear.finish()[..40]);
    folder.refused("2_Dense/model.safetensors", Kind::Truncated, "cut short");
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
fn modules_that_are_not_known_are_refused() {
    let known = [module(0, "Transformer", ""), module(1, "Pooling", "1_Pooling")];
    let with = |modules: &[Value]| {
        Folder::of(&bert())
            .with("modules.json", &json!(modules))
            .with("1_Pooling/config.json", &mean_pooling())
    };
    let behind = |module: Value| [&known[..], &[module]].concat();
    let cases = [
        (vec![], Kind::Malformed, "should begin with a Transformer and a Pooling"),
        (vec![known[1].clone()], Kind::Malformed, "should begin with a Transformer"),
        (
            behind(module(2, "LSTM", "2_LSTM")),
            Kind::UnsupportedModel,
            "\"sentence_transformers.models.LSTM\" is not known",
        ),
        (
            behind(json!({ "type": "my.Module", "path": "" })),
            Kind::UnsupportedModel,
            "\"my.Module\" is not known",
        ),
        (behind(json!({ "path": "" })), Kind::Malformed, "`type` should be a text"),
        (behind(json!(1)), Kind::Malformed, "list of objects"),
        (behind(module(2, "Dense", "../2_Dense")), Kind::Malformed, "\"..\" in its path"),
        (behind(module(2, "Dense", "/2_Dense")), Kind::Malformed, "named from the model's folder"),
        (behind(module(2, "Dense", "")), Kind::Malformed, "should be a folder"),
        (
            behind(module(2, "Dense", "2_Dense")),
            Kind::ExternalData,
            "\"2_Dense/config.json\" is missing",
        ),
        (
            vec![module(0, "Transformer", "0_Transformer"), known[1].clone()],
            Kind::Malformed,
            "looked for in the model's folder",
        ),
        (
            [&known[..], &[module(2, "Normalize", ""), module(3, "Normalize", "")]].concat(),
            Kind::Malformed,
            "another order",
        ),
        (vec![known[0].clone(); 17], Kind::Malformed, "too many modules"),
    ];
    for (modules, kind, expected) in cases {
        with(&modules).refused("modules.json", kind, expected);
    }
    for (pooling, expected) in [
        (json!({}), "pooling none is not known"),
        (json!({ "pooling_mode": "attention" }), "pooling attention is not known"),
        (
            json!({ "pooling_mode_mean_tokens": true, "word_embedding_dimension": 9 }),
            "should be 8, is 9",
        ),
        (json!({ "pooling_mode_mean_tokens": 1 }), "should be true or false, is 1"),
    ] {
        let folder = with(&known).with("1_Pooling/config.json", &pooling);
        let error = folder.open().and_then(|model| model.pretrained()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.path(), Some(&*folder.path("1_Pooling/config.json")));
    }
    let prompts = json!({ "prompts": { "query": "query: " }, "default_prompt_name": "query" });
    let folder = with(&known).with("config_sentence_transformers.json", &prompts);
    folder.refused(
        "config_sentence_transformers.json",
        Kind::Malformed,
        "`default_prompt_name` should be null",
    );
    let prompts = json!({ "prompts": { "query": "query: " }, "default_prompt_name": null });
    folder.with("config_sentence_transformers.json", &prompts).encoder();
}

#[test]
fn hostile_descriptions_are_refused() {
    let folder = Folder::of(&bert());
    let cases: [(&[u8], Kind, &str); 8] = [
        (b"", Kind::Truncated, "cut short"),
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

fn network() -> File {
    File::default()
        .f32("layers.0.weight", &[3, 2], &[0.5; 6])
        .f32("layers.0.bias", &[3], &[0.0; 3])
        .bf16("layers.1.weight", &[2, 3], &[0.25; 6])
}

fn open_network(file: &File, description: &Value) -> Result<Model, ModelError> {
    let bytes = file.clone().metadata("hotplate", &description.to_string()).finish();
    let model = Model::from_bytes(bytes)?;
    model.pretrained()?;
    Ok(model)
}

fn mlp_of(model: &Model) -> MlpConfig {
    match model.pretrained().unwrap().architecture {
        Architecture::Mlp(network) => network,
        Architecture::Encoder(_) => panic!("a network was written"),
    }
}

#[test]
fn network_is_described_by_its_metadata_or_a_file() {
    let description = json!({
        "model_type": "mlp", "activation": "relu", "labels": ["stays", "leaves"],
        "columns": ["age", "income"],
    });
    let model = open_network(&network(), &description).unwrap();
    let mlp = mlp_of(&model);
    assert_eq!((mlp.inputs(), mlp.outputs(), mlp.layers.len()), (2, 2, 2));
    assert_eq!(mlp.layers[0].bias.as_deref(), Some("layers.0.bias"));
    assert_eq!((&mlp.layers[1].bias, mlp.activation), (&None, Activation::Relu));
    let labels = vec!["stays".to_owned(), "leaves".to_owned()];
    assert_eq!(mlp.answer, MlpAnswer::Classes { labels: labels.clone(), scores: Scores::Softmax });
    let signature = model.signature(None).unwrap();
    assert_eq!(signature.schema().column_index("income"), Some(1));
    assert_eq!(signature.schema().inputs()[0].dtype, DType::F32);
    let classes = Labels::Text(labels);
    assert_eq!(*signature.task(), Task::Classifier { label: 0, probabilities: 1, classes });
    let names = model.signature(Some(vec!["a".to_owned(), "b".to_owned()])).unwrap();
    assert_eq!(names.schema().column_index("b"), Some(1));

    let folder = Folder::of(&description);
    folder.write(WEIGHTS, &network().finish());
    assert_eq!(mlp_of(&folder.open().unwrap()), mlp);
    // What the weights say of themselves is what they are.
    let value = json!({ "model_type": "mlp", "activation": "tanh" });
    folder.write(WEIGHTS, &network().metadata("hotplate", &value.to_string()).finish());
    let model = folder.open().unwrap();
    assert_eq!(mlp_of(&model).answer, MlpAnswer::Values);
    assert_eq!(model.pretrained().unwrap().files, Vec::<&Path>::new());
    assert_eq!(*model.signature(None).unwrap().task(), Task::Other);
}

#[test]
fn network_may_standardise_and_name_its_layers() {
    let file = File::default()
        .f32("0.weight", &[1, 2], &[1.0, 2.0])
        .f32("2.weight", &[1, 1], &[1.0])
        .f32("input.mean", &[2], &[0.0; 2])
        .f32("input.scale", &[2], &[1.0; 2]);
    let description = json!({ "model_type": "mlp", "activation": "sigmoid", "layers": ["0", "2"] });
    let model = open_network(&file, &description).unwrap();
    let mlp = mlp_of(&model);
    assert_eq!(mlp.layers[1].weight, "2.weight");
    assert_eq!(
        (mlp.mean.as_deref(), mlp.scale.as_deref()),
        (Some("input.mean"), Some("input.scale"))
    );
    let signature = model.signature(None).unwrap();
    assert_eq!(*signature.task(), Task::Regressor { value: 0 });
}

#[test]
fn networks_that_do_not_fit_their_tensors_are_refused() {
    let plain = json!({ "model_type": "mlp", "activation": "relu" });
    let with = |change: &Value| changed(plain.clone(), change);
    let cases = [
        (network(), with(&json!({ "activation": "selu" })), "`activation` should be \"relu\","),
        (
            network(),
            with(&json!({ "activation": null })),
            "`activation` should be a text, is absent",
        ),
        (network(), with(&json!({ "dropout": 0.1 })), "the key \"dropout\" is unknown"),
        (network(), with(&json!({ "labels": ["a"] })), "`labels` should be 2 texts"),
        (network(), with(&json!({ "labels": ["a", "b", "c"] })), "`labels` should be 2 texts"),
        (network(), with(&json!({ "scores": "softmax" })), "`scores` should be absent"),
        (network(), with(&json!({ "scores": "max", "labels": ["a", "b"] })), "`scores` should be"),
        (network(), with(&json!({ "columns": ["a"] })), "`columns` should be 2 names"),
        (network(), with(&json!({ "layers": [] })), "the network has no layers"),
        (
            network(),
            with(&json!({ "layers": ["layers.0"] })),
            "\"layers.1.weight\" is none of the network's",
        ),
        (
            network(),
            with(&json!({ "layers": ["layers.0", "head"] })),
            "tensor \"head.weight\", the weights of a layer, is missing",
        ),
        (
            network(),
            with(&json!({ "layers": ["layers.1", "layers.0", "layers.1"] })),
            "`layers` should name each layer once",
        ),
        (network().f32("x", &[1], &[0.0]), plain.clone(), "\"x\" is none of the network's"),
        (File::default(), plain.clone(), "the network has no layers"),
        (
            network().f32("layers.1.bias", &[3], &[0.0; 3]),
            plain.clone(),
            "\"layers.1.bias\" should have the shape [2], has [3]",
        ),
        (
            network().f32("layers.2.weight", &[1, 3], &[0.0; 3]),
            plain.clone(),
            "\"layers.2.weight\" should have the shape [1, 2], has [1, 3]",
        ),
        (
            network().f32("layers.2.weight", &[2], &[0.0; 2]),
            plain.clone(),
            "should have the shape [outputs, inputs]",
        ),
        (
            network().f32("layers.2.weight", &[0, 2], &[]),
            plain.clone(),
            "should have the shape [outputs, inputs]",
        ),
        (
            network().tensor("layers.2.weight", "I32", &[1, 2], &[0; 8]),
            plain.clone(),
            "should hold F32, F16 or BF16, holds I32",
        ),
        (
            network().f32("input.mean", &[3], &[0.0; 3]),
            plain.clone(),
            "\"input.mean\" should have the shape [2], has [3]",
        ),
    ];
    for (file, description, expected) in cases {
        let error = open_network(&file, &description).unwrap_err();
        let sentence = error.to_string();
        assert!(sentence.contains(expected), "{sentence}");
        assert!(sentence.ends_with("in the entry `hotplate` of the metadata"), "{sentence}");
    }
    let text = network().metadata("hotplate", "{").finish();
    let error = Model::from_bytes(text).unwrap().pretrained().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::Truncated, None));
}

#[test]
fn other_models_have_no_tensors_of_this_kind() {
    let graph = crate::onnx::fixture::model(&crate::onnx::fixture::full_graph()).finish();
    let model = Model::from_bytes(graph).unwrap();
    let expected = "the model should be in safetensors format, is in ONNX format";
    assert_eq!(model.safetensors().unwrap_err().to_string(), expected);
    assert_eq!(model.pretrained().unwrap_err().to_string(), expected);
}
