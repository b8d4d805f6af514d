//! JSON as XGBoost writes it: with `NaN`, `Infinity` and `-Infinity` among the numbers, which is
//! why no general parser reads it.

use super::pull::{Pull, Scalar};
use crate::{
    ModelError,
    json::{Json, expected},
};

fn float(json: &mut Json<'_>) -> Result<f32, ModelError> {
    match json.peek() {
        Some(b'N') if json.word("NaN") => Ok(f32::NAN),
        Some(b'I') if json.word("Infinity") => Ok(f32::INFINITY),
        Some(b'-') if json.word("-Infinity") => Ok(f32::NEG_INFINITY),
        _ => json.number("a number"),
    }
}

fn whole(json: &mut Json<'_>) -> Result<i64, ModelError> {
    match json.peek() {
        Some(b't') if json.word("true") => Ok(1),
        Some(b'f') if json.word("false") => Ok(0),
        _ => json.number("a whole number"),
    }
}

impl<'a> Pull<'a> for Json<'a> {
    fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, &str) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        Json::object(self, |json, key| field(json, &key))
    }

    fn array(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        Json::array(self, element)
    }

    fn scalar(&mut self) -> Result<Scalar<'a>, ModelError> {
        if self.peek() == Some(b'"') {
            return Ok(Scalar::Text(self.text()?));
        }
        if let Ok(integer) = self.number("a whole number") {
            return Ok(Scalar::Integer(integer));
        }
        float(self).map(Scalar::Float)
    }

    fn is_array(&mut self) -> bool {
        self.peek() == Some(b'[')
    }

    fn floats(&mut self) -> Result<Vec<f32>, ModelError> {
        let mut floats = Vec::new();
        Json::array(self, |json| {
            floats.push(float(json)?);
            Ok(())
        })?;
        Ok(floats)
    }

    fn integers<T: TryFrom<i64>>(&mut self) -> Result<Vec<T>, ModelError> {
        let mut integers = Vec::new();
        Json::array(self, |json| {
            let integer = whole(json)?;
            let too_large = |_| expected("a smaller number", json.offset());
            integers.push(integer.try_into().map_err(too_large)?);
            Ok(())
        })?;
        Ok(integers)
    }

    fn skip(&mut self) -> Result<(), ModelError> {
        Json::skip(self)
    }

    fn end(&mut self) -> Result<(), ModelError> {
        Json::end(self)
    }

    fn offset(&self) -> usize {
        Json::offset(self)
    }
}
