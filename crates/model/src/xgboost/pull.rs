use std::borrow::Cow;

use super::XgBoostFault;
use crate::{ModelError, fault::Fault, json::expected, limits};

/// Texts of one list: names of features, and their types.
pub(super) const TEXTS: usize = 1 << 20;

/// A number or a text, both of which files hold where a number is meant.
#[derive(Clone, Debug)]
pub(super) enum Scalar<'a> {
    Integer(i64),
    Float(f32),
    Text(Cow<'a, str>),
}

/// A document that is read from front to back, one value at a time.
///
/// Each closure reads or [skips](Self::skip) the one value that it is called for.
pub(super) trait Pull<'a> {
    /// Reads an object; `field` is given each key and reads its value.
    fn object(
        &mut self,
        field: impl FnMut(&mut Self, &str) -> Result<(), ModelError>,
    ) -> Result<(), ModelError>;

    /// Reads a list, each element by `element`.
    fn array(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<(), ModelError>,
    ) -> Result<(), ModelError>;

    /// Reads a number or a text.
    fn scalar(&mut self) -> Result<Scalar<'a>, ModelError>;

    /// Whether the next value is a list.
    fn is_array(&mut self) -> bool;

    /// Reads a list of numbers.
    fn floats(&mut self) -> Result<Vec<f32>, ModelError>;

    /// Reads a list of whole numbers, false and true among them.
    fn integers<T: TryFrom<i64>>(&mut self) -> Result<Vec<T>, ModelError>;

    /// Passes over a value of any kind. Brackets must match; what is between them is not read.
    fn skip(&mut self) -> Result<(), ModelError>;

    /// Refuses what follows the document.
    fn end(&mut self) -> Result<(), ModelError>;

    /// The byte that is read next.
    fn offset(&self) -> usize;

    /// Reads a text that is a name.
    fn name(&mut self, what: &'static str) -> Result<String, ModelError> {
        let offset = self.offset();
        match self.scalar()? {
            Scalar::Text(text) if text.len() <= limits::NAME_BYTES => Ok(text.into_owned()),
            Scalar::Text(text) => {
                Err(ModelError::from(Fault::LongName { what, bytes: text.len() }).at(offset))
            }
            Scalar::Integer(_) | Scalar::Float(_) => Err(expected("a text", offset)),
        }
    }

    /// Reads a list of names.
    fn names(&mut self, what: &'static str) -> Result<Vec<String>, ModelError> {
        let mut names = Vec::new();
        self.array(|pull| {
            limits::room_for_one_more(names.len(), what, TEXTS)?;
            names.push(pull.name(what)?);
            Ok(())
        })?;
        Ok(names)
    }

    /// Reads a whole number, which may be written as a text.
    fn integer(&mut self, what: &'static str) -> Result<i64, ModelError> {
        let offset = self.offset();
        match self.scalar()? {
            Scalar::Integer(integer) => Ok(integer),
            Scalar::Text(text) => text.trim().parse().map_err(|_| value(what, &text, offset)),
            Scalar::Float(float) => Err(value(what, &float.to_string(), offset)),
        }
    }
}

/// The refusal of a value, of which enough is quoted to find it by.
pub(super) fn value(what: &'static str, got: &str, offset: usize) -> ModelError {
    const QUOTED: usize = 60;
    let short: String = got.chars().take(QUOTED).collect();
    ModelError::from(XgBoostFault::Value { what, got: format!("{short:?}") }).at(offset)
}
