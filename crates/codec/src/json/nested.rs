//! Nested lists, as the tensors of rows are written.
//!
//! No list is entered by a call, so that depth costs no stack.

use hotplate_tensor::{Columns, MAX_RANK, RowShape, Shape};

use crate::{
    DecodeError, DecodeErrorKind, Decoder, cell::Element, json::cursor::Cursor,
    tensors::is_one_element,
};

/// What a value is as a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// Its lists are of these lengths by depth.
    Even {
        dims: [usize; MAX_RANK],
        rank: usize,
        /// Whether there is an element, so that no list could be deeper.
        has_elements: bool,
    },
    /// Lists beside longer or deeper ones.
    Uneven,
    /// More than [`MAX_RANK`] lists in each other.
    TooDeep,
}

impl Extent {
    /// The shape of the value as a row of `rows`, if it can be one.
    fn shape_as(&self, rows: &RowShape) -> Option<Shape> {
        let &Self::Even { mut dims, rank, has_elements } = self else { return None };
        let wanted = rows.dims();
        if rank > wanted.len() || (rank < wanted.len() && has_elements) {
            return None;
        }
        // What an empty list would hold is not written.
        for (dim, wanted) in dims.iter_mut().zip(wanted).skip(rank) {
            *dim = wanted.fixed().unwrap_or_default();
        }
        Shape::new(&dims[..wanted.len()]).ok().filter(|shape| rows.accepts(shape))
    }
}

impl Decoder {
    /// Sets the elements of an input's last row to the value at `cursor`.
    ///
    /// Where the shape is open, the first row's lists are counted before they are read; any other
    /// row's only have to be as many.
    pub(super) fn tensor(
        &mut self,
        cursor: &mut Cursor<'_>,
        input: usize,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let first = cursor.peek();
        let start = *cursor;
        let row_shape = &self.schema.inputs()[input].row_shape;
        if columns.rows() == 1 && row_shape.fixed().is_none() {
            let shape = start.extent(&mut self.scratch)?.shape_as(row_shape);
            if shape.is_none_or(|shape| columns.shape_row(input, shape).is_err()) {
                return Err(self.misshapen(start, input, columns));
            }
        }
        let shape = *columns.row_shape(input);
        if shape.rank() == 0 || (first != Some(b'[') && is_one_element(row_shape)) {
            return self.json_cell(cursor, Element { input, index: 0 }, columns);
        }
        if self.nested_list(cursor, input, shape.dims(), columns)? {
            Ok(())
        } else {
            Err(self.misshapen(start, input, columns))
        }
    }

    /// Sets the elements of an input's last row to those of the lists at `cursor`; false when they
    /// are not of these dimensions.
    fn nested_list(
        &mut self,
        cursor: &mut Cursor<'_>,
        input: usize,
        dims: &[usize],
        columns: &mut Columns,
    ) -> Result<bool, DecodeError> {
        let (&width, outer) = dims.split_last().unwrap_or((&0, &[]));
        let mut element = Element { input, index: 0 };
        // Of each list that is open: how many lists in it were passed.
        let mut passed = [0; MAX_RANK];
        let mut depth = 0;
        loop {
            if cursor.peek() != Some(b'[') {
                return Ok(false);
            }
            if !cursor.opens(b']') {
                if dims[depth] != 0 {
                    return Ok(false);
                }
            } else if dims[depth] == 0 {
                return Ok(false);
            } else if depth < outer.len() {
                passed[depth] = 0;
                depth += 1;
                continue;
            } else if !self.elements(cursor, &mut element, width, columns)? {
                return Ok(false);
            }
            // A list was passed, and with it those that it was the last of.
            loop {
                let Some(around) = depth.checked_sub(1) else { return Ok(true) };
                passed[around] += 1;
                let goes_on = cursor.goes_on(b']')?;
                if goes_on == (passed[around] == outer[around]) {
                    return Ok(false);
                }
                if goes_on {
                    break;
                }
                depth = around;
            }
        }
    }

