//! Any bytes as a model file: read, described, decoded in full and rid of its ZipMaps, or refused;
//! and as a value that a test of a model expects.
//!
//! `cargo fuzz run onnx` in the folder above; the models that ship make good seeds.

#![no_main]

use std::borrow::Cow;

use hotplate_model::{
    Model,
    onnx::{self, AttributeValue, Graph, Node},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = onnx::read_value(bytes);
    let Ok(model) = Model::from_bytes(bytes.to_vec()) else { return };
    let signature = model.signature(None);
    let _ = model.external_files();
    if let Ok(Cow::Owned(bytes)) = model.without_zipmap() {
        let spliced = Model::from_bytes(bytes).expect("a file without its ZipMaps opens");
        assert!(matches!(spliced.without_zipmap(), Ok(Cow::Borrowed(_))));
        if let Ok(signature) = signature {
            let again = spliced.signature(None).expect("it can still be described");
            assert_eq!(again.outputs(), signature.outputs());
        }
    }
    let onnx = model.onnx().expect("a file that was opened reads again");
    walk(&onnx.graph);
});

fn walk(graph: &Graph<'_>) {
    for tensor in &graph.initializers {
        if let Ok(data) = tensor.decode() {
            assert_eq!(data.len(), tensor.len());
        }
    }
    for attribute in graph.nodes.iter().flat_map(Node::attributes) {
        match attribute.value() {
            Ok(AttributeValue::Tensor(tensor)) => drop(tensor.decode()),
            Ok(AttributeValue::Graph(graph)) => walk(&graph),
            Ok(AttributeValue::Floats(list)) => assert_eq!(list.clone().count(), list.len()),
            Ok(AttributeValue::Ints(list)) => assert_eq!(list.clone().count(), list.len()),
            Ok(AttributeValue::Strings(list)) => assert_eq!(list.clone().count(), list.len()),
            Ok(_) | Err(_) => {}
        }
    }
}
