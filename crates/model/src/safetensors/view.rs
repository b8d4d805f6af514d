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
        match self.element {
            Element::F32 => self.convert(start, out, f32::from_le_bytes),
            Element::F16 => self.convert(start, out, |bytes| half(u16::from_le_bytes(bytes))),
            Element::Bf16 => self.convert(start, out, |bytes| {
                f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)
            }),
            _ => {
                let tensor = self.name.to_owned();
                return Err(SafetensorsFault::NotFloat { tensor, got: self.element }.into());
            }
        }
        Ok(())
    }

    /// `convert` makes a number of the `N` bytes of an element.
    fn convert<const N: usize>(
        &self,
        start: usize,
        out: &mut [f32],
        convert: impl Fn([u8; N]) -> f32,
    ) {
        let (elements, _) = self.bytes.as_chunks::<N>();
        let elements = &elements[start..start + out.len()];
        for (float, &element) in out.iter_mut().zip(elements) {
            *float = convert(element);
        }
    }
}

/// The number that the bits of a half-precision float are, which single precision holds exactly.
fn half(bits: u16) -> f32 {
    let [sign, rest] = [bits & 0x8000, bits & 0x7fff].map(u32::from);
    // Its fraction and exponent, moved to where single precision has them: too small by the
    // difference of the biases, 2^112. Subnormal numbers become normal by the product.
    let small = f32::from_bits(rest << 13);
    let magnitude = if rest >= 0x7c00 {
        f32::from_bits(0x7f80_0000 | rest << 13)
    } else {
        small * f32::from_bits((112 + 127) << 23)
    };
    f32::from_bits(magnitude.to_bits() | sign << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_exact() {
        // IEEE 754, binary16: sign, five bits of exponent (bias 15), ten of fraction.
        for bits in 0..=u16::MAX {
            let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
            let exponent = i32::from(bits >> 10 & 0x1f);
            let fraction = f64::from(bits & 0x3ff) / 1024.0;
            let expected = match exponent {
                0 => sign * fraction * 2_f64.powi(-14),
                31 if fraction == 0.0 => sign * f64::INFINITY,
                31 => f64::NAN,
                _ => sign * (1.0 + fraction) * 2_f64.powi(exponent - 15),
            };
            let got = f64::from(half(bits));
            assert!(got == expected || got.is_nan() && expected.is_nan(), "{bits:#x}: {got}");
            assert!(got.is_nan() || got.is_sign_negative() == (sign < 0.0));
        }
    }

    #[test]
    fn elements_are_converted_from_any_alignment() {
        let of = |element, shape: &'static [usize], bytes: &'static [u8]| TensorView {
            name: "t",
            element,
            shape,
            bytes,
        };
        let bytes: &[u8] = &[9, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0x40, 0x40];
        let floats = of(Element::F32, &[3], &bytes[1..]);
        assert_eq!(floats.to_f32().unwrap(), [1.0, -2.0, 3.0]);
        let mut part = [0.0; 2];
        floats.copy_f32(1, &mut part).unwrap();
        assert_eq!(part, [-2.0, 3.0]);
        let brain = of(Element::Bf16, &[2], &[0x80, 0x3f, 0x00, 0xc0]);
        assert_eq!(brain.to_f32().unwrap(), [1.0, -2.0]);
        let half = of(Element::F16, &[1, 2], &[0x00, 0x3c, 0x00, 0xc0]);
        assert_eq!(half.to_f32().unwrap(), [1.0, -2.0]);
        let none = of(Element::F32, &[0], &[]);
        assert!(none.is_empty() && none.to_f32().unwrap().is_empty());
        let integers = of(Element::I64, &[1], &[0; 8]);
        let refused = integers.to_f32().unwrap_err();
        assert_eq!(refused.to_string(), "tensor \"t\" should hold F32, F16 or BF16, holds I64");
    }
}