    /// Sets `width` elements from `element` on to those at `cursor`, and passes the bracket behind
    /// them; false when they are more or fewer, or lists.
    #[inline]
    fn elements(
        &mut self,
        cursor: &mut Cursor<'_>,
        element: &mut Element,
        width: usize,
        columns: &mut Columns,
    ) -> Result<bool, DecodeError> {
        for count in 1..=width {
            if cursor.peek() == Some(b'[') {
                return Ok(false);
            }
            self.json_cell(cursor, *element, columns)?;
            element.index += 1;
            if !cursor.goes_on(b']')? {
                return Ok(count == width);
            }
        }
        Ok(false)
    }

    /// The refusal of the value at `start`, whose lists are not those of a row of `input`.
    #[cold]
    fn misshapen(&self, start: Cursor<'_>, input: usize, columns: &Columns) -> DecodeError {
        let extent = match start.extent(&mut String::new()) {
            Ok(extent) => extent,
            Err(error) => return error,
        };
        let spec = &self.schema.inputs()[input];
        let error = DecodeError::new(DecodeErrorKind::WrongShape)
            .with_column(&spec.name)
            .with_offset(start.position());
        let got = match extent {
            Extent::Even { rank: 0, .. } => start.describe(),
            Extent::Even { dims, rank, .. } => format!("one of shape {:?}", &dims[..rank]),
            Extent::Uneven => "lists of unequal length or depth".to_owned(),
            Extent::TooDeep => format!("lists nested more than {MAX_RANK} levels deep"),
        };
        if extent.shape_as(&spec.row_shape).is_none() {
            let expected = format!("a list of shape {}", spec.row_shape);
            return error.with_expected(expected.into()).with_got(got);
        }
        let expected = format!("a list of shape {}, as in row 0", columns.row_shape(input));
        error
            .with_expected(expected.into())
            .with_got(got)
            .with_advice("pad the rows of a request to one length")
    }
}

impl Cursor<'_> {
    /// How many lists begin here, each the first thing in the one before, and what then follows;
    /// no more than no tensor has.
    pub(super) fn depth(mut self) -> (usize, Option<u8>) {
        let mut depth = 0;
        loop {
            match self.peek() {
                Some(b'[') if depth <= MAX_RANK => {
                    depth += 1;
                    self.bump();
                }
                next => return (depth, next),
            }
        }
    }

    /// The number of values in the list here, if it is one of values that are not lists.
    pub(super) fn count_scalars(self, scratch: &mut String) -> Option<usize> {
        match self.extent(scratch) {
            Ok(Extent::Even { dims, rank: 1, .. }) => Some(dims[0]),
            _ => None,
        }
    }

    /// The extent of the value here. Numbers and words are passed over and not looked at: what
    /// they are is seen when they are read.
    fn extent(mut self, scratch: &mut String) -> Result<Extent, DecodeError> {
        let mut dims: [Option<usize>; MAX_RANK] = [None; MAX_RANK];
        let mut passed = [0; MAX_RANK];
        let mut depth = 0;
        let mut rank = 0;
        let mut has_elements = false;
        loop {
            if self.peek() == Some(b'[') {
                if has_elements && depth == rank {
                    return Ok(Extent::Uneven);
                }
                if depth == MAX_RANK {
                    return Ok(Extent::TooDeep);
                }
                rank = rank.max(depth + 1);
                if self.opens(b']') {
                    passed[depth] = 0;
                    depth += 1;
                    continue;
                }
                if dims[depth].replace(0).is_some_and(|dim| dim != 0) {
                    return Ok(Extent::Uneven);
                }
            } else {
                if depth != rank {
                    return Ok(Extent::Uneven);
                }
                has_elements = true;
                self.pass_element(scratch)?;
            }
            loop {
                let Some(around) = depth.checked_sub(1) else {
                    let dims = dims.map(Option::unwrap_or_default);
                    return Ok(Extent::Even { dims, rank, has_elements });
                };
                passed[around] += 1;
                if self.goes_on(b']')? {
                    break;
                }
                depth = around;
                let length = passed[around];
                if dims[around].replace(length).is_some_and(|dim| dim != length) {
                    return Ok(Extent::Uneven);
                }
            }
        }
    }
}
