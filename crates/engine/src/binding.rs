use hotplate_scheduler::Terms;
use hotplate_tensor::{Columns, Value};

use crate::{
    Answer, Engine, Inference,
    error::{Cause, Error},
};

/// The most characters of a caller's text that an error repeats.
const QUOTED_CHARS: usize = 40;

/// Column names resolved once, so that a row is a slice of values in the caller's own order.
///
/// Made by [`Engine::bind`].
#[derive(Clone, Debug)]
pub struct Binding<'e> {
    engine: &'e Engine,
    /// The model's column for each of the caller's.
    columns: Vec<usize>,
}

impl<'e> Binding<'e> {
    pub(crate) fn new(engine: &'e Engine, names: &[&str]) -> Result<Self, Error> {
        let schema = engine.signature().schema();
        let mut columns = Vec::with_capacity(names.len());
        for &name in names {
            let column = schema.column_index(name).ok_or_else(|| {
                let known = schema.columns().iter().map(|column| column.name.as_str());
                let nearest = crate::config::nearest(name, known).map(str::to_owned);
                Error::new(Cause::UnknownColumn { name: name.to_owned(), nearest })
            })?;
            if columns.contains(&column) {
                return Err(Error::new(Cause::DuplicateColumn { name: name.to_owned() }));
            }
            columns.push(column);
        }
        match (0..schema.columns().len()).find(|column| !columns.contains(column)) {
            Some(column) => {
                let name = schema.columns()[column].name.clone();
                Err(Error::new(Cause::MissingColumn { name }))
            }
            None => Ok(Self { engine, columns }),
        }
    }

    /// Answers one row, its values in the order of the bound names.
    ///
    /// # Errors
    ///
    /// As [`predict_into`](Self::predict_into).
    pub fn predict(&self, row: &[Value<'_>]) -> Result<Answer, Error> {
        let mut answer = self.engine.answer();
        self.predict_into(row, &mut answer)?;
        Ok(answer)
    }

    /// Answers one row into memory that the caller keeps.
    ///
    /// # Errors
    ///
    /// When the row has more or fewer values than there are names, or a value is not its column's.
    pub fn predict_into(&self, row: &[Value<'_>], answer: &mut Answer) -> Result<(), Error> {
        self.predict_rows_into([row], answer)
    }

    /// Answers many rows into memory that the caller keeps.
    ///
    /// # Errors
    ///
    /// As [`predict_into`](Self::predict_into), with the row's number. No row is answered then.
    pub fn predict_rows_into<'v, R: AsRef<[Value<'v>]>>(
        &self,
        rows: impl IntoIterator<Item = R>,
        answer: &mut Answer,
    ) -> Result<(), Error> {
        self.engine.claim(answer);
        // What it held is no answer to these rows, whatever comes of them.
        answer.rows = 0;
        answer.staging.clear();
        for row in rows {
            self.push(row.as_ref(), &mut answer.staging)?;
        }
        self.engine.predict_staged(answer)
    }

    /// Answers one row in a task, as [`Engine::infer`] does.
    ///
    /// # Errors
    ///
    /// The answer to come fails as [`predict_into`](Self::predict_into) does.
    pub fn infer(&self, row: &[Value<'_>], mut answer: Answer) -> Inference<'e> {
        self.engine.claim(&mut answer);
        answer.rows = 0;
        answer.staging.clear();
        match self.push(row, &mut answer.staging) {
            Ok(()) => self.engine.infer_staged(&Terms::default(), answer),
            Err(error) => self.engine.failed(error, answer),
        }
    }

    fn push(&self, values: &[Value<'_>], staging: &mut Columns) -> Result<(), Error> {
        let row = staging.rows();
        if values.len() != self.columns.len() {
            let (expected, got) = (self.columns.len(), values.len());
            return Err(Error::new(Cause::Arity { row, expected, got }));
        }
        staging.begin_row();
        for (&column, &value) in self.columns.iter().zip(values) {
            staging.set(column, value).map_err(|problem| {
                let column = staging.schema().columns()[column].name.clone();
                Error::new(Cause::Cell { row, column, problem, got: describe(value) })
            })?;
        }
        Ok(())
    }
}

fn describe(value: Value<'_>) -> String {
    match value {
        Value::Missing => "no value".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Integer(integer) => integer.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Text(text) => {
            format!("text {:?}", text.chars().take(QUOTED_CHARS).collect::<String>())
        }
    }
}
