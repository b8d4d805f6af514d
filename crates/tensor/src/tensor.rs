use crate::{DType, Data, DataView, Element, Shape, ShapeError, StrBuf};

/// A tensor that owns its elements, row-major, and keeps their memory when it is refilled.
#[derive(Clone, Debug)]
pub struct Tensor {
    shape: Shape,
    data: Data,
}

impl Tensor {
    /// A tensor of no elements, of shape `[0]`.
    pub fn empty(dtype: DType) -> Self {
        Self { shape: Shape::of_rows(0), data: Data::new(dtype) }
    }

    /// A tensor of these elements, row-major.
    ///
    /// # Errors
    ///
    /// When there are not as many as the shape says.
    pub fn new(shape: Shape, data: Data) -> Result<Self, ShapeError> {
        if shape.elements() == data.len() {
            Ok(Self { shape, data })
        } else {
            Err(ShapeError::Elements { shape, got: data.len() })
        }
    }

    /// The dimensions.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The type of the elements.
    pub const fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The elements, row-major.
    pub fn data(&self) -> DataView<'_> {
        self.data.view()
    }

    /// The tensor, borrowed.
    pub fn view(&self) -> TensorView<'_> {
        TensorView { shape: self.shape, data: self.data.view() }
    }

    /// Gives the tensor this shape and element type, and returns its elements to be overwritten.
    ///
    /// What they hold until then is unspecified. Memory is kept where the type stays the same.
    pub fn reset<T: Element>(&mut self, shape: Shape) -> &mut [T] {
        self.shape = shape;
        let elements = T::buffer(&mut self.data);
        elements.resize(shape.elements(), T::default());
        elements
    }

    /// Removes every row, and makes `row` the shape that a row would have.
    pub fn clear_rows(&mut self, row: &Shape) {
        self.shape = row.with_rows(0).unwrap_or(Shape::of_rows(0));
        self.data.clear();
    }

    /// Appends the rows of another tensor.
    ///
    /// # Errors
    ///
    /// [`ShapeError::Row`] when these have another shape or are of another type; nothing is
    /// appended then.
    pub fn append(&mut self, other: &Self) -> Result<(), ShapeError> {
        let row = other.shape.of_one_row();
        let rows = self.shape.rows() + other.shape.rows();
        let alike =
            self.shape.rank() > 0 && other.shape.rank() > 0 && self.shape.of_one_row() == row;
        let shape = row.with_rows(rows)?;
        if !alike || !self.data.append(other.data()) {
            return Err(ShapeError::Row { got: row });
        }
        self.shape = shape;
        Ok(())
    }

    /// Makes this a string tensor of `shape`, every element empty, and returns them to be set.
    pub fn reset_strings(&mut self, shape: Shape) -> &mut StrBuf {
        self.shape = shape;
        let strings = self.data.strings_mut();
        strings.clear();
        strings.resize(shape.elements());
        strings
    }

    /// The elements, to be overwritten.
    ///
    /// # Panics
    ///
    /// When the elements are not of type `T`.
    pub fn elements_mut<T: Element>(&mut self) -> &mut [T] {
        assert!(self.dtype() == T::DTYPE, "a tensor of {} read as {}", self.dtype(), T::DTYPE);
        T::buffer(&mut self.data)
    }

    /// Sets an element of a string tensor, which was empty since it was reset.
    ///
    /// # Panics
    ///
    /// When this is no string tensor, has no such element, or the text of all elements would pass
    /// 4 GiB.
    pub fn set_string(&mut self, index: usize, text: &str) {
        assert!(self.dtype() == DType::Str, "a tensor of {} given text", self.dtype());
        let set = self.data.strings_mut().set(index, text);
        assert!(set.is_ok(), "the text of a string tensor passes 4 GiB");
    }
}

/// A tensor that borrows its elements, row-major.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorView<'a> {
    shape: Shape,
    data: DataView<'a>,
}

impl<'a> TensorView<'a> {
    /// A view of `data` as `shape`.
    ///
    /// # Errors
    ///
    /// When `data` does not hold as many elements as the shape says.
    pub fn new(shape: Shape, data: DataView<'a>) -> Result<Self, ShapeError> {
        if shape.elements() == data.len() {
            Ok(Self { shape, data })
        } else {
            Err(ShapeError::Elements { shape, got: data.len() })
        }
    }

    /// The dimensions.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The type of the elements.
    pub const fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The elements, row-major.
    pub const fn data(&self) -> DataView<'a> {
        self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn view_of_the_wrong_length_is_refused() {
        let shape = Shape::new(&[2, 3]).unwrap();
        let error = TensorView::new(shape, DataView::F32(&[0.0; 5])).unwrap_err();
        assert_eq!(error.to_string(), "shape [2, 3] needs 6 elements, got 5");
    }

    #[test]
    fn rows_are_appended_behind_rows_alike() {
        let numbers = |rows: &[f32]| {
            let shape = Shape::new(&[rows.len() / 2, 2]).unwrap();
            Tensor::new(shape, Data::F32(rows.to_vec())).unwrap()
        };
        let mut tensor = numbers(&[1.0, 2.0]);
        tensor.append(&numbers(&[3.0, 4.0, 5.0, 6.0])).unwrap();
        assert_eq!(tensor.shape().dims(), [3, 2]);
        assert_eq!(tensor.data(), DataView::F32(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let mut texts = Tensor::empty(DType::Str);
        texts.reset_strings(Shape::of_rows(1));
        texts.set_string(0, "a");
        texts.append(&texts.clone()).unwrap();
        assert_eq!((texts.shape().dims(), texts.data().len()), (&[2][..], 2));
        for other in [Tensor::empty(DType::F32), Tensor::empty(DType::F64), texts] {
            assert!(tensor.append(&other).is_err(), "{other:?}");
        }
        assert_eq!(tensor.shape().dims(), [3, 2]);
    }

    #[test]
    fn refilled_tensor_keeps_its_memory() {
        let mut tensor = Tensor::empty(DType::F32);
        let before = tensor.reset::<f32>(Shape::of_rows(64)).as_ptr();
        tensor.reset::<f32>(Shape::of_rows(1))[0] = 7.0;
        let after = tensor.reset::<f32>(Shape::of_rows(64)).as_ptr();
        assert_eq!(before, after);
        tensor.clear_rows(&Shape::of_rows(3));
        assert_eq!((tensor.shape().dims(), tensor.data().len()), (&[0, 3][..], 0));
    }
}
