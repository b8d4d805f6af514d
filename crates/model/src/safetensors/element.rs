use std::fmt;

/// The type of a tensor's elements, as safetensors files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Element {
    /// `BOOL`: a byte that is 0 or 1.
    Bool,
    /// `U8`: unsigned 8-bit integers.
    U8,
    /// `I32`: signed 32-bit integers.
    I32,
    /// `I64`: signed 64-bit integers.
    I64,
    /// `F16`: IEEE 754 half precision.
    F16,
    /// `BF16`: the upper half of IEEE 754 single precision.
    Bf16,
    /// `F32`: IEEE 754 single precision.
    F32,
    /// Any other type of the format: what such a tensor holds cannot be read.
    Other {
        /// The format's name for it.
        name: &'static str,
        /// The bits of one element.
        bits: usize,
    },
}

impl Element {
    /// The format's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::U8 => "U8",
            Self::I32 => "I32",
            Self::I64 => "I64",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::F32 => "F32",
            Self::Other { name, .. } => name,
        }
    }

    /// The bits that one element takes.
    pub const fn bits(self) -> usize {
        match self {
            Self::Bool | Self::U8 => 8,
            Self::F16 | Self::Bf16 => 16,
            Self::I32 | Self::F32 => 32,
            Self::I64 => 64,
            Self::Other { bits, .. } => bits,
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
