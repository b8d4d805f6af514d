//! A file with some of its messages exchanged and every other byte as it was.

use std::collections::{HashMap, HashSet};

use super::{
    model::{GRAPH, OPSET},
    wire::{Field, Piece, Value},
};
use crate::ModelError;

const NODE: u32 = 1;
const OUTPUT: u32 = 12;
const VALUE_INFO: u32 = 13;

/// The version of ONNX's own operators that a file is given that had none: the oldest that runtimes
/// do not warn of.
const MAIN_OPERATORS: u64 = 9;

/// The file with the nodes that begin at these bytes as identities, and the values of these names
/// as float32 `[any, width]`.
pub(crate) fn scores_for_maps(
    file: &[u8],
    nodes: &HashSet<usize>,
    widths: &HashMap<&str, usize>,
) -> Result<Vec<u8>, ModelError> {
    let graph = |message: Piece<'_>| {
        rewrite(message, |field| match (field.number, field.value) {
            (NODE, Value::Bytes(node)) if nodes.contains(&node.offset) => identity(node).map(Some),
            (OUTPUT | VALUE_INFO, Value::Bytes(value)) => match widths.get(name_of(value)) {
                Some(&width) => scores(value, width).map(Some),
                None => Ok(None),
            },
            _ => Ok(None),
        })
    };
    rewrite(Piece::of_file(file), |field| match (field.number, field.value) {
        (GRAPH, Value::Bytes(message)) => graph(message).map(Some),
        _ => Ok(None),
    })
}

/// Appends the import of ONNX's own operators.
pub(crate) fn import_main_operators(file: &mut Vec<u8>) {
    let mut opset = Vec::new();
    put_int(&mut opset, 2, MAIN_OPERATORS);
    put_bytes(file, OPSET, &opset);
}

/// The message with the fields exchanged for which `new` gives bytes.
fn rewrite(
    message: Piece<'_>,
    mut new: impl FnMut(&Field<'_>) -> Result<Option<Vec<u8>>, ModelError>,
) -> Result<Vec<u8>, ModelError> {
    let mut written = Vec::with_capacity(message.bytes.len());
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        match new(&field)? {
            Some(bytes) => put_bytes(&mut written, field.number, &bytes),
            None => written.extend_from_slice(
                &message.bytes[field.offset - message.offset..fields.offset() - message.offset],
            ),
        }
    }
    Ok(written)
}

/// The message without the fields of these numbers.
fn without(message: Piece<'_>, numbers: &[u32]) -> Result<Vec<u8>, ModelError> {
    let mut kept = Vec::with_capacity(message.bytes.len());
    let mut fields = message.fields();
    while let Some(field) = fields.next()? {
        if !numbers.contains(&field.number) {
            kept.extend_from_slice(
                &message.bytes[field.offset - message.offset..fields.offset() - message.offset],
            );
        }
    }
    Ok(kept)
}

/// The node as an Identity of the same input and output.
fn identity(node: Piece<'_>) -> Result<Vec<u8>, ModelError> {
    const OP_TYPE: u32 = 4;
    const ATTRIBUTE: u32 = 5;
    const DOMAIN: u32 = 7;
    let mut identity = without(node, &[OP_TYPE, ATTRIBUTE, DOMAIN])?;
    put_bytes(&mut identity, OP_TYPE, b"Identity");
    Ok(identity)
}

/// The declared value as float32 `[any, width]`.
fn scores(value: Piece<'_>, width: usize) -> Result<Vec<u8>, ModelError> {
    const TYPE: u32 = 2;
    const FLOAT: u64 = 1;
    let (mut dim, mut shape, mut tensor, mut ty) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    put_int(&mut dim, 1, width as u64);
    put_bytes(&mut shape, 1, &[]);
    put_bytes(&mut shape, 1, &dim);
    put_int(&mut tensor, 1, FLOAT);
    put_bytes(&mut tensor, 2, &shape);
    put_bytes(&mut ty, 1, &tensor);
    let mut scores = without(value, &[TYPE])?;
    put_bytes(&mut scores, TYPE, &ty);
    Ok(scores)
}

/// The name of a declared value; empty where the message makes no sense, which is not read here.
fn name_of(value: Piece<'_>) -> &str {
    let mut name = "";
    let mut fields = value.fields();
    while let Ok(Some(field)) = fields.next() {
        if field.number == 1 {
            name = field.name("the name of a value").unwrap_or_default();
        }
    }
    name
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn put_int(out: &mut Vec<u8>, number: u32, value: u64) {
    put_varint(out, u64::from(number << 3));
    put_varint(out, value);
}

fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_varint(out, u64::from(number << 3 | 2));
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
