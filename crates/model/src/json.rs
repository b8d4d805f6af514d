use std::{borrow::Cow, str::FromStr};

use crate::{ModelError, fault::Fault};

mod value;

pub(crate) use value::{Object, Value};

/// How deep a document nests. XGBoost's own is eight deep.
pub(crate) const DEPTH: usize = 32;

/// JSON that is read from front to back, one value at a time, each at a byte that a refusal names.
///
/// Memory does not grow with what is read, and nesting has a greatest depth.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Json<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self::starting_at(bytes, 0)
    }

    /// The document that begins at this byte; offsets count from that of `bytes`.
    pub(crate) const fn starting_at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, depth: 0 }
    }

    /// The first byte that is no white space; it is not taken.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes `byte` if it is next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    pub(crate) fn want(&mut self, byte: u8, what: &'static str) -> Result<(), ModelError> {
        if self.take(byte) { Ok(()) } else { Err(self.expected(what)) }
    }

    pub(crate) fn expected(&self, what: &'static str) -> ModelError {
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
    pub(crate) fn quoted(&mut self) -> Result<&'a [u8], ModelError> {
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

    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, ModelError> {
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
    pub(crate) fn token(&mut self) -> &'a str {
        self.peek();
        let rest = &self.bytes[self.at..];
        let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let len = rest.iter().position(|byte| !in_number(byte)).unwrap_or(rest.len());
        self.at += len;
        // They are ASCII.
        std::str::from_utf8(&rest[..len]).unwrap_or_default()
    }

    /// Takes a number of the characters that one may have, which is what `T` reads of them.
    pub(crate) fn number<T: FromStr>(&mut self, what: &'static str) -> Result<T, ModelError> {
        let start = self.at;
        self.token().parse().map_err(|_| {
            self.at = start;
            self.expected(what)
        })
    }

    /// Takes a number, as it is written.
    pub(crate) fn numeral(&mut self) -> Result<&'a str, ModelError> {
        let start = self.at;
        let token = self.token();
        if token.parse::<f64>().is_ok() {
            return Ok(token);
        }
        self.at = start;
        Err(self.expected("a value"))
    }

    /// Takes a whole number from 0 up, in digits alone.
    pub(crate) fn size(&mut self) -> Result<usize, ModelError> {
        let start = self.at;
        let token = self.token();
        let digits = token.bytes().all(|byte| byte.is_ascii_digit());
        let size = token.parse().ok().filter(|_| digits);
        size.ok_or_else(|| {
            self.at = start;
            self.expected("a size that fits into memory")
        })
    }

    /// Takes `word` if it is next.
    pub(crate) fn word(&mut self, word: &str) -> bool {
        let is_next = self.bytes[self.at..].starts_with(word.as_bytes());
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// Reads an object; `field` is given each key and reads its value.
    pub(crate) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        self.list(*b"{}", "an object", |json| {
            let key = json.text()?;
            json.want(b':', "a colon")?;
            json.peek();
            field(json, key)
        })
    }

    /// Reads a list, each element by `element`.
    pub(crate) fn array(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        self.list(*b"[]", "a list", element)
    }

    /// Passes over a value of any kind. Brackets must match; what is between them is not read.
    pub(crate) fn skip(&mut self) -> Result<(), ModelError> {
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

    /// Refuses what follows the document.
    pub(crate) fn end(&mut self) -> Result<(), ModelError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end of the file")),
        }
    }

    /// The byte that is read next.
    pub(crate) const fn offset(&self) -> usize {
        self.at
    }
}

/// Refuses a value that is nested `depth` deep when that is too deep.
pub(crate) fn check_depth(depth: usize, offset: usize) -> Result<(), ModelError> {
    if depth <= DEPTH {
        Ok(())
    } else {
        Err(ModelError::from(Fault::TooDeep { what: "values", limit: DEPTH }).at(offset))
    }
}

pub(crate) fn expected(expected: &'static str, offset: usize) -> ModelError {
    ModelError::from(Fault::Expected { expected }).at(offset)
}

pub(crate) fn key_twice(key: &str, offset: usize) -> ModelError {
    ModelError::from(Fault::KeyTwice { key: key.to_owned() }).at(offset)
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
