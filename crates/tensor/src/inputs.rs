use std::ops::Range;

use crate::{Columns, DataView, Shape, TensorView};

/// Every input tensor of one request, borrowed, in the model's order.
///
/// Made from tensors that a caller has, or from the [`Columns`] that a decoder filled; a worker
/// does not see the difference and no row is copied to hide it.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a>(Source<'a>);

#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Views(&'a [TensorView<'a>]),
    Columns(&'a Columns),
}

impl<'a> Inputs<'a> {
    /// The number of inputs.
    pub fn len(&self) -> usize {
        match self.0 {
            Source::Views(views) => views.len(),
            Source::Columns(columns) => columns.schema().inputs().len(),
        }
    }

    /// Whether there are no inputs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of rows: the first input's axis 0.
    pub fn rows(&self) -> usize {
        match self.0 {
            Source::Views(views) => views.first().map_or(0, |view| view.shape().rows()),
            Source::Columns(columns) => columns.rows(),
        }
    }

    /// The elements of one input, row-major.
    ///
    /// # Panics
    ///
    /// When `input` is not below [`len`](Self::len).
    pub fn data(&self, input: usize) -> DataView<'a> {
        match self.0 {
            Source::Views(views) => views[input].data(),
            Source::Columns(columns) => columns.data(input),
        }
    }

    /// The memory of all elements, in bytes.
    pub fn bytes(&self) -> usize {
        (0..self.len()).map(|input| self.data(input).bytes()).sum()
    }

    /// The shape of every row of one input: its dimensions behind axis 0.
    ///
    /// # Panics
    ///
    /// When `input` is not below [`len`](Self::len).
    pub fn row_shape(&self, input: usize) -> Shape {
        match self.0 {
            Source::Views(views) => views[input].shape().of_one_row(),
            Source::Columns(columns) => *columns.row_shape(input),
        }
    }

    /// These rows of every input.
    ///
    /// # Panics
    ///
    /// When there are not as many rows.
    pub fn slice(&self, rows: Range<usize>) -> Vec<TensorView<'a>> {
        let input = |input| {
            let row_shape = self.row_shape(input);
            let width = row_shape.elements();
            let data = self.data(input).slice(rows.start * width..rows.end * width);
            row_shape.with_rows(rows.len()).and_then(|shape| TensorView::new(shape, data))
        };
        let view = |index| input(index).unwrap_or_else(|_| unreachable!("fewer rows fit as well"));
        (0..self.len()).map(view).collect()
    }

    /// The tensors, when a caller brought them; those that [`Columns`] hold are right by
    /// construction.
    pub const fn brought_views(&self) -> Option<&'a [TensorView<'a>]> {
        match self.0 {
            Source::Views(views) => Some(views),
            Source::Columns(_) => None,
        }
    }
}

impl<'a> From<&'a [TensorView<'a>]> for Inputs<'a> {
    fn from(views: &'a [TensorView<'a>]) -> Self {
        Self(Source::Views(views))
    }
}

impl<'a> From<&'a Columns> for Inputs<'a> {
    fn from(columns: &'a Columns) -> Self {
        Self(Source::Columns(columns))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{DType, InputSpec, Schema};

    #[test]
    fn slice_holds_its_rows_of_every_input() {
        let spec = |name: &str, dtype, width: usize| InputSpec {
            name: name.to_owned(),
            dtype,
            row_shape: width.into(),
        };
        let inputs = vec![spec("a", DType::F32, 2), spec("b", DType::Str, 1)];
        let mut columns = Columns::new(Arc::new(Schema::new(inputs).unwrap()));
        for row in 0..4 {
            columns.begin_row();
            columns.set_number(0, f64::from(row)).unwrap();
            columns.set_number(1, f64::from(10 * row)).unwrap();
            columns.set_text(2, ["p", "q", "r", "s"][row as usize]).unwrap();
        }
        let views = columns.inputs().slice(1..3);
        let slice = Inputs::from(&views[..]);
        assert_eq!((slice.rows(), slice.len()), (2, 2));
        assert_eq!(slice.data(0), DataView::F32(&[1.0, 10.0, 2.0, 20.0]));
        assert_eq!(slice.data(1), DataView::Str((&["q", "r"][..]).into()));
        assert_eq!(slice.row_shape(0), columns.inputs().row_shape(0));
    }
}
