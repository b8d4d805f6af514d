//! Answers as RecordIO: each a record whose `label` has the parts of the answer under their names.

use hotplate_tensor::{DType, DataView, Shape};

use crate::{
    Field, Predictions,
    encode::{
        parts::{Part, each_part, own_fields},
        value::number,
    },
    record_io::{MAGIC, PADDING},
};

/// The wire type of what has a length.
const LENGTH: u64 = 2;

/// `Record.label`, `Record.features` is 1.
const LABEL: u64 = 2;
const KEY: u64 = 1;
const VALUE: u64 = 2;
const FLOAT32_TENSOR: u64 = 2;
const FLOAT64_TENSOR: u64 = 3;
const BYTES: u64 = 9;
const TENSOR_VALUES: u64 = 1;
const TENSOR_SHAPE: u64 = 3;
const BYTES_VALUE: u64 = 1;

/// Appends the record that is the answer of `row`.
pub(super) fn write_row(
    predictions: &Predictions<'_>,
    fields: Option<&[Field]>,
    row: usize,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.extend_from_slice(&MAGIC.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    let fields = fields.unwrap_or_else(|| own_fields(predictions));
    let keeps_f64 = matches!(predictions, Predictions::Tensors { .. });
    each_part(predictions, fields, row, |name, part, shape| {
        write_entry(name, &Tensor::of(part, shape, keeps_f64), out);
    });
    let length = out.len() - start - 8;
    // A record of more than its frame can say would be one row of half a GiB.
    let word = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    out[start + 4..start + 8].copy_from_slice(&word);
    out.resize(start + 8 + length.next_multiple_of(PADDING), 0);
}

/// The `Value` of one part.
struct Tensor<'a> {
    data: DataView<'a>,
    start: usize,
    width: usize,
    shape: Shape,
    is_f64: bool,
}

impl<'a> Tensor<'a> {
    fn of(part: Part<'a>, shape: Shape, keeps_f64: bool) -> Self {
        let (data, start, width) = part.elements();
        let is_f64 = keeps_f64 && !matches!(data.dtype(), DType::F32 | DType::Bool);
        Self { data, start, width, shape, is_f64 }
    }

    /// The field of `Value` that this is, and its length.
    fn field(&self) -> (u64, usize) {
        if let DataView::Str(texts) = self.data {
            let texts = (self.start..self.start + self.width).map(|index| texts.get(index));
            return (BYTES, texts.map(|text| field_length(BYTES_VALUE, text.len())).sum());
        }
        let values = self.width * if self.is_f64 { 8 } else { 4 };
        let values = if values == 0 { 0 } else { field_length(TENSOR_VALUES, values) };
        let shape = match self.shape_length() {
            0 => 0,
            length => field_length(TENSOR_SHAPE, length),
        };
        (if self.is_f64 { FLOAT64_TENSOR } else { FLOAT32_TENSOR }, values + shape)
    }

    /// The bytes of the dimensions; a vector needs none.
    fn shape_length(&self) -> usize {
        if self.shape.rank() < 2 {
            return 0;
        }
        self.shape.dims().iter().map(|&dim| varint_length(dim as u64)).sum()
    }

    fn write(&self, out: &mut Vec<u8>) {
        let range = self.start..self.start + self.width;
        if let DataView::Str(texts) = self.data {
            for index in range {
                let text = texts.get(index);
                write_head(BYTES_VALUE, text.len(), out);
                out.extend_from_slice(text.as_bytes());
            }
            return;
        }
        if self.width > 0 {
            write_head(TENSOR_VALUES, self.width * if self.is_f64 { 8 } else { 4 }, out);
        }
        for index in range {
            let number = number(self.data, index);
            if self.is_f64 {
                out.extend_from_slice(&number.to_le_bytes());
            } else {
                #[expect(clippy::cast_possible_truncation, reason = "clients read float32")]
                out.extend_from_slice(&(number as f32).to_le_bytes());
            }
        }
        let length = self.shape_length();
        if length > 0 {
            write_head(TENSOR_SHAPE, length, out);
            self.shape.dims().iter().for_each(|&dim| write_varint(dim as u64, out));
        }
    }
}

/// Appends an entry of the map `label`.
fn write_entry(name: &str, tensor: &Tensor<'_>, out: &mut Vec<u8>) {
    let (number, length) = tensor.field();
    let value = field_length(number, length);
    write_head(LABEL, field_length(KEY, name.len()) + field_length(VALUE, value), out);
    write_head(KEY, name.len(), out);
    out.extend_from_slice(name.as_bytes());
    write_head(VALUE, value, out);
    write_head(number, length, out);
    tensor.write(out);
}

/// The bytes of a field whose content has this length.
fn field_length(number: u64, length: usize) -> usize {
    varint_length(number << 3 | LENGTH) + varint_length(length as u64) + length
}

fn write_head(number: u64, length: usize, out: &mut Vec<u8>) {
    write_varint(number << 3 | LENGTH, out);
    write_varint(length as u64, out);
}

fn varint_length(number: u64) -> usize {
    (u64::BITS - (number | 1).leading_zeros()).div_ceil(7) as usize
}

fn write_varint(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return out.push(low & 0x7f);
        }
        out.push(low | 0x80);
    }
}
