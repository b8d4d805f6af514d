//! The header: a Python dictionary behind a magic number.

use hotplate_tensor::{MAX_RANK, Shape};

use crate::{DecodeError, DecodeErrorKind, error::snippet, npy::Element};

/// What every file begins with.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest dictionary; NumPy itself reads none that is longer unless it is told to.
const LONGEST: usize = 10_000;

/// What an array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) element: Element,
    pub(crate) is_fortran: bool,
    pub(crate) shape: Shape,
}

/// The header that `bytes` begin with and its length, if it is there whole.
pub(crate) fn split_header(bytes: &[u8]) -> Result<Option<(Header, usize)>, DecodeError> {
    let magic = &bytes[..bytes.len().min(MAGIC.len())];
    if !MAGIC.starts_with(magic) {
        return Err(DecodeError::malformed("the magic number of an npy file"));
    }
    let (length, start) = match bytes.get(MAGIC.len()..).unwrap_or_default() {
        &[1, _, low, high, ..] => (usize::from(u16::from_le_bytes([low, high])), 10),
        &[2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]) as usize, 12),
        [] | [1..=3] | [1..=3, ..] => return Ok(None),
        [version, ..] => {
            return Err(
                DecodeError::malformed("version 1, 2 or 3 of npy").with_got(version.to_string())
            );
        }
    };
    if length > LONGEST {
        return Err(
            DecodeError::malformed("a header of at most 10000 bytes").with_got(length.to_string())
        );
    }
    let Some(text) = bytes.get(start..start + length) else { return Ok(None) };
    let text =
        std::str::from_utf8(text).map_err(|_| DecodeError::malformed("a header in UTF-8"))?;
    Ok(Some((parse(text)?, start + length)))
}

fn parse(text: &str) -> Result<Header, DecodeError> {
    let mut rest = Rest(text);
    let (mut element, mut is_fortran, mut shape) = (None, None, None);
    rest.expect('{')?;
    while !rest.take('}') {
        let key = rest.text()?;
        rest.expect(':')?;
        match key {
            "descr" => element = Some(rest.element()?),
            "fortran_order" => is_fortran = Some(rest.truth()?),
            "shape" => shape = Some(rest.shape()?),
            _ => {
                return Err(
                    DecodeError::malformed("descr, fortran_order and shape").with_got(snippet(key))
                );
            }
        }
        if !rest.take(',') {
            rest.expect('}')?;
            break;
        }
    }
    let (Some(element), Some(is_fortran), Some(shape)) = (element, is_fortran, shape) else {
        return Err(DecodeError::malformed("descr, fortran_order and shape"));
    };
    match shape.elements().checked_mul(element.bytes) {
        Some(_) => Ok(Header { element, is_fortran, shape }),
        None => {
            Err(DecodeError::malformed("a shape that memory can hold").with_got(shape.to_string()))
        }
    }
}

/// What is left of a header.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn take(&mut self, token: char) -> bool {
        match self.0.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: char) -> Result<(), DecodeError> {
        if self.take(token) { Ok(()) } else { Err(self.unexpected("a dictionary")) }
    }

    /// Passes a string without escapes.
    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let rest = self.0.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
        let text = quote.and_then(|quote| rest[1..].split_once(quote));
        let Some((text, behind)) = text else { return Err(self.unexpected("a string")) };
        self.0 = behind;
        Ok(text)
    }

    fn element(&mut self) -> Result<Element, DecodeError> {
        if self.0.trim_start().starts_with('[') {
            return Err(Element::refused("an array with named fields"));
        }
        Element::of(self.text()?)
    }

    fn truth(&mut self) -> Result<bool, DecodeError> {
        for (word, truth) in [("True", true), ("False", false)] {
            if let Some(rest) = self.0.trim_start().strip_prefix(word) {
                self.0 = rest;
                return Ok(truth);
            }
        }
        Err(self.unexpected("True or False"))
    }

    fn shape(&mut self) -> Result<Shape, DecodeError> {
        let (mut dims, mut rank) = ([0; MAX_RANK], 0);
        self.expect('(')?;
        while !self.take(')') {
            let rest = self.0.trim_start();
            let end = rest.find(|character: char| !character.is_ascii_digit());
            let (digits, behind) = rest.split_at(end.unwrap_or(rest.len()));
            let Ok(dim) = digits.parse() else { return Err(self.unexpected("a dimension")) };
            *dims.get_mut(rank).ok_or_else(too_many_dims)? = dim;
            rank += 1;
            // Python 2 wrote long integers so.
            self.0 = behind.strip_prefix('L').unwrap_or(behind);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Shape::new(&dims[..rank])
            .map_err(|_| DecodeError::malformed("a shape that memory can hold"))
    }

    #[cold]
    fn unexpected(&self, expected: &'static str) -> DecodeError {
        DecodeError::malformed(expected)
            .with_got(format!("\"{}\" in the header", snippet(self.0.trim())))
    }
}

#[cold]
fn too_many_dims() -> DecodeError {
    DecodeError::new(DecodeErrorKind::WrongShape)
        .with_expected(format!("at most {MAX_RANK} dimensions").into())
        .with_got("more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_python_writes_them() {
        for text in [
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }          \n",
            "{'shape': (3,4), \"fortran_order\":False, 'descr':'<f8'}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3L, 4L), }\n",
        ] {
            let header = parse(text).unwrap();
            assert_eq!((header.shape.dims(), header.is_fortran), (&[3, 4][..], false));
        }
        assert_eq!(
            parse("{'descr':'|b1','fortran_order':True,'shape':()}").unwrap().shape.rank(),
            0
        );
        assert_eq!(
            parse("{'descr':'|u1','fortran_order':True,'shape':(7,)}").unwrap().shape.dims(),
            [7]
        );
    }

    #[test]
    fn headers_that_lie_or_break_off_are_refused() {
        for text in [
            "",
            "{",
            "{}",
            "{'descr': '<f8', 'fortran_order': False}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551616,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        ] {
            assert_eq!(parse(text).unwrap_err().kind(), DecodeErrorKind::Malformed, "{text}");
        }
        for descr in ["'|O'", "[('a', '<f8')]", "'<c8'", "'<M8[ns]'", "'<f16'", "'<U'", "'é1'"] {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}");
            assert_eq!(parse(&text).unwrap_err().kind(), DecodeErrorKind::WrongType, "{text}");
        }
    }

    #[test]
    fn header_is_waited_for_until_it_is_there() {
        let dictionary = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n";
        let length = u16::try_from(dictionary.len()).unwrap().to_le_bytes();
        let file = [&b"\x93NUMPY\x01\x00"[..], &length, dictionary].concat();
        for end in 0..file.len() {
            assert_eq!(split_header(&file[..end]), Ok(None), "{end}");
        }
        assert_eq!(split_header(&file).unwrap().unwrap().1, file.len());
        for bytes in [&b"\x93NUMPZ"[..], b"PK", b"\x93NUMPY\x04", b"\x93NUMPY\x00\x00"] {
            assert!(split_header(bytes).is_err());
        }
        assert!(split_header(b"\x93NUMPY\x02\x00\xff\xff\xff\xff").is_err());
    }
}
