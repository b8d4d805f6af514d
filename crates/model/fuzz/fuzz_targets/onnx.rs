//! Any bytes as a model file: read, described and decoded in full, or refused.
//!
//! `cargo fuzz run onnx` in the folder above; the models that ship make good seeds.

#![no_main]

use hotplate_model::{
    Model,
    onnx::{AttributeValue, Graph, Node},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::from_bytes(bytes.to_vec()) else { return };
    let _ = model.signature(None);
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
