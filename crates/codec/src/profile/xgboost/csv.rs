//! Rows of text cells behind a delimiter that is guessed.

use super::{Refused, Table, narrow, text};
use crate::python;

/// How much of the first line the delimiter is guessed from, in characters.
const SNIFFED: usize = 512;

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Result<Table, Refused> {
    let text = text(body)?;
    let lines = || text.split('\n');
    let first = lines().next().unwrap_or_default();
    let delimiter = delimiter(first)?;
    let columns = first.split(delimiter).count();
    if lines().any(|line| line.split(delimiter).count() != columns) {
        let rows = lines().count();
        return Err(Refused::value(format!(
            "setting an array element with a sequence. The requested array has an inhomogeneous \
             shape after 1 dimensions. The detected shape was ({rows},) + inhomogeneous part."
        )));
    }
    let mut numbers = Vec::new();
    for cell in lines().flat_map(|line| line.split(delimiter)) {
        let missing = cell.is_empty();
        let number = if missing { Some(f64::NAN) } else { python::float(cell) };
        numbers.push(number.ok_or_else(|| Refused::not_a_float(cell))?);
    }
    let cells = numbers.into_iter().map(narrow).collect::<Result<_, _>>()?;
    Ok(Table::dense(columns, cells))
}

/// The delimiter that Python's `csv.Sniffer` guesses from one line, and a comma where that could
/// be part of a number.
///
/// Of a line, it takes the only character that there is, or else the first of the usual ones that
/// is there, or else the most frequent one, and of those the greatest. Characters beyond ASCII
/// are none.
fn delimiter(line: &str) -> Result<char, Refused> {
    const USUAL: [u8; 5] = *b",\t; :";
    let mut counts = [0_usize; 127];
    for c in line.chars().take(SNIFFED) {
        if let Some(count) = counts.get_mut(c as usize) {
            *count += 1;
        }
    }
    let count = |byte: &u8| counts[usize::from(*byte)];
    let usual = USUAL.into_iter().find(|byte| count(byte) > 0);
    let guess = usual.or_else(|| (0..127).max_by_key(count).filter(|byte| count(byte) > 0));
    match guess {
        Some(byte) if byte.is_ascii_alphanumeric() => Ok(','),
        Some(byte) => Ok(byte.into()),
        None => Err(Refused {
            class: "_csv.Error",
            problem: "Could not determine delimiter".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_guessed() {
        for (line, expected) in [
            ("1,2;3;4", ','),
            ("1;2 3", ';'),
            ("1\t2", '\t'),
            ("1|2|3", '|'),
            ("12", ','),
            ("-1.5", ','),
            ("..", '.'),
            ("--1", '-'),
            ("é_", '_'),
        ] {
            assert_eq!(delimiter(line), Ok(expected), "{line}");
        }
        assert!(delimiter("").is_err() && delimiter("éé").is_err());
        let late = format!("{}{}", "1|".repeat(256), ",2");
        assert_eq!(delimiter(&late), Ok('|'));
    }

    #[test]
    fn infinity_is_found_when_all_cells_are_numbers() {
        assert_eq!(read(b"inf,x").unwrap_err().class, "ValueError");
        assert_eq!(read(b"1e39,2").unwrap_err(), Refused::infinite());
    }
}
