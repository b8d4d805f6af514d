use std::{borrow::Cow, collections::HashSet};

use super::Json;
use crate::ModelError;

/// A small document, whole. One takes some thirty times its bytes.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// An object whose keys differ.
#[derive(Debug, Default)]
pub(crate) struct Object<'a> {
    pub(crate) members: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Value<'a> {
    /// Reads a document to its end.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let mut json = Json::new(bytes);
        let value = Self::next(&mut json)?;
        json.end()?;
        Ok(value)
    }

    /// Recurses as deep as [`Json`] lets lists and objects nest.
    fn next(json: &mut Json<'a>) -> Result<Self, ModelError> {
        match json.peek() {
            Some(b'{') => Object::next(json).map(Self::Object),
            Some(b'[') => {
                let mut list = Vec::new();
                json.array(|json| {
                    list.push(Self::next(json)?);
                    Ok(())
                })?;
                Ok(Self::List(list))
            }
            Some(b'"') => json.text().map(Self::Text),
            Some(b'n') if json.word("null") => Ok(Self::Null),
            Some(b't') if json.word("true") => Ok(Self::Bool(true)),
            Some(b'f') if json.word("false") => Ok(Self::Bool(false)),
            _ => json.numeral().map(Self::Number),
        }
    }

    /// What it is, in words for a refusal, which quotes no more than the beginning of a text.
    pub(crate) fn describe(&self) -> String {
        const QUOTED: usize = 60;
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.chars().take(QUOTED).collect(),
            Self::Text(text) => format!("{:?}", text.chars().take(QUOTED).collect::<String>()),
            Self::List(list) => format!("a list of {}", list.len()),
            Self::Object(object) => format!("an object of {}", object.members.len()),
        }
    }

    /// The whole number that it is, if it is one from 0 up that a `usize` can hold.
    pub(crate) fn as_size(&self) -> Option<usize> {
        match self {
            Self::Number(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                number.parse().ok()
            }
            _ => None,
        }
    }

    /// The number that it is.
    pub(crate) fn as_float(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// The text that it is.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value that it is.
    pub(crate) const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The texts that it is a list of.
    pub(crate) fn as_texts(&self) -> Option<Vec<String>> {
        match self {
            Self::List(list) => list.iter().map(|text| text.as_text().map(str::to_owned)).collect(),
            _ => None,
        }
    }

    /// The object that it is.
    pub(crate) const fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl<'a> Object<'a> {
    fn next(json: &mut Json<'a>) -> Result<Self, ModelError> {
        let mut members = Vec::new();
        let mut keys = HashSet::new();
        json.object(|json, key| {
            if !keys.insert(key.clone()) {
                return Err(super::key_twice(&key, json.offset()));
            }
            members.push((key, Value::next(json)?));
            Ok(())
        })?;
        Ok(Self { members })
    }

    /// What stands under `key`; null counts as nothing.
    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        let value = self.members.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        value.filter(|value| !matches!(value, Value::Null))
    }
}
