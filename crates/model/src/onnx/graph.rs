use std::collections::HashSet;

use super::{
    Node, TensorProto, ValueInfo,
    tensor::check_sparse,
    wire::{Field, Piece},
};
use crate::{
    ModelError,
    limits::{self, Allowance},
};

/// A graph: nodes that compute outputs from inputs and constants.
#[derive(Clone, Debug)]
pub struct Graph<'a> {
    /// Its name.
    pub name: &'a str,
    /// The nodes, in the file's order.
    pub nodes: Vec<Node<'a>>,
    /// The constants.
    pub initializers: Vec<TensorProto<'a>>,
    /// What must be fed: the declared inputs without those that are constants.
    pub inputs: Vec<ValueInfo<'a>>,
    /// What comes out.
    pub outputs: Vec<ValueInfo<'a>>,
}

const NODE: u32 = 1;
const NAME: u32 = 2;
const INITIALIZER: u32 = 5;
const INPUT: u32 = 11;
const OUTPUT: u32 = 12;
const SPARSE_INITIALIZER: u32 = 15;

impl<'a> Graph<'a> {
    pub(super) fn parse(message: Piece<'a>, allowance: &mut Allowance) -> Result<Self, ModelError> {
        allowance
            .nested(|allowance| Self::parse_fields(message, allowance))
            .map_err(|error| error.at(message.offset))
    }

    fn parse_fields(message: Piece<'a>, allowance: &mut Allowance) -> Result<Self, ModelError> {
        let mut graph = Self {
            name: "",
            nodes: Vec::new(),
            initializers: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        let mut sparse = HashSet::new();
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                NODE => graph.nodes.push(Node::parse(field.piece()?, allowance)?),
                NAME => graph.name = field.name("the name of a graph")?,
                INITIALIZER => {
                    allowance.take_initializer().map_err(|error| error.at(field.offset))?;
                    graph.initializers.push(TensorProto::parse(field.piece()?, allowance)?);
                }
                SPARSE_INITIALIZER => {
                    allowance.take_initializer().map_err(|error| error.at(field.offset))?;
                    sparse.insert(check_sparse(field.piece()?, allowance)?);
                }
                INPUT => push_value(&mut graph.inputs, &field, "inputs of a graph")?,
                OUTPUT => push_value(&mut graph.outputs, &field, "outputs of a graph")?,
                _ => {}
            }
        }
        // Up to version 3 of the format every constant had to be declared as an input as well.
        let mut constants = sparse;
        constants.extend(graph.initializers.iter().map(|tensor| tensor.name));
        graph.inputs.retain(|input| !constants.contains(input.name));
        Ok(graph)
    }
}

fn push_value<'a>(
    values: &mut Vec<ValueInfo<'a>>,
    field: &Field<'a>,
    what: &'static str,
) -> Result<(), ModelError> {
    limits::room_for_one_more(values.len(), what, limits::GRAPH_VALUES)
        .map_err(|error| error.at(field.offset))?;
    values.push(ValueInfo::parse(field.piece()?)?);
    Ok(())
}
