//! Small models, for tests alone. Field numbers are those of `onnx.proto`.

use super::writer::Writer;

pub(crate) const FLOAT: i64 = 1;
pub(crate) const INT64: i64 = 7;
pub(crate) const STRING: i64 = 8;

/// A model of this graph, with the fields that every exporter writes.
pub(crate) fn model(graph: &Writer) -> Writer {
    let ml = Writer::default().text(1, "ai.onnx.ml").int(2, 3);
    let main = Writer::default().text(1, "").int(2, 21);
    Writer::default()
        .int(1, 10)
        .text(2, "fixture")
        .text(3, "1")
        .text(6, "A model for tests.")
        .message(7, graph)
        .message(8, &ml)
        .message(8, &main)
}

pub(crate) fn metadata(key: &str, value: &str) -> Writer {
    Writer::default().text(1, key).text(2, value)
}

/// A graph of nothing but these nodes.
pub(crate) fn graph_of(nodes: &[Writer]) -> Writer {
    nodes.iter().fold(Writer::default(), |graph, node| graph.message(1, node))
}

pub(crate) fn node(op_type: &str, attributes: &[Writer]) -> Writer {
    let node = Writer::default().text(1, "x").text(2, "y").text(4, op_type).text(7, "ai.onnx.ml");
    attributes.iter().fold(node, |node, attribute| node.message(5, attribute))
}

/// An attribute that says it is of type `code`; its value is the caller's to add.
pub(crate) fn attribute(name: &str, code: i64) -> Writer {
    Writer::default().text(1, name).int(20, code)
}

pub(crate) fn strings(name: &str, values: &[&str]) -> Writer {
    values.iter().fold(attribute(name, 8), |attribute, value| attribute.text(9, value))
}

pub(crate) fn ints(name: &str, values: &[i64]) -> Writer {
    values.iter().fold(attribute(name, 7), |attribute, &value| attribute.int(8, value))
}

/// The head of a tensor; its elements are the caller's to add.
pub(crate) fn tensor(name: &str, element: i64, dims: &[i64]) -> Writer {
    let tensor = Writer::default().int(2, element).text(8, name);
    dims.iter().fold(tensor, |tensor, &dim| tensor.int(1, dim))
}

/// A dimension of a declared shape.
#[derive(Clone, Copy)]
pub(crate) enum TestDim<'a> {
    Fixed(i64),
    Symbol(&'a str),
    Open,
}

/// An input or output that is a tensor.
pub(crate) fn value(name: &str, element: i64, dims: &[TestDim<'_>]) -> Writer {
    let shape = dims.iter().fold(Writer::default(), |shape, dim| {
        let dim = match *dim {
            TestDim::Fixed(dim) => Writer::default().int(1, dim),
            TestDim::Symbol(name) => Writer::default().text(2, name),
            TestDim::Open => Writer::default(),
        };
        shape.message(1, &dim)
    });
    let tensor = Writer::default().int(1, element).message(2, &shape);
    Writer::default().text(1, name).message(2, &Writer::default().message(1, &tensor))
}

/// An input or output whose type is field `kind` of a type message, with nothing in it.
pub(crate) fn opaque_value(name: &str, kind: u32) -> Writer {
    let ty = Writer::default().message(kind, &Writer::default());
    Writer::default().text(1, name).message(2, &ty)
}

/// A graph with every kind of part that is read.
pub(crate) fn full_graph() -> Writer {
    use TestDim::{Fixed, Open, Symbol};
    let constant = tensor("shape", INT64, &[2]).int(7, -1).int(7, 4);
    let branch = graph_of(&[node("Inner", &[])]).message(5, &constant);
    let first = node(
        "Scaler",
        &[
            attribute("offset", 6).float(7, 1.5).float(7, -2.5),
            attribute("scale", 6).bytes(7, &[0, 0, 128, 63, 0, 0, 0, 64]),
            attribute("axis", 2).int(3, -1),
            attribute("alpha", 1).float(2, 0.25),
            attribute("mode", 3).text(4, "linear"),
            attribute("table", 4).message(5, &constant),
            attribute("branch", 5).message(6, &branch),
        ],
    );
    let second = node(
        "TreeEnsembleClassifier",
        &[strings("classlabels_strings", &["No", "Yes"]), ints("ids", &[0, 1, -1])],
    );
    graph_of(&[first.text(3, "scale it"), second])
        .text(2, "fixture")
        .message(5, &constant)
        .message(11, &value("age", FLOAT, &[Open, Fixed(1)]))
        .message(11, &value("job", STRING, &[Symbol("rows"), Fixed(1)]))
        .message(11, &value("shape", INT64, &[Fixed(2)]))
        .message(12, &value("label", STRING, &[Open]))
        .message(12, &value("probabilities", FLOAT, &[Open, Fixed(2)]))
}
