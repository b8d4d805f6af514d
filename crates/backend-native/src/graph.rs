//! The model's nodes, read, with every operator that is not taken collected.

use std::collections::HashMap;

use hotplate_backend::{BackendError, Refusal};
use hotplate_model::onnx::{Node, OnnxModel, ValueType};

use crate::operator::{NotTaken, Operator, node_name};

/// A tensor of the graph, by number.
pub(crate) type ValueId = usize;

/// The nodes in an order in which each comes after those that it reads.
#[derive(Debug)]
pub(crate) struct Graph {
    /// How many inputs the model has: the first values, in the order of the file.
    pub(crate) inputs: usize,
    /// How many values behind the inputs are constants of the file.
    pub(crate) constants: usize,
    pub(crate) nodes: Vec<GraphNode>,
    pub(crate) outputs: Vec<GraphOutput>,
}

/// An output of the model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GraphOutput {
    pub(crate) value: ValueId,
    /// Whether the file declares it to be a list of maps.
    pub(crate) maps: bool,
}

#[derive(Debug)]
pub(crate) struct GraphNode {
    pub(crate) place: Place,
    pub(crate) operator: Operator,
    pub(crate) inputs: Vec<ValueId>,
    pub(crate) outputs: Vec<ValueId>,
}

/// What messages call a node.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    operator: String,
    node: String,
}

impl Place {
    fn of(node: &Node<'_>) -> Self {
        let operator = match node.domain {
            "" => node.op_type.to_owned(),
            domain => format!("{domain}.{}", node.op_type),
        };
        Self { operator, node: node_name(node).to_owned() }
    }

    /// The node is right, and not for this engine.
    pub(crate) fn refusal(&self, reason: impl Into<String>) -> Refusal {
        Refusal { operator: self.operator.clone(), node: self.node.clone(), reason: reason.into() }
    }

    /// The node is wrong in itself.
    pub(crate) fn invalid(&self, problem: impl Into<String>) -> BackendError {
        BackendError::invalid_model(&*self.node, problem)
    }
}

/// Reads the whole graph.
///
/// # Errors
///
/// Every operator that is not taken at once, or the first node that is wrong in itself.
pub(crate) fn read(model: &OnnxModel<'_>) -> Result<Graph, BackendError> {
    let graph = &model.graph;
    let mut values = Values::default();
    for input in &graph.inputs {
        values.enter(input.name).map_err(|twice| BackendError::invalid_model(input.name, twice))?;
    }
    for constant in &graph.initializers {
        let name = constant.name;
        values.enter(name).map_err(|twice| BackendError::invalid_model(name, twice))?;
    }
    let mut refusals = Vec::new();
    let mut nodes = Vec::new();
    for node in &graph.nodes {
        let operator = match Operator::read(node, graph) {
            Ok(operator) => Some(operator),
            Err(NotTaken::Unsupported(reason)) => {
                refusals.push(Place::of(node).refusal(reason));
                None
            }
            Err(NotTaken::Invalid(error)) => return Err(error),
        };
        let inputs = data_inputs(node, operator.as_ref())
            .iter()
            .map(|name| values.id_of(name).ok_or_else(|| undefined(node, name)))
            .collect::<Result<Vec<_>, _>>();
        let outputs = node
            .outputs
            .iter()
            .map(|name| values.enter(name))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|twice| BackendError::invalid_model(node_name(node), twice))?;
        if let Some(operator) = operator {
            nodes.push(GraphNode { place: Place::of(node), operator, inputs: inputs?, outputs });
        }
    }
    if !refusals.is_empty() {
        return Err(BackendError::unsupported(refusals));
    }
    let outputs = graph
        .outputs
        .iter()
        .map(|output| {
            let maps = matches!(output.ty, ValueType::Sequence(_));
            let value = values.id_of(output.name).ok_or_else(|| {
                BackendError::invalid_model(output.name, "no node makes this output")
            })?;
            Ok(GraphOutput { value, maps })
        })
        .collect::<Result<_, BackendError>>()?;
    let (inputs, constants) = (graph.inputs.len(), graph.initializers.len());
    Ok(Graph { inputs, constants, nodes, outputs })
}

/// The tensors met so far, numbered in the order in which they came up.
#[derive(Default)]
struct Values<'a> {
    id_of_name: HashMap<&'a str, ValueId>,
    len: usize,
}

impl<'a> Values<'a> {
    /// Numbers a tensor; one without a name, which nothing can read, takes its number all the
    /// same. An error says that the name is taken.
    fn enter(&mut self, name: &'a str) -> Result<ValueId, String> {
        let id = self.len;
        self.len += 1;
        if !name.is_empty() && self.id_of_name.insert(name, id).is_some() {
            return Err(format!("{name:?} is made a second time"));
        }
        Ok(id)
    }

    fn id_of(&self, name: &str) -> Option<ValueId> {
        self.id_of_name.get(name).copied()
    }
}

/// The inputs that carry rows; a shape that is a constant does not.
fn data_inputs<'n, 'a>(node: &'n Node<'a>, operator: Option<&Operator>) -> &'n [&'a str] {
    match operator {
        Some(Operator::Reshape { .. }) => &node.inputs[..1],
        Some(&Operator::TimesOne { input }) => &node.inputs[input..=input],
        // What a refused node reads is never looked at.
        None => &[],
        Some(_) => &node.inputs,
    }
}

fn undefined(node: &Node<'_>, name: &str) -> BackendError {
    BackendError::invalid_model(
        node_name(node),
        format!("reads {name:?}, which nothing before it makes"),
    )
}
