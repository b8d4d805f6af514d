//! Records of Amazon's algorithms: protobuf in RecordIO's frames.
//!
//! A frame is a magic number and a length, both little-endian, and that many bytes padded to four.
//! A `Record` has the maps `features` (1) and `label` (2) from a name to a `Value`, which is a
//! tensor of float32 (2), float64 (3) or int32 (7): `values` (1), and for a sparse one also `keys`
//! (2) and `shape` (3).

use super::{Refused, Table, narrow};
use crate::{
    DecodeErrorKind,
    number::Number,
    record_io::{MAGIC, PADDING, Tensor},
};

/// The most columns that a sparse record may claim to have.
const MOST_COLUMNS: u64 = 1 << 31;

/// The tensor of one record.
#[derive(Debug, Default)]
struct Vector {
    values: Vec<f64>,
    keys: Vec<u64>,
    shape: Option<u64>,
}

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Result<Table, Refused> {
    let mut vectors = Vec::new();
    let mut offset = 0;
    // Fewer bytes than a head has are passed over.
    while let Some((head, rest)) = body[offset..].split_first_chunk::<8>() {
        let [magic, length] =
            [[head[0], head[1], head[2], head[3]], [head[4], head[5], head[6], head[7]]]
                .map(u32::from_le_bytes);
        if magic != MAGIC {
            return Err(Refused::value(format!("Invalid RecordIO magic at offset {offset}")));
        }
        offset += head.len();
        let length = length as usize;
        let padded = length.next_multiple_of(PADDING);
        if padded > rest.len() {
            return Err(Refused::value(format!("Truncated record at offset {offset}")));
        }
        vectors.extend(vector_of(&rest[..length])?);
        offset += padded;
    }
    if vectors.is_empty() {
        return Err(Refused::value("No records found in RecordIO-Protobuf data"));
    }
    table_of(&vectors)
}

fn table_of(vectors: &[Vector]) -> Result<Table, Refused> {
    let columns = columns_of(&vectors[0])?;
    let is_sparse = vectors.iter().any(|vector| !vector.keys.is_empty());
    let mut cells = Vec::new();
    let mut starts = vec![0];
    for (index, vector) in vectors.iter().enumerate() {
        let got = columns_of(vector)?;
        if got != columns {
            return Err(Refused::value(format!(
                "all the input array dimensions except for the concatenation axis must match \
                 exactly, but along dimension 1, the array at index 0 has size {columns} and the \
                 array at index {index} has size {got}"
            )));
        }
        for (nth, &value) in vector.values.iter().enumerate() {
            let key = vector.keys.get(nth).copied();
            // Zeros of a dense record are lost where scipy stacks it onto a sparse one.
            if is_sparse && key.is_none() && value == 0.0 {
                continue;
            }
            let column = key.map_or(nth, |key| usize::try_from(key).unwrap_or(usize::MAX));
            cells.push((column, narrow(value)?));
        }
        starts.push(cells.len());
    }
    if columns == 0 {
        return Err(Refused::value("Input data has no columns"));
    }
    if !is_sparse {
        let cells = cells.into_iter().map(|(_, number)| number).collect();
        return Ok(Table::dense(columns, cells));
    }
    Ok(Table::sparse(columns, starts, cells))
}

/// The number of columns, checked against the keys.
fn columns_of(vector: &Vector) -> Result<usize, Refused> {
    let Some(&greatest) = vector.keys.iter().max() else { return Ok(vector.values.len()) };
    if vector.keys.len() != vector.values.len() {
        return Err(Refused::value("indices and data should have the same size"));
    }
    let columns = vector.shape.unwrap_or_else(|| greatest.saturating_add(1));
    if greatest >= columns || columns > MOST_COLUMNS {
        let problem = format!("indices must be < {columns}");
        return Err(Refused::value(problem));
    }
    Ok(usize::try_from(columns).unwrap_or(usize::MAX))
}

/// The features of a record, if it has some.
fn vector_of(record: &[u8]) -> Result<Option<Vector>, Refused> {
    let tensor = match Tensor::of_record(record, true) {
        Ok(tensor) => tensor,
        Err(error) => {
            return match error.kind() {
                DecodeErrorKind::MissingColumn | DecodeErrorKind::WrongType => Ok(None),
                _ => Err(no_message()),
            };
        }
    };
    let mut vector = Vector::default();
    let values = tensor.each_value(|value| {
        vector.values.push(match value {
            Number::Float(float) => float,
            #[expect(clippy::cast_precision_loss, reason = "an int32 is a double")]
            Number::Integer(integer) => integer as f64,
            Number::TooLarge => f64::INFINITY,
        });
        Ok(())
    });
    let keys = tensor.each_key(|key| {
        vector.keys.push(key);
        Ok(())
    });
    let shape = tensor.each_dim(|dim| {
        vector.shape = vector.shape.or(Some(dim));
        Ok(())
    });
    values.and(keys).and(shape).map_err(|_| no_message())?;
    Ok(Some(vector))
}

fn no_message() -> Refused {
    Refused {
        class: "google.protobuf.message.DecodeError",
        problem: "Error parsing message".to_owned(),
    }
}

/// Parts of a `Record`, written.
pub(super) struct Record;

impl Record {
    /// An entry of the map `label`, a tensor of float32.
    pub(super) fn label(name: &str, give: impl FnOnce(&mut Vec<f32>)) -> Vec<u8> {
        let mut values = Vec::new();
        give(&mut values);
        let packed: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let tensor = written(1, &packed);
        let value = written(2, &tensor);
        let mut entry = written(1, name.as_bytes());
        entry.extend_from_slice(&written(2, &value));
        written(2, &entry)
    }
}

/// A field of bytes.
fn written(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap_or_default());
    field.extend_from_slice(bytes);
    field
}

/// Appends a frame.
pub(super) fn write(record: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&MAGIC.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(record);
    out.resize(out.len().next_multiple_of(PADDING), 0);
}
