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
    /// The types that are not read, by name and bits.
    const OTHERS: [(&'static str, usize); 15] = [
        ("F4", 4),
        ("F6_E2M3", 6),
        ("F6_E3M2", 6),
        ("I8", 8),
        ("F8_E5M2", 8),
        ("F8_E4M3", 8),
        ("F8_E8M0", 8),
        ("F8_E4M3FNUZ", 8),
        ("F8_E5M2FNUZ", 8),
        ("I16", 16),
        ("U16", 16),
        ("U32", 32),
        ("F64", 64),
        ("C64", 64),
        ("U64", 64),
    ];

    /// The type that the format calls this.
    pub(super) fn named(name: &str) -> Option<Self> {
        const READ: [Element; 7] = [
            Element::Bool,
            Element::U8,
            Element::I32,
            Element::I64,
            Element::F16,
            Element::Bf16,
            Element::F32,
        ];
        let other = || Self::OTHERS.into_iter().find(|&(other, _)| other == name);
        READ.into_iter()
            .find(|element| element.name() == name)
            .or_else(|| other().map(|(name, bits)| Self::Other { name, bits }))
    }

    /// The bytes of a tensor of this shape: `None` where its size overflows, or is no whole number
    /// of bytes.
    pub(super) fn bytes_of(self, shape: &[usize]) -> Option<usize> {
        let elements =
            shape.iter().try_fold(1_usize, |elements, &dim| elements.checked_mul(dim))?;
        let bits = elements.checked_mul(self.bits())?;
        bits.is_multiple_of(8).then_some(bits / 8)
    }

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
