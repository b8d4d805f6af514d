use super::{XgBoostFault, pull::TEXTS};
use crate::{ModelError, limits};

/// The categories of a column of a data frame, in the order of their codes: what stands at index
/// `c` is what the trees know as category `c`. XGBoost keeps them from 3.1 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CategoryNames {
    /// Texts.
    Texts(Vec<String>),
    /// Whole numbers.
    Integers(Vec<i64>),
}

impl CategoryNames {
    /// The number of categories.
    pub const fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Integers(integers) => integers.len(),
        }
    }

    /// Whether there are no categories.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The texts whose bytes are `values`, each beginning at an offset and ending at the next;
    /// none where there are no categories, or the texts are not what they were.
    ///
    /// XGBoost's Python package counts offsets in characters where it takes texts from pandas and
    /// cuts the bytes by them, so that those of a column with a letter outside ASCII are cut in
    /// the wrong places. Such a column has no names here, and is fed codes.
    pub(super) fn of_texts(offsets: &[i64], values: &[i64]) -> Result<Option<Self>, ModelError> {
        let malformed = |got: &str| XgBoostFault::Value {
            what: "an offset of category names",
            got: got.to_owned(),
        };
        if offsets.len() < 2 {
            return Ok(None);
        }
        let mut texts = Vec::new();
        limits::room_for_one_more(offsets.len(), "categories", TEXTS)?;
        for pair in offsets.windows(2) {
            let bounds = [pair[0], pair[1]].map(usize::try_from);
            let [Ok(start), Ok(end)] = bounds else {
                return Err(malformed("negative").into());
            };
            let bytes = values.get(start..end).ok_or_else(|| malformed("past the end"))?;
            if bytes.len() > limits::NAME_BYTES {
                return Err(malformed("of too long a name").into());
            }
            let ascii = |&value: &i64| u8::try_from(value).ok().filter(u8::is_ascii);
            match bytes.iter().map(|value| ascii(value).map(char::from)).collect() {
                Some(text) => texts.push(text),
                None => return Ok(None),
            }
        }
        Ok(Some(Self::Texts(texts)))
    }
}
