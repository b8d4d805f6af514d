//! Opening a case, and asking it for rows.

use std::path::Path;

use hotplate::{Answer, DataView, Engine, OpenOptions};

use crate::{
    golden::{Cells, Golden, Row},
    told,
};

/// Both cells of a pair.
pub(crate) const PAIR: [&str; 2] = ["text", "text_pair"];

/// The engine of a folder, for pairs where `golden` has some.
pub(crate) fn open(folder: &Path, golden: &Golden) -> Result<Engine, String> {
    let options = OpenOptions::new().instances(1);
    let options = if golden.has_pairs() { options.columns(PAIR) } else { options };
    options.open(folder).map_err(told)
}

/// The answers to these rows, asked for at once.
pub(crate) fn ask(engine: &Engine, rows: &[&Row]) -> Result<Answer, String> {
    let width = engine.columns().len();
    let mut columns = engine.rows();
    for row in rows {
        columns.begin_row();
        match &row.cells {
            Cells::Texts { text, pair } => {
                columns.set_text(0, text).map_err(told)?;
                if width > 1 {
                    columns.set_text(1, pair.as_deref().unwrap_or_default()).map_err(told)?;
                }
            }
            Cells::Numbers(numbers) => {
                for (column, &number) in numbers.iter().enumerate() {
                    columns.set_number(column, number.into()).map_err(told)?;
                }
            }
        }
    }
    engine.predict(&columns).map_err(told)
}

/// What an output called `name` has for a row.
pub(crate) fn numbers_of<'a>(
    answer: &'a Answer,
    name: &str,
    row: usize,
) -> Result<&'a [f32], String> {
    let outputs = answer.signature().outputs();
    let at = outputs.iter().position(|output| output.name == name);
    let Some(at) = at else {
        let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
        return Err(format!("no output is called {name:?}; there are {names:?}"));
    };
    let tensor = &answer.outputs()[at];
    let DataView::F32(numbers) = tensor.data() else {
        return Err(format!("{name:?} is {}, not float32", tensor.dtype()));
    };
    let width = numbers.len() / answer.rows();
    Ok(&numbers[row * width..(row + 1) * width])
}
