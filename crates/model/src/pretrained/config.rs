use std::ops::RangeInclusive;

use super::PretrainedFault;
use crate::{
    ModelError,
    json::{Object, Value},
};

/// An object of settings. Each is read by its key, and refused by it; null counts as absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Config<'o, 'a>(&'o Object<'a>);

impl<'o, 'a> Config<'o, 'a> {
    pub(super) const fn of(object: &'o Object<'a>) -> Self {
        Self(object)
    }

    /// That of a document which is an object.
    pub(super) fn of_document(document: &'o Value<'a>) -> Result<Self, ModelError> {
        document.as_object().map(Self).ok_or_else(|| PretrainedFault::NotAnObject.into())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some()
    }

    pub(super) fn value(&self, key: &str) -> Option<&'o Value<'a>> {
        self.0.get(key)
    }

    /// The keys, in the order of the document.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'o str> {
        self.0.members.iter().map(|(key, _)| &**key)
    }

    /// The refusal of what stands under `key`.
    pub(super) fn wrong(&self, key: &'static str, expected: impl Into<String>) -> ModelError {
        let got = self.0.get(key).map_or_else(|| "absent".to_owned(), Value::describe);
        PretrainedFault::Value { key, expected: expected.into(), got }.into()
    }

    fn read<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&'o Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, ModelError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| self.wrong(key, expected)),
        }
    }

    /// A whole number in this range.
    pub(super) fn size(
        &self,
        key: &'static str,
        default: Option<usize>,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ModelError> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let size = self.read(key, &expected, Value::as_size)?.or(default);
        size.filter(|size| range.contains(size)).ok_or_else(|| self.wrong(key, expected))
    }

    /// The number that is already known from elsewhere.
    pub(super) fn exactly(&self, key: &'static str, expected: usize) -> Result<(), ModelError> {
        match self.0.get(key).and_then(Value::as_size) {
            Some(got) if got == expected => Ok(()),
            _ => Err(self.wrong(key, expected.to_string())),
        }
    }

    /// A number above zero, and finite.
    pub(super) fn positive(&self, key: &'static str, default: f64) -> Result<f64, ModelError> {
        let positive = |value: &Value<'_>| {
            value.as_float().filter(|&number| number > 0.0 && number.is_finite())
        };
        Ok(self.read(key, "a number above 0", positive)?.unwrap_or(default))
    }

    pub(super) fn flag(&self, key: &'static str, default: bool) -> Result<bool, ModelError> {
        Ok(self.read(key, "true or false", Value::as_bool)?.unwrap_or(default))
    }

    pub(super) fn text(&self, key: &'static str) -> Result<&'o str, ModelError> {
        self.optional_text(key)?.ok_or_else(|| self.wrong(key, "a text"))
    }

    pub(super) fn optional_text(&self, key: &'static str) -> Result<Option<&'o str>, ModelError> {
        self.read(key, "a text", |value| value.as_text())
    }

    pub(super) fn optional_texts(
        &self,
        key: &'static str,
    ) -> Result<Option<Vec<String>>, ModelError> {
        self.read(key, "a list of texts", Value::as_texts)
    }
}
