use std::{fmt, fs, path::Path, sync::Arc};

use hotplate_codec::{Decoder, Format, csv};
use hotplate_model::Signature;
use hotplate_tensor::{Columns, DataView, Tensor};

use crate::{
    Engine,
    error::{Cause, Error},
    tolerance::Tolerance,
};

/// Rows with the answers that a model must reproduce.
///
/// A CSV file with a header row: the model's columns by name, in any order; and for each element
/// of an answer a column `output.NAME`, or `output.NAME.INDEX` where a row of that output has
/// several. Columns of other names are for people, and passed over.
#[derive(Clone, Debug)]
pub struct GoldenRows {
    rows: Columns,
    expected: Vec<Expected>,
}

/// The expected values of one element of the answer, a text for each row.
#[derive(Clone, Debug)]
struct Expected {
    /// The column's name in the file.
    name: String,
    output: usize,
    element: usize,
    values: Vec<String>,
}

/// How a model did on golden rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The rows that were asked.
    pub rows: usize,
    /// The rows of which some answer is out of tolerance.
    pub wrong: usize,
    /// The first such answer.
    pub first: Option<Difference>,
    /// The greatest difference of a number, right or wrong.
    pub greatest: f64,
}

/// An answer that is not the expected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The row, from zero.
    pub row: usize,
    /// The column of the expected answer: `output.price`.
    pub column: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, column, expected, got } = self;
        write!(f, "row {row} (line {}), {column}: expected {expected}, got {got}", row + 2)
    }
}

impl GoldenRows {
    /// Reads the rows of a file for a model of this signature.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, lacks a column of the model, or expects nothing of it.
    pub fn read(path: &Path, signature: &Signature) -> Result<Self, Error> {
        let problem =
            |problem: String| Error::new(Cause::GoldenFile { file: path.to_owned(), problem });
        let undecodable = |error| Error::new(Cause::GoldenDecode { file: path.to_owned(), error });
        if !signature.schema().is_table() {
            let told = "golden rows are lines of cells, and this model's rows are made of tensors";
            return Err(problem(told.to_owned()));
        }
        let body = fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;

        let mut rows = Columns::new(Arc::clone(signature.schema()));
        Decoder::new(Arc::clone(signature.schema()))
            .ignore_unknown_columns(true)
            .decode(Format::Csv, body.as_bytes(), &mut rows)
            .map_err(undecodable)?;

        let mut records = csv::records(&body);
        let header = records.next().transpose().map_err(undecodable)?.unwrap_or_default();
        let mut expected = Vec::new();
        for (cell, name) in header.iter().enumerate() {
            if let Some(answer) = name.strip_prefix("output.") {
                let (output, element) = locate(answer, signature)
                    .ok_or_else(|| problem(format!("the model has no output for {name:?}")))?;
                let name = name.to_string();
                expected.push((cell, Expected { name, output, element, values: Vec::new() }));
            }
        }
        if rows.rows() == 0 {
            return Err(problem("no rows under the header; is the file cut short?".to_owned()));
        }
        if expected.is_empty() {
            return Err(problem("no column output.NAME says what to expect".to_owned()));
        }
        for record in records {
            let record = record.map_err(undecodable)?;
            for (cell, expected) in &mut expected {
                expected
                    .values
                    .push(record.get(*cell).map(ToString::to_string).unwrap_or_default());
            }
        }
        Ok(Self { rows, expected: expected.into_iter().map(|(_, expected)| expected).collect() })
    }

    /// The rows without their answers.
    pub(crate) fn into_rows(self) -> Columns {
        self.rows
    }

    /// The number of rows.
    pub const fn len(&self) -> usize {
        self.rows.rows()
    }

    /// Whether there are no rows.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks the model, and compares within the [tolerance](crate::tolerance) of its backend.
    ///
    /// # Errors
    ///
    /// When the model fails on the rows.
    pub fn verify(&self, engine: &Engine) -> Result<Verdict, Error> {
        let mut answer = engine.answer();
        engine.run_model(self.rows.inputs(), &mut answer.outputs)?;
        let mut verdict = Verdict { rows: self.len(), wrong: 0, first: None, greatest: 0.0 };
        for row in 0..self.len() {
            let mut right = true;
            for expected in &self.expected {
                let output = &answer.outputs[expected.output];
                let tolerance = Tolerance::of_engine(engine, output.dtype());
                let cell = Cell::of(output, row, self.len(), expected.element);
                let value = &expected.values[row];
                verdict.greatest = verdict.greatest.max(cell.distance(value));
                if cell.is(value, tolerance) {
                    continue;
                }
                right = false;
                verdict.first.get_or_insert_with(|| Difference {
                    row,
                    column: expected.name.clone(),
                    expected: value.clone(),
                    got: cell.to_string(),
                });
            }
            verdict.wrong += usize::from(!right);
        }
        Ok(verdict)
    }
}

/// The output and the element of its row that `NAME` or `NAME.INDEX` means.
fn locate(answer: &str, signature: &Signature) -> Option<(usize, usize)> {
    let position = |name: &str| signature.outputs().iter().position(|output| output.name == name);
    if let Some(output) = position(answer) {
        return Some((output, 0));
    }
    let (name, element) = answer.rsplit_once('.')?;
    Some((position(name)?, element.parse().ok()?))
}

/// One element of an answer.
enum Cell<'a> {
    Text(&'a str),
    Integer(i64),
    Float32(f32),
    Float64(f64),
    /// The output has no such element, or is of a type that golden rows cannot expect.
    Nothing,
}

impl<'a> Cell<'a> {
    fn of(output: &'a Tensor, row: usize, rows: usize, element: usize) -> Self {
        let data = output.data();
        let width = data.len() / rows;
        let at = row * width + element;
        match data {
            _ if element >= width => Self::Nothing,
            DataView::Str(texts) => Self::Text(texts.get(at)),
            DataView::I64(integers) => Self::Integer(integers[at]),
            DataView::F32(numbers) => Self::Float32(numbers[at]),
            DataView::F64(numbers) => Self::Float64(numbers[at]),
            _ => Self::Nothing,
        }
    }

    fn is(&self, expected: &str, tolerance: Tolerance) -> bool {
        match *self {
            Self::Text(text) => text == expected,
            Self::Integer(integer) => expected.parse() == Ok(integer),
            Self::Float32(_) | Self::Float64(_) => self
                .numbers(expected)
                .is_some_and(|(got, expected)| tolerance.accepts(got, expected)),
            Self::Nothing => false,
        }
    }

    /// How far a number is from the expected one.
    fn distance(&self, expected: &str) -> f64 {
        self.numbers(expected).map_or(0.0, |(got, expected)| (got - expected).abs())
    }

    /// The number and the expected one, which is rounded to the output's type: text holds just
    /// enough digits for that.
    fn numbers(&self, expected: &str) -> Option<(f64, f64)> {
        match *self {
            Self::Float32(number) => Some((number.into(), expected.parse::<f32>().ok()?.into())),
            Self::Float64(number) => Some((number, expected.parse().ok()?)),
            _ => None,
        }
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(integer) => integer.fmt(f),
            Self::Float32(number) => number.fmt(f),
            Self::Float64(number) => number.fmt(f),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}
