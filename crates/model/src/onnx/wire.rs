use std::fmt;

use crate::{ModelError, fault::Fault, limits};

/// The bytes of a message or of a field, and where in the file they begin.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offset: usize,
}

impl<'a> Piece<'a> {
    /// A whole file.
    pub(crate) const fn of_file(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// These bytes as a message, field by field.
    pub(crate) const fn fields(self) -> Fields<'a> {
        Fields { rest: self.bytes, end: self.offset + self.bytes.len() }
    }

    /// These bytes as text of any length.
    pub(crate) fn text(self, what: &'static str) -> Result<&'a str, ModelError> {
        std::str::from_utf8(self.bytes)
            .map_err(|_| ModelError::from(Fault::NotUtf8 { what }).at(self.offset))
    }

    /// These bytes as a name, which may be empty but not long.
    pub(crate) fn name(self, what: &'static str) -> Result<&'a str, ModelError> {
        let bytes = self.bytes.len();
        if bytes > limits::NAME_BYTES {
            return Err(ModelError::from(Fault::LongName { what, bytes }).at(self.offset));
        }
        self.text(what)
    }
}

impl fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes at {}", self.bytes.len(), self.offset)
    }
}

/// How a field's value is encoded. Groups, the remaining two codes, are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

/// A field's value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed32([u8; 4]),
    /// Only ever an element of a list, which reads it anew.
    Fixed64,
    Bytes(Piece<'a>),
}

/// A field of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) value: Value<'a>,
    /// Where its tag is.
    pub(crate) offset: usize,
}

impl<'a> Field<'a> {
    /// The value of a `bytes`, `string` or message field.
    pub(crate) fn piece(&self) -> Result<Piece<'a>, ModelError> {
        match self.value {
            Value::Bytes(piece) => Ok(piece),
            _ => Err(self.not("bytes with a length")),
        }
    }

    /// The value of an integer or enum field.
    pub(crate) fn int(&self) -> Result<i64, ModelError> {
        match self.value {
            Value::Varint(bits) => Ok(bits.cast_signed()),
            _ => Err(self.not("an integer")),
        }
    }

    /// The value of a `float` field.
    pub(crate) fn float(&self) -> Result<f32, ModelError> {
        match self.value {
            Value::Fixed32(bytes) => Ok(f32::from_le_bytes(bytes)),
            _ => Err(self.not("a 32-bit float")),
        }
    }

    /// The value of a field that is a name.
    pub(crate) fn name(&self, what: &'static str) -> Result<&'a str, ModelError> {
        self.piece()?.name(what)
    }

    pub(crate) fn not(&self, expected: &'static str) -> ModelError {
        ModelError::from(Fault::WireType { field: self.number, expected }).at(self.offset)
    }
}

/// The fields of a message, one after the other; unknown ones are for the caller to pass over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    /// The offset in the file of the first byte behind the message.
    end: usize,
}

impl<'a> Fields<'a> {
    /// The next field, or `None` behind the last.
    pub(crate) fn next(&mut self) -> Result<Option<Field<'a>>, ModelError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let offset = self.offset();
        self.read(offset).map(Some).map_err(|fault| ModelError::from(fault).at(offset))
    }

    fn read(&mut self, offset: usize) -> Result<Field<'a>, Fault> {
        let (number, wire_type) = read_tag(&mut self.rest)?;
        let value = match wire_type {
            WireType::Varint => Value::Varint(read_varint(&mut self.rest)?),
            WireType::Fixed32 => Value::Fixed32(read_array(&mut self.rest)?),
            WireType::Fixed64 => {
                read_array::<8>(&mut self.rest)?;
                Value::Fixed64
            }
            WireType::Bytes => {
                let bytes = read_bytes(&mut self.rest)?;
                Value::Bytes(Piece { bytes, offset: self.offset() - bytes.len() })
            }
        };
        Ok(Field { number, value, offset })
    }

    /// Passes over the fields that follow and are encoded with the one-byte tag `tag` and a value
    /// that `skip` passes over, and counts them. Stops where anything is unusual.
    pub(crate) fn skip_run(&mut self, tag: u8, skip: impl Fn(&[u8]) -> Option<&[u8]>) -> usize {
        let mut count = 0;
        while let Some((&first, value)) = self.rest.split_first()
            && first == tag
            && let Some(rest) = skip(value)
        {
            self.rest = rest;
            count += 1;
        }
        count
    }

    /// The offset in the file of the next field.
    pub(crate) const fn offset(&self) -> usize {
        self.end - self.rest.len()
    }
}

/// Takes a field's number and encoding from the front of `rest`.
pub(crate) fn read_tag(rest: &mut &[u8]) -> Result<(u32, WireType), Fault> {
    let tag = read_varint(rest)?;
    let number = match u32::try_from(tag >> 3) {
        // Field numbers have 29 bits.
        Ok(number @ 1..0x2000_0000) => number,
        _ => return Err(Fault::FieldNumber),
    };
    let wire_type = match tag & 7 {
        0 => WireType::Varint,
        1 => WireType::Fixed64,
        2 => WireType::Bytes,
        3 | 4 => return Err(Fault::Group),
        5 => WireType::Fixed32,
        _ => return Err(Fault::WireType { field: number, expected: "of a known wire type" }),
    };
    Ok((number, wire_type))
}

