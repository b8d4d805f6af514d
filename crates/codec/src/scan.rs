//! Searches for the byte that ends a cell or a string, eight bytes at a time.
//!
//! Most cells are shorter than the setup of a vector search is worth, and longer than what a loop
//! over bytes does well. Each test leaves the high bit of every byte that it looks for, and perhaps
//! of bytes above the lowest of those: a subtraction borrows from the byte above only where it
//! finds something, so that the lowest bit is always right.

const LOW_BITS: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// The number of bytes in front of the first quote, backslash or control character.
#[inline]
pub(crate) fn plain_length(bytes: &[u8]) -> usize {
    length_before(
        bytes,
        |word| below_space(word) | equal(word, b'"') | equal(word, b'\\'),
        |byte| byte < b' ' || byte == b'"' || byte == b'\\',
    )
}

/// The number of bytes in front of the first comma or newline.
#[inline]
pub(crate) fn cell_length(bytes: &[u8]) -> usize {
    length_before(
        bytes,
        |word| equal(word, b',') | equal(word, b'\n'),
        |byte| byte == b',' || byte == b'\n',
    )
}

#[inline]
fn length_before(bytes: &[u8], in_word: impl Fn(u64) -> u64, is_end: impl Fn(u8) -> bool) -> usize {
    let mut length = 0;
    while let Some(&eight) = bytes.get(length..).and_then(<[u8]>::first_chunk) {
        let found = in_word(u64::from_le_bytes(eight)) & HIGH_BITS;
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let tail = &bytes[length..];
    length + tail.iter().position(|&byte| is_end(byte)).unwrap_or(tail.len())
}

const fn below_space(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS * 0x20) & !word
}

const fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (LOW_BITS * byte as u64);
    difference.wrapping_sub(LOW_BITS) & !difference
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes among which the ones that are looked for, and their neighbours, are frequent.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let near = prop::sample::select(b",-+\n\x0b\t \x1f\x00!\"#[\\]\x80\xff\xa2\xdc".to_vec());
        prop::collection::vec(prop_oneof![near, any::<u8>(), Just(b'a')], 0..64)
    }

    proptest! {
        #[test]
        fn words_find_what_bytes_find(bytes in bytes()) {
            let naive = |is_end: fn(u8) -> bool| {
                bytes.iter().position(|&byte| is_end(byte)).unwrap_or(bytes.len())
            };
            prop_assert_eq!(cell_length(&bytes), naive(|byte| matches!(byte, b',' | b'\n')));
            prop_assert_eq!(
                plain_length(&bytes),
                naive(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'))
            );
        }
    }
}
