use std::path::Path;

use hotplate_tensor::DType;
use serde_json::{Value, json};

use super::{Folder, WEIGHTS, changed};
use crate::{
    Labels, Model, ModelError, ModelErrorKind as Kind, Task,
    pretrained::{Activation, Architecture, MlpAnswer, MlpConfig, Scores},
    safetensors::fixture::File,
};

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
        (
            File::default().f32("0.weight", &[1, 1], &[0.0]).f32("x", &[1], &[0.0]),
            with(&json!({ "layers": ["0", "0"] })),
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
