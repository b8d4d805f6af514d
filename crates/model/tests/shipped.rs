//! The models that ship with Hotplate: what they say they are, and what becomes of copies of them
//! with bytes changed.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use hotplate_model::{
    Batching, Format, Labels, Model, Task,
    onnx::{AttributeValue, Graph, Node},
    xgboost::Encoding,
};
use hotplate_tensor::DType;

fn path_of(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name);
    let files = ["model.onnx", "model.ubj"].map(|file| folder.join(file));
    files.into_iter().find(|file| file.exists()).expect("a shipped model is there")
}

fn open(name: &str) -> Model {
    Model::open(&path_of(name)).expect("a shipped model opens")
}

#[test]
fn churn_takes_nineteen_columns_and_classifies() {
    let signature = open("churn").signature(None).unwrap();
    let schema = signature.schema();
    let of_type = |dtype| schema.columns().iter().filter(|column| column.dtype == dtype).count();
    assert_eq!(schema.columns().len(), 19);
    assert_eq!((of_type(DType::F32), of_type(DType::Str)), (4, 15));
    assert!(schema.is_named());
    assert_eq!(schema.column_index("gender"), Some(0));

    let classes = Labels::Text(vec!["No".into(), "Yes".into()]);
    assert_eq!(*signature.task(), Task::Classifier { label: 0, probabilities: 1, classes });
    let names: Vec<_> = signature.outputs().iter().map(|output| &*output.name).collect();
    assert_eq!(names, ["label", "probabilities"]);
}

#[test]
fn housing_takes_a_matrix_with_names_and_regresses() {
    let signature = open("housing").signature(None).unwrap();
    let schema = signature.schema();
    assert_eq!(schema.inputs().len(), 1);
    assert_eq!(schema.inputs()[0].row_shape.width(), Some(8));
    assert_eq!(schema.column_index("MedInc"), Some(0));
    assert_eq!(schema.column_index("Longitude"), Some(7));
    assert_eq!(*signature.task(), Task::Regressor { value: 0 });
}

#[test]
fn fraud_takes_a_matrix_with_names_and_classifies() {
    let model = open("fraud");
    assert_eq!(model.format(), Format::XgBoost(Encoding::Ubjson));
    let signature = model.signature(None).unwrap();
    let schema = signature.schema();
    assert_eq!(schema.inputs()[0].row_shape.width(), Some(30));
    let index = |name| schema.column_index(name);
    assert_eq!([index("Time"), index("V28"), index("Amount")], [Some(0), Some(28), Some(29)]);
    let classes = Labels::Integers(vec![0, 1]);
    assert_eq!(*signature.task(), Task::Classifier { label: 0, probabilities: 1, classes });

    let booster = model.xgboost().unwrap();
    assert_eq!(booster.used_trees().len(), 300);
    assert_eq!(booster.objective.name, "binary:logistic");
}

#[test]
fn shipped_models_are_one_file_each_and_tensors_alone() {
    for name in ["churn", "housing"] {
        let model = open(name);
        assert_eq!(model.signature(None).unwrap().batching(), Batching::Rows);
        assert!(matches!(model.without_zipmap().unwrap(), Cow::Borrowed(_)));
        assert!(model.external_files().unwrap().is_empty());
    }
}

#[test]
fn trees_are_read_in_full() {
    let model = open("housing");
    let onnx = model.onnx().unwrap();
    let node = onnx.graph.nodes.iter().find(|node| node.op_type == "TreeEnsembleRegressor");
    let node: &Node<'_> = node.unwrap();
    let nodes = node.ints("nodes_featureids").unwrap().unwrap();
    let values = node.floats("nodes_values").unwrap().unwrap();
    let modes = node.strings("nodes_modes").unwrap().unwrap();
    assert!(nodes.len() > 1000);
    assert_eq!((values.len(), modes.len()), (nodes.len(), nodes.len()));
    assert_eq!((values.count(), modes.clone().count()), (nodes.len(), nodes.len()));
    assert!(modes.into_iter().all(|mode| mode == "LEAF" || mode == "BRANCH_LEQ"));
    assert!(nodes.into_iter().all(|feature| (0..8).contains(&feature)));
}

#[test]
fn copies_with_changed_bytes_are_read_or_refused() {
    change_bytes("churn", 400);
    change_bytes("housing", 12);
    change_bytes("fraud", 60);
}

fn change_bytes(name: &str, rounds: u64) {
    let whole = std::fs::read(path_of(name)).expect("a shipped model is there");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds {
        let mut bytes = whole.clone();
        for _ in 0..=round % 8 {
            // Half of the changes hit the head, where there is more structure than data.
            let reach = if random.below(2) == 0 { 4096 } else { bytes.len() };
            let at = random.below(reach);
            bytes[at] = random.next().to_le_bytes()[0];
        }
        if random.below(8) == 0 {
            bytes.truncate(random.below(whole.len()));
        }
        let Ok(model) = Model::from_bytes(bytes) else { continue };
        let _ = model.signature(None);
        match model.format() {
            Format::Onnx => walk(&model.onnx().expect("it was read before").graph),
            // Which checks every node.
            _ => drop(model.xgboost()),
        }
    }
}

/// Decodes everything there is to decode.
fn walk(graph: &Graph<'_>) {
    for tensor in &graph.initializers {
        let _ = tensor.decode();
    }
    for attribute in graph.nodes.iter().flat_map(Node::attributes) {
        match attribute.value() {
            Ok(AttributeValue::Tensor(tensor)) => drop(tensor.decode()),
            Ok(AttributeValue::Graph(graph)) => walk(&graph),
            Ok(AttributeValue::Floats(list)) => assert_eq!(list.clone().count(), list.len()),
            Ok(AttributeValue::Ints(list)) => assert_eq!(list.clone().count(), list.len()),
            Ok(AttributeValue::Strings(list)) => assert_eq!(list.clone().count(), list.len()),
            _ => {}
        }
    }
}

/// Numbers that are scattered enough for tests and the same at every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("it is below a usize")
    }
}
