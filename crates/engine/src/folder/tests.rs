use super::*;
use crate::ErrorKind;

fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "[model]\nfile = \"b.onnx\"\n").unwrap();
    }
    folder
}

fn kind(files: &[&str]) -> ErrorKind {
    ModelFolder::find(folder(files).path()).unwrap_err().kind()
}

#[test]
fn the_only_model_of_a_folder_is_taken() {
    let folder = folder(&["README.md", "b.onnx", "golden.csv", ".hidden.onnx"]);
    let found = ModelFolder::find(folder.path()).unwrap();
    assert_eq!(found.file(), folder.path().join("b.onnx"));
    assert!(found.golden_rows().is_some());
}

#[test]
fn models_are_known_by_their_content() {
    for (name, content) in [
        ("model.txt", &b"tree\nversion=v4\n"[..]),
        ("xgboost-model", b"{\"version\":[3,2,0],\"learner\":{}}"),
        ("model.json", b"{\"learner\":{}}"),
        ("model.bst", b"{L\0\0\0\0\0\0\0\x07learner"),
    ] {
        let folder = folder(&["README.md", "rows.json", "notes.txt", "data.csv.gz"]);
        fs::write(folder.path().join(name), content).unwrap();
        let found = ModelFolder::find(folder.path()).unwrap();
        assert_eq!(found.file(), folder.path().join(name));
    }
}

#[test]
fn several_models_are_told_apart_by_configuration_alone() {
    let error = ModelFolder::find(folder(&["a.onnx", "b.onnx"]).path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SeveralModels);
    assert!(error.to_string().contains("a.onnx, b.onnx"), "{error}");
    let folder = folder(&["a.onnx", "b.onnx", "hotplate.toml"]);
    assert!(ModelFolder::find(folder.path()).unwrap().file().ends_with("b.onnx"));
}

#[test]
fn what_would_run_code_is_refused_with_the_way_out() {
    assert_eq!(kind(&["model.pkl"]), ErrorKind::UnsafeModel);
    assert_eq!(kind(&["model.onnx", "model.JOBLIB"]), ErrorKind::UnsafeModel);
    assert_eq!(kind(&["model.onnx", "code/inference.py"]), ErrorKind::UnsafeModel);
    let error = ModelFolder::find(folder(&["m.joblib"]).path()).unwrap_err().to_string();
    assert!(error.contains("skl2onnx.to_onnx"), "{error}");
}

#[test]
fn folder_without_a_model_says_what_it_looked_for() {
    assert_eq!(kind(&["README.md"]), ErrorKind::NoModel);
    let catboost = folder(&["rows.json"]);
    assert_eq!(ModelFolder::find(catboost.path()).unwrap_err().kind(), ErrorKind::NoModel);
    let export = "{\"features_info\": {}, \"oblivious_trees\": []}";
    fs::write(catboost.path().join("model.json"), export).unwrap();
    let error = ModelFolder::find(catboost.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidModel);
    assert!(error.to_string().contains("save_model(path, format=\"onnx\")"), "{error}");
    let error = ModelFolder::find(Path::new("/nowhere/at/all")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoModel);
}

#[test]
fn configuration_cannot_reach_out_of_the_folder() {
    let folder = folder(&["b.onnx"]);
    fs::write(folder.path().join("hotplate.toml"), "[model]\nfile = \"../b.onnx\"").unwrap();
    let error = ModelFolder::find(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn folders_of_models_are_found_by_name() {
    let root = folder(&["churn/a.onnx", "housing/b.onnx", "notes/README.md", "train.py"]);
    let found = ModelFolder::below(root.path()).unwrap();
    let names: Vec<&str> = found.iter().map(ModelFolder::name).collect();
    assert_eq!(names, ["churn", "housing"]);
}

/// What a repository of Hugging Face's may hold beside its weights.
const COMPANIONS: [&str; 16] = [
    "1_Pooling/config.json",
    "README.md",
    "config.json",
    "modules.json",
    "onnx/model.onnx",
    "optimizer.pt",
    "pytorch_model.bin",
    "rust_model.ot",
    "sentence_bert_config.json",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "tf_model.h5",
    "tokenizer.json",
    "train_script.py",
    "training_args.bin",
    "vocab.txt",
];

#[test]
fn folder_of_hugging_face_is_one_model() {
    for (files, taken) in [
        (&["model.safetensors"][..], "model.safetensors"),
        (
            &[
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
                "model.safetensors.index.json",
            ],
            "model.safetensors.index.json",
        ),
        (
            &[
                "model-00001-of-00001.safetensors",
                "model.safetensors",
                "model.safetensors.index.json",
            ],
            "model.safetensors",
        ),
    ] {
        let folder = folder(&[files, &COMPANIONS].concat());
        let found = ModelFolder::find(folder.path()).unwrap();
        assert_eq!(found.files(), [folder.path().join(taken)]);
    }
    // A file that is a model beyond doubt is another one.
    assert_eq!(kind(&["config.json", "model.onnx", "model.safetensors"]), ErrorKind::SeveralModels);
    // So is a step that only a pickle holds.
    for other in ["code/inference.py", "scaler.pkl", "steps.joblib"] {
        let error = ModelFolder::find(folder(&["model.safetensors", other]).path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsafeModel, "{other}");
    }
}

#[test]
fn weights_as_pickles_are_refused_with_the_way_out() {
    for name in ["pytorch_model.bin", "pytorch_model.bin.index.json"] {
        let error = ModelFolder::find(folder(&["config.json", name, "vocab.txt"]).path());
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsafeModel);
        assert!(error.to_string().contains("safe_serialization=True"), "{error}");
    }
}
