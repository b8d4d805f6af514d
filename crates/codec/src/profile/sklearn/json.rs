//! A list of lists as Python's `json` reads it and numpy makes a table of it.

use crate::{json::Cursor, number::Number, python};

/// What kinds of elements there were: numpy gives all the type that holds every one of them, in
/// which truth values among texts are texts that are no number.
#[derive(Default)]
struct Kinds {
    texts: bool,
    truths: bool,
}

/// Reads at least one row of `width` cells.
pub(super) fn read(text: &str, width: usize) -> Option<Vec<f64>> {
    let mut cursor = Cursor::new(text);
    let mut numbers = Vec::new();
    let mut kinds = Kinds::default();
    let mut scratch = String::new();
    open(&mut cursor)?;
    loop {
        open(&mut cursor)?;
        for nth in 1..=width {
            numbers.push(element(&mut cursor, &mut kinds, &mut scratch)?);
            if cursor.goes_on(b']').ok()? != (nth < width) {
                return None;
            }
        }
        if !cursor.goes_on(b']').ok()? {
            break;
        }
    }
    cursor.finish().ok()?;
    (!(kinds.texts && kinds.truths)).then_some(numbers)
}

fn open(cursor: &mut Cursor<'_>) -> Option<()> {
    (cursor.peek()? == b'[').then(|| cursor.bump())
}

fn element(cursor: &mut Cursor<'_>, kinds: &mut Kinds, scratch: &mut String) -> Option<f64> {
    match cursor.peek()? {
        b'"' => {
            kinds.texts = true;
            python::float(cursor.string(scratch).ok()?)
        }
        b't' | b'f' => {
            kinds.truths = true;
            let is_true = cursor.word("true").is_ok();
            if !is_true {
                cursor.word("false").ok()?;
            }
            Some(f64::from(u8::from(is_true)))
        }
        b'N' => cursor.word("NaN").ok().map(|()| f64::NAN),
        b'-' | b'0'..=b'9' => match cursor.number().ok()? {
            #[expect(clippy::cast_precision_loss, reason = "the nearest double is wanted")]
            Number::Integer(integer) => Some(integer as f64),
            Number::Float(float) => Some(float),
            Number::TooLarge => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_lists_are_read() {
        assert_eq!(read(" [[1, 2.5],\n[true,-0]] ", 2), Some(vec![1.0, 2.5, 1.0, 0.0]));
        assert_eq!(read("[[\" 1_0 \", 2]]", 2), Some(vec![10.0, 2.0]));
        assert!(read("[[NaN]]", 1).is_some_and(|cells| cells[0].is_nan()));
    }

    #[test]
    fn what_is_no_table_of_numbers_is_refused() {
        for text in [
            "",
            "[]",
            "[[]]",
            "[1,2]",
            "[[1]]",
            "[[1,2,3]]",
            "[[1,2],[3]]",
            "[[1,null]]",
            "[[1,[2]]]",
            "[[1,2]],",
            "{\"instances\": [[1,2]]}",
            "[[1,\"a\"]]",
            "[[true,\"2\"]]",
            "[[1,02]]",
            "[[1,2],]",
            "[[1,1e999]]",
        ] {
            assert_eq!(read(text, 2), None, "{text}");
        }
    }
}
