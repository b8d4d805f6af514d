use std::{collections::HashMap, fmt};

use crate::{DType, Shape};

/// One tensor that a model reads, without its rows axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSpec {
    /// The model's own name for it.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// The dimensions of one row: the input's shape behind axis 0.
    pub row_shape: Shape,
}

impl InputSpec {
    /// The number of elements of one row.
    pub fn width(&self) -> usize {
        self.row_shape.elements()
    }
}

/// One cell of a row, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What clients call it.
    pub name: String,
    /// The type of its values.
    pub dtype: DType,
    /// The index of the input that it belongs to.
    pub input: usize,
    /// Its element within a row of that input.
    pub offset: usize,
}

/// What a model reads: its inputs, and the columns that a client's row consists of.
///
/// The columns cover every element of every input, in order.
#[derive(Clone, Debug)]
pub struct Schema {
    inputs: Vec<InputSpec>,
    columns: Vec<Column>,
    index_of: HashMap<String, usize>,
    named: bool,
}

impl Schema {
    /// The most columns that a row can have; wider inputs are not tables.
    pub const MAX_COLUMNS: usize = 1 << 16;

    /// A schema of these inputs, its columns called after them.
    ///
    /// An input of width one gives a column of its own name; a wider one gives `name.0`, `name.1`
    /// and so on, which clients can send by position only.
    ///
    /// # Errors
    ///
    /// When two inputs share a name, or a row has more than [`Self::MAX_COLUMNS`] elements.
    pub fn new(inputs: Vec<InputSpec>) -> Result<Self, SchemaError> {
        let named = inputs.iter().all(|input| input.width() == 1);
        let width = total_width(&inputs)?;
        let mut names = Vec::with_capacity(width);
        for input in &inputs {
            match input.width() {
                1 => names.push(input.name.clone()),
                width => names.extend((0..width).map(|offset| format!("{}.{offset}", input.name))),
            }
        }
        Self::assemble(inputs, names, named)
    }

    /// A schema of these inputs whose columns have these names, in the order of the elements.
    ///
    /// # Errors
    ///
    /// When there are not as many names as a row has elements, or two are the same.
    pub fn with_names(inputs: Vec<InputSpec>, names: Vec<String>) -> Result<Self, SchemaError> {
        let width = total_width(&inputs)?;
        if names.len() != width {
            return Err(SchemaError::NameCount { expected: width, got: names.len() });
        }
        Self::assemble(inputs, names, true)
    }

    fn assemble(
        inputs: Vec<InputSpec>,
        names: Vec<String>,
        named: bool,
    ) -> Result<Self, SchemaError> {
        let mut index_of = HashMap::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            if index_of.insert(name.clone(), index).is_some() {
                return Err(SchemaError::DuplicateName { name: name.clone() });
            }
        }
        let elements = inputs.iter().enumerate().flat_map(|(input, spec)| {
            (0..spec.width()).map(move |offset| (input, offset, spec.dtype))
        });
        let columns = names
            .into_iter()
            .zip(elements)
            .map(|(name, (input, offset, dtype))| Column { name, dtype, input, offset })
            .collect();
        Ok(Self { inputs, columns, index_of, named })
    }

    /// The tensors that the model reads, in the model's order.
    pub fn inputs(&self) -> &[InputSpec] {
        &self.inputs
    }

    /// The cells of a row, in the order of a row without names.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The index of the column called `name`.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.index_of.get(name).copied()
    }

    /// Whether the column names come from the model, so that clients may send rows by name.
    pub const fn is_named(&self) -> bool {
        self.named
    }
}

fn total_width(inputs: &[InputSpec]) -> Result<usize, SchemaError> {
    inputs
        .iter()
        .try_fold(0_usize, |width, input| width.checked_add(input.width()))
        .filter(|&width| width <= Schema::MAX_COLUMNS)
        .ok_or(SchemaError::TooWide)
}

/// Why inputs and names do not make a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaError {
    /// A row has more than [`Schema::MAX_COLUMNS`] elements.
    TooWide,
    /// The number of names is not the number of elements in a row.
    NameCount {
        /// The elements of a row.
        expected: usize,
        /// The names given.
        got: usize,
    },
    /// Two columns have the same name.
    DuplicateName {
        /// That name.
        name: String,
    },
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooWide => {
                write!(f, "a row has more than {} elements", Schema::MAX_COLUMNS)
            }
            Self::NameCount { expected, got } => {
                write!(f, "expected {expected} column names, got {got}")
            }
            Self::DuplicateName { name } => write!(f, "two columns are called {name:?}"),
        }
    }
}

impl std::error::Error for SchemaError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, dtype: DType, width: usize) -> InputSpec {
        InputSpec { name: name.into(), dtype, row_shape: Shape::of_rows(width) }
    }

    #[test]
    fn inputs_of_width_one_name_their_columns() {
        let schema =
            Schema::new(vec![input("age", DType::F32, 1), input("job", DType::Str, 1)]).unwrap();
        assert!(schema.is_named());
        assert_eq!(schema.column_index("job"), Some(1));
        assert_eq!(schema.columns()[1].input, 1);
    }

    #[test]
    fn matrix_takes_the_names_it_is_given() {
        let matrix = vec![input("x", DType::F32, 2)];
        assert!(!Schema::new(matrix.clone()).unwrap().is_named());
        let names = vec!["a".to_owned(), "b".to_owned()];
        let schema = Schema::with_names(matrix.clone(), names).unwrap();
        assert_eq!(schema.columns()[1].offset, 1);
        let error = Schema::with_names(matrix, vec!["a".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "expected 2 column names, got 1");
    }

    #[test]
    fn names_that_repeat_are_refused() {
        let inputs = vec![input("a", DType::F32, 1), input("a", DType::F32, 1)];
        let error = Schema::new(inputs).unwrap_err();
        assert_eq!(error, SchemaError::DuplicateName { name: "a".into() });
    }
}
