//! Small ONNX models, written for tests: of this crate, and of any that asks for the feature
//! `fixtures`.
//!
//! Every function gives a [`Writer`], so that a test can append what no function is for: another
//! field, or a broken one. Field numbers are those of `onnx.proto`.
//!
//! ```
//! use hotplate_model::{
//!     Model,
//!     onnx::fixture::{self, Ensemble, FLOAT, TestDim::{Fixed, Open}},
//! };
//!
//! let trees = Ensemble::regressor()
//!     .branch((0, 0), "BRANCH_LEQ", (2, 0.5), (1, 2))
//!     .leaf((0, 1), 10.0)
//!     .leaf((0, 2), 20.0);
//! let graph = fixture::graph(
//!     &[fixture::value("x", FLOAT, &[Open, Fixed(3)])],
//!     &[trees.node("x", &["y"])],
//!     &[fixture::value("y", FLOAT, &[Open, Fixed(1)])],
//! );
//! assert!(Model::from_bytes(fixture::model(&graph).finish()).is_ok());
//! ```

mod ensemble;
mod writer;

pub use ensemble::{Ensemble, EnsembleNode, LeafWeight};
pub use writer::Writer;

/// The code of float32.
pub const FLOAT: i64 = 1;
/// The code of int64.
pub const INT64: i64 = 7;
/// The code of text.
pub const STRING: i64 = 8;

/// The domain of the operators of classical models.
const ML: &str = "ai.onnx.ml";

/// A domain of somebody's own operators.
pub const FOREIGN: &str = "com.example";

/// A model of this graph, with the fields that every exporter writes.
pub fn model(graph: &Writer) -> Writer {
    let ml = Writer::default().text(1, ML).int(2, 3);
    let main = Writer::default().text(1, "").int(2, 21);
    let foreign = Writer::default().text(1, FOREIGN).int(2, 1);
    Writer::default()
        .int(1, 10)
        .text(2, "fixture")
        .text(3, "1")
        .text(6, "A model for tests.")
        .message(7, graph)
        .message(8, &ml)
        .message(8, &main)
        .message(8, &foreign)
}

/// An entry of a model's metadata: its field 14.
pub fn metadata(key: &str, value: &str) -> Writer {
    Writer::default().text(1, key).text(2, value)
}

/// A graph of nothing but these nodes.
pub fn graph_of(nodes: &[Writer]) -> Writer {
    nodes.iter().fold(Writer::default(), |graph, node| graph.message(1, node))
}

/// A graph that takes these inputs and gives these outputs.
pub fn graph(inputs: &[Writer], nodes: &[Writer], outputs: &[Writer]) -> Writer {
    let graph = inputs.iter().fold(graph_of(nodes), |graph, input| graph.message(11, input));
    outputs.iter().fold(graph, |graph, output| graph.message(12, output))
}

/// The graph with one more constant: see [`tensor`].
pub fn with_constant(graph: Writer, constant: &Writer) -> Writer {
    graph.message(5, constant)
}

/// A node of ai.onnx.ml without a name that makes `y` of `x`.
pub fn node(op_type: &str, attributes: &[Writer]) -> Writer {
    ml_operation(op_type, &["x"], &["y"], attributes)
}

/// A node of ONNX's own domain, without a name.
pub fn operation(
    op_type: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: &[Writer],
) -> Writer {
    let node = inputs.iter().fold(Writer::default(), |node, input| node.text(1, input));
    let node = outputs.iter().fold(node, |node, output| node.text(2, output)).text(4, op_type);
    attributes.iter().fold(node, |node, attribute| node.message(5, attribute))
}

/// A node of ai.onnx.ml, without a name.
pub fn ml_operation(
    op_type: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: &[Writer],
) -> Writer {
    operation(op_type, inputs, outputs, attributes).text(7, ML)
}

/// The node with a name.
pub fn named(name: &str, node: Writer) -> Writer {
    node.text(3, name)
}

/// An attribute that says it is of type `code`; its value is the caller's to add.
pub fn attribute(name: &str, code: i64) -> Writer {
    Writer::default().text(1, name).int(20, code)
}

/// An attribute that is a float.
pub fn float(name: &str, value: f32) -> Writer {
    attribute(name, 1).float(2, value)
}

/// An attribute that is an integer.
pub fn int(name: &str, value: i64) -> Writer {
    attribute(name, 2).int(3, value)
}

/// An attribute that is text.
pub fn string(name: &str, value: &str) -> Writer {
    attribute(name, 3).text(4, value)
}

/// An attribute that is a list of floats.
pub fn floats(name: &str, values: &[f32]) -> Writer {
    values.iter().fold(attribute(name, 6), |attribute, &value| attribute.float(7, value))
}

/// An attribute that is a list of integers.
pub fn ints(name: &str, values: &[i64]) -> Writer {
    values.iter().fold(attribute(name, 7), |attribute, &value| attribute.int(8, value))
}

/// An attribute that is a list of texts.
pub fn strings(name: &str, values: &[&str]) -> Writer {
    values.iter().fold(attribute(name, 8), |attribute, value| attribute.text(9, value))
}

