use std::borrow::Cow;

use super::pull::{Pull, Scalar, check_depth, expected};
use crate::{ModelError, fault::Fault};

/// JSON as XGBoost writes it: with `NaN`, `Infinity` and `-Infinity` among the numbers, which is
/// why no general parser reads it.
#[derive(Debug)]
pub(super) struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Json<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    /// The first byte that is no white space; it is not taken.
    fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn want(&mut self, byte: u8, what: &'static str) -> Result<(), ModelError> {
        if self.take(byte) { Ok(()) } else { Err(self.expected(what)) }
    }

    fn expected(&self, what: &'static str) -> ModelError {
        if self.at < self.bytes.len() {
            expected(what, self.at)
        } else {
            ModelError::from(Fault::PastTheEnd { needed: 1, left: 0 }).at(self.at)
        }
    }

    /// Takes an opening bracket, and reads `item` by `item` up to the closing one.
    fn list(
        &mut self,
        [open, close]: [u8; 2],
        what: &'static str,
        mut item: impl FnMut(&mut Self) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        self.want(open, what)?;
        self.depth += 1;
        check_depth(self.depth, self.at)?;
        if !self.take(close) {
            loop {
                item(self)?;
                if self.take(close) {
                    break;
                }
                self.want(b',', "a comma or the end of the list")?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Takes the text that is next, with its quotes; its bytes are those between them.
    fn quoted(&mut self) -> Result<&'a [u8], ModelError> {
        self.want(b'"', "a text")?;
        let start = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => return Ok(&self.bytes[start..self.at - 1]),
                b'\\' => self.at += 1,
                _ => {}
            }
        }
        self.at = self.bytes.len();
        Err(self.expected("a text"))
    }

    fn text(&mut self) -> Result<Cow<'a, str>, ModelError> {
        let start = self.at;
        let bytes = self.quoted()?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| ModelError::from(Fault::NotUtf8 { what: "a text" }).at(start))?;
        if !bytes.contains(&b'\\') {
            return Ok(Cow::Borrowed(text));
        }
        unescape(text).map(Cow::Owned).ok_or_else(|| expected("a known escape", start))
    }

    /// Takes the characters that a number may have; one in another spelling is not among them.
    fn token(&mut self) -> &'a str {
        self.peek();
        let rest = &self.bytes[self.at..];
        let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let len = rest.iter().position(|byte| !in_number(byte)).unwrap_or(rest.len());
        self.at += len;
        // They are ASCII.
        std::str::from_utf8(&rest[..len]).unwrap_or_default()
    }

    /// Takes `word` if it is next.
    fn word(&mut self, word: &str) -> bool {
        let is_next = self.bytes[self.at..].starts_with(word.as_bytes());
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    fn float(&mut self) -> Result<f32, ModelError> {
        match self.peek() {
            Some(b'N') if self.word("NaN") => return Ok(f32::NAN),
            Some(b'I') if self.word("Infinity") => return Ok(f32::INFINITY),
            Some(b'-') if self.word("-Infinity") => return Ok(f32::NEG_INFINITY),
            _ => {}
        }
        let start = self.at;
        self.token().parse().map_err(|_| {
            self.at = start;
            self.expected("a number")
        })
    }

    fn whole(&mut self) -> Result<i64, ModelError> {
        match self.peek() {
            Some(b't') if self.word("true") => return Ok(1),
            Some(b'f') if self.word("false") => return Ok(0),
            _ => {}
        }
        let start = self.at;
        self.token().parse().map_err(|_| {
            self.at = start;
            self.expected("a whole number")
        })
    }
}

impl<'a> Pull<'a> for Json<'a> {
    fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, &str) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        self.list(*b"{}", "an object", |json| {
            let key = json.text()?;
            json.want(b':', "a colon")?;
            field(json, &key)
        })
    }

    fn array(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        self.list(*b"[]", "a list", element)
    }

    fn scalar(&mut self) -> Result<Scalar<'a>, ModelError> {
        if self.peek() == Some(b'"') {
            return Ok(Scalar::Text(self.text()?));
        }
        let start = self.at;
        if let Ok(integer) = self.token().parse() {
            return Ok(Scalar::Integer(integer));
        }
        self.at = start;
        self.float().map(Scalar::Float)
    }

    fn is_array(&mut self) -> bool {
        self.peek() == Some(b'[')
    }

    fn floats(&mut self) -> Result<Vec<f32>, ModelError> {
        let mut floats = Vec::new();
        self.array(|json| {
            floats.push(json.float()?);
            Ok(())
        })?;
        Ok(floats)
    }

    fn integers<T: TryFrom<i64>>(&mut self) -> Result<Vec<T>, ModelError> {
        let mut integers = Vec::new();
        self.array(|json| {
            let integer = json.whole()?;
            let integer = integer.try_into().map_err(|_| expected("a smaller number", json.at))?;
            integers.push(integer);
            Ok(())
        })?;
        Ok(integers)
    }

    fn skip(&mut self) -> Result<(), ModelError> {
        // The closing brackets that are awaited.
        let mut open = Vec::new();
        loop {
            let Some(byte) = self.peek() else { return Err(self.expected("a value")) };
            match byte {
                b'"' => drop(self.quoted()?),
                b'{' | b'[' => {
                    open.push(if byte == b'{' { b'}' } else { b']' });
                    check_depth(self.depth + open.len(), self.at)?;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' if open.last() == Some(&byte) => {
                    open.pop();
                    self.at += 1;
                }
                b',' | b':' if !open.is_empty() => {
                    self.at += 1;
                    continue;
                }
                b'0'..=b'9' | b'-' | b'+' | b'.' | b'a'..=b'z' | b'A'..=b'Z' => {
                    let rest = &self.bytes[self.at..];
                    let ends = |byte: &u8| {
                        !matches!(byte, b'+' | b'-' | b'.') && !byte.is_ascii_alphanumeric()
                    };
                    self.at += rest.iter().position(ends).unwrap_or(rest.len());
                }
                _ => return Err(self.expected("a value")),
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    fn end(&mut self) -> Result<(), ModelError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end of the file")),
        }
    }

    fn offset(&self) -> usize {
        self.at
    }
}

/// The text that is written with escapes, or `None` where one is unknown.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        plain.push_str(before);
        let escape = behind.chars().next()?;
        rest = &behind[escape.len_utf8()..];
        plain.push(match escape {
            '"' | '\\' | '/' => escape,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = unit(&mut rest)?;
                if (0xd800..0xdc00).contains(&high) {
                    rest = rest.strip_prefix("\\u")?;
                    let low = unit(&mut rest)?;
                    char::decode_utf16([high, low]).next()?.ok()?
                } else {
                    char::from_u32(high.into())?
                }
            }
            _ => return None,
        });
    }
    plain.push_str(rest);
    Some(plain)
}

/// Takes the four hexadecimal digits of a UTF-16 unit from the front of `rest`.
fn unit(rest: &mut &str) -> Option<u16> {
    let (digits, behind) = rest.split_at_checked(4)?;
    *rest = behind;
    let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| all_hex)
}
