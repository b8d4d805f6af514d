//! What can be said to `hotplate predict`.

use std::{num::NonZero, path::PathBuf};

use clap::{
    Args, ValueHint,
    builder::{PossibleValuesParser, TypedValueParser as _},
};
use hotplate::scorer::OnError;
use hotplate_codec::{Absent, Format, IndexBase};

use super::{format, written_format};
use crate::runs_on::RunsOn;

/// Score a file of rows.
///
/// Reads rows in any format and writes one answer per row. CSV, JSON Lines, libsvm, RecordIO and npy
/// are read block by block, so a file may be larger than memory; a JSON document, npz, and an npy
/// whose rows do not lie one behind the other, as those in Fortran order, are read whole. A first line of CSV that holds column names is recognised, and then columns may come
/// in any order.
///
/// A row that is wrong ends the run with exit code 1 and an error that names row, line and column.
/// Rows are counted from zero, lines from one. What stands in front of it has been answered then,
/// except in a JSON document, which is answered whole or not at all.
///
/// With --on-error placeholder the run goes on, and each row that has no answer has a placeholder
/// in its place: in CSV the line ERROR, in JSON an object with the keys error, reason, row and, as
/// they apply, column, expected and got. How many there are, and why the first, goes to standard
/// error. The exit code is 0 then if any row was answered, and 1 if there are rows and none was. A
/// header that is wrong, a JSON document that is, and a failure of the machine end the run anyway.
#[derive(Args, Debug)]
#[command(after_help = "\
A line of CSV output is the second class's probability of a classifier of two classes, all
probabilities of one of more, or a regressor's value. JSON adds the predicted label. `output` in
hotplate.toml changes what is written.

Examples:
  hotplate predict models/churn --input rows.csv
  hotplate predict models/churn --input rows.csv --output-format jsonl --output scores.jsonl
  hotplate predict models/churn --input rows.csv --on-error placeholder --output scores.csv
  zcat customers.csv.gz | hotplate predict models/churn --ignore-unknown-columns | sort -g | tail
  echo '[[8.3, 41, 7, 1, 322, 2.6, 37.9, -122.2]]' |
    hotplate predict models/housing --input-format json")]
pub(crate) struct Predict {
    /// A model file or a model folder
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,

    /// File of rows, or - for standard input
    #[arg(long, value_name = "FILE", default_value = "-", value_hint = ValueHint::FilePath)]
    pub(crate) input: PathBuf,

    /// csv, json, jsonl, libsvm, npy, npz or recordio [default: by the file's ending, else csv]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub(crate) input_format: Option<Format>,

    /// File for the answers, which is overwritten, or - for standard output
    #[arg(long, value_name = "FILE", default_value = "-", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,

    /// csv, json, jsonl, npy or recordio [default: by the file's ending, else the input's if it is
    /// one of them, else csv]
    #[arg(long, value_name = "FORMAT", value_parser = written_format)]
    pub(crate) output_format: Option<Format>,

    /// Pass over columns that the model does not have, such as an identifier or the target
    #[arg(long)]
    pub(crate) ignore_unknown_columns: bool,

    /// The number of the first column in libsvm: 0, 1, or auto, which is 1 unless the file's first
    /// block names 0 [default: libsvm_base in hotplate.toml, else 1]
    #[arg(long, value_name = "BASE", value_parser = str::parse::<IndexBase>)]
    pub(crate) libsvm_base: Option<IndexBase>,

    /// What the cells are that a sparse row does not say, of libsvm, npz, RecordIO and JSON: missing
    /// or zero [default: sparse_absent in hotplate.toml, else missing]
    #[arg(long, value_name = "WHAT", value_parser = str::parse::<Absent>)]
    pub(crate) sparse_absent: Option<Absent>,

    /// Say with each answer what every column adds to the score, or the K columns that add most;
    /// in json or jsonl
    #[arg(long, value_name = "K", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub(crate) explain: Option<usize>,

    /// What becomes of a row that is wrong: stop ends the run, placeholder goes on without it
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "stop",
        value_parser = PossibleValuesParser::new(["stop", "placeholder"]).map(on_error),
    )]
    pub(crate) on_error: OnError,

    /// Threads that read, score and write; answers are in order for any number [default: one per
    /// core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZero<usize>>,

    #[command(flatten)]
    pub(crate) runs_on: RunsOn,
}

fn on_error(name: String) -> OnError {
    if name == "placeholder" { OnError::Placeholder } else { OnError::Stop }
}