/// The head of a tensor; its elements are the caller's to add.
pub fn tensor(name: &str, element: i64, dims: &[i64]) -> Writer {
    let tensor = Writer::default().int(2, element).text(8, name);
    dims.iter().fold(tensor, |tensor, &dim| tensor.int(1, dim))
}

/// A tensor of one axis that holds a shape.
pub fn shape(name: &str, dims: &[i64]) -> Writer {
    let len = i64::try_from(dims.len()).unwrap_or(i64::MAX);
    dims.iter().fold(tensor(name, INT64, &[len]), |tensor, &dim| tensor.int(7, dim))
}

/// A dimension of a declared shape.
#[derive(Clone, Copy, Debug)]
pub enum TestDim<'a> {
    /// Always this.
    Fixed(i64),
    /// Whatever this name stands for.
    Symbol(&'a str),
    /// Anything.
    Open,
}

/// An input or output that is a tensor.
pub fn value(name: &str, element: i64, dims: &[TestDim<'_>]) -> Writer {
    Writer::default().text(1, name).message(2, &tensor_type(element, dims))
}

fn tensor_type(element: i64, dims: &[TestDim<'_>]) -> Writer {
    let shape = dims.iter().fold(Writer::default(), |shape, dim| {
        let dim = match *dim {
            TestDim::Fixed(dim) => Writer::default().int(1, dim),
            TestDim::Symbol(name) => Writer::default().text(2, name),
            TestDim::Open => Writer::default(),
        };
        shape.message(1, &dim)
    });
    let tensor = Writer::default().int(1, element).message(2, &shape);
    Writer::default().message(1, &tensor)
}

/// An input or output that is a tensor of unknown shape.
pub fn shapeless(name: &str, element: i64) -> Writer {
    let ty = Writer::default().message(1, &Writer::default().int(1, element));
    Writer::default().text(1, name).message(2, &ty)
}

/// An input or output whose type is field `kind` of a type message, with nothing in it.
pub fn opaque_value(name: &str, kind: u32) -> Writer {
    let ty = Writer::default().message(kind, &Writer::default());
    Writer::default().text(1, name).message(2, &ty)
}

/// An output that is a list of maps to float32, by keys of this type: what [`zipmap`] makes.
pub fn maps(name: &str, key: i64) -> Writer {
    let scores = Writer::default().message(1, &Writer::default().int(1, FLOAT));
    let map = Writer::default().int(1, key).message(2, &scores);
    let map = Writer::default().message(5, &map);
    let ty = Writer::default().message(4, &Writer::default().message(1, &map));
    Writer::default().text(1, name).message(2, &ty)
}

/// A node that makes maps of scores: see [`maps`]. The labels are its only attribute.
pub fn zipmap(scores: &str, output: &str, labels: &Writer) -> Writer {
    ml_operation("ZipMap", &[scores], &[output], std::slice::from_ref(labels))
}

/// An input or output that is a tensor or nothing: the tensor's [`value`] declared as optional.
pub fn optional(name: &str, element: i64, dims: &[TestDim<'_>]) -> Writer {
    let inner = tensor_type(element, dims);
    let ty = Writer::default().message(9, &Writer::default().message(1, &inner));
    Writer::default().text(1, name).message(2, &ty)
}

/// The head of a tensor whose elements are in another file, at this offset as it is spelt.
pub fn external(name: &str, element: i64, dims: &[i64], location: &str, offset: &str) -> Writer {
    let entry = |key: &str, value: &str| Writer::default().text(1, key).text(2, value);
    tensor(name, element, dims)
        .message(13, &entry("location", location))
        .message(13, &entry("offset", offset))
        .int(14, 1)
}

/// A graph with every kind of part that is read.
pub fn full_graph() -> Writer {
    use TestDim::{Fixed, Open, Symbol};
    let constant = shape("shape", &[-1, 4]);
    let branch = with_constant(graph_of(&[node("Inner", &[])]), &constant);
    let first = node(
        "Scaler",
        &[
            floats("offset", &[1.5, -2.5]),
            attribute("scale", 6).bytes(7, &[0, 0, 128, 63, 0, 0, 0, 64]),
            int("axis", -1),
            float("alpha", 0.25),
            string("mode", "linear"),
            attribute("table", 4).message(5, &constant),
            attribute("branch", 5).message(6, &branch),
        ],
    );
    let second = ml_operation(
        "TreeEnsembleClassifier",
        &["y"],
        &["label", "probabilities"],
        &[strings("classlabels_strings", &["No", "Yes"]), ints("ids", &[0, 1, -1])],
    );
    let full = graph(
        &[
            value("age", FLOAT, &[Open, Fixed(1)]),
            value("job", STRING, &[Symbol("rows"), Fixed(1)]),
            value("shape", INT64, &[Fixed(2)]),
        ],
        &[named("scale it", first), second],
        &[value("label", STRING, &[Open]), value("probabilities", FLOAT, &[Open, Fixed(2)])],
    );
    with_constant(full.text(2, "fixture"), &constant)
}
