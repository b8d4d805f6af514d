//! The names that a row or a header gives, against the columns of a schema.

use hotplate_tensor::Schema;

use crate::error::{DecodeError, DecodeErrorKind};

/// Names longer than this are not searched for a near one.
const LONGEST_COMPARED: usize = 64;

/// The most columns that are compared with an unknown name.
const MOST_COMPARED: usize = 1000;

/// What the names of a row mean, each by its index.
pub(crate) trait Named: Copy {
    /// The name at `index`.
    fn name(&self, index: usize) -> Option<&str>;

    /// The index of `name`.
    fn index(&self, name: &str) -> Option<usize>;

    /// Whether rows can be given by these names.
    fn mean_something(&self) -> bool;
}

/// The columns of a table.
impl Named for &Schema {
    #[inline]
    fn name(&self, index: usize) -> Option<&str> {
        self.columns().get(index).map(|column| &*column.name)
    }

    #[inline]
    fn index(&self, name: &str) -> Option<usize> {
        self.column_index(name)
    }

    #[inline]
    fn mean_something(&self) -> bool {
        self.is_named()
    }
}

/// The inputs of a schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputNames<'s>(pub(crate) &'s Schema);

impl Named for InputNames<'_> {
    #[inline]
    fn name(&self, index: usize) -> Option<&str> {
        self.0.inputs().get(index).map(|input| &*input.name)
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.0.input_index(name)
    }

    fn mean_something(&self) -> bool {
        true
    }
}

/// Calls the roll of one row or header: finds the column that each name means, and notices names
/// that repeat and columns that are absent. Of a row of tensors, the columns are the inputs.
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
    pub(crate) fn confirm(
        &mut self,
        names: impl Named,
        column: usize,
    ) -> Result<usize, DecodeError> {
        if self.enter(column) {
            return Ok(column);
        }
        let name = names.name(column).unwrap_or_default();
        Err(DecodeError::new(DecodeErrorKind::DuplicateColumn).with_column(name))
    }

    /// The column called `name`, if there is one, which is now present.
    pub(crate) fn answer(
        &mut self,
        names: impl Named,
        name: &str,
    ) -> Result<Option<usize>, DecodeError> {
        let guess = self.guess();
        let column = match names.name(guess) {
            Some(guessed) if guessed == name => Some(guess),
            _ => names.index(name),
        };
        column
            .filter(|_| names.mean_something())
            .map(|column| self.confirm(names, column))
            .transpose()
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

    /// Whether no column is present yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.present == 0
    }

    /// Whether every column is present.
    pub(crate) fn is_complete(&self) -> bool {
        self.present == self.present_in.len()
    }

    /// Refuses a row in which a column is absent.
    pub(crate) fn finish(&self, names: impl Named) -> Result<(), DecodeError> {
        if self.is_complete() {
            return Ok(());
        }
        let absent = self.present_in.iter().position(|&roll| roll != self.roll);
        let name = absent.and_then(|column| names.name(column)).unwrap_or_default();
        Err(DecodeError::new(DecodeErrorKind::MissingColumn).with_column(name))
    }
}

/// The column of each cell, as a header gives it; `None` for a cell to pass over.
#[derive(Clone, Debug, Default)]
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

/// The refusal of a name that no input has, in a row of tensors.
#[cold]
pub(crate) fn unknown_input(schema: &Schema, name: &str) -> DecodeError {
    DecodeError::new(DecodeErrorKind::UnknownColumn)
        .with_column(name)
        .with_suggestion(nearest(name, schema.inputs().iter().map(|input| &*input.name)))
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
