//! Any texts as the files beside weights, and as a network's description in their metadata: read,
//! or refused.
//!
//! The bytes are cut at each NUL: `config.json`, `modules.json`, that of the pooling,
//! `sentence_bert_config.json` and `tokenizer_config.json`.

#![no_main]

use std::{fs, path::PathBuf, sync::LazyLock};

use hotplate_model::{
    Model,
    pretrained::{Architecture, Head},
    safetensors::fixture::File,
};
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 5] = [
    "config.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
];

/// A folder of this process with weights in it.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("hotplate-fuzz-{}", std::process::id()));
    fs::create_dir_all(folder.join("1_Pooling")).expect("there is room for a folder");
    let weights = network().finish();
    fs::write(folder.join("model.safetensors"), weights).expect("there is room for a file");
    folder
});

fn network() -> File {
    File::default()
        .f32("layers.0.weight", &[3, 2], &[0.5; 6])
        .f32("layers.0.bias", &[3], &[0.0; 3])
        .f32("layers.1.weight", &[2, 3], &[0.25; 6])
}

fuzz_target!(|bytes: &[u8]| {
    let mut texts = bytes.split(|&byte| byte == 0);
    let description =
        String::from_utf8_lossy(bytes.split(|&byte| byte == 0).next().unwrap_or_default());
    let described = network().metadata("hotplate", &description).finish();
    look(&Model::from_bytes(described).expect("metadata may be any text"));
    for name in FILES {
        let path = FOLDER.join(name);
        match texts.next().filter(|text| !text.is_empty()) {
            Some(text) => fs::write(path, text).expect("there is room for a file"),
            None => drop(fs::remove_file(path)),
        }
    }
    if let Ok(model) = Model::open(&FOLDER.join("model.safetensors")) {
        look(&model);
    }
});

fn look(model: &Model) {
    let Ok(pretrained) = model.pretrained() else { return };
    let signature = model.signature(None);
    let encoder = match pretrained.architecture {
        Architecture::Encoder(encoder) => encoder,
        Architecture::Mlp(network) => {
            assert!(!network.layers.is_empty());
            return;
        }
        _ => return,
    };
    assert!(encoder.hidden_size.is_multiple_of(encoder.heads));
    assert!(encoder.max_tokens + encoder.position_offset <= encoder.max_positions);
    let signature = signature.expect("one column of text can be named");
    let width = encoder.head.width(encoder.hidden_size);
    match encoder.head {
        Head::Embedding { pooling, .. } => {
            assert!(!pooling.is_empty());
            assert_eq!(signature.outputs()[0].row_dims, Some(vec![Some(width)]));
        }
        Head::SequenceClassification { labels, .. } => assert_eq!(labels.len(), width),
        _ => {}
    }
}
