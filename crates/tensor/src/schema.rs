use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use crate::{DType, Disagreement, RowDim, RowShape, Shape};

/// One tensor that a model reads, without its rows axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSpec {
    /// The model's own name for it.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// The dimensions of one row.
    pub row_shape: RowShape,
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
/// The columns of a *table* cover every element of every input, in order. Where an input has an
/// open dimension, or a row is wider than [`MAX_COLUMNS`](Self::MAX_COLUMNS), there are none, and a
/// row consists of a tensor for each input.
#[derive(Clone, Debug)]
pub struct Schema {
    inputs: Vec<InputSpec>,
    columns: Vec<Column>,
    index_of: HashMap<String, usize>,
    named: bool,
    /// The open dimensions of one name, each with the first of that name.
    agreeing: Vec<(Axis, Axis)>,
}

/// A dimension of an input's rows.
#[derive(Clone, Copy, Debug)]
struct Axis {
    input: usize,
    axis: usize,
}

impl Schema {
    /// The most columns that a row can have; wider ones are not tables.
    pub const MAX_COLUMNS: usize = 1 << 16;

    /// A schema of these inputs, its columns called after them.
    ///
    /// An input of width one gives a column of its own name; a wider one gives `name.0`, `name.1`
    /// and so on, which clients can send by position only.
    ///
    /// # Errors
    ///
    /// When two inputs or columns share a name.
    pub fn new(inputs: Vec<InputSpec>) -> Result<Self, SchemaError> {
        if table_width(&inputs).is_none() {
            return Self::assemble(inputs, Vec::new(), false);
        }
        let widths = || inputs.iter().map(|input| input.row_shape.width().unwrap_or_default());
        let named = widths().all(|width| width == 1);
        let mut names = Vec::with_capacity(widths().sum());
        for (input, width) in inputs.iter().zip(widths()) {
            match width {
                1 => names.push(input.name.clone()),
                _ => names.extend((0..width).map(|offset| format!("{}.{offset}", input.name))),
            }
        }
        Self::assemble(inputs, names, named)
    }

    /// A schema of these inputs whose columns have these names, in the order of the elements.
    ///
    /// # Errors
    ///
    /// When there are not as many names as a row has elements, or two are the same, or the inputs
    /// are no table.
    pub fn with_names(inputs: Vec<InputSpec>, names: Vec<String>) -> Result<Self, SchemaError> {
        let width = table_width(&inputs).ok_or(SchemaError::NoTable)?;
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
        let mut input_names = HashSet::with_capacity(inputs.len());
        if let Some(twice) = inputs.iter().find(|input| !input_names.insert(&input.name)) {
            return Err(SchemaError::DuplicateName { name: twice.name.clone() });
        }
        let elements = inputs.iter().enumerate().flat_map(|(input, spec)| {
            let width = spec.row_shape.width().unwrap_or_default();
            (0..width).map(move |offset| (input, offset, spec.dtype))
        });
        let columns = names
            .into_iter()
            .zip(elements)
            .map(|(name, (input, offset, dtype))| Column { name, dtype, input, offset })
            .collect();
        let agreeing = agreeing(&inputs);
        Ok(Self { inputs, columns, index_of, named, agreeing })
    }

    /// The tensors that the model reads, in the model's order.
    pub fn inputs(&self) -> &[InputSpec] {
        &self.inputs
    }

    /// The cells of a row, in the order of a row without names; none unless it is a table.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether a row is a list of cells, so that there are columns.
    pub const fn is_table(&self) -> bool {
        !self.columns.is_empty()
    }

    /// The index of the input called `name`.
    pub fn input_index(&self, name: &str) -> Option<usize> {
        self.inputs.iter().position(|input| input.name == name)
    }

    /// The first dimension of one name in which the inputs of a row with these shapes differ.
    pub fn disagreement(&self, row_shape: impl Fn(usize) -> Shape) -> Option<Disagreement<'_>> {
        let dim = |of: Axis| row_shape(of.input).dims()[of.axis];
        let differs = |&&(first, other): &&(Axis, Axis)| dim(first) != dim(other);
        let &(first, other) = self.agreeing.iter().find(differs)?;
        let name = match &self.inputs[other.input].row_shape.dims()[other.axis] {
            RowDim::Open(Some(name)) => name,
            _ => unreachable!("only dimensions with a name must agree"),
        };
        let input = |of: Axis| self.inputs[of.input].name.as_str();
        let (expected, got) = (dim(first), dim(other));
        Some(Disagreement { dim: name, first: input(first), expected, other: input(other), got })
    }

    /// The index of the column called `name`.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.index_of.get(name).copied()
    }

    /// Whether the column names come from the model, so that clients may send rows by name.
    pub const fn is_named(&self) -> bool {
        self.named
    }

    /// Whether a row is a text, or two that are called `text` and `text_pair`.
    pub fn holds_texts(&self) -> bool {
        let is_text = match &*self.columns {
            [_] => true,
            [text, pair] => text.name == "text" && pair.name == "text_pair",
            _ => false,
        };
        is_text && self.columns.iter().all(|column| column.dtype == DType::Str)
    }
}

