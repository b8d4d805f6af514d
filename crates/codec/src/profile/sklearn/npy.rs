//! A table as numpy saves it: a header that is a Python dictionary, and the elements.

/// What stands in front of the length of the header: a magic number and the version.
const MAGIC: &[u8] = b"\x93NUMPY";

/// The type of the elements.
#[derive(Clone, Copy)]
struct Element {
    kind: u8,
    bytes: usize,
    is_big_endian: bool,
}

/// Reads an array of numbers or truth values, of at least one row and `width` columns.
pub(super) fn read(body: &[u8], width: usize) -> Option<Vec<f64>> {
    let rest = body.strip_prefix(MAGIC)?;
    let (length, rest) = match rest {
        [1, _, low, high, rest @ ..] => (usize::from(u16::from_le_bytes([*low, *high])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => {
            (usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).ok()?, rest)
        }
        _ => return None,
    };
    let (header, data) = rest.split_at_checked(length)?;
    let header = std::str::from_utf8(header).ok()?;
    let element = Element::of(quoted(value(header, "descr")?)?)?;
    let is_fortran = value(header, "fortran_order")?.starts_with("True");
    let (rows, columns) = shape(value(header, "shape")?)?;
    if rows == 0 || columns != width {
        return None;
    }
    let length = rows.checked_mul(columns)?.checked_mul(element.bytes)?;
    let mut cells = data.get(..length)?.chunks_exact(element.bytes).map(|cell| element.read(cell));
    if !is_fortran {
        return cells.collect();
    }
    let by_column: Vec<f64> = cells.by_ref().collect::<Option<_>>()?;
    let cell = |at: usize| by_column[at % columns * rows + at / columns];
    Some((0..by_column.len()).map(cell).collect())
}

/// What follows a key.
fn value<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let (_, behind) = header.split_once(&format!("'{key}':"))?;
    Some(behind.trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.split_once('\'').map(|(text, _)| text)
}

/// Two dimensions.
fn shape(text: &str) -> Option<(usize, usize)> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    let (rows, columns) = inside.split_once(',')?;
    Some((rows.trim().parse().ok()?, columns.trim().parse().ok()?))
}

impl Element {
    fn of(descr: &str) -> Option<Self> {
        let (order, name) = descr.split_at_checked(1)?;
        let (kind, bytes) = match name.as_bytes() {
            b"b1" => (b'b', 1),
            &[kind @ (b'i' | b'u'), size @ (b'1' | b'2' | b'4' | b'8')]
            | &[kind @ b'f', size @ (b'2' | b'4' | b'8')] => (kind, usize::from(size - b'0')),
            _ => return None,
        };
        matches!(order, "<" | ">" | "|" | "=").then_some(Self {
            kind,
            bytes,
            is_big_endian: order == ">",
        })
    }

    fn read(self, cell: &[u8]) -> Option<f64> {
        let mut bits = [0; 8];
        bits[..self.bytes].copy_from_slice(cell);
        if self.is_big_endian {
            bits[..self.bytes].reverse();
        }
        let bits = u64::from_le_bytes(bits);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            clippy::cast_precision_loss,
            reason = "the bits are of the element's size, and the nearest double is wanted"
        )]
        Some(match (self.kind, self.bytes) {
            (b'f', 2) => half(bits as u16),
            (b'f', 4) => f32::from_bits(bits as u32).into(),
            (b'f', _) => f64::from_bits(bits),
            (b'i', 1) => (bits as i8).into(),
            (b'i', 2) => (bits as i16).into(),
            (b'i', 4) => (bits as i32).into(),
            (b'i', _) => bits as i64 as f64,
            (b'b', _) => f64::from(u8::from(bits != 0)),
            _ => bits as f64,
        })
    }
}

/// The number whose IEEE 754 binary16 these bits are.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let fraction = f64::from(bits & 0x3ff);
    sign * match i32::from(bits >> 10 & 0x1f) {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    }
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
