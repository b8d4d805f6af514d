//! What a model is asked: rows from a file, from its golden rows, or made from its signature.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail};
use hotplate::{Columns, DType, Engine, ModelFolder, Value};
use hotplate_backend::made_up;
use hotplate_codec::{BlockDecoder, Format};

use super::texts;
use crate::{
    arguments::Bench,
    failure::Usage,
    rows::{self, Blocks, RowsFile},
};

/// The most different rows that are sent. More would not fit into a cache any less.
pub(super) const MOST_ROWS: usize = 10_000;

/// The rows that are made from a signature.
const MADE_UP: usize = 1000;

/// Requests that go round.
#[derive(Debug)]
pub(super) struct Requests {
    /// The rows of each.
    pub(super) each: Vec<Columns>,
    /// Where the rows come from, for a person.
    pub(super) source: String,
    /// The form that they had in a file that was named.
    pub(super) format: Option<Format>,
}

impl Requests {
    /// The requests for a model.
    ///
    /// # Errors
    ///
    /// When rows cannot be read, or are not the model's.
    pub(super) fn of(arguments: &Bench, engine: &Engine, folder: &ModelFolder) -> Result<Self> {
        let (singles, source, format) = match (&arguments.rows, folder.golden_rows()) {
            (Some(path), _) => {
                let file = file_of(path, arguments.rows_format)?;
                let rows = read(&file, engine, arguments.ignore_unknown_columns)
                    .with_context(|| file.name())?;
                (rows, file.name(), Some(file.format))
            }
            (None, Some(golden)) => {
                let file = file_of(golden, Some(Format::Csv))?;
                let rows = read(&file, engine, true).with_context(|| file.name())?;
                (rows, file.name(), None)
            }
            (None, None) if engine.signature().schema().holds_texts() => {
                let mut random = fastrand::Rng::with_seed(arguments.seed);
                (texts::rows(engine, MADE_UP, &mut random)?, texts::source(), None)
            }
            (None, None) => {
                let made = made_from_signature(engine, arguments.seed)?;
                (made, "made from the signature; real rows may be slower".to_owned(), None)
            }
        };
        let each = in_requests(&singles, arguments.rows_per_request, engine)?;
        Ok(Self { each, source, format })
    }
}

/// The rows of a file, each alone.
fn read(
    file: &RowsFile<'_>,
    engine: &Engine,
    ignore_unknown_columns: bool,
) -> Result<Vec<Columns>> {
    let mut columns = engine.rows();
    let mut decoder = BlockDecoder::new(Arc::clone(columns.schema()), file.format)
        .ignore_unknown_columns(ignore_unknown_columns)
        .sparse(engine.sparse());
    let mut blocks = Blocks::new(file.open()?, file.format);
    let mut singles = Vec::new();
    while let Some(mut block) = blocks.next(|buffer| decoder.whole_records(buffer))?
        && singles.len() < MOST_ROWS
    {
        while !block.is_empty() {
            // What was decoded ends early where rows of another shape follow.
            let length = decoder.decode(block, &mut columns)?;
            block = &block[length..];
            for row in 0..columns.rows().min(MOST_ROWS - singles.len()) {
                let mut single = engine.rows();
                rows::append(&columns, row, &mut single)?;
                singles.push(single);
            }
        }
    }
    if singles.is_empty() {
        bail!("there are no rows");
    }
    Ok(singles)
}

/// Rows of numbers that differ from row to row, so that no branch is learned by heart: floats as of
/// a column that was standardised, zeros where only some integers may mean something, empty texts.
fn made_from_signature(engine: &Engine, seed: u64) -> Result<Vec<Columns>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut singles = Vec::with_capacity(MADE_UP);
    for _ in 0..MADE_UP {
        let mut single = engine.rows();
        made_up::rows(1, &mut single);
        if single.rows() == 0 {
            bail!(Usage(
                "rows of this model are too large to make up; name a file of rows with \
                         --rows FILE"
                    .to_owned()
            ));
        }
        let floats = engine.signature().schema().inputs().iter().enumerate();
        for (input, _) in floats.filter(|(_, input)| matches!(input.dtype, DType::F32 | DType::F64))
        {
            for element in 0..single.row_shape(input).elements() {
                let number = 6.0 * random.f64() - 3.0;
                single.set_element(input, element, Value::Number(number))?;
            }
        }
        singles.push(single);
        // Where nothing is drawn all are the same, and large ones would fill the memory.
        if single_bytes(engine, &singles[0]) > LARGE_BYTES {
            break;
        }
    }
    Ok(singles)
}

/// A row from which on one is enough.
const LARGE_BYTES: usize = 1 << 20;

fn single_bytes(engine: &Engine, single: &Columns) -> usize {
    let inputs = 0..engine.signature().schema().inputs().len();
    inputs.map(|input| 8 * single.row_shape(input).elements()).sum()
}

/// The rows in requests of so many; they go round where there are fewer.
fn in_requests(singles: &[Columns], rows: usize, engine: &Engine) -> Result<Vec<Columns>> {
    let requests = (singles.len() / rows).max(1);
    let request = |first: usize| {
        let mut request = engine.rows();
        for row in first..first + rows {
            rows::append(&singles[row % singles.len()], 0, &mut request)
                .context("rows of several shapes; with --rows-per-request 1 each goes alone")?;
        }
        Ok(request)
    };
    (0..requests).map(|number| request(number * rows)).collect()
}

/// What a file is called in the command that unpacks it.
pub(super) fn file_of<'a>(path: &'a Path, format: Option<Format>) -> Result<RowsFile<'a>> {
    RowsFile::of(path, format, "bench TARGET --rows -")
}
