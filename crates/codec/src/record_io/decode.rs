use hotplate_tensor::{Columns, MAX_RANK, Shape};

use crate::{
    DecodeError, DecodeErrorKind, Decoder, cell,
    decoder::Progress,
    number::Number,
    record_io::{
        frame::{malformed, split_record},
        tensor::Tensor,
    },
    sparse::{MOST_ELEMENTS, SparseRow, at, beyond, too_many_elements},
    vector::{Vectors, no_vectors},
};

impl Decoder {
    /// Appends the rows of the records that `bytes` are, and returns the length of those read: of
    /// all, unless they are too much for one block.
    pub(crate) fn record_io_rows(
        &mut self,
        bytes: &[u8],
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<usize, DecodeError> {
        let mut start = 0;
        while start < bytes.len() {
            let rows = columns.rows();
            let placed = |error: DecodeError, progress: &Progress| {
                error.with_row(progress.record_behind(rows)).with_offset(start)
            };
            let split = split_record(&bytes[start..], true).and_then(|split| {
                split.ok_or_else(|| malformed("a record").with_got("one that breaks off"))
            });
            let (record, length) = split.map_err(|error| placed(error, progress))?;
            let width = Vectors::of(&self.schema).map_or(0, |vectors| vectors.width);
            if (rows + 1).saturating_mul(width) > MOST_ELEMENTS {
                if progress.in_blocks && rows > 0 {
                    return Ok(start);
                }
                return Err(placed(too_many_elements(), progress));
            }
            progress.begun = true;
            self.by_position = true;
            if let Err(error) = self.record_io_row(record, columns) {
                if columns.rows() > rows {
                    columns.drop_row();
                }
                let is_of_other_shape = error.kind() == DecodeErrorKind::WrongShape;
                if progress.splits_at_shapes && is_of_other_shape && rows > 0 {
                    return Ok(start);
                }
                let error = placed(error, progress);
                progress.leave_out(rows, error)?;
            }
            start += length;
        }
        Ok(bytes.len())
    }

    fn record_io_row(&mut self, record: &[u8], columns: &mut Columns) -> Result<(), DecodeError> {
        let tensor = Tensor::of_record(record, self.ignore_unknown)?;
        let vectors = match Vectors::of(&self.schema) {
            Some(vectors) => vectors,
            None => return self.record_io_tensor(&tensor, columns),
        };
        let mut elements = (tensor.rank > 0).then_some(1_u64);
        tensor.each_dim(|dim| {
            elements = elements.and_then(|elements| elements.checked_mul(dim));
            Ok(())
        })?;
        let width = vectors.width as u64;
        if tensor.rank > 0 && elements != Some(width) {
            let got = elements.map_or_else(|| "more".to_owned(), |elements| elements.to_string());
            return Err(Self::wrong_arity(vectors.width, got));
        }
        if tensor.keys > 0 || (tensor.values == 0 && tensor.rank > 0) {
            return self.record_io_sparse(&tensor, vectors, columns);
        }
        if tensor.values != vectors.width {
            return Err(Self::wrong_arity(vectors.width, tensor.values.to_string()));
        }
        columns.begin_row();
        self.record_io_values(&tensor, vectors, columns)
    }

    /// Fills the last row with the values of a tensor, of which there are as many.
    fn record_io_values(
        &self,
        tensor: &Tensor<'_>,
        vectors: Vectors,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let mut index = 0;
        tensor.each_value(|number| {
            let spot = vectors.spot(index);
            index += 1;
            cell::set_number(columns, spot, number)
                .map_err(|error| at(spot, error, shown(number), &self.schema))
        })
    }

    /// Appends the row of a tensor whose values belong to its keys.
    fn record_io_sparse(
        &mut self,
        tensor: &Tensor<'_>,
        vectors: Vectors,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        if tensor.keys != tensor.values {
            return Err(DecodeError::new(DecodeErrorKind::WrongArity)
                .with_expected(format!("as many values as keys, {}", tensor.keys).into())
                .with_got(tensor.values.to_string()));
        }
        let keys = &mut self.keys;
        keys.clear();
        tensor.each_key(|key| {
            let index = usize::try_from(key).ok().filter(|&index| index < vectors.width);
            keys.push(index.ok_or_else(|| beyond(key, vectors.width, 0))?);
            Ok(())
        })?;
        let (schema, absent) = (&self.schema, self.sparse.absent);
        let mut cells = SparseRow::begin(schema, &mut self.said, vectors, absent, columns)?;
        let mut keys = self.keys.iter();
        tensor.each_value(|number| {
            let spot = cells.say(keys.next().copied().unwrap_or_default())?;
            cell::set_number(columns, spot, number)
                .map_err(|error| at(spot, error, shown(number), schema))
        })?;
        cells.finish()
    }

    /// Appends the row of a dense tensor that chooses the shape of the only input.
    fn record_io_tensor(
        &mut self,
        tensor: &Tensor<'_>,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let [input] = self.schema.inputs() else {
            return Err(no_vectors(&self.schema, "RecordIO"));
        };
        let (mut dims, mut rank) = ([tensor.values; MAX_RANK], 0);
        tensor.each_dim(|dim| {
            let dim = usize::try_from(dim).ok();
            match (dims.get_mut(rank), dim) {
                (Some(place), Some(dim)) => *place = dim,
                _ => return Err(malformed("a shape that memory can hold").with_got("another")),
            }
            rank += 1;
            Ok(())
        })?;
        // Without a shape a tensor is a vector.
        let shape = Shape::new(&dims[..if tensor.rank == 0 { 1 } else { rank }]).ok();
        let shape = shape.filter(|shape| tensor.keys == 0 && shape.elements() == tensor.values);
        let Some(shape) = shape else {
            return Err(DecodeError::new(DecodeErrorKind::WrongShape)
                .with_column(&input.name)
                .with_expected("a dense tensor with as many values as its shape has".into())
                .with_got(tensor.values.to_string()));
        };
        columns.begin_row();
        columns.shape_row(0, shape).map_err(|_| {
            DecodeError::new(DecodeErrorKind::WrongShape)
                .with_column(&input.name)
                .with_expected(format!("rows of shape {}, all alike", input.row_shape).into())
                .with_got(shape.to_string())
        })?;
        self.record_io_values(tensor, Vectors::of_tensor(tensor.values), columns)
    }
}

/// A number for a person to read.
#[cold]
fn shown(number: Number) -> String {
    match number {
        Number::Integer(integer) => integer.to_string(),
        Number::Float(number) => number.to_string(),
        Number::TooLarge => "a number beyond all".to_owned(),
    }
}
