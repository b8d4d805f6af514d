use std::fmt;

use super::{
    Floats, Graph, Ints, Strings, TensorProto,
    repeated::{Repeated, RepeatedBytes, Scalar, count},
    tensor::check_sparse,
    wire::{Field, Fields, Piece},
};
use crate::{ModelError, fault::Fault, limits::Allowance};

/// A named setting of a node.
///
/// Keeps where its value lies, not the value: a list of a million numbers costs nothing until it
/// is walked.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    name: &'a str,
    kind: AttributeKind,
    /// The bytes of a string, tensor or graph; for a list the attribute's whole message.
    piece: Piece<'a>,
    /// The bits of a number; for anything else how many there are.
    number: u64,
}

/// The value of an attribute.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AttributeValue<'a> {
    /// A float.
    Float(f32),
    /// An integer.
    Int(i64),
    /// Text.
    String(&'a str),
    /// A tensor.
    Tensor(TensorProto<'a>),
    /// A graph within the graph.
    Graph(Graph<'a>),
    /// A list of floats.
    Floats(Floats<'a>),
    /// A list of integers.
    Ints(Ints<'a>),
    /// A list of texts.
    Strings(Strings<'a>),
    /// A value of a kind that is checked and not decoded.
    Other(AttributeKind),
}

macro_rules! kinds {
    ($($variant:ident = $code:literal, field $field:literal, $noun:literal;)+) => {
        /// The type of an attribute.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum AttributeKind {
            $(
                #[doc = concat!("This is ", $noun, ".")]
                $variant,
            )+
        }

        impl AttributeKind {
            const fn of_code(code: i64) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The kind whose values are in this field of the message.
            const fn of_field(number: u32) -> Option<Self> {
                match number {
                    $($field => Some(Self::$variant),)+
                    _ => None,
                }
            }

            const fn field(self) -> u32 {
                match self {
                    $(Self::$variant => $field,)+
                }
            }
        }

        impl fmt::Display for AttributeKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $noun,)+
                })
            }
        }
    };
}

kinds! {
    Float = 1, field 2, "a float";
    Int = 2, field 3, "an integer";
    String = 3, field 4, "a string";
    Tensor = 4, field 5, "a tensor";
    Graph = 5, field 6, "a graph";
    Floats = 6, field 7, "a list of floats";
    Ints = 7, field 8, "a list of integers";
    Strings = 8, field 9, "a list of strings";
    Tensors = 9, field 10, "a list of tensors";
    Graphs = 10, field 11, "a list of graphs";
    SparseTensor = 11, field 22, "a sparse tensor";
    SparseTensors = 12, field 23, "a list of sparse tensors";
    TypeProto = 13, field 14, "a type";
    TypeProtos = 14, field 15, "a list of types";
}

const NAME: u32 = 1;
const TYPE: u32 = 20;

impl<'a> Attribute<'a> {
    pub(super) fn parse(message: Piece<'a>, allowance: &mut Allowance) -> Result<Self, ModelError> {
        allowance.take_attribute().map_err(|error| error.at(message.offset))?;
        let (mut name, mut code, mut content) = ("", 0, None::<Content<'a>>);
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                NAME => name = field.name("the name of an attribute")?,
                TYPE => code = field.int()?,
                number => {
                    let Some(kind) = AttributeKind::of_field(number) else { continue };
                    let content = content.get_or_insert(Content::nothing(kind, message));
                    if content.kind != kind {
                        let fault = Fault::MixedAttribute { name: name.to_owned() };
                        return Err(ModelError::from(fault).at(field.offset));
                    }
                    content.add(&field, &mut fields, allowance)?;
                }
            }
        }
        if name.is_empty() {
            let fault = Fault::Absent { what: "the name of an attribute" };
            return Err(ModelError::from(fault).at(message.offset));
        }
        let content = settle(name, code, content, message)
            .map_err(|fault| ModelError::from(fault).at(message.offset))?;
        Ok(Self { name, kind: content.kind, piece: content.piece, number: content.number })
    }

    /// Its name.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Its type.
    pub const fn kind(&self) -> AttributeKind {
        self.kind
    }

    /// Its value.
    ///
    /// # Errors
    ///
    /// When text is not UTF-8: some operators keep binary data where others keep text.
    pub fn value(&self) -> Result<AttributeValue<'a>, ModelError> {
        Ok(match self.kind {
            AttributeKind::Float => AttributeValue::Float(self.float()),
            AttributeKind::Int => AttributeValue::Int(self.number.cast_signed()),
            AttributeKind::String => AttributeValue::String(self.piece.text("a string")?),
            AttributeKind::Tensor => AttributeValue::Tensor(TensorProto::parse_fields(self.piece)?),
            AttributeKind::Graph => {
                AttributeValue::Graph(Graph::parse(self.piece, &mut Allowance::new())?)
            }
            AttributeKind::Floats => AttributeValue::Floats(Floats(self.numbers())),
            AttributeKind::Ints => AttributeValue::Ints(Ints(self.numbers())),
            AttributeKind::Strings => {
                let strings = RepeatedBytes::new(self.piece, self.kind.field(), self.len());
                for string in strings.clone() {
                    string.text("a string")?;
                }
                AttributeValue::Strings(Strings(strings))
            }
            other => AttributeValue::Other(other),
        })
    }

    const fn numbers<T: Scalar>(&self) -> Repeated<'a, T> {
        Repeated::new(self.piece, self.kind.field(), self.len())
    }

    #[expect(clippy::cast_possible_truncation, reason = "it was widened from 32 bits")]
    const fn float(&self) -> f32 {
        f32::from_bits(self.number as u32)
    }

    #[expect(clippy::cast_possible_truncation, reason = "it was counted in a usize")]
    const fn len(&self) -> usize {
        self.number as usize
    }
}

