//! The model's nodes, read, with every operator that is not taken collected.

use std::collections::HashMap;

use hotplate_backend::{BackendError, Refusal};
use hotplate_model::onnx::{Node, OnnxModel};

use crate::operator::{NotTaken, Operator, node_name};

/// A tensor of the graph, by number.
pub(crate) type ValueId = usize;

/// The nodes in an order in which each comes after those that it reads.
#[derive(Debug)]
pub(crate) struct Graph {
    /// The model's inputs, in its order: values `0..inputs`.
    pub(crate) inputs: usize,
    pub(crate) nodes: Vec<GraphNode>,
    pub(crate) outputs: Vec<ValueId>,
}

#[derive(Debug)]
pub(crate) struct GraphNode {
    /// How messages call it.
    pub(crate) name: String,
    /// The operator's own name, for refusals.
    pub(crate) operator_name: String,
    pub(crate) operator: Operator,
    pub(crate) inputs: Vec<ValueId>,
    pub(crate) outputs: Vec<ValueId>,
}

impl GraphNode {
    pub(crate) fn refusal(&self, reason: impl Into<String>) -> Refusal {
        Refusal {
            operator: self.operator_name.clone(),
            node: self.name.clone(),
            reason: reason.into(),
        }
    }
}

/// Reads the whole graph.
///
/// # Errors
///
/// Every operator that is not taken at once, or the first node that is wrong in itself.
pub(crate) fn read(model: &OnnxModel<'_>) -> Result<Graph, BackendError> {
    let graph = &model.graph;
    let mut values: HashMap<&str, ValueId> = HashMap::new();
    for input in &graph.inputs {
        let id = values.len();
        values.insert(input.name, id);
    }
    let mut next = values.len();
    let mut refusals = Vec::new();
    let mut nodes = Vec::new();
    for node in &graph.nodes {
        let operator = match Operator::read(node, graph) {
            Ok(operator) => Some(operator),
            Err(NotTaken::Unsupported(reason)) => {
                refusals.push(Refusal {
                    operator: operator_name(node),
                    node: node_name(node).to_owned(),
                    reason,
                });
                None
            }
            Err(NotTaken::Invalid(error)) => return Err(error),
        };
        let inputs = data_inputs(node, operator.as_ref())
            .iter()
            .map(|name| values.get(name).copied().ok_or_else(|| undefined(node, name)))
            .collect::<Result<Vec<_>, _>>();
        let mut outputs = Vec::with_capacity(node.outputs.len());
        for &name in &node.outputs {
            outputs.push(next);
            if values.insert(name, next).is_some() && !name.is_empty() {
                return Err(BackendError::invalid_model(
                    node_name(node),
                    format!("{name:?} is made a second time"),
                ));
            }
            next += 1;
        }
        if let Some(operator) = operator {
            nodes.push(GraphNode {
                name: node_name(node).to_owned(),
                operator_name: operator_name(node),
                operator,
                inputs: inputs?,
                outputs,
            });
        }
    }
    if !refusals.is_empty() {
        return Err(BackendError::unsupported(refusals));
    }
    let outputs = graph
        .outputs
        .iter()
        .map(|output| {
            values.get(output.name).copied().ok_or_else(|| {
                BackendError::invalid_model(output.name, "no node makes this output")
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Graph { inputs: graph.inputs.len(), nodes, outputs })
}

/// The inputs that carry rows; a shape that is a constant does not.
fn data_inputs<'n, 'a>(node: &'n Node<'a>, operator: Option<&Operator>) -> &'n [&'a str] {
    match operator {
        Some(Operator::Reshape { .. }) => &node.inputs[..1],
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

fn operator_name(node: &Node<'_>) -> String {
    match node.domain {
        "" => node.op_type.to_owned(),
        domain => format!("{domain}.{}", node.op_type),
    }
}
