use std::fmt;

use hotplate_tensor::DType;

use crate::fault::Fault;

/// The element type of a tensor in an ONNX file, by its code there.
///
/// Files hold more types than Hotplate computes with; [`dtype`](Self::dtype) tells which are both.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ElementType(u8);

/// Name, bits of an element and the field of a tensor message that holds it unless the elements
/// are raw bytes; the index is the code.
const TYPES: [(&str, usize, u32); 29] = [
    ("undefined", 0, 0),
    ("float32", 32, FLOATS),
    ("uint8", 8, INT32S),
    ("int8", 8, INT32S),
    ("uint16", 16, INT32S),
    ("int16", 16, INT32S),
    ("int32", 32, INT32S),
    ("int64", 64, INT64S),
    ("string", 0, STRINGS),
    ("bool", 8, INT32S),
    ("float16", 16, INT32S),
    ("float64", 64, DOUBLES),
    ("uint32", 32, UINT64S),
    ("uint64", 64, UINT64S),
    ("complex64", 64, FLOATS),
    ("complex128", 128, DOUBLES),
    ("bfloat16", 16, INT32S),
    ("float8e4m3fn", 8, INT32S),
    ("float8e4m3fnuz", 8, INT32S),
    ("float8e5m2", 8, INT32S),
    ("float8e5m2fnuz", 8, INT32S),
    ("uint4", 4, INT32S),
    ("int4", 4, INT32S),
    ("float4e2m1", 4, INT32S),
    ("float8e8m0", 8, INT32S),
    ("uint2", 2, INT32S),
    ("int2", 2, INT32S),
    ("float6e2m3", 6, INT32S),
    ("float6e3m2", 6, INT32S),
];

pub(super) const FLOATS: u32 = 4;
pub(super) const INT32S: u32 = 5;
pub(super) const STRINGS: u32 = 6;
pub(super) const INT64S: u32 = 7;
pub(super) const DOUBLES: u32 = 10;
pub(super) const UINT64S: u32 = 11;

impl ElementType {
    /// The type of this code, or `None` where ONNX has given it no meaning.
    pub fn of_code(code: i64) -> Option<Self> {
        let code = u8::try_from(code).ok()?;
        (code > 0 && usize::from(code) < TYPES.len()).then_some(Self(code))
    }

    /// The type of this code, which must be one that ONNX has given a meaning.
    pub(super) fn parse(code: i64) -> Result<Self, Fault> {
        Self::of_code(code).ok_or(Fault::ElementCode { code })
    }

    /// The code that stands for this type in a file.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// The same type where Hotplate computes with it.
    pub const fn dtype(self) -> Option<DType> {
        Some(match self.0 {
            1 => DType::F32,
            2 => DType::U8,
            3 => DType::I8,
            4 => DType::U16,
            5 => DType::I16,
            6 => DType::I32,
            7 => DType::I64,
            8 => DType::Str,
            9 => DType::Bool,
            11 => DType::F64,
            12 => DType::U32,
            13 => DType::U64,
            _ => return None,
        })
    }

    /// The bytes of `elements` elements side by side, or `None` on overflow and for text.
    pub(super) fn raw_bytes(self, elements: usize) -> Option<usize> {
        match TYPES[usize::from(self.0)].1 {
            0 => None,
            bits => Some(elements.checked_mul(bits)?.div_ceil(8)),
        }
    }

    /// The field of a tensor message for elements of this type that are not raw bytes.
    pub(super) const fn typed_field(self) -> u32 {
        TYPES[self.0 as usize].2
    }

    /// How many entries that field has for `elements` elements.
    pub(super) fn typed_entries(self, elements: usize) -> Option<usize> {
        match (TYPES[usize::from(self.0)].1, self.typed_field()) {
            // A complex number is two entries.
            (64, FLOATS) | (128, DOUBLES) => elements.checked_mul(2),
            // Several of these share the low byte of an entry.
            (bits @ (2 | 4), INT32S) => Some(elements.div_ceil(8 / bits)),
            _ => Some(elements),
        }
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TYPES[usize::from(self.0)].0)
    }
}

impl fmt::Debug for ElementType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_both_know_print_alike() {
        for code in 1..TYPES.len() {
            let element = ElementType::of_code(i64::try_from(code).unwrap()).unwrap();
            if let Some(dtype) = element.dtype() {
                assert_eq!(element.to_string(), dtype.to_string());
            }
        }
    }

    #[test]
    fn codes_without_a_meaning_are_refused() {
        for code in [i64::MIN, -1, 0, 29, 256, 257, i64::MAX] {
            assert!(ElementType::of_code(code).is_none(), "{code}");
        }
    }
}
