use std::fmt;

use super::{
    ElementType,
    wire::{Field, Piece},
};
use crate::{ModelError, fault::Fault, limits};

/// A named input or output of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueInfo<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub ty: ValueType<'a>,
}

/// The type of a value, as deep as Hotplate looks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValueType<'a> {
    /// A tensor.
    Tensor {
        /// The type of its elements.
        element: ElementType,
        /// Its dimensions, when the file gives them.
        shape: Option<Vec<Dim<'a>>>,
    },
    /// A sequence of values of this type.
    Sequence(Box<Self>),
    /// A map of keys to values.
    Map {
        /// The type of the keys, when the file gives it.
        key: Option<ElementType>,
        /// The type of the values.
        value: Box<Self>,
    },
    /// A value of this type that may be absent.
    Optional(Box<Self>),
    /// A sparse tensor.
    SparseTensor,
    /// A type that only its operators understand.
    Opaque,
    /// The file does not say.
    Unspecified,
}

/// One dimension of a declared shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dim<'a> {
    /// Always this.
    Fixed(usize),
    /// The same wherever this name stands.
    Symbol(&'a str),
    /// Anything.
    Unknown,
}

impl ValueType<'_> {
    /// What it is, with its article.
    pub(crate) const fn noun(&self) -> &'static str {
        match self {
            Self::Tensor { .. } => "a tensor",
            Self::Sequence(_) => "a sequence",
            Self::Map { .. } => "a map",
            Self::Optional(_) => "an optional value",
            Self::SparseTensor => "a sparse tensor",
            Self::Opaque => "an opaque value",
            Self::Unspecified => "of no type",
        }
    }
}

impl fmt::Display for ValueType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tensor { element, shape: None } => write!(f, "a tensor of {element}"),
            Self::Tensor { element, shape: Some(dims) } => {
                write!(f, "a tensor of {element} [")?;
                for (axis, dim) in dims.iter().enumerate() {
                    write!(f, "{}{dim}", if axis == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            other => f.write_str(other.noun()),
        }
    }
}

impl fmt::Display for Dim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(dim) => dim.fmt(f),
            Self::Symbol(name) => f.write_str(name),
            Self::Unknown => f.write_str("?"),
        }
    }
}

impl<'a> ValueInfo<'a> {
    pub(super) fn parse(message: Piece<'a>) -> Result<Self, ModelError> {
        let (mut name, mut ty) = ("", ValueType::Unspecified);
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                1 => name = field.name("the name of an input or output")?,
                2 if ty != ValueType::Unspecified => return Err(twice(&field)),
                2 => ty = parse_type(field.piece()?, limits::TYPE_DEPTH)?,
                _ => {}
            }
        }
        if name.is_empty() {
            let fault = Fault::Absent { what: "the name of an input or output" };
            return Err(ModelError::from(fault).at(message.offset));
        }
        Ok(Self { name, ty })
    }
}

/// A type that may nest up to `depth` others.
fn parse_type(message: Piece<'_>, depth: usize) -> Result<ValueType<'_>, ModelError> {
    let mut ty = ValueType::Unspecified;
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        ty = match field.number {
            1 | 4 | 5 | 7..=9 if ty != ValueType::Unspecified => return Err(twice(&field)),
            1 => parse_tensor_type(field.piece()?)?,
            4 => ValueType::Sequence(parse_inner(field.piece()?, 1, depth)?),
            5 => {
                let message = field.piece()?;
                ValueType::Map { key: parse_key(message)?, value: parse_inner(message, 2, depth)? }
            }
            7 => ValueType::Opaque,
            8 => ValueType::SparseTensor,
            9 => ValueType::Optional(parse_inner(field.piece()?, 1, depth)?),
            _ => continue,
        };
    }
    Ok(ty)
}

/// The type in field `number` of what holds values of that type.
fn parse_inner(
    message: Piece<'_>,
    number: u32,
    depth: usize,
) -> Result<Box<ValueType<'_>>, ModelError> {
    let mut ty = ValueType::Unspecified;
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if field.number == number {
            if ty != ValueType::Unspecified {
                return Err(twice(&field));
            }
            let fault = Fault::TooDeep { what: "types", limit: limits::TYPE_DEPTH };
            let depth = depth.checked_sub(1).ok_or(fault)?;
            ty = parse_type(field.piece()?, depth)?;
        }
    }
    Ok(Box::new(ty))
}

fn parse_key(message: Piece<'_>) -> Result<Option<ElementType>, ModelError> {
    let mut key = None;
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if field.number == 1 {
            let element = ElementType::parse(field.int()?);
            key = Some(element.map_err(|fault| ModelError::from(fault).at(field.offset))?);
        }
    }
    Ok(key)
}

fn twice(field: &Field<'_>) -> ModelError {
    ModelError::from(Fault::Twice { what: "the type of an input or output" }).at(field.offset)
}

fn parse_tensor_type(message: Piece<'_>) -> Result<ValueType<'_>, ModelError> {
    let (mut code, mut shape) = (0, None);
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => code = field.int()?,
            2 if shape.is_some() => return Err(twice(&field)),
            2 => shape = Some(parse_shape(field.piece()?)?),
            _ => {}
        }
    }
    if code == 0 {
        return Ok(ValueType::Unspecified);
    }
    let element =
        ElementType::parse(code).map_err(|fault| ModelError::from(fault).at(message.offset))?;
    Ok(ValueType::Tensor { element, shape })
}

fn parse_shape(message: Piece<'_>) -> Result<Vec<Dim<'_>>, ModelError> {
    let mut dims = Vec::new();
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if field.number == 1 {
            limits::room_for_one_more(dims.len(), "axes of a shape", limits::RANK)
                .map_err(|error| error.at(field.offset))?;
            dims.push(parse_dim(field.piece()?)?);
        }
    }
    Ok(dims)
}

fn parse_dim(message: Piece<'_>) -> Result<Dim<'_>, ModelError> {
    let mut dim = Dim::Unknown;
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        dim = match field.number {
            // Some exporters write -1 where they mean any.
            1 => usize::try_from(field.int()?).map_or(Dim::Unknown, Dim::Fixed),
            2 => match field.name("the name of a dimension")? {
                "" | "?" => Dim::Unknown,
                name => Dim::Symbol(name),
            },
            _ => continue,
        };
    }
    Ok(dim)
}
