//! What the reader makes of whole files: good ones, and one for each way to be wrong.

use std::mem;

use super::{
    fixture::{
        Writer, attribute, full_graph, graph_of, ints, metadata, model, node, tensor, value,
    },
    *,
};
use crate::{Model, ModelError, ModelErrorKind as Kind, limits};

fn open(file: Writer) -> Model {
    Model::from_bytes(file.finish()).unwrap()
}

fn refusal(file: Writer) -> ModelError {
    Model::from_bytes(file.finish()).unwrap_err()
}

/// What is said to a model of one node with this attribute.
fn attribute_refusal(attribute: Writer) -> ModelError {
    refusal(model(&graph_of(&[node("Op", &[attribute])])))
}

/// What is said to a model of this one constant.
fn tensor_refusal(tensor: &Writer) -> ModelError {
    refusal(model(&Writer::default().message(5, tensor)))
}

#[test]
fn parts_are_read_as_they_were_written() {
    let file = open(model(&full_graph()).message(14, &metadata("team", "churn")));
    let onnx = file.onnx().unwrap();
    assert_eq!(
        (onnx.ir_version, onnx.producer_name, onnx.doc),
        (10, "fixture", "A model for tests.")
    );
    assert_eq!(
        (onnx.opset(""), onnx.opset("ai.onnx"), onnx.opset("other")),
        (Some(21), Some(21), None)
    );
    assert_eq!(onnx.metadata_entry("team"), Some("churn"));

    let graph = &onnx.graph;
    let inputs: Vec<_> = graph.inputs.iter().map(|input| input.name).collect();
    assert_eq!(inputs, ["age", "job"], "a constant is no input");
    assert_eq!(graph.inputs[1].ty.to_string(), "a tensor of string [rows, 1]");
    assert_eq!(graph.outputs[0].ty.to_string(), "a tensor of string [?]");
    assert_eq!(graph.initializers[0].elements::<i64>().unwrap(), [-1, 4]);

    let node = &graph.nodes[0];
    assert_eq!((node.title(), node.op_type, node.domain), ("scale it", "Scaler", "ai.onnx.ml"));
    assert_eq!((&node.inputs[..], &node.outputs[..]), (&["x"][..], &["y"][..]));
    assert!(node.floats("offset").unwrap().unwrap().eq([1.5, -2.5]));
    assert!(node.floats("scale").unwrap().unwrap().eq([1.0, 2.0]));
    assert_eq!(node.int("axis").unwrap(), Some(-1));
    assert_eq!(node.float("alpha").unwrap(), Some(0.25));
    assert_eq!(node.string("mode").unwrap(), Some("linear"));
    assert_eq!(node.tensor("table").unwrap().unwrap().elements::<i64>().unwrap(), [-1, 4]);
    assert_eq!(node.int("absent").unwrap(), None);
    let AttributeValue::Graph(branch) = node.attribute("branch").unwrap().value().unwrap() else {
        panic!("a graph was written");
    };
    assert_eq!(branch.nodes[0].op_type, "Inner");

    let labels = graph.nodes[1].strings("classlabels_strings").unwrap().unwrap();
    assert_eq!(labels.len(), 2);
    assert!(labels.eq(["No", "Yes"]));
    assert!(graph.nodes[1].ints("ids").unwrap().unwrap().eq([0, 1, -1]));
}

#[test]
fn packed_tagged_and_mixed_lists_agree() {
    let packed = Writer::default().varint(1).varint(300).varint((-1_i64).cast_unsigned()).finish();
    let forms = [
        ints("list", &[1, 300, -1]),
        attribute("list", 7).bytes(8, &packed),
        attribute("list", 7).int(8, 1).bytes(8, &[]).bytes(8, &packed[1..]),
        Writer::default().int(8, 1).int(8, 300).text(13, "doc").int(8, -1).text(1, "list"),
    ];
    for form in forms {
        let file = open(model(&graph_of(&[node("Op", &[form])])));
        let onnx = file.onnx().unwrap();
        let list = onnx.graph.nodes[0].ints("list").unwrap().unwrap();
        assert_eq!(list.len(), 3);
        assert!(list.eq([1, 300, -1]));
    }
}

#[test]
fn attribute_of_another_type_names_node_and_types() {
    let file = open(model(&full_graph()));
    let onnx = file.onnx().unwrap();
    let error = onnx.graph.nodes[0].ints("offset").unwrap_err();
    assert_eq!((error.kind(), error.node()), (Kind::BadAttribute, Some("scale it")));
    let sentence = error.to_string();
    let expected = "attribute \"offset\" should be a list of integers, is a list of floats";
    assert!(sentence.starts_with(expected), "{sentence}");
}

