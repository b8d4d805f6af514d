//! Any bytes as a safetensors file: read, described and looked through whole, or refused.
//!
//! `cargo fuzz run safetensors` in the folder above; small files that tests write make good seeds.

#![no_main]

use hotplate_model::{Format, Model};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::from_bytes(bytes.to_vec()) else { return };
    if model.format() != Format::Safetensors {
        return;
    }
    let _ = model.signature(None);
    let tensors = model.safetensors().expect("a file that was opened has tensors");
    let (mut held, mut before) = (0, None);
    for tensor in tensors.iter() {
        assert!(before < Some(tensor.name), "names are in order and differ");
        before = Some(tensor.name);
        held += tensor.bytes.len();
        assert_eq!(tensor.len() * tensor.element.bits(), tensor.bytes.len() * 8);
        if let Ok(floats) = tensor.to_f32() {
            assert_eq!(floats.len(), tensor.len());
        }
        assert_eq!(
            tensors.require(tensor.name, tensor.shape).expect("it is there").bytes,
            tensor.bytes
        );
    }
    assert!(held < bytes.len(), "no byte belongs to two tensors");
});