/// The open dimensions that have the name of an earlier one.
fn agreeing(inputs: &[InputSpec]) -> Vec<(Axis, Axis)> {
    let mut firsts: HashMap<&str, Axis> = HashMap::new();
    let mut pairs = Vec::new();
    for (input, spec) in inputs.iter().enumerate() {
        for (axis, dim) in spec.row_shape.dims().iter().enumerate() {
            let RowDim::Open(Some(name)) = dim else { continue };
            let here = Axis { input, axis };
            match firsts.get(name.as_str()) {
                Some(&first) => pairs.push((first, here)),
                None => drop(firsts.insert(name, here)),
            }
        }
    }
    pairs
}

/// The number of columns, or `None` where the inputs are no table.
fn table_width(inputs: &[InputSpec]) -> Option<usize> {
    inputs
        .iter()
        .try_fold(0_usize, |width, input| width.checked_add(input.row_shape.width()?))
        .filter(|&width| width <= Schema::MAX_COLUMNS)
}

/// Why inputs and names do not make a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaError {
    /// Names for columns where there are none: a dimension is open, or a row has more than
    /// [`Schema::MAX_COLUMNS`] elements.
    NoTable,
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
            Self::NoTable => f.write_str("expected no column names, for a row is made of tensors"),
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
        InputSpec { name: name.into(), dtype, row_shape: width.into() }
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
    fn texts_are_told_from_cells() {
        let holds_texts = |columns: &[(&str, DType)]| {
            let inputs = columns.iter().map(|&(name, dtype)| input(name, dtype, 1));
            Schema::new(inputs.collect()).unwrap().holds_texts()
        };
        assert!(holds_texts(&[("note", DType::Str)]));
        assert!(holds_texts(&[("text", DType::Str), ("text_pair", DType::Str)]));
        assert!(!holds_texts(&[("color", DType::Str), ("shape", DType::Str)]));
        assert!(!holds_texts(&[("text", DType::Str), ("text_pair", DType::F32)]));
        assert!(!holds_texts(&[("x", DType::F32)]));
        assert!(!holds_texts(&[]));
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

    #[test]
    fn rows_of_tensors_have_no_columns() {
        let tokens = RowShape::new(vec![RowDim::Open(None)]).unwrap();
        let tokens = InputSpec { name: "ids".into(), dtype: DType::I64, row_shape: tokens };
        let image = input("image", DType::F32, Schema::MAX_COLUMNS + 1);
        for inputs in [vec![tokens], vec![image]] {
            let schema = Schema::new(inputs.clone()).unwrap();
            assert!(!schema.is_table() && !schema.is_named());
            let error = Schema::with_names(inputs, vec!["a".to_owned()]).unwrap_err();
            assert_eq!(error, SchemaError::NoTable);
        }
    }

    #[test]
    fn dimensions_of_one_name_must_agree() {
        let open = |name: &str| RowDim::Open(Some(name.to_owned()));
        let input = |name: &str, dims| InputSpec {
            name: name.into(),
            dtype: DType::I64,
            row_shape: RowShape::new(dims).unwrap(),
        };
        let inputs =
            vec![input("ids", vec![open("n")]), input("mask", vec![RowDim::Fixed(1), open("n")])];
        let schema = Schema::new(inputs).unwrap();
        let shapes = |ids: usize, mask: usize| {
            move |input: usize| match input {
                0 => Shape::of_rows(ids),
                _ => Shape::new(&[1, mask]).unwrap(),
            }
        };
        assert_eq!(schema.disagreement(shapes(3, 3)), None);
        let found = schema.disagreement(shapes(3, 2)).unwrap();
        assert_eq!((found.dim, found.first, found.expected), ("n", "ids", 3));
        assert_eq!((found.other, found.got), ("mask", 2));
    }
}
