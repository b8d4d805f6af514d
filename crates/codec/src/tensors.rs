//! What a decoder knows of rows that are made of tensors.

use hotplate_tensor::{Columns, DType, Disagreement, InputSpec, RowShape, Schema, Shape};

use crate::{DecodeError, DecodeErrorKind, names::RollCall, scan::plain_length};

/// The most inputs that an example of a row shows.
const MOST_SHOWN: usize = 4;

/// The inputs of a schema, as names and nested lists of a JSON row find them.
#[derive(Debug)]
pub(crate) struct Tensors {
    /// Whether a row may be a tensor for each input: always if it is no table, and in a table if
    /// inputs are more than cells.
    taken: bool,
    /// Whether a row of a table may be a list of lists.
    pub(crate) nested_in_table: bool,
    /// Whether each input's name stands in JSON as it is, without escapes.
    pub(crate) has_plain_names: bool,
    pub(crate) roll: RollCall,
}

impl Tensors {
    pub(crate) fn of(schema: &Schema) -> Self {
        let inputs = schema.inputs();
        let is_cell = |input: &InputSpec| {
            input.row_shape.width() == Some(1) && input.row_shape.dims().len() < 2
        };
        let is_list_of_lists = |input: &InputSpec| input.row_shape.dims().len() > 1;
        let is_plain = |input: &InputSpec| plain_length(input.name.as_bytes()) == input.name.len();
        Self {
            taken: !schema.is_table() || !inputs.iter().all(is_cell),
            nested_in_table: schema.is_table() && inputs.len() == 1 && is_list_of_lists(&inputs[0]),
            has_plain_names: inputs.iter().all(is_plain),
            roll: RollCall::new(inputs.len()),
        }
    }

    /// The input whose tensor may stand behind `name`. A name that means something to a table
    /// without tensors keeps its meaning.
    pub(crate) fn input_named(
        &self,
        schema: &Schema,
        ignore_unknown: bool,
        name: &str,
    ) -> Option<usize> {
        if !self.taken {
            return None;
        }
        let is_cell =
            || schema.is_named() && (ignore_unknown || schema.column_index(name).is_some());
        schema.input_index(name).filter(|_| !is_cell())
    }
}

/// Refuses a row whose tensors differ in a dimension that has one name. Later rows have the
/// shapes of the first.
pub(crate) fn agree(schema: &Schema, columns: &Columns) -> Result<(), DecodeError> {
    if columns.rows() != 1 {
        return Ok(());
    }
    match schema.disagreement(|input| *columns.row_shape(input)) {
        None => Ok(()),
        Some(Disagreement { dim, first, expected, other, got }) => {
            let expected = format!("\"{dim}\" to be {expected}, as in \"{first}\"");
            Err(DecodeError::new(DecodeErrorKind::WrongShape)
                .with_column(other)
                .with_expected(expected.into())
                .with_got(got.to_string()))
        }
    }
}

/// Whether a row is one element in a list, which may be left away.
pub(crate) fn is_one_element(shape: &RowShape) -> bool {
    shape.fixed() == Some(Shape::of_rows(1))
}

/// A row of a schema as JSON has it, shortened: `{"ids": [0, ..], "mask": [0, ..]}`.
pub(crate) fn example(schema: &Schema) -> String {
    let tensor = |input: &InputSpec| {
        let element = match input.dtype {
            DType::Str => "\"text\"",
            DType::Bool => "true",
            dtype if dtype.is_float() => "0.5",
            _ => "1",
        };
        let rank = input.row_shape.dims().len();
        format!("{}{element}{}", "[".repeat(rank), ", ..]".repeat(rank))
    };
    let inputs = schema.inputs();
    let members = inputs.iter().take(MOST_SHOWN);
    let members = members.map(|input| format!("\"{}\": {}", input.name, tensor(input)));
    let more = if inputs.len() > MOST_SHOWN { ", .." } else { "" };
    format!("{{{}{more}}}", members.collect::<Vec<_>>().join(", "))
}
