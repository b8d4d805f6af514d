use std::{borrow::Cow, fmt};

use hotplate_tensor::{CellError, DType};

/// The most characters of a client's value that an error repeats.
const SNIPPET_CHARS: usize = 40;

/// Why a body does not hold rows of a schema: what is wrong, where, and what was expected.
///
/// [`Display`](fmt::Display) gives one sentence for a person; the accessors give its parts.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Report>);

// Behind a box, so that the result of every step on the hot path stays one word.
#[derive(Clone, PartialEq, Eq)]
struct Report {
    kind: DecodeErrorKind,
    row: Option<usize>,
    line: Option<usize>,
    column: Option<String>,
    expected: Option<Cow<'static, str>>,
    got: Option<String>,
    offset: Option<usize>,
    suggestion: Option<String>,
    advice: Option<&'static str>,
}

/// The ways in which a body can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The bytes do not follow the format's grammar.
    Malformed,
    /// The body has no bytes but blanks.
    Empty,
    /// A row has more or fewer cells than the schema has columns.
    WrongArity,
    /// A name that no column has.
    UnknownColumn,
    /// A column that a row or a header does not name.
    MissingColumn,
    /// A column that is named twice.
    DuplicateColumn,
    /// A parameter of a request for texts that nobody knows, or with a value that it cannot have; its
    /// name stands for the column.
    WrongParameter,
    /// A tensor of another shape than its input, the rows in front or another input ask for.
    WrongShape,
    /// Text where a number belongs, a list where a cell belongs, and the like.
    WrongType,
    /// A number that its column cannot hold.
    OutOfRange,
    /// No value, in a column whose type has no way to say so.
    MissingValue,
    /// Lists and objects nested deeper than any row needs.
    TooDeep,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// More text than one column can hold.
    TextTooLong,
    /// More rows or bytes than a small body may expand to.
    TooLarge,
}

impl DecodeErrorKind {
    /// A stable code for programs, in snake case.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Empty => "empty",
            Self::WrongArity => "wrong_arity",
            Self::UnknownColumn => "unknown_column",
            Self::MissingColumn => "missing_column",
            Self::DuplicateColumn => "duplicate_column",
            Self::WrongParameter => "wrong_parameter",
            Self::WrongShape => "wrong_shape",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::MissingValue => "missing_value",
            Self::TooDeep => "too_deep",
            Self::NotUtf8 => "not_utf8",
            Self::TextTooLong => "text_too_long",
            Self::TooLarge => "too_large",
        }
    }
}

impl DecodeError {
    /// What is wrong.
    pub const fn kind(&self) -> DecodeErrorKind {
        self.0.kind
    }

    /// A stable code for programs: the kind's [`reason`](DecodeErrorKind::reason).
    pub const fn reason(&self) -> &'static str {
        self.0.kind.reason()
    }

    /// The row, counted from zero in the request, or over all blocks of a file.
    pub const fn row(&self) -> Option<usize> {
        self.0.row
    }

    /// The line, counted from one, in formats that have lines.
    pub const fn line(&self) -> Option<usize> {
        self.0.line
    }

    /// The column's name, or the name that is not a column's, cut if it is long.
    pub fn column(&self) -> Option<&str> {
        self.0.column.as_deref()
    }

    /// What should have been there.
    pub fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// What was there, cut if it is long, with control characters escaped.
    pub fn got(&self) -> Option<&str> {
        self.0.got.as_deref()
    }

    /// The offset of the fault in the body, in bytes.
    pub const fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// The same error of a block that stands behind so many rows and lines of a file, and was
    /// decoded without them.
    #[must_use]
    pub fn behind(mut self, rows: usize, lines: usize) -> Self {
        self.0.row = self.0.row.map(|row| row + rows);
        self.0.line = self.0.line.map(|line| line + lines);
        self
    }
}

impl DecodeError {
    #[cold]
    pub(crate) fn new(kind: DecodeErrorKind) -> Self {
        Self(Box::new(Report {
            kind,
            row: None,
            line: None,
            column: None,
            expected: None,
            got: None,
            offset: None,
            suggestion: None,
            advice: None,
        }))
    }

    /// A cell of a column of type `dtype` cannot hold `got`.
    #[cold]
    pub(crate) fn cell(error: CellError, got: String) -> Self {
        let (kind, expected) = match error {
            CellError::WrongType { expected } => {
                (DecodeErrorKind::WrongType, expected.expectation().into())
            }
            CellError::OutOfRange { expected: dtype @ DType::Bool } => {
                (DecodeErrorKind::OutOfRange, dtype.expectation().into())
            }
            CellError::OutOfRange { expected } => {
                let text = format!("{} that {expected} can hold", expected.expectation());
                (DecodeErrorKind::OutOfRange, text.into())
            }
            CellError::Missing { expected } => {
                let text = format!("{} ({expected} has no missing value)", expected.expectation());
                (DecodeErrorKind::MissingValue, text.into())
            }
            _ => return Self::new(DecodeErrorKind::TextTooLong),
        };
        Self::new(kind).with_expected(expected).with_got(got)
    }