#[test]
fn list_costs_an_attribute_no_memory() {
    // A node of a hundred thousand may carry millions of numbers; what is kept is where they lie.
    assert!(mem::size_of::<Attribute<'_>>() <= 64);
}

#[test]
fn empty_messages_are_refused_at_the_first() {
    // Two bytes each in the file, a hundred times that as structures: none must be kept.
    for (field, kind) in
        [(1, Kind::Malformed), (5, Kind::BadTensor), (11, Kind::Malformed), (12, Kind::Malformed)]
    {
        let empties = (0..100_000).fold(Writer::default(), |graph, _| graph.bytes(field, &[]));
        let file = Writer::default().int(1, 10).message(7, &empties).finish();
        let error = Model::from_bytes(file).unwrap_err();
        // The version takes two bytes, the graph's head four, the first message's head two.
        assert_eq!((error.kind(), error.offset()), (kind, Some(8)), "field {field}");
    }
}

#[test]
fn graphs_nested_too_deep_are_refused() {
    let nested = |depth| {
        (1..depth).fold(graph_of(&[node("Leaf", &[])]), |graph, _| {
            graph_of(&[node("If", &[attribute("then_branch", 5).message(6, &graph)])])
        })
    };
    open(model(&nested(limits::DEPTH)));
    assert_eq!(refusal(model(&nested(limits::DEPTH + 1))).kind(), Kind::TooDeep);
    assert_eq!(refusal(model(&nested(5_000))).kind(), Kind::TooDeep);
}

#[test]
fn more_than_the_limit_is_refused() {
    let repeat = |number, message: Writer, count| {
        (0..count).fold(Writer::default(), |all, _| all.message(number, &message))
    };
    let named = |number| Writer::default().text(number, "n");
    let tiny = tensor("t", 7, &[0]);
    let values = |side| repeat(side, value("v", 1, &[]), limits::GRAPH_VALUES + 1);
    let graphs = [
        repeat(1, named(4), limits::NODES + 1),
        repeat(5, tiny, limits::INITIALIZERS + 1),
        values(11),
        values(12),
    ];
    for graph in graphs {
        assert_eq!(refusal(model(&graph)).kind(), Kind::TooMany);
    }
    let attributes = repeat(5, ints("a", &[]), limits::NODE_ATTRIBUTES + 1);
    let distinct = (0..=limits::NODE_ATTRIBUTES)
        .fold(named(4), |node, index| node.message(5, &ints(&index.to_string(), &[])));
    let inputs = (0..=limits::NODE_VALUES).fold(named(4), |node, _| node.bytes(1, &[]));
    let many = (0..limits::NODE_VALUES).fold(named(4), |node, _| node.bytes(1, &[]));
    let nodes = repeat(1, many, limits::VALUES / limits::NODE_VALUES + 1);
    assert_eq!(refusal(model(&nodes)).kind(), Kind::TooMany);
    for (node, kind) in [
        (attributes.text(4, "Op"), Kind::Malformed),
        (distinct, Kind::TooMany),
        (inputs, Kind::TooMany),
    ] {
        assert_eq!(refusal(model(&graph_of(&[node]))).kind(), kind);
    }
    let entries =
        |number, limit| Writer::default().raw(&repeat(number, named(1), limit + 1).finish());
    for (number, limit) in [(8, limits::OPSETS), (14, limits::METADATA)] {
        let file = Writer::default().int(1, 10).raw(&entries(number, limit).finish());
        assert_eq!(refusal(file.message(7, &Writer::default())).kind(), Kind::TooMany);
    }
    let long = "n".repeat(limits::NAME_BYTES + 1);
    assert_eq!(refusal(model(&graph_of(&[node(&long, &[])]))).kind(), Kind::TooMany);
    let deep = [fixture::TestDim::Open; limits::RANK + 1];
    let wide = Writer::default().message(11, &value("v", 1, &deep));
    assert_eq!(refusal(model(&wide)).kind(), Kind::TooMany);
}

#[test]
fn malformed_parts_are_refused() {
    let graph = full_graph();
    let nameless = Writer::default().int(20, 7);
    let files = [
        Writer::default().int(1, 10),
        model(&graph).message(7, &graph),
        Writer::default().int(1, 10).int(7, 1),
        Writer::default().int(1, 10).bytes(2, &[0xff]).message(7, &graph),
        model(&graph_of(&[node("", &[])])),
        model(&graph_of(&[node("Op", &[nameless])])),
        model(&Writer::default().bytes(2, &[0xc3, 0x28])),
    ];
    for file in files {
        let error = refusal(file.clone());
        assert_eq!(error.kind(), Kind::Malformed, "{error}");
    }
}

#[test]
fn malformed_attributes_are_refused_in_their_node() {
    let constant = tensor("t", 7, &[1]).int(7, 1);
    let attributes = [
        attribute("a", 0),
        attribute("a", 99).int(8, 1),
        attribute("a", 6).int(8, 1),
        attribute("a", 7).int(8, 1).float(7, 1.0),
        attribute("a", 7).float(8, 1.0),
        attribute("a", 6).bytes(7, &[0; 5]),
        attribute("a", 7).bytes(8, &[0xff; 11]),
        attribute("a", 4),
        attribute("a", 4).message(5, &constant).message(5, &constant),
    ];
    for attribute in attributes {
        let error = attribute_refusal(attribute);
        assert_eq!((error.kind(), error.node()), (Kind::Malformed, Some("Op")), "{error}");
    }
    let packed_short = attribute("a", 7).bytes(8, &[1, 0x80]);
    assert_eq!(attribute_refusal(packed_short).kind(), Kind::Truncated);
}

#[test]
fn binary_string_is_refused_only_when_it_is_read_as_text() {
    let file = open(model(&graph_of(&[node("Op", &[attribute("blob", 3).bytes(4, &[0xff])])])));
    let onnx = file.onnx().unwrap();
    let error = onnx.graph.nodes[0].string("blob").unwrap_err();
    assert_eq!((error.kind(), error.node()), (Kind::Malformed, Some("Op")));
}

#[test]
fn tensors_that_do_not_fit_their_shape_are_refused() {
    let cases = [
        tensor("t", 7, &[3]).int(7, 1).int(7, 2),
        tensor("t", 1, &[2]).bytes(9, &[0; 7]),
        tensor("t", 1, &[2]).bytes(4, &[0; 8]).bytes(9, &[0; 8]),
        tensor("t", 1, &[2]).int(7, 1).int(7, 2),
        tensor("t", 1, &[i64::MAX, 3]).bytes(9, &[0; 4]),
        tensor("t", 1, &[1 << 61]).bytes(9, &[0; 4]),
        tensor("t", 14, &[1 << 62]).bytes(9, &[0; 4]),
        tensor("t", 1, &[-1]),
        tensor("t", 8, &[1]).bytes(9, b"text"),
        tensor("t", 0, &[0]),
        tensor("t", 999, &[0]),
    ];
    for case in cases {
        let error = tensor_refusal(&case);
        assert_eq!(error.kind(), Kind::BadTensor, "{error}");
    }
    let deep = tensor("t", 1, &[1; limits::RANK + 1]);
    assert_eq!(tensor_refusal(&deep).kind(), Kind::TooMany);
}

#[test]
fn external_data_is_found_wherever_it_hides() {
    let external = fixture::external("t", 1, &[3], "weights", "16");
    let sparse = Writer::default().message(1, &external);
    let inner = Writer::default().message(5, &external);
    let holders = [
        attribute("a", 4).message(5, &external),
        attribute("a", 9).message(10, &external),
        attribute("a", 11).message(22, &sparse),
        attribute("a", 12).message(23, &sparse),
        attribute("a", 5).message(6, &inner),
        attribute("a", 10).message(11, &inner),
    ];
    let found = |file: Writer| {
        let file = open(file);
        let onnx = file.onnx().unwrap();
        assert_eq!(onnx.external.len(), 1);
        assert_eq!(onnx.external[0].location, "weights");
        assert_eq!((onnx.external[0].offset, onnx.external[0].end()), (16, 28));
        let error = file.external_files().unwrap_err();
        assert_eq!(error.kind(), Kind::ExternalData, "a model of bytes has no folder");
    };
    for holder in &holders {
        found(model(&graph_of(&[node("Op", std::slice::from_ref(holder))])));
        let function = Writer::default().message(7, &node("Op", std::slice::from_ref(holder)));
        found(model(&full_graph()).message(25, &function));
    }
    let default = Writer::default().message(11, &holders[0]);
    let training = Writer::default().message(2, &inner);
    for (number, part) in [(25, default), (20, training)] {
        found(model(&full_graph()).message(number, &part));
    }
    found(model(&Writer::default().message(15, &sparse)));
    found(model(&inner));
    assert!(open(model(&full_graph())).external_files().unwrap().is_empty());
}

#[test]
fn elements_in_another_file_are_not_read() {
    let constant = fixture::external("t", 1, &[3], "weights", "0");
    let file = open(model(&Writer::default().message(5, &constant)));
    let onnx = file.onnx().unwrap();
    let tensor = &onnx.graph.initializers[0];
    assert_eq!((tensor.len(), tensor.external.unwrap().length), (3, 12));
    let errors = [tensor.decode().unwrap_err(), tensor.elements::<f32>().unwrap_err()];
    for error in errors {
        assert_eq!(error.kind(), Kind::ExternalData, "{error}");
    }
    assert_eq!(tensor.strings().unwrap_err().kind(), Kind::BadTensor, "it is of float32");
}

#[test]
fn external_data_that_makes_no_sense_is_refused() {
    let entry = |key: &str, value: &str| Writer::default().text(1, key).text(2, value);
    let place = entry("location", "weights");
    let head = || tensor("t", 1, &[2]);
    let cases = [
        head().int(14, 1),
        head().int(14, 1).message(13, &entry("location", "")),
        head().int(14, 1).message(13, &place).message(13, &place),
        head().int(14, 1).message(13, &place).bytes(9, &[0; 8]),
        head().int(14, 1).message(13, &place).float(4, 1.0).float(4, 2.0),
        head().float(4, 1.0).float(4, 2.0).message(13, &place),
        head().message(13, &place),
        head().int(14, 2).message(13, &place),
        head().int(14, -1),
        head().int(14, 1).message(13, &place).message(13, &entry("offset", "-1")),
        head().int(14, 1).message(13, &place).message(13, &entry("offset", "0x10")),
        head().int(14, 1).message(13, &place).message(13, &entry("offset", "18446744073709551610")),
        head().int(14, 1).message(13, &place).message(13, &entry("offset", "99999999999999999999")),
        head().int(14, 1).message(13, &place).message(13, &entry("length", "9")),
        head().int(14, 1).message(13, &place).message(13, &entry("length", "")),
        tensor("t", 8, &[2]).int(14, 1).message(13, &place),
        tensor("t", 1, &[1 << 62]).int(14, 1).message(13, &place),
    ];
    for case in cases {
        let error = tensor_refusal(&case);
        assert_eq!(error.kind(), Kind::ExternalData, "{error}");
    }
    let more = head().int(14, 1).message(13, &place).message(13, &entry("length", "8"));
    open(model(&Writer::default().message(5, &more.message(13, &entry("checksum", "0f")))));
}

#[test]
fn types_nest_to_a_depth() {
    let nested = |depth| {
        let tensor = Writer::default().message(1, &Writer::default().int(1, 1));
        let ty = (0..depth).fold(tensor, |inner, _| {
            Writer::default().message(4, &Writer::default().message(1, &inner))
        });
        model(&Writer::default().message(12, &Writer::default().text(1, "y").message(2, &ty)))
    };
    open(nested(limits::TYPE_DEPTH));
    assert_eq!(refusal(nested(limits::TYPE_DEPTH + 1)).kind(), Kind::TooDeep);
    assert_eq!(refusal(nested(5_000)).kind(), Kind::TooDeep);
}

#[test]
fn file_cut_at_any_byte_is_refused() {
    let graph = full_graph();
    let whole = Writer::default().int(1, 10).message(7, &graph).finish();
    for end in 0..whole.len() {
        Model::from_bytes(whole[..end].to_vec()).unwrap_err();
    }
}

#[test]
fn file_with_any_byte_changed_is_read_or_refused() {
    let whole = model(&full_graph()).finish();
    for at in 0..whole.len() {
        for byte in [0x00, 0x01, 0x7f, 0x80, 0xff, whole[at] ^ 0x01, whole[at] ^ 0x08] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            let Ok(model) = Model::from_bytes(bytes) else { continue };
            let _ = (model.signature(None), model.without_zipmap(), model.external_files());
        }
    }
}

#[test]
fn operators_of_a_domain_without_a_version_are_refused() {
    let graph = graph_of(&[node("Scaler", &[])]);
    let ml = |file: Writer| file.message(8, &Writer::default().text(1, "ai.onnx.ml").int(2, 3));
    let file = || Writer::default().int(1, 10).message(7, &graph);
    let error = refusal(file());
    assert_eq!(error.kind(), Kind::Malformed);
    assert!(error.to_string().contains("the operators of ai.onnx.ml"), "{error}");
    assert!(Model::from_bytes(ml(file()).finish()).is_ok());
}
