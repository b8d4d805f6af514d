use hotplate_tensor::{CellError, Columns, Schema};

use crate::{
    DecodeError, DecodeErrorKind, Decoder, cell,
    csv::lexer::{Cell, Lexer, Terminator, undouble},
    decoder::Progress,
    error::quoted_text,
    tensors::example,
};

impl Decoder {
    /// Appends the rows of `text`.
    pub(crate) fn csv_rows(
        &mut self,
        text: &str,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        let mut lexer = Lexer::new(text.as_bytes());
        while !lexer.at_end() {
            let start = lexer.position();
            if lexer.blank_line() {
                progress.blank_lines += 1;
                continue;
            }
            if !self.schema.is_table() {
                return Err(self.no_table());
            }
            self.csv_blank_lines(text, start, progress, columns)?;
            let result = if progress.begun {
                self.csv_row(text, &mut lexer, progress.has_header, columns)
            } else {
                progress.begun = true;
                let result = self.first_record(text, &mut lexer, progress, columns);
                if progress.has_header {
                    // No row was begun, and without its header none can be.
                    result.map_err(|error| error.with_line(progress.line_at(text, start)))?;
                    continue;
                }
                result
            };
            if let Err(error) = result {
                let error = error.with_line(progress.line_at(text, start));
                leave_out_row(error, progress, columns)?;
                lexer.seek(start);
                lexer.pass_record();
            }
        }
        Ok(())
    }

    /// Takes the blank lines in front of the record at `start` for what they are: rows whose one
    /// cell is missing, or a mistake.
    pub(crate) fn csv_blank_lines(
        &self,
        text: &str,
        start: usize,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        while progress.blank_lines > 0 {
            columns.begin_row();
            let result = if self.width() == 1 {
                columns.set_missing(0).map_err(|error| self.csv_cell_error(error, 0, ""))
            } else {
                Err(Self::wrong_arity(self.width(), "a blank line"))
            };
            if let Err(error) = result {
                let line = progress.line_at(text, start) - progress.blank_lines;
                // A header may follow, and what it is worth then nobody knows.
                if !progress.begun && self.schema.is_named() {
                    return Err(error.with_row(columns.rows() - 1).with_line(line));
                }
                leave_out_row(error.with_line(line), progress, columns)?;
            }
            progress.blank_lines -= 1;
            progress.begun = true;
        }
        Ok(())
    }

    fn first_record(
        &mut self,
        text: &str,
        lexer: &mut Lexer<'_>,
        progress: &mut Progress,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        if !self.schema.is_named() {
            return self.csv_row(text, lexer, false, columns);
        }
        let start = lexer.clone();
        let is_header = if self.header_may_fit && self.names_only_columns(text, start.clone()) {
            true
        } else if self.try_row(text, lexer, columns) {
            return Ok(());
        } else {
            self.names_columns(text, start.clone())
        };
        columns.clear();
        *lexer = start;
        if !is_header {
            // Once more, for the error.
            return self.csv_row(text, lexer, false, columns);
        }
        progress.has_header = true;
        self.read_header(text, lexer)
    }

    /// Appends a row if the record is one; what it leaves if not is to be cleared.
    ///
    /// A header comes first in every body of those who send one, so that it must not cost them an
    /// error each time.
    fn try_row(&mut self, text: &str, lexer: &mut Lexer<'_>, columns: &mut Columns) -> bool {
        columns.begin_row();
        for column in 0..self.width() {
            let Ok(cell) = lexer.cell() else { return false };
            let value = content(text, cell, &mut self.scratch);
            if cell::set_plain(columns, column, value).is_err() {
                return false;
            }
            if cell.terminator != Terminator::Comma {
                return column + 1 == self.width();
            }
        }
        false
    }

    fn csv_row(
        &mut self,
        text: &str,
        lexer: &mut Lexer<'_>,
        has_header: bool,
        columns: &mut Columns,
    ) -> Result<(), DecodeError> {
        columns.begin_row();
        let width = if has_header { self.header.targets().len() } else { self.width() };
        let mut index = 0;
        loop {
            let cell = lexer.cell()?;
            let target = if has_header {
                self.header.targets().get(index).copied().flatten()
            } else {
                Some(index)
            };
            if index < width
                && let Some(column) = target
            {
                let value = content(text, cell, &mut self.scratch);
                if let Err(error) = cell::set_plain(columns, column, value) {
                    let value = content(text, cell, &mut self.scratch).to_owned();
                    let error = self.csv_cell_error(error, column, &value).with_offset(cell.start);
                    return Err(arity_or(error, width, index + 1, lexer, cell.terminator));
                }
            }
            index += 1;
            if cell.terminator != Terminator::Comma {
                break;
            }
        }
        if index == width { Ok(()) } else { Err(Self::wrong_arity(width, index.to_string())) }
    }