    pub(crate) fn with_row(mut self, row: usize) -> Self {
        self.0.row.get_or_insert(row);
        self
    }

    pub(crate) fn with_line(mut self, line: usize) -> Self {
        self.0.line.get_or_insert(line);
        self
    }

    pub(crate) fn with_column(mut self, name: &str) -> Self {
        self.0.column.get_or_insert_with(|| snippet(name));
        self
    }

    /// Bytes that are not what a binary format has at their place.
    #[cold]
    pub(crate) fn malformed(expected: &'static str) -> Self {
        Self::new(DecodeErrorKind::Malformed).with_expected(expected.into()).with_got("other bytes")
    }

    pub(crate) fn with_expected(mut self, expected: Cow<'static, str>) -> Self {
        self.0.expected = Some(expected);
        self
    }

    pub(crate) fn with_got(mut self, got: impl Into<String>) -> Self {
        self.0.got = Some(got.into());
        self
    }

    pub(crate) fn with_offset(mut self, offset: usize) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    pub(crate) fn with_suggestion(mut self, name: Option<&str>) -> Self {
        self.0.suggestion = name.map(snippet);
        self
    }

    /// Says what the client could do.
    pub(crate) fn with_advice(mut self, advice: &'static str) -> Self {
        self.0.advice = Some(advice);
        self
    }

    pub(crate) fn has_suggestion(&self) -> bool {
        self.0.suggestion.is_some()
    }

    /// The offset within the body of an error that was found in a part of it.
    pub(crate) fn shifted(mut self, start: usize) -> Self {
        self.0.offset = self.0.offset.map(|offset| offset + start);
        self
    }
}

/// `text "abc"`, as errors quote a client's text.
pub(crate) fn quoted_text(text: &str) -> String {
    format!("text \"{}\"", snippet(text))
}

/// The beginning of `text`, with nothing in it that could break a line of a log.
pub(crate) fn snippet(text: &str) -> String {
    let mut out = String::new();
    for (index, character) in text.chars().enumerate() {
        if index == SNIPPET_CHARS {
            out.push('…');
            break;
        }
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use DecodeErrorKind as Kind;
        let report = &*self.0;
        let named = matches!(
            report.kind,
            Kind::UnknownColumn
                | Kind::MissingColumn
                | Kind::DuplicateColumn
                | Kind::WrongParameter
        );
        match (report.row, report.line) {
            (Some(row), Some(line)) => write!(f, "row {row} (line {line})")?,
            (Some(row), None) => write!(f, "row {row}")?,
            (None, Some(line)) => write!(f, "line {line}")?,
            (None, None) => {}
        }
        let placed = report.row.is_some() || report.line.is_some();
        let column = report.column.as_deref().unwrap_or_default();
        let prefixed = !named && report.column.is_some();
        if prefixed {
            write!(f, "{}column \"{column}\"", if placed { ", " } else { "" })?;
        }
        if placed || prefixed {
            f.write_str(": ")?;
        }
        match report.kind {
            Kind::Malformed => f.write_str("malformed")?,
            Kind::Empty => f.write_str("the body is empty")?,
            Kind::UnknownColumn => write!(f, "unknown column \"{column}\"")?,
            Kind::MissingColumn => write!(f, "missing column \"{column}\"")?,
            Kind::DuplicateColumn => write!(f, "column \"{column}\" appears twice")?,
            Kind::WrongParameter => write!(f, "parameter \"{column}\"")?,
            Kind::TooDeep => f.write_str("nested too deep")?,
            Kind::NotUtf8 => f.write_str("not UTF-8")?,
            Kind::TextTooLong => f.write_str("the text of one column passes 4 GiB")?,
            Kind::TooLarge => f.write_str("too large")?,
            Kind::WrongArity
            | Kind::WrongShape
            | Kind::WrongType
            | Kind::OutOfRange
            | Kind::MissingValue => {}
        }
        if let (Kind::Malformed | Kind::TooDeep | Kind::NotUtf8, Some(offset)) =
            (report.kind, report.offset)
        {
            write!(f, " at byte {offset}")?;
        }
        if let Some(expected) = &report.expected {
            let bare = matches!(
                report.kind,
                Kind::WrongArity
                    | Kind::WrongShape
                    | Kind::WrongType
                    | Kind::OutOfRange
                    | Kind::MissingValue
            );
            write!(f, "{}expected {expected}", if bare { "" } else { ": " })?;
            if let Some(got) = &report.got {
                write!(f, ", got {got}")?;
            }
        }
        if let Some(advice) = report.advice {
            write!(f, "; {advice}")?;
        }
        match &report.suggestion {
            Some(name) => write!(f, "; did you mean \"{name}\"?"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({self})", self.0.kind)
    }
}

impl std::error::Error for DecodeError {}
