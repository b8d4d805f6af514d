use std::{borrow::Cow, error, fmt};

use hotplate_codec::DecodeError;

use crate::Error;

/// Why a record has no answer, or why a run ended: what is wrong, and with which record.
///
/// [`Display`](fmt::Display) gives one sentence for a person; the accessors give its parts.
#[derive(Debug)]
pub struct RowFault {
    cause: Cause,
    row: Option<usize>,
    line: Option<usize>,
}

#[derive(Debug)]
enum Cause {
    Record(DecodeError),
    Engine(Error),
}

impl RowFault {
    pub(super) fn of_record(error: DecodeError) -> Self {
        Self { row: error.row(), line: error.line(), cause: Cause::Record(error) }
    }

    pub(super) const fn of_engine(error: Error) -> Self {
        Self { cause: Cause::Engine(error), row: None, line: None }
    }

    /// A row that the model refuses, which was the first of its request.
    pub(super) const fn of_row(error: Error, row: usize, line: Option<usize>) -> Self {
        Self { cause: Cause::Engine(error), row: Some(row), line }
    }

    /// The same fault, in a file of which so many rows and lines stand in front of the block.
    pub(super) fn behind(self, rows: usize, lines: usize) -> Self {
        let cause = match self.cause {
            Cause::Record(error) => Cause::Record(error.behind(rows, lines)),
            engine @ Cause::Engine(_) => engine,
        };
        let row = self.row.map(|row| row + rows);
        Self { cause, row, line: self.line.map(|line| line + lines) }
    }

    /// The record, counted from zero in the file; none where it is not about one.
    pub const fn row(&self) -> Option<usize> {
        self.row
    }

    /// The line, counted from one, in formats that have lines.
    pub const fn line(&self) -> Option<usize> {
        self.line
    }

    /// A stable code for programs.
    pub fn reason(&self) -> &'static str {
        match &self.cause {
            Cause::Record(error) => error.reason(),
            Cause::Engine(error) => error.kind().reason(),
        }
    }

    /// The column that is wrong.
    pub fn column(&self) -> Option<&str> {
        match &self.cause {
            Cause::Record(error) => error.column(),
            Cause::Engine(error) => error.column(),
        }
    }

    /// What should have been there.
    pub fn expected(&self) -> Option<Cow<'_, str>> {
        match &self.cause {
            Cause::Record(error) => error.expected().map(Cow::Borrowed),
            Cause::Engine(error) => error.expected().map(Cow::Owned),
        }
    }

    /// What was there.
    pub fn got(&self) -> Option<Cow<'_, str>> {
        match &self.cause {
            Cause::Record(error) => error.got().map(Cow::Borrowed),
            Cause::Engine(error) => error.got().map(Cow::Owned),
        }
    }

    /// The error, of a record that is no row of the model.
    pub const fn as_decode_error(&self) -> Option<&DecodeError> {
        match &self.cause {
            Cause::Record(error) => Some(error),
            Cause::Engine(_) => None,
        }
    }

    /// The error, of rows that the model did not answer. The row that it names is the request's.
    pub const fn as_engine_error(&self) -> Option<&Error> {
        match &self.cause {
            Cause::Record(_) => None,
            Cause::Engine(error) => Some(error),
        }
    }
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match &self.cause {
            Cause::Record(error) => return error.fmt(f),
            Cause::Engine(error) => error,
        };
        let Some(row) = self.row else { return error.fmt(f) };
        write!(f, "row {row}")?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        // The engine counts rows within what it was given.
        let message = error.to_string();
        let within = error.row().map(|row| format!("row {row}"));
        match within.and_then(|within| message.strip_prefix(&within)) {
            Some(rest) => f.write_str(rest),
            None => write!(f, ": {message}"),
        }
    }
}

impl error::Error for RowFault {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.cause {
            Cause::Record(error) => error.source(),
            Cause::Engine(error) => error.source(),
        }
    }
}
