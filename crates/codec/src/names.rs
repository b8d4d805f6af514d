//! The names that a row or a header gives, against the columns of a schema.

use hotplate_tensor::Schema;

use crate::error::{DecodeError, DecodeErrorKind};

/// Names longer than this are not searched for a near one.
const LONGEST_COMPARED: usize = 64;

/// The most columns that are compared with an unknown name.
const MOST_COMPARED: usize = 1000;

/// Calls the roll of one row or header: finds the column that each name means, and notices names
/// that repeat and columns that are absent.
///
/// Clients send the names of each row in one order, which this learns: the column that followed
/// last time is compared first, and a name is hashed only when the order changes.
#[derive(Debug)]
pub(crate) struct RollCall {
    /// For each column, the one whose name followed last; the entry behind the last column is for
    /// the start of a row.
    follows: Vec<usize>,
    /// For each column, the roll in which it was last present.
    present_in: Vec<u64>,
    roll: u64,
    present: usize,
    previous: usize,
}

impl RollCall {
    pub(crate) fn new(columns: usize) -> Self {
        let mut follows: Vec<usize> = (1..=columns).collect();
        follows.push(0);
        Self { follows, present_in: vec![0; columns], roll: 0, present: 0, previous: columns }
    }

    /// Starts over, with every column absent.
    pub(crate) fn begin(&mut self) {
        self.roll += 1;
        self.present = 0;
        self.previous = self.present_in.len();
    }

    /// The column whose name comes next if the order is that of last time.
    pub(crate) fn guess(&self) -> usize {
        self.follows[self.previous]
    }

    /// Marks the column whose name has come as present.
    pub(crate) fn confirm(&mut self, schema: &Schema, column: usize) -> Result<usize, DecodeError> {
        if self.enter(column) {
            return Ok(column);
        }
        let name = &schema.columns()[column].name;
        Err(DecodeError::new(DecodeErrorKind::DuplicateColumn).with_column(name))
    }

    /// The column called `name`, if there is one, which is now present.
    pub(crate) fn answer(
        &mut self,
        schema: &Schema,
        name: &str,
    ) -> Result<Option<usize>, DecodeError> {
        let guess = self.guess();
        let column = match schema.columns().get(guess) {
            Some(column) if column.name == name => Some(guess),
            _ => schema.column_index(name),
        };
        column.filter(|_| schema.is_named()).map(|column| self.confirm(schema, column)).transpose()
    }

    /// Marks `column` as present; false when it already was.
    pub(crate) fn enter(&mut self, column: usize) -> bool {
        self.follows[self.previous] = column;
        self.previous = column;
        let first_time = self.present_in[column] != self.roll;
        self.present_in[column] = self.roll;
        self.present += usize::from(first_time);
        first_time
    }

    /// Whether every column is present.
    pub(crate) fn is_complete(&self) -> bool {
        self.present == self.present_in.len()
    }

    /// Refuses a row in which a column is absent.
    pub(crate) fn finish(&self, schema: &Schema) -> Result<(), DecodeError> {
        if self.is_complete() {
            return Ok(());
        }
        let absent = self.present_in.iter().position(|&roll| roll != self.roll);
        let name = absent.map_or("", |column| schema.columns()[column].name.as_str());
        Err(DecodeError::new(DecodeErrorKind::MissingColumn).with_column(name))
    }
}

/// The column of each cell, as a header gives it; `None` for a cell to pass over.
#[derive(Debug, Default)]
pub(crate) struct Header {
    targets: Vec<Option<usize>>,
}

impl Header {
    pub(crate) fn targets(&self) -> &[Option<usize>] {
        &self.targets
    }

    /// Starts a new header; the names follow through [`push`](Self::push).
    pub(crate) fn begin(&mut self, roll: &mut RollCall) {
        self.targets.clear();
        roll.begin();
    }

    /// Appends the column called `name`, to be passed over when it is unknown and that is fine.
    pub(crate) fn push(
        &mut self,
        name: &str,
        schema: &Schema,
        roll: &mut RollCall,
        ignore_unknown: bool,
    ) -> Result<(), DecodeError> {
        let target = if schema.is_named() {
            roll.answer(schema, name)?
        } else {
            // Columns without names of their own are in the order of their labels.
            let column = self.targets.len();
            (column < schema.columns().len() && roll.enter(column)).then_some(column)
        };
        if target.is_none() && !ignore_unknown {
            return Err(unknown_column(schema, name));
        }
        self.targets.push(target);
        Ok(())
    }
}

/// The refusal of a name that no column has, with the name that was probably meant.
#[cold]
pub(crate) fn unknown_column(schema: &Schema, name: &str) -> DecodeError {
    let error = DecodeError::new(DecodeErrorKind::UnknownColumn).with_column(name);
    if !schema.is_named() {
        return error
            .with_expected("rows as lists, for the model does not name its columns".into());
    }
    error.with_suggestion(nearest(name, schema.columns().iter().map(|column| &*column.name)))
}

/// The name that differs from `name` in case, or in at most a third of its letters.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > LONGEST_COMPARED {
        return None;
    }
    let wanted = name.to_ascii_lowercase();
    let most = (name.chars().count() / 3).max(1);
    names
        .take(MOST_COMPARED)
        .filter(|candidate| candidate.len() <= LONGEST_COMPARED)
        .map(|candidate| {
            (strsim::osa_distance(&wanted, &candidate.to_ascii_lowercase()), candidate)
        })
        .filter(|&(distance, _)| distance <= most)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}
