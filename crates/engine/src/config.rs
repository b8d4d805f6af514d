//! `hotplate.toml`: the one place of configuration.
//!
//! A file has a table for each thing that it configures. A table's keys are declared once, with
//! [`settings!`](crate::settings): from the declaration come the struct that holds the values, what
//! reads them from a file, from flags and from environment variables, and what is told of them, as
//! by `hotplate config --example`. `[model]` is declared here ([`MODEL`]); other tables belong to
//! the crates above.

mod file;
mod kind;
mod model;
mod table;

pub(crate) use self::model::ModelSettings;
pub use self::{
    file::{ConfigFile, Entry, Section},
    kind::{
        Bytes, Choice, Count, FilePath, Fraction, Kind, Port, Text, Texts, Time, Truth, Whole,
        Written,
    },
    table::{Alias, Key, KeyDefault, Misread, Said, Table, TableInfo},
};

/// The name of a configuration file.
pub const FILE_NAME: &str = "hotplate.toml";

/// The table of what a model is and what runs it.
pub const MODEL: TableInfo = TableInfo::of::<ModelSettings>();

/// The tables that a configuration file may have, of this crate and of those above: whoever reads
/// a file first finds a slip in any of their names.
pub const SECTIONS: [&str; 4] = [MODEL.name, "serve", "metrics", "capture"];

/// The candidate that `name` is most likely a slip of, if any is near.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}
