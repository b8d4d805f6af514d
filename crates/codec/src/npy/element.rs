//! The elements of an array.

use hotplate_tensor::{CellError, Columns};

use crate::{
    DecodeError, DecodeErrorKind, cell,
    cell::Place,
    error::{quoted_text, snippet},
    number::Number,
};

/// What each element of an array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) kind: Kind,
    pub(crate) is_big_endian: bool,
    pub(crate) bytes: usize,
}

/// The types of elements that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    F16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Bool,
    /// Code points of four bytes, filled up with zeros.
    Utf32,
    /// UTF-8, filled up with zeros.
    Utf8,
}

impl Element {
    /// The element that NumPy calls `descr`.
    pub(crate) fn of(descr: &str) -> Result<Self, DecodeError> {
        let refused = || Self::refused(&format!("\"{}\"", snippet(descr)));
        let (order, name) = match descr.as_bytes() {
            [order @ (b'<' | b'>' | b'|' | b'='), ..] => (*order, &descr[1..]),
            _ => (b'<', descr),
        };
        if name.starts_with('O') {
            return Err(Self::refused("objects, which are pickled"));
        }
        let (kind, size) = match name {
            "f2" => (Kind::F16, 2),
            "f4" => (Kind::F32, 4),
            "f8" => (Kind::F64, 8),
            "i1" => (Kind::I8, 1),
            "i2" => (Kind::I16, 2),
            "i4" => (Kind::I32, 4),
            "i8" => (Kind::I64, 8),
            "u1" => (Kind::U8, 1),
            "u2" => (Kind::U16, 2),
            "u4" => (Kind::U32, 4),
            "u8" => (Kind::U64, 8),
            "b1" => (Kind::Bool, 1),
            _ => {
                let (kind, bytes) = match name.as_bytes() {
                    [b'U', b'0'..=b'9', ..] => (Kind::Utf32, 4),
                    [b'S' | b'a', b'0'..=b'9', ..] => (Kind::Utf8, 1_usize),
                    _ => return Err(refused()),
                };
                let length: usize = name[1..].parse().map_err(|_| refused())?;
                (kind, length.checked_mul(bytes).ok_or_else(refused)?)
            }
        };
        Ok(Self { kind, is_big_endian: order == b'>', bytes: size })
    }

    #[cold]
    pub(crate) fn refused(got: &str) -> DecodeError {
        DecodeError::new(DecodeErrorKind::WrongType)
            .with_expected("an array of numbers, truth values or text".into())
            .with_got(got)
    }

    /// Sets a cell to the element that `bytes` are.
    #[inline]
    pub(crate) fn put(
        self,
        bytes: &[u8],
        place: impl Place,
        columns: &mut Columns,
        scratch: &mut String,
    ) -> Result<(), CellError> {
        match self.kind {
            Kind::Bool => place.put_bool(columns, bytes[0] != 0),
            Kind::Utf32 | Kind::Utf8 => {
                self.text(bytes, scratch)
                    .ok_or(CellError::WrongType { expected: place.dtype(columns.schema()) })?;
                cell::set_plain(columns, place, scratch)
            }
            _ => cell::set_number(columns, place, self.number(bytes)),
        }
    }

    /// Whether it is text, which is no number.
    pub(crate) const fn is_text(self) -> bool {
        matches!(self.kind, Kind::Utf32 | Kind::Utf8)
    }

    /// The element as a number; a truth value as zero or one, and text as NaN.
    #[inline]
    pub(crate) fn number(self, bytes: &[u8]) -> Number {
        match self.kind {
            Kind::F16 => Number::Float(half(u16::from_le_bytes(self.little(bytes)))),
            Kind::F32 => Number::Float(f32::from_le_bytes(self.little(bytes)).into()),
            Kind::F64 => Number::Float(f64::from_le_bytes(self.little(bytes))),
            Kind::Bool => Number::Integer((bytes[0] != 0).into()),
            _ => self.integer(bytes),
        }
    }

    /// The element as an integer.
    #[inline]
    pub(crate) fn integer(self, bytes: &[u8]) -> Number {
        Number::Integer(match self.kind {
            Kind::I8 => i8::from_le_bytes(self.little(bytes)).into(),
            Kind::I16 => i16::from_le_bytes(self.little(bytes)).into(),
            Kind::I32 => i32::from_le_bytes(self.little(bytes)).into(),
            Kind::I64 => i64::from_le_bytes(self.little(bytes)),
            Kind::U8 => u8::from_le_bytes(self.little(bytes)).into(),
            Kind::U16 => u16::from_le_bytes(self.little(bytes)).into(),
            Kind::U32 => u32::from_le_bytes(self.little(bytes)).into(),
            Kind::U64 => {
                let integer = u64::from_le_bytes(self.little(bytes));
                match i64::try_from(integer) {
                    Ok(integer) => integer,
                    #[expect(clippy::cast_precision_loss, reason = "the nearest double is wanted")]
                    Err(_) => return Number::Float(integer as f64),
                }
            }
            _ => return Number::Float(f64::NAN),
        })
    }

    /// The text of an element, into `scratch`; none where it is no text.
    pub(crate) fn text(self, bytes: &[u8], scratch: &mut String) -> Option<()> {
        scratch.clear();
        if self.kind == Kind::Utf8 {
            let length = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            scratch.push_str(std::str::from_utf8(&bytes[..length]).ok()?);
            return Some(());
        }
        for point in bytes.chunks_exact(4) {
            scratch.push(char::from_u32(u32::from_le_bytes(self.little(point)))?);
        }
        scratch.truncate(scratch.trim_end_matches('\0').len());
        Some(())
    }

    /// The element for a person to read; none where it should be text and is not.
    #[cold]
    pub(crate) fn describe(self, bytes: &[u8], scratch: &mut String) -> Option<String> {
        Some(match self.kind {
            Kind::Utf32 | Kind::Utf8 => {
                self.text(bytes, scratch)?;
                if scratch.is_empty() { "no text".to_owned() } else { quoted_text(scratch) }
            }
            Kind::F16 => half(u16::from_le_bytes(self.little(bytes))).to_string(),
            Kind::F32 => f32::from_le_bytes(self.little(bytes)).to_string(),
            Kind::F64 => f64::from_le_bytes(self.little(bytes)).to_string(),
            Kind::Bool => if bytes[0] == 0 { "false" } else { "true" }.to_owned(),
            _ => match self.integer(bytes) {
                Number::Integer(integer) => integer.to_string(),
                _ => u64::from_le_bytes(self.little(bytes)).to_string(),
            },
        })
    }

    /// What `bytes` begin with, in the order of a little-endian machine.
    #[inline]
    fn little<const N: usize>(self, bytes: &[u8]) -> [u8; N] {
        let mut little = [0; N];
        little.copy_from_slice(&bytes[..N]);
        if self.is_big_endian {
            little.reverse();
        }
        little
    }
}

/// The number whose IEEE 754 binary16 these bits are.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let fraction = f64::from(bits & 0x3ff);
    sign * match i32::from(bits >> 10 & 0x1f) {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_numbers() {
        for (bits, number) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x03ff, 6.097_555_160_522_461e-5),
            (0x3555, 0.333_251_953_125),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), number, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
        assert!(half(0x8000).is_sign_negative());
    }
}
