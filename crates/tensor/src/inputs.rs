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
