use super::{
    Attribute, ExternalData, Graph, Node, TensorProto,
    wire::{Piece, WireType, read_tag},
};
use crate::{
    ModelError,
    fault::Fault,
    limits::{self, Allowance},
};

/// The contents of an ONNX file, borrowed from its bytes.
#[derive(Clone, Debug)]
pub struct OnnxModel<'a> {
    /// The version of the file format.
    pub ir_version: i64,
    /// The program that wrote the file.
    pub producer_name: &'a str,
    /// Its version.
    pub producer_version: &'a str,
    /// What the author says about the model.
    pub doc: &'a str,
    /// The operator sets that the graph is written in.
    pub opsets: Vec<Opset<'a>>,
    /// What else the author left, by name.
    pub metadata: Vec<(&'a str, &'a str)>,
    /// The computation.
    pub graph: Graph<'a>,
    /// Where the elements of tensors are that are not in this file, whatever holds the tensors:
    /// graphs within the graph, functions and training graphs included.
    pub external: Vec<ExternalData<'a>>,
}

/// An operator set: a domain and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opset<'a> {
    /// The domain, empty for ONNX's own.
    pub domain: &'a str,
    /// The version.
    pub version: i64,
}

const IR_VERSION: u32 = 1;
const PRODUCER_NAME: u32 = 2;
const PRODUCER_VERSION: u32 = 3;
const DOC: u32 = 6;
pub(super) const GRAPH: u32 = 7;
pub(super) const OPSET: u32 = 8;
const METADATA: u32 = 14;
const TRAINING: u32 = 20;
const FUNCTION: u32 = 25;

/// Whether the first field is one that a model has. Fields are written in the order of their
/// numbers, so this is the version of the file format unless it is left out.
pub(crate) fn starts_like_a_model(mut bytes: &[u8]) -> bool {
    match read_tag(&mut bytes) {
        Ok((IR_VERSION, wire_type)) => wire_type == WireType::Varint,
        Ok((PRODUCER_NAME | GRAPH | OPSET, wire_type)) => wire_type == WireType::Bytes,
        _ => false,
    }
}

impl<'a> OnnxModel<'a> {
    /// Reads and checks a whole file.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let mut allowance = Allowance::new();
        let (mut ir_version, mut producer_name, mut producer_version, mut doc) = (0, "", "", "");
        let (mut opsets, mut metadata, mut graph) = (Vec::new(), Vec::new(), None);
        let mut fields = Piece::of_file(bytes).fields();
        while let Some(field) = fields.next()? {
            match field.number {
                IR_VERSION => ir_version = field.int()?,
                PRODUCER_NAME => producer_name = field.name("the producer's name")?,
                PRODUCER_VERSION => producer_version = field.name("the producer's version")?,
                DOC => doc = field.piece()?.text("the model's description")?,
                GRAPH if graph.is_some() => {
                    let fault = Fault::Twice { what: "the graph" };
                    return Err(ModelError::from(fault).at(field.offset));
                }
                GRAPH => graph = Some(Graph::parse(field.piece()?, &mut allowance)?),
                OPSET => {
                    limits::room_for_one_more(opsets.len(), "operator sets", limits::OPSETS)
                        .map_err(|error| error.at(field.offset))?;
                    opsets.push(Opset::parse(field.piece()?)?);
                }
                METADATA => {
                    limits::room_for_one_more(metadata.len(), "metadata", limits::METADATA)
                        .map_err(|error| error.at(field.offset))?;
                    metadata.push(parse_entry(field.piece()?)?);
                }
                TRAINING => check_training(field.piece()?, &mut allowance)?,
                FUNCTION => check_function(field.piece()?, &mut allowance)?,
                _ => {}
            }
        }
        let graph = graph.ok_or(Fault::Absent { what: "the graph" })?;
        let external = allowance
            .external
            .into_iter()
            .filter_map(|at| {
                let message = Piece { bytes: &bytes[at.clone()], offset: at.start };
                TensorProto::parse_fields(message).map(|tensor| tensor.external).transpose()
            })
            .collect::<Result<_, _>>()?;
        let model = Self {
            ir_version,
            producer_name,
            producer_version,
            doc,
            opsets,
            metadata,
            graph,
            external,
        };
        model.check_operator_sets()?;
        Ok(model)
    }

    /// Every domain that the graph takes operators from must be one whose version the file names.
    /// They stand last in a file, so this also tells one that was cut off between two fields.
    fn check_operator_sets(&self) -> Result<(), ModelError> {
        let unknown = |node: &&Node<'_>| self.opset(node.domain).is_none();
        match self.graph.nodes.iter().find(unknown) {
            Some(node) => {
                let domain = if node.domain.is_empty() { "ai.onnx" } else { node.domain };
                let fault = Fault::NoOperatorSet { domain: domain.to_owned() };
                Err(ModelError::from(fault).in_node(node.title()))
            }
            None => Ok(()),
        }
    }

    /// The version of the operator set of `domain`; `""` and `"ai.onnx"` are the same.
    pub fn opset(&self, domain: &str) -> Option<i64> {
        let domain = normal_domain(domain);
        self.opsets.iter().find(|opset| opset.domain == domain).map(|opset| opset.version)
    }

    /// The metadata entry called `key`.
    pub fn metadata_entry(&self, key: &str) -> Option<&'a str> {
        self.metadata.iter().find(|(name, _)| *name == key).map(|&(_, value)| value)
    }
}

impl<'a> Opset<'a> {
    fn parse(message: Piece<'a>) -> Result<Self, ModelError> {
        let mut opset = Self { domain: "", version: 0 };
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                1 => opset.domain = normal_domain(field.name("a domain")?),
                2 => opset.version = field.int()?,
                _ => {}
            }
        }
        Ok(opset)
    }
}

/// The domain as it is compared: ONNX's own has two spellings.
pub(super) fn normal_domain(domain: &str) -> &str {
    if domain == "ai.onnx" { "" } else { domain }
}

fn parse_entry(message: Piece<'_>) -> Result<(&str, &str), ModelError> {
    let (mut key, mut value) = ("", "");
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => key = field.name("a metadata key")?,
            2 => value = field.piece()?.text("a metadata value")?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// Looks at graphs that only training uses, because another reader might follow them.
fn check_training(message: Piece<'_>, allowance: &mut Allowance) -> Result<(), ModelError> {
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if let 1 | 2 = field.number {
            Graph::parse(field.piece()?, allowance)?;
        }
    }
    Ok(())
}

/// Looks at the body of a function, because another reader might inline it.
fn check_function(message: Piece<'_>, allowance: &mut Allowance) -> Result<(), ModelError> {
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        match field.number {
            7 => drop(Node::parse(field.piece()?, allowance)?),
            11 => drop(Attribute::parse(field.piece()?, allowance)?),
            _ => {}
        }
    }
    Ok(())
}
