//! A table as numpy saves it.

use crate::{npy::split_header, number::Number};

/// Reads an array of numbers or truth values, of at least one row and `width` columns. What is
/// behind it is passed over.
pub(super) fn read(body: &[u8], width: usize) -> Option<Vec<f64>> {
    let (header, start) = split_header(body).ok()??;
    let &[rows, columns] = header.shape.dims() else { return None };
    let element = header.element;
    if rows == 0 || columns != width || element.is_text() {
        return None;
    }
    let cells = rows.checked_mul(columns)?;
    let data = body[start..].get(..cells.checked_mul(element.bytes)?)?;
    let cell = |at: usize| {
        let at = if header.is_fortran { at % columns * rows + at / columns } else { at };
        match element.number(&data[at * element.bytes..][..element.bytes]) {
            Number::Float(float) => Some(float),
            #[expect(clippy::cast_precision_loss, reason = "the nearest double is wanted")]
            Number::Integer(integer) => Some(integer as f64),
            Number::TooLarge => None,
        }
    };
    (0..cells).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
    }

    #[test]
    fn arrays_of_every_type_and_order_are_read() {
        let cells = Some(vec![1.0, 2.0, 3.0, 4.0]);
        let bytes = array("|u1", "False", "(2, 2)", &[1, 2, 3, 4]);
        assert_eq!(read(&bytes, 2), cells);
        let bytes = array("|i1", "True", "(2, 2)", &[1, 3, 2, 4]);
        assert_eq!(read(&bytes, 2), cells);
        let bytes = array(">f2", "False", "(1, 2)", &[0x3c, 0, 0xc0, 0]);
        assert_eq!(read(&bytes, 2), Some(vec![1.0, -2.0]));
        let bytes = array("<i8", "False", "(1, 1)", &(-5_i64).to_le_bytes());
        assert_eq!(read(&bytes, 1), Some(vec![-5.0]));
    }

    #[test]
    fn what_is_no_table_of_numbers_is_refused() {
        let data = [0; 16];
        for (descr, shape) in [
            ("<f8", "(2,)"),
            ("<f8", "()"),
            ("<f8", "(0, 1)"),
            ("<f8", "(3, 1)"),
            ("<f8", "(18446744073709551615, 1)"),
            ("<f8", "(1, 1, 1)"),
            ("<f8", "(1, 2)"),
            ("<U2", "(1, 1)"),
            ("|O", "(1, 1)"),
            ("<f3", "(1, 1)"),
            ("", "(1, 1)"),
        ] {
            let bytes = array(descr, "False", shape, &data);
            assert_eq!(read(&bytes, 1), None, "{descr} {shape}");
        }
        assert_eq!(read(b"\x93NUMPY\x01\x00\xff\xff{", 1), None);
        assert_eq!(read(b"1,2", 1), None);
    }
}
