use crate::{DecodeError, DecodeErrorKind, json::cursor::Cursor};

/// Lists and objects that are skipped may be nested this deep; rows need fewer.
const MAX_DEPTH: u32 = 64;

impl Cursor<'_> {
    /// Passes any value.
    ///
    /// The open lists and objects are the bits of a word, one for an object, so that depth costs
    /// no stack.
    pub(crate) fn skip_value(&mut self, scratch: &mut String) -> Result<(), DecodeError> {
        let mut objects = 0_u64;
        let mut depth = 0;
        loop {
            match self.peek() {
                Some(opener @ (b'[' | b'{')) => {
                    if depth == MAX_DEPTH {
                        return Err(DecodeError::new(DecodeErrorKind::TooDeep)
                            .with_offset(self.position())
                            .with_expected(format!("at most {MAX_DEPTH} levels").into()));
                    }
                    let is_object = opener == b'{';
                    if self.opens(if is_object { b'}' } else { b']' }) {
                        objects = objects << 1 | u64::from(is_object);
                        depth += 1;
                        self.skip_key(is_object, scratch)?;
                        continue;
                    }
                }
                _ => self.skip_scalar(scratch)?,
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let is_object = objects & 1 == 1;
                if self.goes_on(if is_object { b'}' } else { b']' })? {
                    self.skip_key(is_object, scratch)?;
                    break;
                }
                objects >>= 1;
                depth -= 1;
            }
        }
    }

    fn skip_key(&mut self, is_object: bool, scratch: &mut String) -> Result<(), DecodeError> {
        if is_object {
            self.key(scratch)?;
            self.colon()?;
        }
        Ok(())
    }

    /// Passes a value that is not a list. A number or a word is not looked at.
    #[inline]
    pub(super) fn pass_element(&mut self, scratch: &mut String) -> Result<(), DecodeError> {
        match self.peek() {
            Some(b'"') => return self.string(scratch).map(|_| ()),
            Some(b'{') => return self.skip_value(scratch),
            _ => {}
        }
        let start = self.position();
        while self
            .peek_byte()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'))
        {
            self.bump();
        }
        if self.position() == start { Err(self.malformed("a value")) } else { Ok(()) }
    }

    /// Passes a value that is not a list or an object.
    pub(super) fn skip_scalar(&mut self, scratch: &mut String) -> Result<(), DecodeError> {
        match self.peek() {
            Some(b'"') => self.string(scratch).map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number().map(|_| ()),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(b'N') => self.word("NaN"),
            Some(b'I') => self.word("Infinity"),
            _ => Err(self.malformed("a value")),
        }
    }
}
