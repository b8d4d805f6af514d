use serde_json::{Value, json};

use super::{Folder, bert};
use crate::{
    ModelErrorKind as Kind,
    pretrained::{Activation, Dense, Head, Pooling},
    safetensors::fixture::File,
};

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
