//! Rows of a made case, cut into calls.

use std::{fs, path::Path};

use hotplate::{DataView, Shape, StrView, TensorView};
use hotplate_model::onnx::{TestValue, read_value};

/// What a data set feeds, and how many scores there are for each of its rows.
pub(crate) struct Values {
    pub(crate) inputs: Vec<TestValue>,
    pub(crate) scores_a_row: usize,
}

/// Reads a data set.
pub(crate) fn read(data_set: &Path) -> Values {
    let values = |kind: &str| -> Vec<TestValue> {
        let paths = (0..).map(|position| data_set.join(format!("{kind}_{position}.pb")));
        let there = paths.take_while(|path| path.exists());
        there.map(|path| read_value(&fs::read(path).unwrap()).unwrap()).collect()
    };
    let Some(TestValue::Tensor { shape, .. }) = values("output").pop() else {
        panic!("{}: the last output is no tensor", data_set.display());
    };
    Values { inputs: values("input"), scores_a_row: shape.of_one_row().elements() }
}

/// The inputs of a model: a matrix of numbers, or columns of numbers and of texts.
pub(crate) struct Columns<'v>(Vec<Column<'v>>);

struct Column<'v> {
    row: Shape,
    cells: AllCells<'v>,
}

enum AllCells<'v> {
    Numbers(&'v [f32]),
    /// Twice, since each side has them from its caller in the form that it takes.
    Texts(Vec<&'v str>, Vec<String>),
}

/// Rows that are asked for at once.
pub(crate) struct Call<'c> {
    /// A tensor for each input, for the native engine.
    pub(crate) views: Vec<TensorView<'c>>,
    /// The same for ONNX Runtime.
    pub(crate) cells: Vec<Cells<'c>>,
}

/// The cells of one input, row by row.
#[derive(Clone, Copy)]
pub(crate) enum Cells<'c> {
    Numbers(&'c [f32]),
    Texts(&'c [String]),
}

impl<'v> Columns<'v> {
    pub(crate) fn of(inputs: &'v [TestValue]) -> Self {
        let column = |input: &'v TestValue| {
            let TestValue::Tensor { shape, data, .. } = input else {
                panic!("an input is no tensor");
            };
            let cells = match data.view() {
                DataView::F32(numbers) => AllCells::Numbers(numbers),
                DataView::Str(texts) => AllCells::Texts(
                    texts.iter().collect(),
                    texts.iter().map(str::to_owned).collect(),
                ),
                other => panic!("no model here has {}", other.dtype()),
            };
            Column { row: shape.of_one_row(), cells }
        };
        Self(inputs.iter().map(column).collect())
    }

    pub(crate) fn rows(&self) -> usize {
        let column = &self.0[0];
        let cells = match &column.cells {
            AllCells::Numbers(numbers) => numbers.len(),
            AllCells::Texts(texts, _) => texts.len(),
        };
        cells / column.row.elements()
    }

    /// All rows, so many a call.
    pub(crate) fn calls(&self, rows: usize) -> Vec<Call<'_>> {
        (0..self.rows() / rows).map(|call| self.call(call * rows, rows)).collect()
    }

    fn call(&self, first: usize, rows: usize) -> Call<'_> {
        let (mut views, mut cells) = (Vec::new(), Vec::new());
        for column in &self.0 {
            let width = column.row.elements();
            let range = first * width..(first + rows) * width;
            let data = match &column.cells {
                AllCells::Numbers(numbers) => {
                    cells.push(Cells::Numbers(&numbers[range.clone()]));
                    DataView::F32(&numbers[range])
                }
                AllCells::Texts(texts, strings) => {
                    cells.push(Cells::Texts(&strings[range.clone()]));
                    DataView::Str(StrView::from(&texts[range]))
                }
            };
            views.push(TensorView::new(column.row.with_rows(rows).unwrap(), data).unwrap());
        }
        Call { views, cells }
    }
}
