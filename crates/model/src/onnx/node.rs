use super::{
    Attribute, AttributeKind, AttributeValue, Floats, Ints, Strings, TensorProto,
    model::normal_domain,
    wire::{Field, Piece},
};
use crate::{
    ModelError,
    fault::Fault,
    limits::{self, Allowance},
};

/// One operation of a graph.
///
/// Attributes are looked up by name and type. A lookup is `Ok(None)` where the node has no such
/// attribute, and an error that names node and attribute where it is of another type.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    /// Its name, often empty.
    pub name: &'a str,
    /// The operator.
    pub op_type: &'a str,
    /// The operator's domain, empty for ONNX's own.
    pub domain: &'a str,
    /// The values that it reads; an optional one that is left out is empty.
    pub inputs: Vec<&'a str>,
    /// The values that it computes; one that nobody wants is empty.
    pub outputs: Vec<&'a str>,
    attributes: Vec<Attribute<'a>>,
    offset: usize,
}

const INPUT: u32 = 1;
const OUTPUT: u32 = 2;
const NAME: u32 = 3;
const OP_TYPE: u32 = 4;
const ATTRIBUTE: u32 = 5;
const DOMAIN: u32 = 7;

impl<'a> Node<'a> {
    pub(super) fn parse(message: Piece<'a>, allowance: &mut Allowance) -> Result<Self, ModelError> {
        allowance.take_node().map_err(|error| error.at(message.offset))?;
        let mut node = Self::parse_names(message, allowance)?;
        if node.op_type.is_empty() {
            let fault = Fault::Absent { what: "the operator of a node" };
            return Err(ModelError::from(fault).at(message.offset));
        }
        // Walked a second time, so that what is wrong with an attribute can name the node.
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            if field.number == ATTRIBUTE {
                let attribute = field
                    .piece()
                    .and_then(|piece| Attribute::parse(piece, allowance))
                    .and_then(|attribute| node.add_attribute(attribute));
                attribute.map_err(|error| error.at(field.offset).in_node(node.title()))?;
            }
        }
        Ok(node)
    }

    fn parse_names(message: Piece<'a>, allowance: &mut Allowance) -> Result<Self, ModelError> {
        let mut node = Self {
            name: "",
            op_type: "",
            domain: "",
            inputs: Vec::new(),
            outputs: Vec::new(),
            attributes: Vec::new(),
            offset: message.offset,
        };
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                INPUT => push_name(&mut node.inputs, &field, allowance)?,
                OUTPUT => push_name(&mut node.outputs, &field, allowance)?,
                NAME => node.name = field.name("the name of a node")?,
                OP_TYPE => node.op_type = field.name("an operator")?,
                DOMAIN => node.domain = normal_domain(field.name("a domain")?),
                _ => {}
            }
        }
        Ok(node)
    }

    fn add_attribute(&mut self, attribute: Attribute<'a>) -> Result<(), ModelError> {
        let limit = limits::NODE_ATTRIBUTES;
        limits::room_for_one_more(self.attributes.len(), "attributes of a node", limit)?;
        if self.attributes.iter().any(|other| other.name() == attribute.name()) {
            return Err(Fault::DuplicateAttribute { name: attribute.name().to_owned() }.into());
        }
        self.attributes.push(attribute);
        Ok(())
    }

    /// What to call the node: its name, or its operator when it has none.
    pub const fn title(&self) -> &'a str {
        if self.name.is_empty() { self.op_type } else { self.name }
    }

    /// Where in the file its message begins.
    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    /// Every attribute, in the file's order.
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The attribute called `name`, of whatever type.
    pub fn attribute(&self, name: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|attribute| attribute.name() == name)
    }

    fn value(
        &self,
        name: &str,
        expected: AttributeKind,
    ) -> Result<Option<AttributeValue<'a>>, ModelError> {
        let Some(attribute) = self.attribute(name) else { return Ok(None) };
        let value = if attribute.kind() == expected {
            attribute.value()
        } else {
            let (name, got) = (name.to_owned(), attribute.kind());
            Err(Fault::WrongAttribute { name, expected, got }.into())
        };
        value.map(Some).map_err(|error| error.at(self.offset).in_node(self.title()))
    }
}

macro_rules! lookups {
    ($($(#[$doc:meta])+ $name:ident: $variant:ident => $type:ty;)+) => {
        impl<'a> Node<'a> {
            $(
                $(#[$doc])+
                ///
                /// # Errors
                ///
                /// When the attribute is of another type, or cannot be decoded.
                pub fn $name(&self, name: &str) -> Result<Option<$type>, ModelError> {
                    Ok(match self.value(name, AttributeKind::$variant)? {
                        Some(AttributeValue::$variant(value)) => Some(value),
                        _ => None,
                    })
                }
            )+
        }
    };
}

lookups! {
    /// A float.
    float: Float => f32;
    /// An integer.
    int: Int => i64;
    /// Text.
    string: String => &'a str;
    /// A tensor.
    tensor: Tensor => TensorProto<'a>;
    /// A list of floats.
    floats: Floats => Floats<'a>;
    /// A list of integers.
    ints: Ints => Ints<'a>;
    /// A list of texts.
    strings: Strings => Strings<'a>;
}

fn push_name<'a>(
    names: &mut Vec<&'a str>,
    field: &Field<'a>,
    allowance: &mut Allowance,
) -> Result<(), ModelError> {
    limits::room_for_one_more(names.len(), "inputs or outputs of a node", limits::NODE_VALUES)
        .and_then(|()| allowance.take_value())
        .map_err(|error| error.at(field.offset))?;
    names.push(field.name("the name of a value")?);
    Ok(())
}
