//! What can be said on the command line, and the help that teaches it.

mod bench;
mod config;
mod predict;
mod serve;
mod settings;
mod trace;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use hotplate_codec::Format;

pub(crate) use self::{
    bench::{Bench, Spread},
    config::Config,
    predict::Predict,
    serve::Serve,
    settings::Flags,
    trace::{Trace, Trees},
};
use crate::runs_on::RunsOn;

/// Keeps trained models warm and answers in microseconds.
#[derive(Debug, Parser)]
#[command(
    name = "hotplate",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "\
A MODEL is a file (model.onnx) or a folder that holds one. The folder may also hold
hotplate.toml (settings) and golden.csv (rows that the model must reproduce before it
answers anybody).

Examples:
  hotplate serve models                             answer HTTP on port 8080
  hotplate predict models/churn --input rows.csv    score a file
  hotplate inspect models/churn                     what does it take, what does it give?
  hotplate verify models/churn                      does it still answer as it should?
  hotplate diff models/churn next --rows rows.csv   what would change with the next version?
  hotplate trace models/churn --input rows.csv --number 3
                                                    why is this prediction what it is?
  hotplate bench models/churn                       how much load does it take, how late is it?
  hotplate config models/churn                      what is set, and who says so?

`hotplate COMMAND --help` tells more. Exit codes: 0 done, 1 failed, 2 wrong usage."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Serve),
    Predict(Predict),
    Inspect(Inspect),
    Verify(Verify),
    Diff(Diff),
    Trace(Trace),
    Bench(Bench),
    Config(Config),
}

/// Say what a model is: file, columns, outputs, operators, and what runs it.
///
/// Nothing is run, and a model that nothing here runs is described as well, with what each backend
/// has against it.
#[derive(Args, Debug)]
#[command(after_help = "\
With --json, keys stay what they are from version to version, and new ones may come:
  name, file, format, size_bytes, sha256, producer, opsets, operators, golden_rows, open_seconds
  combined_with the other files where several are combined: file, format, size_bytes, sha256
  architecture  of safetensors: kind (bert, distilbert, roberta, xlm-roberta or mlp) and what it is
                made of; null for other formats
  inputs        name, dtype and row_shape; of an open dimension its name, or null if it has none
  columns       name and dtype; none where rows are made of tensors
  outputs       name, dtype and row_shape, with null for a dimension that is not fixed
  batching      rows, one_row (the file fixes the first dimension to one), or none (no rows axis)
  task          kind, and a classifier's classes
  backend       what runs the model; null where nothing does
  device        where, and in fell_back why not where it was meant to
  nodes         by device, how many nodes of the graph it runs, as far as that is told
  steps         what a row goes through
  passed_over   for each backend that does not run the model: backend, reason, refusals
  onnxruntime   version and path of the library, and failures: places in front that had none
  problem       why nothing runs the model, and in refusals what the first backend does not take
Other keys are null where they are not known.

Examples:
  hotplate inspect models/churn
  hotplate inspect model.onnx --json | jq -r '.columns[].name'
  hotplate inspect model.onnx --backend onnxruntime --device cuda")]
pub(crate) struct Inspect {
    /// A model file or a model folder
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,

    /// One JSON document for programs
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) runs_on: RunsOn,
}

/// Compare a model's answers with the expected ones.
///
/// Golden rows lie in golden.csv in the model's folder, and a model that does not reproduce them is
/// never served. This command says how far it is from them, and runs any other file of that form.
///
/// The file has a header row: the model's columns by name, and for each answer that is expected a
/// column output.NAME, or output.NAME.INDEX where an output has several numbers a row. Columns of
/// other names are passed over.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  hotplate verify models/churn
  hotplate verify models/churn --rows last-month.csv")]
pub(crate) struct Verify {
    /// A model file or a model folder
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,

    /// File of golden rows [default: golden.csv in the model's folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rows: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) runs_on: RunsOn,
}

/// Compare two versions of a model: how scores move, and which decisions flip.
///
/// Runs every row through both models and tells how the scores of the new one differ: of a
/// classifier of two classes the second class's probability, of more classes the probability that
/// changed most in its row, of a regressor the value. Both models answer as they would be served:
/// with the settings of their folders, and only if they reproduce their golden rows.
///
/// A classifier decides by --threshold, else by the threshold in its hotplate.toml, else as its
/// file says, which is the more probable class. Columns are matched by name, and each model passes
/// over those that it does not have.
///
/// CSV and JSON Lines are read block by block; what is kept of a row is its change. Rows are
/// counted from zero.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes: 0 compared, whatever came out; 1 failed, or more decisions flip than --max-flips
allows; 2 wrong usage.

With --json, keys stay what they are from version to version, and new ones may come:
  old, new           name, path, backend, device, threshold (null where the file decides),
                     columns_of_its_own, and in unknown_categories by column how many texts
                     training never saw
  kind               two_classes, classes or regressors
  decisions_between  the classes, or the two sides of --threshold; none where nothing is decided
  rows, identical    rows in all, and rows of which the score is the same to the last bit
  not_finite         rows of which just one score is a number; they count in decisions alone
  change             new less old: mean, mean_absolute, largest_absolute, and quantiles p1, p5, p50,
                     p95, p99; of more than two classes the size alone
  relative_change    of regressors the same as a share of the old value, else null
  moved              rows and their share by_more_than 0.001, 0.01 and 0.1; of regressors those are
                     shares of the old value, here and in histogram
  histogram          rows by change, from and to, null for an open end
  flips, flip_share  rows that are decided differently; null where nothing is decided
  decisions          rows and their share for each pair of old and new decision that occurs
  moved_most         row, class, old, new, change, old_decision, new_decision
Numbers that JSON cannot hold are null.

Examples:
  hotplate diff models/churn churn-2 --rows last-week.csv
  hotplate diff models/housing housing-2 --rows districts.csv --threshold 3.5
  hotplate diff models/churn churn-2 --rows last-week.csv --max-flips 20 && ./upgrade
  hotplate diff models/churn churn-2 --rows last-week.csv --json | jq .flips")]
pub(crate) struct Diff {
    /// The model that answers now, a file or a folder
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) old: PathBuf,

    /// The model that would take its place, a file or a folder
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) new: PathBuf,

    /// File of rows, or - for standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rows: PathBuf,

    /// csv, json, jsonl, libsvm, npy, npz or recordio [default: by the file's ending, else csv]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub(crate) rows_format: Option<Format>,

    /// The score from which on both models decide for the second class; of regressors, the value
    /// from which on a row is on the other side [default: each model's own]
    #[arg(long, value_name = "T", value_parser = finite, allow_negative_numbers = true)]
    pub(crate) threshold: Option<f64>,

    /// How many of the rows that moved most are listed
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,

    /// Fail where more than N rows are decided differently
    #[arg(long, value_name = "N")]
    pub(crate) max_flips: Option<usize>,

    /// One JSON document for programs
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) runs_on: RunsOn,
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "expected a number".to_owned())
}

fn format(name: &str) -> Result<Format, String> {
    Format::from_name(&name.to_ascii_lowercase())
        .ok_or_else(|| "expected csv, json, jsonl, libsvm, npy, npz or recordio".to_owned())
}

fn written_format(name: &str) -> Result<Format, String> {
    format(name)
        .ok()
        .filter(|format| format.is_written())
        .ok_or_else(|| "expected csv, json, jsonl, npy or recordio".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn definition_is_consistent() {
        Arguments::command().debug_assert();
    }
}
