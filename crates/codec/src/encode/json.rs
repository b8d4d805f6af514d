use hotplate_tensor::{DataView, TensorView};

use crate::{
    Field, Predictions, Reasons,
    encode::{
        parts::{Part, own_fields},
        value::{Notation, write_element},
    },
    json::write_string,
};

struct Json;

impl Notation for Json {
    fn text(text: &str, out: &mut Vec<u8>) {
        write_string(out, text);
    }

    fn special(_: f64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"null");
    }
}

/// Appends the object that is the answer of `row`, with the reasons for it where there are some and
/// the model classifies or regresses.
pub(super) fn write_row(
    predictions: &Predictions<'_>,
    fields: Option<&[Field]>,
    reasons: Option<&Reasons<'_>>,
    row: usize,
    out: &mut Vec<u8>,
) {
    if let Predictions::Tensors { outputs, .. } = predictions {
        return write_outputs(outputs, row, out);
    }
    out.push(b'{');
    let fields = fields.unwrap_or_else(|| own_fields(predictions));
    for (index, &field) in fields.iter().enumerate() {
        write_key(index, field.name(), out);
        match Part::of_field(predictions, field, row) {
            Part::One(data, index) => write_element::<Json>(data, index, out),
            Part::List(data, start, width) => write_nested(&[width], data, start, out),
            Part::Nothing => out.extend_from_slice(b"null"),
        }
    }
    if let Some(reasons) = reasons {
        out.extend_from_slice(b",\"explanations\":");
        reasons.write(row, predictions.rows(), out);
    }
    out.push(b'}');
}

/// Appends the only element of a tensor.
pub(super) fn write_number(number: DataView<'_>, out: &mut Vec<u8>) {
    write_element::<Json>(number, 0, out);
}

fn write_outputs(outputs: &[(&str, TensorView<'_>)], row: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (name, tensor)) in outputs.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(out, name);
        out.push(b':');
        let dims = tensor.shape().dims().get(1..).unwrap_or_default();
        let width: usize = dims.iter().product();
        if width == 1 {
            write_element::<Json>(tensor.data(), row, out);
        } else {
            write_nested(dims, tensor.data(), row * width, out);
        }
    }
    out.push(b'}');
}

/// Appends the key of a field, which needs no escapes.
fn write_key(index: usize, name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends the elements from `start` on as lists of lists. As deep as the shape, and so bounded.
pub(super) fn write_nested(dims: &[usize], data: DataView<'_>, start: usize, out: &mut Vec<u8>) {
    let Some((&length, inner)) = dims.split_first() else {
        return write_element::<Json>(data, start, out);
    };
    let stride: usize = inner.iter().product();
    out.push(b'[');
    for index in 0..length {
        if index > 0 {
            out.push(b',');
        }
        write_nested(inner, data, start + index * stride, out);
    }
    out.push(b']');
}
