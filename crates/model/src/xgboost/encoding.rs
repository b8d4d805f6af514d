use std::fmt;

use super::binary;

/// How the document of a model is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// JSON, from XGBoost 1.0 on.
    Json,
    /// Universal Binary JSON, from XGBoost 1.6 on.
    Ubjson,
    /// The binary format of XGBoost up to 2.x.
    Binary,
}

impl Encoding {
    /// How far [`recognise`](Self::recognise) looks for the document's first key.
    const WINDOW: usize = 4096;

    /// The encoding of a file, by its first bytes, if it is a model of XGBoost.
    pub(crate) fn recognise(bytes: &[u8]) -> Option<Self> {
        const LEARNER: &[u8] = b"learner";
        let start = &bytes[..bytes.len().min(Self::WINDOW)];
        if binary::starts_like_a_model(bytes) {
            return Some(Self::Binary);
        }
        match start.trim_ascii_start() {
            [b'{', b'L' | b'l' | b'I' | b'i' | b'U', ..] if contains(start, LEARNER) => {
                Some(Self::Ubjson)
            }
            [b'{', ..] if contains(start, b"\"learner\"") => Some(Self::Json),
            _ => None,
        }
    }
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Ubjson => "UBJSON",
            Self::Binary => "legacy binary",
        })
    }
}
