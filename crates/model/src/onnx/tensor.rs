use std::mem;

use hotplate_tensor::{DType, Data, Element};

use super::{
    ElementType, ExternalData, decode,
    element::{DOUBLES, FLOATS, INT32S, INT64S, STRINGS, UINT64S},
    external::Location,
    repeated::{RepeatedBytes, count},
    wire::{Field, Fields, Piece, Value, read_varint},
};
use crate::{
    ModelError,
    fault::{ExternalFault, Fault},
    limits::{self, Allowance},
};

/// A constant tensor. Its elements stay in the file until they are decoded.
///
/// There are as many of them as the dimensions say; that was checked when it was read.
#[derive(Clone, Debug)]
pub struct TensorProto<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its dimensions; none for a scalar.
    pub dims: Vec<usize>,
    /// The type of its elements.
    pub element: ElementType,
    /// Where the elements are when they are in another file.
    pub external: Option<ExternalData<'a>>,
    /// The number of its elements.
    len: usize,
    storage: Storage<'a>,
    offset: usize,
}

#[derive(Clone, Copy, Debug)]
enum Storage<'a> {
    /// Side by side, little-endian.
    Raw(Piece<'a>),
    /// In a repeated field of this message.
    Typed(Piece<'a>),
    /// In another file.
    Elsewhere,
}

const DIMS: u32 = 1;
const TYPE: u32 = 2;
const NAME: u32 = 8;
const RAW: u32 = 9;
const EXTERNAL_DATA: u32 = 13;
const DATA_LOCATION: u32 = 14;

impl<'a> TensorProto<'a> {
    /// Reads and checks a tensor. One whose elements are in another file is noted in the allowance,
    /// wherever it hides.
    pub(super) fn parse(message: Piece<'a>, allowance: &mut Allowance) -> Result<Self, ModelError> {
        let tensor = Self::parse_fields(message).map_err(|error| error.at(message.offset))?;
        if tensor.external.is_some() {
            allowance.external.push(message.offset..message.offset + message.bytes.len());
        }
        Ok(tensor)
    }

    pub(super) fn parse_fields(message: Piece<'a>) -> Result<Self, ModelError> {
        let (mut name, mut code, mut dims, mut raw) = ("", 0, Vec::new(), None::<Piece<'a>>);
        let mut typed = Entries::default();
        let mut location = Location::default();
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                DIMS => push_dims(&mut dims, &field)?,
                TYPE => code = field.int()?,
                NAME => name = field.name("the name of a tensor")?,
                RAW => raw = Some(field.piece()?),
                EXTERNAL_DATA => location.add(field.piece()?)?,
                DATA_LOCATION => location.set_place(field.int()?)?,
                FLOATS | INT32S | STRINGS | INT64S | DOUBLES | UINT64S => {
                    typed.add(&field, &mut fields)?;
                }
                _ => {}
            }
        }
        let element = ElementType::parse(code)?;
        let len = dims
            .iter()
            .try_fold(1_usize, |product, &dim| product.checked_mul(dim))
            .ok_or(Fault::DimsOverflow)?;
        let external = location.settle(element.raw_bytes(len))?;
        let storage = match raw {
            _ if external.is_some() => {
                if raw.is_some() || typed.total() > 0 {
                    return Err(Fault::External(ExternalFault::AlsoHere).into());
                }
                Storage::Elsewhere
            }
            Some(raw) if !raw.bytes.is_empty() => {
                check_raw(element, len, raw.bytes.len(), &typed)?;
                Storage::Raw(raw)
            }
            _ => {
                typed.check(element, len)?;
                Storage::Typed(message)
            }
        };
        Ok(Self { name, dims, element, external, len, storage, offset: message.offset })
    }

    /// The number of elements.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The elements, row-major, in a buffer of their own type.
    ///
    /// # Errors
    ///
    /// When the elements are in another file, Hotplate has no such type, or an element is not of
    /// it: text that is not UTF-8, an integer out of range.
    pub fn decode(&self) -> Result<Data, ModelError> {
        let Some(dtype) = self.element.dtype() else {
            return Err(self.place(Fault::Undecodable { element: self.element }));
        };
        let decoded = match self.storage {
            Storage::Raw(raw) => decode::raw(dtype, raw.bytes),
            Storage::Typed(message) => decode::typed(dtype, message, self.len),
            Storage::Elsewhere => return Err(self.elsewhere()),
        };
        // Fewer than were counted is possible where a mapped file changed since.
        decoded
            .filter(|data| data.len() == self.len)
            .ok_or_else(|| self.place(Fault::ElementRange { element: self.element }))
    }

    /// The elements, row-major, which must be of type `T`.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), and when the tensor is of another type.
    pub fn elements<T: Element>(&self) -> Result<Vec<T>, ModelError> {
        self.expect(T::DTYPE)?;
        Ok(mem::take(T::buffer(&mut self.decode()?)))
    }

    /// The elements of a tensor of text, row-major, where they lie in the file.
    ///
    /// # Errors
    ///
    /// When the tensor is of another type, or an element is not UTF-8.
    pub fn strings(&self) -> Result<Vec<&'a str>, ModelError> {
        self.expect(DType::Str)?;
        let (Storage::Typed(message) | Storage::Raw(message)) = self.storage else {
            return Err(self.elsewhere());
        };
        RepeatedBytes::new(message, STRINGS, self.len)
            .map(|string| string.text("an element of a tensor"))
            .collect()
    }

    fn expect(&self, expected: DType) -> Result<(), ModelError> {
        if self.element.dtype() == Some(expected) {
            Ok(())
        } else {
            Err(self.place(Fault::WrongElement { expected, got: self.element }))
        }
    }

    fn elsewhere(&self) -> ModelError {
        self.place(Fault::External(ExternalFault::NotRead))
    }

    fn place(&self, fault: Fault) -> ModelError {
        ModelError::from(fault).at(self.offset)
    }
}

