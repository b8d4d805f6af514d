//! The JSON objects that changes are asked for with.

use hotplate::config::nearest;
use serde_json::{Map, Value};

use crate::{problem::Problem, status::Reason};

/// An object whose keys are taken out one by one.
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// Reads an object; an empty body is an empty one.
    pub(super) fn read(body: &[u8]) -> Result<Self, Problem> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            Ok(_) => Err(bad("expected an object".to_owned())),
            Err(error) => Err(bad(format!("expected JSON: {error}"))),
        }
    }

    /// Reads an object with no other keys than these.
    pub(super) fn with_keys(body: &[u8], known: &[&str]) -> Result<Self, Problem> {
        let body = Self::read(body)?;
        let unknown = body.0.keys().find(|key| !known.contains(&key.as_str()));
        unknown.map_or(Ok(()), |key| {
            let hint = match nearest(key, known.iter().copied()) {
                Some(nearest) => format!("did you mean {nearest:?}?"),
                None => format!("expected {}", known.join(", ")),
            };
            Err(bad(format!("unknown key {key:?}; {hint}")))
        })?;
        Ok(body)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, Problem> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        value
            .as_str()
            .map(Some)
            .ok_or_else(|| bad(format!("{key}: expected a string, got {value}")))
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, Problem> {
        self.0.get(key).map(|value| amount(key, value)).transpose()
    }

    /// Every key with its number.
    pub(super) fn numbers(&self) -> Result<Vec<(&str, f64)>, Problem> {
        self.0.iter().map(|(key, value)| Ok((key.as_str(), amount(key, value)?))).collect()
    }
}

fn amount(key: &str, value: &Value) -> Result<f64, Problem> {
    let number = value.as_f64().filter(|&number| number >= 0.0);
    number.ok_or_else(|| bad(format!("{key}: expected a number of at least 0, got {value}")))
}

pub(super) fn bad(problem: String) -> Problem {
    Problem::new(Reason::BadChange, problem)
}
