//! The data files of ONNX's own test suites: what a model was fed, and what it gave.

use hotplate_tensor::{Data, Shape, ShapeError};

use super::{
    TensorProto,
    wire::{Piece, Value},
};
use crate::{ModelError, fault::Fault, limits};

/// A value that a test of a model feeds or expects.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TestValue {
    /// A tensor.
    Tensor {
        /// Its name, often that of the model's input or output.
        name: String,
        /// Its dimensions.
        shape: Shape,
        /// Its elements, row-major.
        data: Data,
    },
    /// A list of maps to float32: what a ZipMap makes, one map a row.
    Maps(Vec<TestMap>),
}

/// A map of classes to scores, in the file's order.
#[derive(Clone, Debug)]
pub struct TestMap {
    /// The classes: int64 or text.
    pub keys: Data,
    /// As many scores.
    pub values: Vec<f32>,
}

/// What the elements of a sequence are that holds maps.
const MAPS: i64 = 4;

/// Reads a file that holds a tensor, or a sequence of maps from int64 or text to float32.
///
/// # Errors
///
/// When it holds anything else, or is malformed as any model's file can be.
pub fn read_value(file: &[u8]) -> Result<TestValue, ModelError> {
    let message = Piece::of_file(file);
    if is_sequence_of_maps(message)? {
        return read_maps(message);
    }
    let tensor = TensorProto::parse_fields(message)?;
    let shape = Shape::new(&tensor.dims).map_err(|error| match error {
        ShapeError::Rank { .. } => Fault::TooMany { what: "axes of a tensor", limit: limits::RANK },
        _ => Fault::DimsOverflow,
    })?;
    Ok(TestValue::Tensor { name: tensor.name.to_owned(), shape, data: tensor.decode()? })
}

/// A file does not say which of the two it is. Field 2 is the type of the elements of both, and
/// that of maps is that of uint16; only text is in field 6 of a tensor.
fn is_sequence_of_maps(message: Piece<'_>) -> Result<bool, ModelError> {
    let (mut maps, mut of_tensor) = (false, false);
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        match (field.number, field.value) {
            (2, Value::Varint(code)) => maps = code.cast_signed() == MAPS,
            (1 | 6, Value::Bytes(_)) => {}
            _ => of_tensor = true,
        }
    }
    Ok(maps && !of_tensor)
}

fn read_maps(message: Piece<'_>) -> Result<TestValue, ModelError> {
    let mut maps = Vec::new();
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if field.number == 6 {
            limits::room_for_one_more(maps.len(), "maps", limits::TEST_MAPS)?;
            let piece = field.piece()?;
            maps.push(read_map(piece).map_err(|error| error.at(piece.offset))?);
        }
    }
    Ok(TestValue::Maps(maps))
}

fn read_map(message: Piece<'_>) -> Result<TestMap, ModelError> {
    const INTEGER_KEYS: u32 = 3;
    const TEXT_KEYS: u32 = 4;
    let (mut integers, mut texts) = (Vec::new(), hotplate_tensor::StrBuf::default());
    let mut values = Vec::new();
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        match (field.number, field.value) {
            (INTEGER_KEYS, Value::Varint(key)) => integers.push(key.cast_signed()),
            (INTEGER_KEYS, Value::Bytes(Piece { bytes: mut rest, .. })) => {
                while !rest.is_empty() {
                    integers.push(super::wire::read_varint(&mut rest)?.cast_signed());
                }
            }
            (TEXT_KEYS, Value::Bytes(key)) => {
                let fault = Fault::TooMany { what: "bytes of keys", limit: u32::MAX as usize };
                texts.push(key.text("a key of a map")?).map_err(|_| fault)?;
            }
            (5, Value::Bytes(sequence)) => values.append(&mut read_scores(sequence)?),
            _ => {}
        }
    }
    let keys = if texts.is_empty() {
        Data::I64(integers)
    } else if integers.is_empty() {
        Data::Str(texts)
    } else {
        return Err(Fault::TwiceStored.into());
    };
    if keys.len() == values.len() {
        Ok(TestMap { keys, values })
    } else {
        Err(Fault::ElementCount { expected: keys.len(), got: values.len() }.into())
    }
}

/// The values of a map: a sequence of tensors, which hold a float32 each, or one that holds all.
fn read_scores(message: Piece<'_>) -> Result<Vec<f32>, ModelError> {
    let mut scores = Vec::new();
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if field.number == 3 {
            scores.append(&mut TensorProto::parse_fields(field.piece()?)?.elements::<f32>()?);
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests;
