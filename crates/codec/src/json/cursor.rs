use crate::{
    DecodeError, DecodeErrorKind,
    error::{quoted_text, snippet},
    number::{Number, json_number},
    scan::plain_length,
};

/// A place in JSON text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Where the next token begins.
    pub(crate) fn value_start(mut self) -> usize {
        self.peek();
        self.position
    }

    /// Another place in the same text, which must be where a token begins.
    pub(crate) fn at(&self, position: usize) -> Self {
        Self { text: self.text, position }
    }

    /// The first byte of the next token, or none at the end.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.position)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.position += 1;
        }
    }

    /// The byte here, blank or not.
    #[inline]
    pub(crate) fn peek_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    /// Passes the ASCII byte that was peeked.
    #[inline]
    pub(crate) fn bump(&mut self) {
        self.position += 1;
    }

    /// Passes the colon behind a key.
    #[inline]
    pub(crate) fn colon(&mut self) -> Result<(), DecodeError> {
        if self.peek() != Some(b':') {
            return Err(self.malformed("a colon"));
        }
        self.bump();
        Ok(())
    }

    /// Passes a comma, after which another element must follow, or `closer`, after which none
    /// does; says whether one does.
    #[inline]
    pub(crate) fn goes_on(&mut self, closer: u8) -> Result<bool, DecodeError> {
        let goes_on = match self.peek() {
            Some(b',') => true,
            Some(byte) if byte == closer => false,
            _ if closer == b']' => return Err(self.malformed("a comma or \"]\"")),
            _ => return Err(self.malformed("a comma or \"}\"")),
        };
        self.bump();
        Ok(goes_on)
    }

    /// Passes `opener`, which was peeked, and `closer` if it comes at once; says whether an
    /// element follows instead.
    #[inline]
    pub(crate) fn opens(&mut self, closer: u8) -> bool {
        self.bump();
        let empty = self.peek() == Some(closer);
        self.position += usize::from(empty);
        !empty
    }

    /// Passes as many closing braces.
    pub(crate) fn close_braces(&mut self, braces: usize) -> Result<(), DecodeError> {
        for _ in 0..braces {
            if self.peek() != Some(b'}') {
                return Err(self.malformed("\"}\""));
            }
            self.bump();
        }
        Ok(())
    }

    /// Passes `word`.
    pub(crate) fn word(&mut self, word: &'static str) -> Result<(), DecodeError> {
        if !self.rest().starts_with(word) {
            return Err(self.malformed("a value"));
        }
        self.position += word.len();
        Ok(())
    }

    /// Passes a key that is spelled exactly so, with its colon; or stays.
    #[inline]
    pub(crate) fn key_is(&mut self, key: &str) -> bool {
        let mut ahead = *self;
        if ahead.peek() != Some(b'"') {
            return false;
        }
        let start = ahead.position + 1;
        let bytes = self.text.as_bytes();
        let end = start + key.len();
        if bytes.get(end) != Some(&b'"') || &bytes[start..end] != key.as_bytes() {
            return false;
        }
        ahead.position = end + 1;
        let is_key = ahead.colon().is_ok();
        if is_key {
            *self = ahead;
        }
        is_key
    }

    /// Whether the keys of the object whose inside this is are of `names` alone, without escapes.
    pub(crate) fn names_all(mut self, names: &[&str]) -> bool {
        let mut scratch = String::new();
        loop {
            if !names.iter().any(|name| self.key_is(name)) {
                return false;
            }
            if self.skip_value(&mut scratch).is_err() {
                return false;
            }
            match self.goes_on(b'}') {
                Ok(true) => {}
                Ok(false) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Passes a key, without its colon.
    pub(crate) fn key<'s>(&mut self, scratch: &'s mut String) -> Result<&'s str, DecodeError>
    where
        'a: 's,
    {
        if self.peek() != Some(b'"') {
            return Err(self.malformed("a key"));
        }
        self.string(scratch)
    }

    /// Passes the string whose quote was peeked; its text is in `scratch` if it had escapes.
    #[inline]
    pub(crate) fn string<'s>(&mut self, scratch: &'s mut String) -> Result<&'s str, DecodeError>
    where
        'a: 's,
    {
        let start = self.position + 1;
        let bytes = self.text.as_bytes();
        let end = start + plain_length(&bytes[start..]);
        if bytes.get(end) == Some(&b'"') {
            self.position = end + 1;
            return Ok(&self.text[start..end]);
        }
        self.escaped_string(scratch)
    }

    fn escaped_string<'s>(&mut self, scratch: &'s mut String) -> Result<&'s str, DecodeError> {
        scratch.clear();
        self.bump();
        loop {
            let rest = self.rest();
            let plain = plain_length(rest.as_bytes());
            scratch.push_str(&rest[..plain]);
            self.position += plain;
            match rest.as_bytes().get(plain) {
                Some(b'"') => {
                    self.bump();
                    return Ok(scratch);
                }
                Some(b'\\') => scratch.push(self.escape()?),
                Some(_) => return Err(self.malformed("text without control characters")),
                None => return Err(self.malformed("a quote that ends the text")),
            }
        }
    }

    /// Passes an escape sequence.
    fn escape(&mut self) -> Result<char, DecodeError> {
        const EXPECTED: &str = "an escape sequence";
        const NO_PAIR: &str = "both halves of a surrogate pair";
        let start = *self;
        self.bump();
        let code = self.rest().bytes().next();
        let character = match code {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.bump();
                let first = self.four_digits().ok_or_else(|| start.malformed(EXPECTED))?;
                if !(0xd800..0xe000).contains(&first) {
                    return char::from_u32(first).ok_or_else(|| start.malformed(EXPECTED));
                }
                if !self.rest().starts_with("\\u") {
                    return Err(start.malformed(NO_PAIR));
                }
                self.position += 2;
                let second = self.four_digits().ok_or_else(|| start.malformed(EXPECTED))?;
                if first >= 0xdc00 || !(0xdc00..0xe000).contains(&second) {
                    return Err(start.malformed(NO_PAIR));
                }
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(code).ok_or_else(|| start.malformed(NO_PAIR));
            }
            _ => return Err(start.malformed(EXPECTED)),
        };
        self.bump();
        Ok(character)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.position..self.position + 4)?;
        let code = digits.iter().try_fold(0, |code, &byte| {
            char::from(byte).to_digit(16).map(|digit| code << 4 | digit)
        })?;
        self.position += 4;
        Some(code)
    }

    /// Passes the number whose first byte was peeked, or `-Infinity`.
    // Always: each reader of cells is one loop over these, and a call costs what a digit does.
    #[inline(always)]
    pub(crate) fn number(&mut self) -> Result<Number, DecodeError> {
        match json_number(&self.text.as_bytes()[self.position..]) {
            Ok((number, length)) => {
                self.position += length;
                Ok(number)
            }
            Err(1) if self.rest().starts_with("-Infinity") => {
                self.word("-Infinity")?;
                Ok(Number::Float(f64::NEG_INFINITY))
            }
            Err(length) => {
                self.position += length;
                Err(self.malformed("a number"))
            }
        }
    }

    /// Passes a number, and gives it as it is written.
    pub(crate) fn number_text(&mut self) -> Result<&'a str, DecodeError> {
        let start = self.position;
        self.number()?;
        Ok(&self.text[start..self.position])
    }

    /// Refuses anything but blanks behind the document.
    pub(crate) fn finish(&mut self) -> Result<(), DecodeError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.malformed("nothing behind the last row")),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// The refusal of what is here, where the grammar asks for `expected`.
    #[cold]
    pub(crate) fn malformed(&self, expected: &'static str) -> DecodeError {
        let got = match self.rest().chars().next() {
            Some(character) => format!("\"{}\"", snippet(character.encode_utf8(&mut [0; 4]))),
            None => "the end of the body".to_owned(),
        };
        DecodeError::new(DecodeErrorKind::Malformed)
            .with_offset(self.position)
            .with_expected(expected.into())
            .with_got(got)
    }

    /// What is here, where a value of another kind belongs, for a person to read.
    #[cold]
    pub(crate) fn describe(mut self) -> String {
        let start = match self.peek() {
            Some(b'[') => return "a list".to_owned(),
            Some(b'{') => return "an object".to_owned(),
            None => return "the end of the body".to_owned(),
            Some(_) => self,
        };
        let mut scratch = String::new();
        if self.peek() == Some(b'"') {
            return self.string(&mut scratch).map_or_else(|_| "text".to_owned(), quoted_text);
        }
        let _ = self.skip_scalar(&mut scratch);
        snippet(&self.text[start.position..self.position])
    }
}
