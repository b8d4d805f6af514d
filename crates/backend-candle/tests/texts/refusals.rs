//! What is refused, and in which words.

use std::{fs, path::Path};

use hotplate_backend::{BackendErrorKind, DeviceChoice, Part};

use crate::{
    folders::{Tensors, change, copy_of, floats},
    rows::{ask, columns, compile, floats_of, options, outputs, worker},
};

fn refusal(folder: &Path) -> String {
    let error = compile(folder, &options(None)).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::InvalidModel, "{error}");
    error.to_string()
}

/// What is said of a model whose tensors were changed.
fn refusal_of(case: &str, tensors: impl FnOnce(&mut Tensors)) -> String {
    let folder = copy_of(case);
    change(folder.path(), tensors);
    refusal(folder.path())
}

#[test]
fn tensor_that_is_missing_is_named_with_the_shape_that_it_should_have() {
    let name = "encoder.layer.1.attention.self.key.weight";
    let error = refusal_of("bert-mean", |tensors| drop(tensors.remove(name).unwrap()));
    assert!(error.contains(name) && error.contains("32, 32"), "{error}");
    let error = refusal_of("distilbert-topics", |tensors| {
        tensors.remove("pre_classifier.bias").unwrap();
    });
    assert!(error.contains("pre_classifier.bias"), "{error}");
}

#[test]
fn tensor_of_another_shape_is_named_with_both() {
    let name = "encoder.layer.0.output.LayerNorm.bias";
    let error = refusal_of("bert-mean", |tensors| {
        tensors.insert(name.to_owned(), floats(&[31], &[0.0; 31]));
    });
    for part in [name, "32", "31"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn tensor_of_whole_numbers_is_none_to_compute_with() {
    let name = "embeddings.word_embeddings.weight";
    let error = refusal_of("bert-mean", |tensors| {
        tensors.get_mut(name).unwrap().dtype = "I32".to_owned();
    });
    assert!(error.contains(name) && error.to_lowercase().contains("i32"), "{error}");
}

#[test]
fn old_names_of_norms_are_known() {
    let folder = copy_of("bert-mean");
    let rows = [("Refund, please.", None)];
    let answer = || {
        let plan = compile(folder.path(), &options(None)).unwrap();
        let tensors = ask(&*plan, &mut *worker(&*plan, 1), &rows).unwrap();
        floats_of(&*plan, &tensors, "embedding")
    };
    let expected = answer();
    change(folder.path(), |tensors| {
        *tensors = std::mem::take(tensors)
            .into_iter()
            .map(|(name, tensor)| {
                let name = name.replace("LayerNorm.weight", "LayerNorm.gamma");
                (name.replace("LayerNorm.bias", "LayerNorm.beta"), tensor)
            })
            .collect();
    });
    assert_eq!(answer(), expected);
}

#[test]
fn model_without_a_tokenizer_says_where_to_get_one() {
    let folder = copy_of("bert-mean");
    fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
    let error = refusal(folder.path());
    assert!(error.contains("tokenizer.json") && error.contains("save_pretrained"), "{error}");
}

#[test]
fn tokenizer_that_is_broken_or_of_another_model_is_refused() {
    let folder = copy_of("bert-mean");
    let path = folder.path().join("tokenizer.json");
    fs::write(&path, "{\"version\": \"1.0\", \"model\": {\"type\": \"Unheard\"}}").unwrap();
    let error = refusal(folder.path());
    assert!(error.starts_with("tokenizer.json: "), "{error}");
    let other = crate::folders::cases().join("roberta-pairs/tokenizer.json");
    fs::copy(other, &path).unwrap();
    let plan = compile(folder.path(), &options(None)).unwrap();
    // A vocabulary that is larger than the model's may still say known tokens alone.
    let error = ask(&*plan, &mut *worker(&*plan, 1), &[("Refund, please.", None)]).unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::RefusedRows);
    assert!(error.to_string().contains("expected one below 447"), "{error}");
}

#[test]
fn text_over_the_cap_harms_its_own_part_alone() {
    let folder = copy_of("bert-mean");
    let plan = compile(folder.path(), &options(None)).unwrap();
    let long = "a".repeat((256 << 10) + 1);
    let requests = [
        columns(&*plan, &[("Refund, please.", None)]),
        columns(&*plan, &[("fine", None), (&long, None)]),
        columns(&*plan, &[("a", None), ("Refund, please.", None)]),
    ];
    let mut answers = [outputs(&*plan), outputs(&*plan), outputs(&*plan)];
    let mut parts: Vec<Part<'_>> = requests
        .iter()
        .zip(&mut answers)
        .map(|(columns, tensors)| Part::new(columns.inputs(), tensors))
        .collect();
    worker(&*plan, 1).run(&mut parts);
    let outcomes: Vec<_> = parts.into_iter().map(|part| part.outcome).collect();
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
    let at = outcomes[1].as_ref().unwrap_err().as_refused_cell().unwrap();
    assert_eq!((at.row, at.column), (1, 0));
    assert_eq!(at.expected, "a text of at most 262144 bytes");
    assert_eq!(at.got, "262145 bytes");
    let first = floats_of(&*plan, &answers[0], "embedding");
    assert_eq!(first[0], floats_of(&*plan, &answers[2], "embedding")[1]);
}

#[test]
fn device_that_is_not_there_is_refused() {
    let folder = copy_of("bert-mean");
    for device in ["cuda:0", "tensorrt:0"] {
        let device: DeviceChoice = device.parse().unwrap();
        let options = hotplate_backend::CompileOptions { device, ..options(None) };
        let error = compile(folder.path(), &options).unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::DeviceUnavailable, "{error}");
    }
}
