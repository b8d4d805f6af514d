//! The wire format of protobuf, as far as records need it.

/// Bytes that are no message.
#[derive(Debug, PartialEq)]
pub(super) struct Malformed;

/// The value of a field.
#[derive(Debug, PartialEq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
}

/// The fields of a message: each number and its value.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) const fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn field(&mut self) -> Result<(u64, Field<'a>), Malformed> {
        let tag = varint(&mut self.rest)?;
        let field = match tag & 7 {
            0 => Field::Varint(varint(&mut self.rest)?),
            1 => Field::Fixed64(fixed(&mut self.rest)?),
            2 => {
                let length = usize::try_from(varint(&mut self.rest)?).map_err(|_| Malformed)?;
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
                self.rest = rest;
                Field::Bytes(bytes)
            }
            5 => Field::Fixed32(fixed(&mut self.rest)?),
            _ => return Err(Malformed),
        };
        if tag >> 3 == 0 { Err(Malformed) } else { Ok((tag >> 3, field)) }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Appends the elements of a tensor, packed or not: of float32 (2), float64 (3) or int32 (7).
pub(super) fn numbers(kind: u64, field: Field<'_>, out: &mut Vec<f64>) -> Result<(), Malformed> {
    match (kind, field) {
        (2, Field::Fixed32(bytes)) => out.push(f32::from_le_bytes(bytes).into()),
        (2, Field::Bytes(mut packed)) => {
            while !packed.is_empty() {
                out.push(f32::from_le_bytes(fixed(&mut packed)?).into());
            }
        }
        (3, Field::Fixed64(bytes)) => out.push(f64::from_le_bytes(bytes)),
        (3, Field::Bytes(mut packed)) => {
            while !packed.is_empty() {
                out.push(f64::from_le_bytes(fixed(&mut packed)?));
            }
        }
        (7, field) => {
            #[expect(clippy::cast_possible_truncation, reason = "an int32 is its lower half")]
            integers(field, |integer| out.push((integer as i32).into()))?;
        }
        _ => {}
    }
    Ok(())
}

/// Gives unsigned integers, packed or not.
pub(super) fn integers(field: Field<'_>, mut give: impl FnMut(u64)) -> Result<(), Malformed> {
    match field {
        Field::Varint(integer) => give(integer),
        Field::Bytes(mut packed) => {
            while !packed.is_empty() {
                give(varint(&mut packed)?);
            }
        }
        _ => {}
    }
    Ok(())
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (bytes, behind) = rest.split_first_chunk().ok_or(Malformed)?;
    *rest = behind;
    Ok(*bytes)
}

fn varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, behind) = rest.split_first().ok_or(Malformed)?;
        *rest = behind;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

/// A field of bytes.
pub(super) fn written(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap_or_default());
    field.extend_from_slice(bytes);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let long = vec![7; 300];
        let message = written(5, &long);
        let fields: Vec<_> = Fields::of(&message).collect();
        assert_eq!(fields, [Ok((5, Field::Bytes(&long[..])))]);
    }

    #[test]
    fn bytes_that_are_no_message_are_refused_once() {
        for message in [&[0x0a][..], &[0x0a, 2, 1], &[0x0b], &[0x00], &[0xff; 11], &[0x0d, 1, 2]] {
            let fields: Vec<_> = Fields::of(message).collect();
            assert_eq!(fields, [Err(Malformed)], "{message:?}");
        }
    }
}
