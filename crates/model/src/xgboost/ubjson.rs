use std::borrow::Cow;

use super::pull::{Pull, Scalar};
use crate::{
    ModelError,
    fault::Fault,
    json::{check_depth, expected},
};

/// Universal Binary JSON, numbers big-endian. Objects are open (ended by `}`); lists may be typed
/// and counted.
#[derive(Debug)]
pub(super) struct Ubjson<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    /// The type of the elements of the innermost list, which then have no marker of their own.
    typed: Option<u8>,
}

/// What stands at the head of a list.
#[derive(Clone, Copy)]
struct ListHead {
    typed: Option<u8>,
    count: Option<usize>,
}

/// What is passed over and not yet ended.
enum Open {
    Object,
    List,
    /// A list of which this many elements are left.
    Counted(usize),
}

impl<'a> Ubjson<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0, typed: None }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Takes `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn bytes(&mut self, needed: usize) -> Result<&'a [u8], ModelError> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..needed).ok_or_else(|| {
            let (needed, left) = (needed as u64, rest.len());
            ModelError::from(Fault::PastTheEnd { needed, left }).at(self.at)
        })?;
        self.at += needed;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let mut fixed = [0; N];
        fixed.copy_from_slice(self.bytes(N)?);
        Ok(fixed)
    }

    /// Takes the marker of a value, unless the list that it is in gives it.
    fn marker(&mut self) -> Result<u8, ModelError> {
        match self.typed {
            Some(marker) => Ok(marker),
            None => self.bytes(1).map(|bytes| bytes[0]),
        }
    }

    fn integer_of(&mut self, marker: u8) -> Result<i64, ModelError> {
        let start = self.at;
        Ok(match marker {
            b'i' | b'C' => i8::from_be_bytes(self.fixed()?).into(),
            b'U' => u8::from_be_bytes(self.fixed()?).into(),
            b'I' => i16::from_be_bytes(self.fixed()?).into(),
            b'l' => i32::from_be_bytes(self.fixed()?).into(),
            b'L' => i64::from_be_bytes(self.fixed()?),
            b'T' => 1,
            b'F' => 0,
            _ => return Err(expected("a whole number", start.saturating_sub(1))),
        })
    }

    fn float_of(&mut self, marker: u8) -> Result<f32, ModelError> {
        #[expect(clippy::cast_possible_truncation, reason = "the model's numbers are float32")]
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        Ok(match marker {
            b'd' => f32::from_be_bytes(self.fixed()?),
            b'D' => f64::from_be_bytes(self.fixed()?) as f32,
            _ => self.integer_of(marker)? as f32,
        })
    }

    fn length(&mut self) -> Result<usize, ModelError> {
        let start = self.at;
        let marker = self.bytes(1)?[0];
        self.integer_of(marker)?.try_into().map_err(|_| expected("a length", start))
    }

    /// A text without its marker: what a key is, and what follows the marker of a value.
    fn text(&mut self) -> Result<&'a str, ModelError> {
        let start = self.at;
        let length = self.length()?;
        std::str::from_utf8(self.bytes(length)?)
            .map_err(|_| ModelError::from(Fault::NotUtf8 { what: "a text" }).at(start))
    }

    /// Takes the head of a list, behind its bracket. The elements of a typed one fit the file.
    fn list_head(&mut self) -> Result<ListHead, ModelError> {
        let start = self.at;
        let typed = if self.take(b'$') { Some(self.bytes(1)?[0]) } else { None };
        let count = if self.take(b'#') { Some(self.length()?) } else { None };
        if let Some(marker) = typed {
            let size = size_of(marker).ok_or_else(|| expected("a list of numbers", start))?;
            let count = count.ok_or_else(|| expected("the count of a typed list", start))?;
            let needed = count.saturating_mul(size);
            let left = self.bytes.len() - self.at;
            if needed > left {
                let fault = Fault::PastTheEnd { needed: needed as u64, left };
                return Err(ModelError::from(fault).at(start));
            }
        }
        Ok(ListHead { typed, count })
    }

    /// Takes the head of a list that is typed, counted and of `marker`, if one is next, and the
    /// bytes of its elements.
    fn numbers(&mut self, marker: u8) -> Result<Option<&'a [u8]>, ModelError> {
        let start = self.at;
        if self.typed.is_none() && self.bytes[start..].starts_with(&[b'[', b'$', marker]) {
            self.at += 1;
            let head = self.list_head()?;
            let count = head.count.unwrap_or_default();
            return self.bytes(count * size_of(marker).unwrap_or_default()).map(Some);
        }
        Ok(None)
    }

    /// Passes over a value that holds no others, or over the head of one that does.
    fn skip_one(&mut self, open: &mut Vec<Open>) -> Result<(), ModelError> {
        let start = self.at;
        match self.bytes(1)?[0] {
            b'{' => open.push(Open::Object),
            b'[' => match self.list_head()? {
                ListHead { typed: Some(marker), count: Some(count) } => {
                    self.bytes(count * size_of(marker).unwrap_or_default())?;
                }
                ListHead { count: Some(count), .. } => open.push(Open::Counted(count)),
                ListHead { count: None, .. } => open.push(Open::List),
            },
            b'S' | b'H' => drop(self.text()?),
            b'Z' | b'T' | b'F' => {}
            marker => {
                let size = size_of(marker).ok_or_else(|| expected("a value", start))?;
                self.bytes(size)?;
            }
        }
        Ok(())
    }

    fn open(&mut self, bracket: u8, what: &'static str) -> Result<(), ModelError> {
        let start = self.at;
        if self.typed.is_some() || self.bytes(1)?[0] != bracket {
            return Err(expected(what, start));
        }
        self.depth += 1;
        check_depth(self.depth, start)
    }
}