/// What the fields of an attribute hold, while they are read.
struct Content<'a> {
    kind: AttributeKind,
    piece: Piece<'a>,
    number: u64,
}

impl<'a> Content<'a> {
    const fn nothing(kind: AttributeKind, message: Piece<'a>) -> Self {
        Self { kind, piece: message, number: 0 }
    }

    fn add(
        &mut self,
        field: &Field<'a>,
        fields: &mut Fields<'a>,
        allowance: &mut Allowance,
    ) -> Result<(), ModelError> {
        match self.kind {
            AttributeKind::Tensor | AttributeKind::Graph if self.number > 0 => {
                let fault = Fault::Twice { what: "the value of an attribute" };
                return Err(ModelError::from(fault).at(field.offset));
            }
            AttributeKind::Float => self.number = field.float()?.to_bits().into(),
            AttributeKind::Int => self.number = field.int()?.cast_unsigned(),
            AttributeKind::Floats => self.number += count::<f32>(field, fields)? as u64,
            AttributeKind::Ints => self.number += count::<i64>(field, fields)? as u64,
            AttributeKind::String => self.piece = field.piece()?,
            AttributeKind::Tensor => {
                (self.piece, self.number) = (field.piece()?, 1);
                TensorProto::parse(self.piece, allowance)?;
            }
            AttributeKind::Graph => {
                (self.piece, self.number) = (field.piece()?, 1);
                Graph::parse(self.piece, allowance)?;
            }
            AttributeKind::Strings | AttributeKind::TypeProto | AttributeKind::TypeProtos => {
                field.piece()?;
                self.number += 1;
            }
            AttributeKind::Tensors => drop(TensorProto::parse(field.piece()?, allowance)?),
            AttributeKind::Graphs => drop(Graph::parse(field.piece()?, allowance)?),
            AttributeKind::SparseTensor | AttributeKind::SparseTensors => {
                check_sparse(field.piece()?, allowance)?;
            }
        }
        Ok(())
    }
}

/// What an attribute is that says it is of type `code` and holds `content`.
fn settle<'a>(
    name: &str,
    code: i64,
    content: Option<Content<'a>>,
    message: Piece<'a>,
) -> Result<Content<'a>, Fault> {
    let declared = match (AttributeKind::of_code(code), &content) {
        (Some(kind), _) => kind,
        // The first version of the format had no type, only the value.
        (None, Some(content)) if code == 0 => content.kind,
        _ => return Err(Fault::AttributeType { name: name.to_owned(), code }),
    };
    match content {
        Some(content) if content.kind == declared => Ok(content),
        Some(_) => Err(Fault::MixedAttribute { name: name.to_owned() }),
        // Zero, empty text and empty lists need not be written; a message must be.
        None if matches!(declared, AttributeKind::Tensor | AttributeKind::Graph) => {
            Err(Fault::Absent { what: "the value of an attribute" })
        }
        None if declared == AttributeKind::String => {
            Ok(Content { kind: declared, piece: Piece { bytes: &[], ..message }, number: 0 })
        }
        None => Ok(Content::nothing(declared, message)),
    }
}