    fn read_header(&mut self, text: &str, lexer: &mut Lexer<'_>) -> Result<(), DecodeError> {
        self.header.begin(&mut self.roll);
        loop {
            let cell = lexer.cell()?;
            let name = header_name(content(text, cell, &mut self.scratch), &self.schema);
            self.header
                .push(name, &self.schema, &mut self.roll, self.ignore_unknown)
                .map_err(|error| error.with_offset(cell.start))?;
            if cell.terminator != Terminator::Comma {
                return self.roll.finish(&*self.schema);
            }
        }
    }

    /// Whether a record holds the name of every column once and nothing else.
    fn names_only_columns(&mut self, text: &str, mut lexer: Lexer<'_>) -> bool {
        self.roll.begin();
        loop {
            let Ok(cell) = lexer.cell() else { return false };
            let name = header_name(content(text, cell, &mut self.scratch), &self.schema);
            if !matches!(self.roll.answer(&*self.schema, name), Ok(Some(_))) {
                return false;
            }
            if cell.terminator != Terminator::Comma {
                return self.roll.is_complete();
            }
        }
    }

    /// Whether a record that is no row holds the name of every column, or at least half of its
    /// cells are names of columns.
    fn names_columns(&mut self, text: &str, mut lexer: Lexer<'_>) -> bool {
        self.roll.begin();
        let mut names = 0;
        let mut cells = 0;
        loop {
            let Ok(cell) = lexer.cell() else { return false };
            let name = header_name(content(text, cell, &mut self.scratch), &self.schema);
            if let Some(column) = self.schema.column_index(name) {
                self.roll.enter(column);
                names += 1;
            }
            cells += 1;
            if cell.terminator != Terminator::Comma {
                return names * 2 >= cells || self.roll.is_complete();
            }
        }
    }

    /// The refusal of any record where rows are not lists of cells.
    #[cold]
    fn no_table(&self) -> DecodeError {
        let row = example(&self.schema);
        let expected = format!("JSON, for rows of this model are made of tensors: {row}");
        DecodeError::new(DecodeErrorKind::WrongType).with_expected(expected.into()).with_got("CSV")
    }

    #[cold]
    fn csv_cell_error(&self, error: CellError, column: usize, value: &str) -> DecodeError {
        let value = cell::trim_blanks(value);
        let got = match error {
            CellError::Missing { .. } if value.is_empty() => "an empty cell".to_owned(),
            CellError::WrongType { .. } => quoted_text(value),
            _ => crate::error::snippet(value),
        };
        DecodeError::cell(error, got).with_column(&self.schema.columns()[column].name)
    }
}

/// Leaves out the last row, or refuses the block for it.
#[cold]
fn leave_out_row(
    error: DecodeError,
    progress: &mut Progress,
    columns: &mut Columns,
) -> Result<(), DecodeError> {
    columns.drop_row();
    let rows = columns.rows();
    let row = progress.record_behind(rows);
    progress.leave_out(rows, error.with_row(row))
}

/// The text of a cell, in `scratch` when its quotes had to be undone.
fn content<'s>(text: &'s str, cell: Cell, scratch: &'s mut String) -> &'s str {
    let content = &text[cell.start..cell.end];
    if cell.doubled { undouble(content, scratch) } else { content }
}

/// The name in a cell of a header, without the spaces around it unless they are the name's own.
fn header_name<'n>(name: &'n str, schema: &Schema) -> &'n str {
    if schema.column_index(name).is_some() { name } else { name.trim() }
}

/// `error`, unless the record has a cell too many or too few: then that is what shifted a value
/// into a column where it does not fit.
#[cold]
fn arity_or(
    error: DecodeError,
    width: usize,
    mut cells: usize,
    lexer: &mut Lexer<'_>,
    mut terminator: Terminator,
) -> DecodeError {
    while terminator == Terminator::Comma {
        let Ok(cell) = lexer.cell() else { return error };
        terminator = cell.terminator;
        cells += 1;
    }
    if cells == width { error } else { Decoder::wrong_arity(width, cells.to_string()) }
}
