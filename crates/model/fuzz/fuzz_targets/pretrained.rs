//! Any texts as the files beside weights, and as a network's description in their metadata: read,
//! or refused.
//!
//! The bytes are cut at each NUL: `config.json`, `modules.json`, that of the pooling,
//! `sentence_bert_config.json` and `tokenizer_config.json`.

#![no_main]

use hotplate_model::{
    Model,
    pretrained::{Architecture, Head, fixture},
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

fn network() -> File {
    File::default()
        .f32("layers.0.weight", &[3, 2], &[0.5; 6])
        .f32("layers.0.bias", &[3], &[0.0; 3])
        .f32("layers.1.weight", &[2, 3], &[0.25; 6])
}

fuzz_target!(|bytes: &[u8]| {
    let texts: Vec<&[u8]> = bytes.split(|&byte| byte == 0).collect();
    let description = String::from_utf8_lossy(texts[0]);
    let described = network().metadata("hotplate", &description).finish();
    look(&Model::from_bytes(described).expect("metadata may be any text"));
    let files: Vec<_> = FILES.into_iter().zip(texts).filter(|(_, text)| !text.is_empty()).collect();
    if let Ok(model) = fixture::model(network().finish(), &files) {
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
