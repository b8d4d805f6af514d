use std::fmt;

/// The type of a tensor's elements.
///
/// Names follow NumPy where [`Display`](fmt::Display) prints them: `float32`, `int64`, `string`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DType {
    /// Truth values.
    Bool,
    /// Signed 8-bit integers.
    I8,
    /// Signed 16-bit integers.
    I16,
    /// Signed 32-bit integers.
    I32,
    /// Signed 64-bit integers.
    I64,
    /// Unsigned 8-bit integers.
    U8,
    /// Unsigned 16-bit integers.
    U16,
    /// Unsigned 32-bit integers.
    U32,
    /// Unsigned 64-bit integers.
    U64,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
    /// UTF-8 text.
    Str,
}

impl DType {
    /// Whether NaN can stand for a missing value.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// What a person should send: `"a number"`, `"an integer"`, `"true or false"` or `"text"`.
    pub const fn expectation(self) -> &'static str {
        match self {
            Self::F32 | Self::F64 => "a number",
            Self::Bool => "true or false",
            Self::Str => "text",
            _ => "an integer",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::U8 => "uint8",
            Self::U16 => "uint16",
            Self::U32 => "uint32",
            Self::U64 => "uint64",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::Str => "string",
        })
    }
}
