//! The tensor in a record.

use crate::{
    DecodeError, DecodeErrorKind,
    error::snippet,
    number::Number,
    record_io::{
        frame::malformed,
        wire::{Message, Value},
    },
};

/// The name that the values of a row have.
const VALUES: &[u8] = b"values";

/// The types of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    F64,
    I32,
}

/// The tensor of a record: `{ values = 1, keys = 2, shape = 3 }`, looked through and well-formed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tensor<'a> {
    pub(super) kind: Kind,
    message: Message<'a>,
    pub(super) values: usize,
    pub(super) keys: usize,
    /// The number of dimensions.
    pub(super) rank: usize,
}

impl<'a> Tensor<'a> {
    /// The tensor in `Record.features["values"]`.
    pub(crate) fn of_record(record: &'a [u8], ignore_unknown: bool) -> Result<Self, DecodeError> {
        let mut record = Message(record);
        let mut found = None;
        while let Some(field) = record.field()? {
            let Value::Bytes(entry) = field.value else { continue };
            // A label is the client's, as are its identifier and metadata.
            if field.number != 1 {
                continue;
            }
            let (name, value) = entry_of_map(entry)?;
            if name == VALUES {
                found = Some(value);
            } else if !ignore_unknown {
                let name = String::from_utf8_lossy(&name[..name.len().min(256)]);
                return Err(DecodeError::new(DecodeErrorKind::UnknownColumn)
                    .with_column(&snippet(&name))
                    .with_expected("features under \"values\"".into()));
            }
        }
        match found {
            Some(value) => Self::of_value(value),
            None => Err(DecodeError::new(DecodeErrorKind::MissingColumn).with_column("values")),
        }
    }

    /// The tensor in a `Value`, of which the last kind that is given counts.
    fn of_value(value: &'a [u8]) -> Result<Self, DecodeError> {
        let mut value = Message(value);
        let mut found = None;
        while let Some(field) = value.field()? {
            let kind = match field.number {
                2 => Some(Kind::F32),
                3 => Some(Kind::F64),
                7 => Some(Kind::I32),
                9 => None,
                _ => continue,
            };
            if let Value::Bytes(message) = field.value {
                found = Some((kind, Message(message)));
            }
        }
        match found {
            Some((Some(kind), message)) => {
                let mut tensor = Self { kind, message, values: 0, keys: 0, rank: 0 };
                tensor.values = tensor.count(1)?;
                tensor.keys = tensor.count(2)?;
                tensor.rank = tensor.count(3)?;
                Ok(tensor)
            }
            Some((None, _)) => Err(DecodeError::new(DecodeErrorKind::WrongType)
                .with_expected("a tensor of numbers".into())
                .with_got("bytes")),
            None => Err(malformed("a tensor of numbers").with_got("a value of no kind")),
        }
    }

    fn count(&self, number: u64) -> Result<usize, DecodeError> {
        let mut count = 0;
        self.each(number, |_| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// The values in their order.
    pub(crate) fn each_value(
        &self,
        mut each: impl FnMut(Number) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let kind = self.kind;
        self.each(1, |value| each(kind.number(value)))
    }

    /// The keys, or the dimensions of the shape.
    pub(crate) fn each_key(
        &self,
        each: impl FnMut(u64) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.integers(2, each)
    }

    /// The dimensions of the shape.
    pub(crate) fn each_dim(
        &self,
        each: impl FnMut(u64) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.integers(3, each)
    }

    fn integers(
        &self,
        number: u64,
        mut each: impl FnMut(u64) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.each(number, |value| match value {
            Value::Varint(integer) => each(integer),
            _ => Ok(()),
        })
    }

    /// The elements of a repeated field, packed or not.
    #[inline]
    fn each(
        &self,
        number: u64,
        mut each: impl FnMut(Value<'a>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let mut message = self.message;
        while let Some(field) = message.field()? {
            if field.number != number {
                continue;
            }
            let is_integer = number != 1 || self.kind == Kind::I32;
            match field.value {
                Value::Bytes(packed) => {
                    let mut packed = Message(packed);
                    while !packed.0.is_empty() {
                        each(match self.kind {
                            _ if is_integer => Value::Varint(packed.varint()?),
                            Kind::F64 => Value::Fixed64(packed.chunk()?),
                            _ => Value::Fixed32(packed.chunk()?),
                        })?;
                    }
                }
                Value::Varint(_) if is_integer => each(field.value)?,
                Value::Fixed32(_) if !is_integer && self.kind == Kind::F32 => each(field.value)?,
                Value::Fixed64(_) if !is_integer && self.kind == Kind::F64 => each(field.value)?,
                _ => return Err(malformed("a tensor").with_got("elements of another type")),
            }
        }
        Ok(())
    }
}

impl Kind {
    #[inline]
    fn number(self, value: Value<'_>) -> Number {
        match value {
            Value::Fixed32(bytes) => Number::Float(f32::from_le_bytes(bytes).into()),
            Value::Fixed64(bytes) => Number::Float(f64::from_le_bytes(bytes)),
            #[expect(clippy::cast_possible_truncation, reason = "a negative int32 has ten bytes")]
            Value::Varint(integer) => Number::Integer((integer as i32).into()),
            Value::Bytes(_) => Number::Float(f64::NAN),
        }
    }
}

/// The key and the value of an entry of a map.
fn entry_of_map(entry: &[u8]) -> Result<(&[u8], &[u8]), DecodeError> {
    let mut entry = Message(entry);
    let (mut key, mut value) = (&[][..], &[][..]);
    while let Some(field) = entry.field()? {
        match (field.number, field.value) {
            (1, Value::Bytes(bytes)) => key = bytes,
            (2, Value::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((key, value))
}
