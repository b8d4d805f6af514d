//! `hotplate.toml`: the one place of configuration.
//!
//! A file has a table for each thing that it configures. A table's keys are declared once, with
//! [`settings!`](crate::settings): from the declaration come the struct that holds the values, what
//! reads them from a file, from flags and from environment variables, and what is told of them, as
//! by `hotplate config --example`. Tables about models are declared here ([`TABLES`]); others belong
//! to the crates above.

mod file;
mod kind;
mod model;
mod table;
mod variants;

pub use self::{
    file::{ConfigFile, Entry, Section, Setting},
    kind::{
        Amount, Bytes, Choice, Count, FilePath, Fraction, Kind, Port, Secret, SecretText, Text,
        Texts, Time, Truth, Whole, Written,
    },
    table::{Alias, Key, KeyDefault, Misread, Said, Table, TableInfo},
};
pub(crate) use self::{
    model::ModelSettings,
    variants::{EndpointSettings, VariantSettings, variants},
};

/// The name of a configuration file.
pub const FILE_NAME: &str = "hotplate.toml";

/// The table of what a model is and what runs it.
pub const MODEL: TableInfo = TableInfo::of::<ModelSettings>();

/// The tables of this crate, which are about a model or an endpoint and stand in its own folder.
pub const TABLES: [TableInfo; 3] = [
    MODEL,
    TableInfo::of::<EndpointSettings>(),
    TableInfo::of_each::<VariantSettings>(variants::faults),
];

/// The tables that a configuration file may have, of this crate and of those above: whoever reads
/// a file first finds a slip in any of their names.
pub const SECTIONS: [&str; 8] =
    [TABLES[0].name, TABLES[1].name, TABLES[2].name, "serve", "admin", "aws", "metrics", "capture"];

/// The candidate that `name` is most likely a slip of, if any is near.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}