/// The bytes of a number of this type.
const fn size_of(marker: u8) -> Option<usize> {
    match marker {
        b'i' | b'U' | b'C' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}

impl<'a> Pull<'a> for Ubjson<'a> {
    fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, &str) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        self.open(b'{', "an object")?;
        while !self.take(b'}') {
            let key = self.text()?;
            field(self, key)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        self.open(b'[', "a list")?;
        let ListHead { typed, count } = self.list_head()?;
        match count {
            Some(count) => {
                self.typed = typed;
                // Each element takes a byte at least, so the file's end ends the loop.
                for _ in 0..count {
                    element(self)?;
                }
                self.typed = None;
            }
            None => {
                while !self.take(b']') {
                    element(self)?;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn scalar(&mut self) -> Result<Scalar<'a>, ModelError> {
        Ok(match self.marker()? {
            b'S' => Scalar::Text(Cow::Borrowed(self.text()?)),
            marker @ (b'd' | b'D') => Scalar::Float(self.float_of(marker)?),
            marker => Scalar::Integer(self.integer_of(marker)?),
        })
    }

    fn is_array(&mut self) -> bool {
        self.typed.is_none() && self.peek() == Some(b'[')
    }

    fn floats(&mut self) -> Result<Vec<f32>, ModelError> {
        if let Some(bytes) = self.numbers(b'd')? {
            let (chunks, _) = bytes.as_chunks();
            return Ok(chunks.iter().map(|&chunk| f32::from_be_bytes(chunk)).collect());
        }
        let mut floats = Vec::new();
        self.array(|ubjson| {
            let marker = ubjson.marker()?;
            floats.push(ubjson.float_of(marker)?);
            Ok(())
        })?;
        Ok(floats)
    }

    fn integers<T: TryFrom<i64>>(&mut self) -> Result<Vec<T>, ModelError> {
        let start = self.at;
        let convert = |integer: i64| T::try_from(integer).ok();
        let small = || expected("smaller numbers", start);
        if let Some(bytes) = self.numbers(b'l')? {
            let (chunks, _) = bytes.as_chunks();
            let integers = chunks.iter().map(|&chunk| convert(i32::from_be_bytes(chunk).into()));
            return integers.collect::<Option<_>>().ok_or_else(small);
        }
        let mut integers = Vec::new();
        self.array(|ubjson| {
            let marker = ubjson.marker()?;
            integers.push(convert(ubjson.integer_of(marker)?).ok_or_else(small)?);
            Ok(())
        })?;
        Ok(integers)
    }

    fn skip(&mut self) -> Result<(), ModelError> {
        if self.typed.is_some() {
            return self.scalar().map(drop);
        }
        let mut open = Vec::new();
        loop {
            let ended = match open.last_mut() {
                None => false,
                Some(Open::Object) if self.take(b'}') => true,
                Some(Open::Object) => {
                    self.text()?;
                    false
                }
                Some(Open::List) => self.take(b']'),
                Some(Open::Counted(0)) => true,
                Some(Open::Counted(left)) => {
                    *left -= 1;
                    false
                }
            };
            if ended {
                open.pop();
            } else {
                self.skip_one(&mut open)?;
                check_depth(self.depth + open.len(), self.at)?;
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    fn end(&mut self) -> Result<(), ModelError> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(expected("the end of the file", self.at))
        }
    }

    fn offset(&self) -> usize {
        self.at
    }
}