/// Takes an integer of seven bits a byte, lowest first, from the front of `rest`.
#[inline]
pub(crate) fn read_varint(rest: &mut &[u8]) -> Result<u64, Fault> {
    const MOST_BYTES: usize = 10;
    let mut value = 0_u64;
    for (index, &byte) in rest.iter().enumerate().take(MOST_BYTES) {
        // Nine bytes hold 63 bits, so the tenth has one to add.
        if index == MOST_BYTES - 1 && byte > 1 {
            return Err(Fault::LongVarint);
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *rest = &rest[index + 1..];
            return Ok(value);
        }
    }
    Err(Fault::CutShort)
}

/// Takes the `N` bytes of a fixed-size number from the front of `rest`.
#[inline]
pub(crate) fn read_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Fault> {
    let (array, behind) =
        rest.split_first_chunk().ok_or(Fault::PastTheEnd { needed: N as u64, left: rest.len() })?;
    *rest = behind;
    Ok(*array)
}

/// Takes a length and as many bytes from the front of `rest`.
pub(crate) fn read_bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Fault> {
    let needed = read_varint(rest)?;
    let past_the_end = Fault::PastTheEnd { needed, left: rest.len() };
    let (bytes, behind) = usize::try_from(needed)
        .ok()
        .and_then(|needed| rest.split_at_checked(needed))
        .ok_or(past_the_end)?;
    *rest = behind;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ModelErrorKind, onnx::fixture::Writer};

    fn first_error(bytes: &[u8]) -> ModelError {
        let mut fields = Piece::of_file(bytes).fields();
        loop {
            match fields.next() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("{bytes:?} was read to its end"),
                Err(error) => return error,
            }
        }
    }

    #[test]
    fn varint_of_eleven_bytes_is_refused() {
        let mut bytes = vec![0x08];
        bytes.extend([0xff; 10]);
        bytes.push(0x01);
        assert_eq!(first_error(&bytes).kind(), ModelErrorKind::Malformed);
    }

    #[test]
    fn varint_beyond_64_bits_is_refused() {
        let mut greatest: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(read_varint(&mut greatest).unwrap(), u64::MAX);
        let mut beyond: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert!(matches!(read_varint(&mut beyond), Err(Fault::LongVarint)));
    }

    #[test]
    fn length_past_the_end_is_refused_where_it_stands() {
        let error = first_error(&[0x08, 0x01, 0x12, 0x7f, 0x00]);
        assert_eq!((error.kind(), error.offset()), (ModelErrorKind::Truncated, Some(2)));
        let huge = [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(first_error(&huge).kind(), ModelErrorKind::Truncated);
    }

    #[test]
    fn groups_and_impossible_tags_are_refused() {
        for tag in [0x0b, 0x0c, 0x0e, 0x0f, 0x00, 0x02] {
            assert_eq!(first_error(&[tag, 0]).kind(), ModelErrorKind::Malformed, "{tag:#x}");
        }
    }

    #[test]
    fn offset_of_a_nested_piece_counts_from_the_files_start() {
        let inner = Writer::default().bytes(3, b"abc");
        let file = Writer::default().int(1, 300).message(2, &inner).finish();
        let mut outer = Piece::of_file(&file).fields();
        outer.next().unwrap();
        let message = outer.next().unwrap().unwrap().piece().unwrap();
        let piece = message.fields().next().unwrap().unwrap().piece().unwrap();
        assert_eq!(&file[piece.offset..piece.offset + 3], b"abc");
    }

    proptest! {
        #[test]
        fn varints_read_back(value in any::<u64>(), behind in any::<[u8; 3]>()) {
            let mut bytes = Writer::default().varint(value).finish();
            bytes.extend(behind);
            let mut rest = &bytes[..];
            prop_assert_eq!(read_varint(&mut rest).unwrap(), value);
            prop_assert_eq!(rest, behind);
        }

        #[test]
        fn fields_read_back(
            number in 1_u32..0x2000_0000,
            int in any::<i64>(),
            float in any::<u32>(),
            bytes in any::<Vec<u8>>(),
        ) {
            let file = Writer::default()
                .int(number, int)
                .float(number, f32::from_bits(float))
                .double(number, 0.5)
                .bytes(number, &bytes)
                .finish();
            let mut fields = Piece::of_file(&file).fields();
            prop_assert_eq!(fields.next().unwrap().unwrap().int().unwrap(), int);
            prop_assert_eq!(fields.next().unwrap().unwrap().float().unwrap().to_bits(), float);
            prop_assert!(matches!(fields.next().unwrap().unwrap().value, Value::Fixed64));
            prop_assert_eq!(fields.next().unwrap().unwrap().piece().unwrap().bytes, &bytes[..]);
            prop_assert!(fields.next().unwrap().is_none());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            let mut fields = Piece::of_file(&bytes).fields();
            while let Ok(Some(field)) = fields.next() {
                prop_assert!(field.offset < bytes.len());
            }
        }
    }
}