/// Looks at the parts of a sparse tensor, which is not decoded, and gives its name.
pub(super) fn check_sparse<'a>(
    message: Piece<'a>,
    allowance: &mut Allowance,
) -> Result<&'a str, ModelError> {
    let mut name = "";
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => name = TensorProto::parse(field.piece()?, allowance)?.name,
            2 => drop(TensorProto::parse(field.piece()?, allowance)?),
            _ => {}
        }
    }
    Ok(name)
}

/// How many entries the typed fields of a tensor message have.
#[derive(Default)]
struct Entries([usize; 12]);

impl Entries {
    fn add(&mut self, field: &Field<'_>, fields: &mut Fields<'_>) -> Result<(), ModelError> {
        self.0[field.number as usize] += match field.number {
            FLOATS => count::<f32>(field, fields)?,
            DOUBLES => count::<f64>(field, fields)?,
            STRINGS => field.piece().map(|_| 1)?,
            _ => count::<i64>(field, fields)?,
        };
        Ok(())
    }

    /// Checks that the field for `element` holds `len` of them, and that it is the only one.
    fn check(&self, element: ElementType, len: usize) -> Result<(), Fault> {
        let expected = element.typed_entries(len).ok_or(Fault::DimsOverflow)?;
        let got = self.0[element.typed_field() as usize];
        if got != expected {
            Err(Fault::ElementCount { expected, got })
        } else if self.total() != got {
            Err(Fault::TwiceStored)
        } else {
            Ok(())
        }
    }

    fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

fn check_raw(element: ElementType, len: usize, got: usize, typed: &Entries) -> Result<(), Fault> {
    if typed.total() > 0 {
        return Err(Fault::TwiceStored);
    }
    match element.raw_bytes(len) {
        Some(expected) if expected == got => Ok(()),
        Some(expected) => Err(Fault::RawBytes { expected, got }),
        None if element.typed_field() == STRINGS => Err(Fault::RawBytes { expected: 0, got }),
        None => Err(Fault::DimsOverflow),
    }
}

fn push_dims(dims: &mut Vec<usize>, field: &Field<'_>) -> Result<(), ModelError> {
    match field.value {
        Value::Varint(dim) => push_dim(dims, dim),
        Value::Bytes(Piece { bytes: mut rest, .. }) => {
            while !rest.is_empty() {
                push_dim(dims, read_varint(&mut rest)?)?;
            }
            Ok(())
        }
        _ => Err(field.not("a list of integers")),
    }
}

fn push_dim(dims: &mut Vec<usize>, dim: u64) -> Result<(), ModelError> {
    limits::room_for_one_more(dims.len(), "axes of a tensor", limits::RANK)?;
    let dim = dim.cast_signed();
    dims.push(usize::try_from(dim).map_err(|_| Fault::NegativeDim { dim })?);
    Ok(())
}

#[cfg(test)]
mod tests;
