//! Rows as Python's strict `csv.reader` finds them.

use crate::python;

/// The longest cell that the reader takes.
const LONGEST_CELL: usize = 131_072;

/// Reads at least two rows of `width` cells, at least two: a table of one row or of one column is
/// squeezed into a list, which is no table for a model.
pub(super) fn read(text: &str, width: usize) -> Option<Vec<f64>> {
    let mut numbers = Vec::new();
    let mut rows = 0;
    let mut rest = text;
    while !rest.is_empty() {
        rest = row(rest, width, &mut numbers)?;
        rows += 1;
    }
    (rows >= 2 && width >= 2).then_some(numbers)
}

/// Reads one row, and gives what is behind it.
fn row<'t>(text: &'t str, width: usize, numbers: &mut Vec<f64>) -> Option<&'t str> {
    let mut rest = text;
    for nth in 1..=width {
        let (number, behind) = cell(rest)?;
        numbers.push(number);
        if nth < width {
            rest = behind.strip_prefix(',')?;
        } else {
            rest = end_of_row(behind)?;
        }
    }
    Some(rest)
}

/// What is behind the end of a row; a row also ends with the body.
fn end_of_row(text: &str) -> Option<&str> {
    if text.is_empty() {
        return Some(text);
    }
    // Line ends are taken one by one: blank lines are rows of no cells.
    text.strip_prefix("\r\n")
        .or_else(|| text.strip_prefix('\n'))
        .or_else(|| (text == "\r").then_some(""))
}

/// Reads the number at the start of `text`, and gives what is behind its cell.
fn cell(text: &str) -> Option<(f64, &str)> {
    let is_end = |c: char| matches!(c, ',' | '\n' | '\r');
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(is_end).unwrap_or(text.len());
        let (cell, behind) = text.split_at(end);
        return Some((number(cell)?, behind));
    };
    // Two quotes are one in the text, which then is no number.
    let (cell, behind) = quoted.split_once('"')?;
    behind.chars().next().is_none_or(is_end).then_some((number(cell)?, behind))
}

fn number(cell: &str) -> Option<f64> {
    if cell.len() > LONGEST_CELL { None } else { python::float(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read() {
        let cells = Some(vec![1.0, 2.0, 3.0, 4.0]);
        for text in ["1,2\n3,4", "1,2\r\n3,4\r\n", " 1,\"2\"\n\"3\n\",4\n", "1,2\n3,4\r"] {
            assert_eq!(read(text, 2), cells, "{text:?}");
        }
    }

    #[test]
    fn what_a_strict_reader_refuses_is_refused() {
        for text in [
            "",
            "\n",
            "1,2",
            "1,2\n3",
            "1,2\n3,4,5",
            "1,2\n\n3,4",
            "1,2\n3,4\n\n",
            "1,\n3,4",
            "\"1,2\n3,4",
            "\"1\"2,2\n3,4",
            "1,2\r3,4",
            "\"\"\"1\"\"\",2\n3,4",
            "1,a\n3,4",
            "1 ,\" 2\n3,4",
        ] {
            assert_eq!(read(text, 2), None, "{text:?}");
        }
        assert_eq!(read("1\n2", 1), None);
    }
}
