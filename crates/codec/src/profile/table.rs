use std::ops::Range;

/// The rows of a body: numbers of float32, NaN for a missing one.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: usize,
    cells: Cells,
}

#[derive(Clone, Debug, PartialEq)]
enum Cells {
    /// Row by row.
    Dense(Vec<f32>),
    Sparse {
        /// Where each row's entries begin, and where the last one's end.
        starts: Vec<usize>,
        entries: Vec<(usize, f32)>,
    },
}

impl Table {
    /// A table of `columns` columns, at least one.
    pub const fn dense(columns: usize, cells: Vec<f32>) -> Self {
        Self { columns, cells: Cells::Dense(cells) }
    }

    /// A table whose other cells are missing; `starts` has one more element than there are rows.
    pub(crate) const fn sparse(
        columns: usize,
        starts: Vec<usize>,
        entries: Vec<(usize, f32)>,
    ) -> Self {
        Self { columns, cells: Cells::Sparse { starts, entries } }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        match &self.cells {
            Cells::Dense(cells) => cells.len() / self.columns,
            Cells::Sparse { starts, .. } => starts.len() - 1,
        }
    }

    /// Whether each cell of each row is held, so that a whole table is no larger as rows.
    pub const fn is_dense(&self) -> bool {
        matches!(self.cells, Cells::Dense(_))
    }

    /// The number of columns, as the body has them.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Some of the rows, `width` cells each, made in `memory` where the table is not of them. Columns
    /// that the body lacks are missing.
    ///
    /// # Panics
    ///
    /// When there are no such rows, or `width` is less than [`columns`](Self::columns).
    pub fn cells<'t>(
        &'t self,
        rows: Range<usize>,
        width: usize,
        memory: &'t mut Vec<f32>,
    ) -> &'t [f32] {
        assert!(self.columns <= width, "{} columns in rows of {width}", self.columns);
        memory.clear();
        match &self.cells {
            Cells::Dense(cells) => {
                let cells = &cells[rows.start * self.columns..rows.end * self.columns];
                if self.columns == width {
                    return cells;
                }
                for (nth, row) in cells.chunks_exact(self.columns).enumerate() {
                    memory.extend_from_slice(row);
                    memory.resize((nth + 1) * width, f32::NAN);
                }
            }
            Cells::Sparse { starts, entries } => {
                memory.resize(rows.len() * width, f32::NAN);
                for (row, cells) in rows.zip(memory.chunks_exact_mut(width)) {
                    for &(column, number) in &entries[starts[row]..starts[row + 1]] {
                        cells[column] = number;
                    }
                }
            }
        }
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_are_not_there_are_missing() {
        let mut memory = Vec::new();
        let dense = Table::dense(2, vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!(dense.cells(1..2, 2, &mut memory), [3.0, 4.0]);
        let cells = dense.cells(1..2, 3, &mut memory);
        assert_eq!(cells[..2], [3.0, 4.0]);
        assert!(cells[2].is_nan());
        let sparse = Table::sparse(3, vec![0, 0, 2], vec![(0, 5.0), (2, 6.0)]);
        assert_eq!(sparse.rows(), 2);
        let cells = sparse.cells(0..2, 3, &mut memory);
        assert!(cells[..3].iter().all(|cell| cell.is_nan()));
        assert_eq!((cells[3], cells[5]), (5.0, 6.0));
        assert!(cells[4].is_nan());
    }
}
