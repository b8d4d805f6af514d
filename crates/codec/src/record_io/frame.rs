//! The frames around records.

use crate::{DecodeError, DecodeErrorKind};

/// What every record begins with, little-endian.
pub(crate) const MAGIC: u32 = 0xced7_230a;

/// Records begin at multiples of this.
pub(crate) const PADDING: usize = 4;

/// The bytes in front of a record.
const HEAD: usize = 8;

/// The bits of a length; those above say which part of a divided record this is.
const LENGTH_BITS: u32 = 29;

/// The record that `bytes` begin with, and the length of its frame; none if it is not there whole.
/// The last of a body, where `nothing_follows`, may lack its padding: who splits a file into
/// records cuts it off.
pub(super) fn split_record(
    bytes: &[u8],
    nothing_follows: bool,
) -> Result<Option<(&[u8], usize)>, DecodeError> {
    let Some(&[a, b, c, d, e, f, g, h]) = bytes.first_chunk::<HEAD>() else {
        let magic = MAGIC.to_le_bytes();
        let begun = &bytes[..bytes.len().min(magic.len())];
        return if magic.starts_with(begun) { Ok(None) } else { Err(not_a_record()) };
    };
    if u32::from_le_bytes([a, b, c, d]) != MAGIC {
        return Err(not_a_record());
    }
    let word = u32::from_le_bytes([e, f, g, h]);
    if word >> LENGTH_BITS != 0 {
        return Err(malformed("records that are not divided").with_got("a part of one"));
    }
    let length = word as usize;
    let frame = HEAD + length.next_multiple_of(PADDING);
    let Some(record) = bytes[HEAD..].get(..length) else { return Ok(None) };
    Ok(match bytes.get(..frame) {
        Some(_) => Some((record, frame)),
        None => nothing_follows.then_some((record, bytes.len())),
    })
}

/// The length of the whole records that `buffer` begins with, and of one that is to be refused.
pub(crate) fn whole_records(buffer: &[u8]) -> usize {
    let mut whole = 0;
    loop {
        match split_record(&buffer[whole..], false) {
            Ok(Some((_, length))) => whole += length,
            Ok(None) => return whole,
            Err(_) => return buffer.len(),
        }
    }
}

/// The length of the first record of `buffer`, or of all where it is not whole or no record.
pub(crate) fn first_record(buffer: &[u8]) -> usize {
    match split_record(buffer, true) {
        Ok(Some((_, length))) => length,
        _ => buffer.len(),
    }
}

#[cold]
fn not_a_record() -> DecodeError {
    malformed("a RecordIO record").with_got("other bytes")
}

#[cold]
pub(super) fn malformed(expected: &'static str) -> DecodeError {
    DecodeError::new(DecodeErrorKind::Malformed).with_expected(expected.into())
}
