//! Rows of `column:number`, whose columns count from one where none of them is zero.

use super::{Refused, Table, narrow, text};
use crate::python;

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Result<Table, Refused> {
    let text = text(body)?;
    let mut entries: Vec<(usize, i64, &str)> = Vec::new();
    for (row, line) in text.split('\n').enumerate() {
        for item in line.split(' ') {
            let mut parts = item.split(':');
            if let (Some(column), Some(number)) = (parts.next(), parts.next()) {
                entries.push((row, column_of(column)?, number));
            }
        }
    }
    let numbers: Vec<f64> = entries
        .iter()
        .map(|&(_, _, cell)| python::float(cell).ok_or_else(|| Refused::not_a_float(cell)))
        .collect::<Result<_, _>>()?;
    // Rows behind the last one that has a cell are not there for scipy.
    let Some(&(last, ..)) = entries.last() else {
        return Err(Refused::value("cannot infer dimensions from zero sized index arrays"));
    };
    let least = entries.iter().map(|entry| entry.1).min().unwrap_or_default();
    if least < 0 {
        return Err(Refused::value(format!("negative axis 1 index: {least}")));
    }
    let base = i64::from(least >= 1);

    let mut columns = 0;
    let mut starts = vec![0];
    let mut cells: Vec<(usize, f64)> = Vec::with_capacity(entries.len());
    for ((row, column, _), number) in entries.into_iter().zip(numbers) {
        let column = usize::try_from(column - base).unwrap_or(usize::MAX);
        columns = columns.max(column.saturating_add(1));
        while starts.len() <= row {
            merge(&mut cells, &mut starts);
        }
        cells.push((column, number));
    }
    while starts.len() <= last + 1 {
        merge(&mut cells, &mut starts);
    }
    let narrowed = |(column, number)| Ok((column, narrow(number)?));
    Ok(Table::sparse(columns, starts, cells.into_iter().map(narrowed).collect::<Result<_, _>>()?))
}

fn column_of(text: &str) -> Result<i64, Refused> {
    python::integer(text).map_err(|too_large| match too_large {
        Some(_) => Refused {
            class: "OverflowError",
            problem: "Python int too large to convert to C long".to_owned(),
        },
        None => {
            let text = python::repr(text);
            Refused::value(format!("invalid literal for int() with base 10: {text}"))
        }
    })
}

/// Ends the row that was begun last, and adds up the numbers of one column in it.
fn merge(cells: &mut Vec<(usize, f64)>, starts: &mut Vec<usize>) {
    let start = starts.last().copied().unwrap_or_default();
    let row = &mut cells[start..];
    row.sort_by_key(|&(column, _)| column);
    let mut kept = start;
    for at in start..cells.len() {
        let (column, number) = cells[at];
        if kept > start && cells[kept - 1].0 == column {
            cells[kept - 1].1 += number;
        } else {
            cells[kept] = (column, number);
            kept += 1;
        }
    }
    cells.truncate(kept);
    starts.push(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_from_one_unless_one_is_zero() {
        let table = read(b"1 1:0.5 3:2\n0 2:1").unwrap();
        assert_eq!(table, Table::sparse(3, vec![0, 2, 3], vec![(0, 0.5), (2, 2.0), (1, 1.0)]));
        let table = read(b"1 1:0.5\n0 0:1").unwrap();
        assert_eq!(table, Table::sparse(2, vec![0, 1, 2], vec![(1, 0.5), (0, 1.0)]));
    }

    #[test]
    fn rows_without_cells_are_kept_but_at_the_end() {
        let table = read(b"0\n1 2:3\n\n0 1:1\n0\n0").unwrap();
        assert_eq!(table, Table::sparse(2, vec![0, 0, 1, 1, 2], vec![(1, 3.0), (0, 1.0)]));
    }

    #[test]
    fn numbers_of_one_column_add_up() {
        let table = read(b"1 2:1 1:5 2:2").unwrap();
        assert_eq!(table, Table::sparse(2, vec![0, 2], vec![(0, 5.0), (1, 3.0)]));
    }
}
