//! What can be said to `hotplate trace`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use hotplate_codec::Format;

use super::format;
use crate::runs_on::RunsOn;

/// Follow one row through a model: why is this prediction what it is?
///
/// Shows what was read of each column, what the features are that were made of it, where each tree
/// led and what its leaf adds, the margin that they sum up to, the prediction that is made of it,
/// and which columns moved the margin most. All that comes from the native engine, for a model that
/// is one ensemble of trees; of any other model the columns and the outputs are shown, and the
/// steps in between are named.
#[derive(Args, Debug)]
#[command(after_help = "\
What to look for in a prediction that seems wrong:
  columns    a value that landed in another column, or went missing on the way
  features   a text that is none of the categories, or a number that was imputed
  trees      the few that add most; --paths says what they asked for
  reasons    the columns that moved the margin most, by TreeSHAP

The leaf of a tree is its node's number, counted from 0 at the root, level by level. Features are
counted from 0, and so are rows of a file.

With --json, keys stay what they are from version to version, and new ones may come:
  name, backend   the model, and what runs it
  row             file and number, null for a row of the command line
  columns         name, dtype, value, and whether it is missing
  features        feature, column, value, and steps from a number or the category of a text
  texts           column, text, category (null for none), categories (how many)
  trees           tree, depth, leaf, adds (score, value), path (feature, value, above, at_most,
                  is_true); null where a model has too many nodes
  aggregate       what the trees make of what they add: sum, average, least or greatest
  scores          class, base, trees, margin
  transform       what is made of the margins; empty where they are the prediction
  prediction      what `predict` writes
  threshold       of hotplate.toml; null where the model decides
  reasons         covers (what they are relative to), and scores: class, score, expected, top
  not_traced      why the keys from features to transform are null
  not_explained   why reasons is null
  steps           what a row goes through
Numbers that JSON cannot hold, and missing values, are null.

Examples:
  hotplate trace models/churn --input models/churn/rows.csv --number 3
  hotplate trace models/housing --row 8.3,41,7,1,322,2.6,37.9,-122.2 --trees all --paths
  hotplate trace models/housing --row '{\"MedInc\": 8.3, \"HouseAge\": 41, \"AveRooms\": 7,
    \"AveBedrms\": 1, \"Population\": 322, \"AveOccup\": 2.6, \"Latitude\": 37.9, \"Longitude\": -122.2}'
  hotplate trace models/fraud --row @captured.json --json | jq .scores")]
pub(crate) struct Trace {
    /// A model file or a model folder
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,

    /// The row: a JSON object or list, a line of CSV cells in the order of the columns, or @FILE
    /// for a file of one row, @- for standard input
    #[arg(
        long,
        value_name = "ROW",
        allow_hyphen_values = true,
        required_unless_present = "input",
        conflicts_with = "input"
    )]
    pub(crate) row: Option<String>,

    /// File of rows, or - for standard input, of which one is taken
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) input: Option<PathBuf>,

    /// Which row of --input, from 0 [default: 0]
    #[arg(long, value_name = "N", conflicts_with = "row")]
    pub(crate) number: Option<usize>,

    /// csv, json or jsonl [default: by the file's ending, else by how a row begins]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub(crate) input_format: Option<Format>,

    /// Pass over columns that the model does not have, such as an identifier or the target
    #[arg(long)]
    pub(crate) ignore_unknown_columns: bool,

    /// How many trees are shown: some, which are the first, the last and those that add most, or
    /// all
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Trees::Some)]
    pub(crate) trees: Trees,

    /// Show for each tree what its branches asked for on the way
    #[arg(long)]
    pub(crate) paths: bool,

    /// One JSON document for programs
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) runs_on: RunsOn,
}

/// Which trees are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Trees {
    Some,
    All,
}
