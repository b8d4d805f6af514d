//! What can be said about serving, and who is obeyed.

mod admin;
mod aws;
mod capture;
mod metrics;
mod serve;

use std::{ffi::OsString, fmt, iter};

use hotplate::config::{ConfigFile, Key, Said, Table, TableInfo};

pub use self::{
    admin::Admin,
    aws::Aws,
    capture::{Capture, CaptureMode},
    metrics::{Metrics, Namespace},
    serve::{EndpointName, MediaType, Serve},
};
use crate::config::ConfigError;

/// Declares the tables of settings, each a field.
macro_rules! tables {
    ($($(#[doc = $doc:literal])+ $table:ident: $Table:ty,)+) => {
        /// What was said about serving; what was not said has the defaults of its table.
        ///
        /// Each key of each table is also a flag of `hotplate serve` and an environment variable:
        /// `drain_seconds` of `[serve]`, `--drain-seconds`, `HOTPLATE_DRAIN_SECONDS`.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $table: $Table,)+
        }

        $(impl From<$Table> for Settings {
            fn from($table: $Table) -> Self {
                let mut settings = Self::default();
                settings.$table = $table;
                settings
            }
        })+

        impl Settings {
            /// What can be told of each table.
            pub const TABLES: &'static [TableInfo] = &[$(TableInfo::of::<$Table>()),+];

            /// What `sources` say.
            ///
            /// # Errors
            ///
            /// When one of them says what is no value of its key, or the file has a key that there
            /// is not.
            pub fn of(sources: &Sources<'_>) -> Result<Self, ConfigError> {
                Ok(Self { $($table: sources.read()?,)+ })
            }
        }
    };
}

tables! {
    /// How to serve.
    serve: Serve,
    /// Who may change what is served.
    admin: Admin,
    /// The AWS front door.
    aws: Aws,
    /// What is told of requests.
    metrics: Metrics,
    /// Which requests are written down, and where.
    capture: Capture,
}

/// Who may say something.
#[derive(Clone, Copy)]
pub struct Sources<'s> {
    /// The value of a key's flag.
    pub flag: &'s dyn Fn(&Key) -> Option<String>,
    /// The value of the environment variable of that name.
    pub variable: &'s dyn Fn(&str) -> Option<OsString>,
    /// The file.
    pub file: &'s ConfigFile,
}

/// Who said a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The flag or the variable of this name.
    Said(String),
    /// This line of the file.
    Line(usize),
    /// Nobody.
    Default,
}

impl Sources<'_> {
    /// A key's value for people, and who said it.
    ///
    /// # Errors
    ///
    /// When a variable is not UTF-8.
    pub fn value(&self, key: &Key) -> Result<(String, Origin), ConfigError> {
        if let Some(said) = self.said(key)? {
            let value = key.shown(format!("{}{}", said.text, said.unit));
            return Ok((value, Origin::Said(said.by)));
        }
        Ok(match self.file.said(key.table, key.name) {
            Some((value, line)) => (key.shown(value), Origin::Line(line)),
            None => (key.default_words(), Origin::Default),
        })
    }

    fn read<T: Table>(&self) -> Result<T, ConfigError> {
        let mut failed = None;
        let mut said = |key: &Key| {
            self.said(key).unwrap_or_else(|error| {
                failed.get_or_insert(error);
                None
            })
        };
        let said = T::of_texts(&mut said).map_err(ConfigError::Said)?;
        // The file is read whole, so that a slip in it shows whoever overrules it.
        let file = self.file.read::<T>().map_err(ConfigError::File)?;
        failed.map_or_else(|| Ok(said.or(file)), Err)
    }

    /// What a flag says of `key`, else our own variable, else SageMaker's.
    ///
    /// SageMaker's variables come before the file because the file travels inside the model's
    /// archive, and a platform that says which port it will call must not be talked out of it by an
    /// archive. They come behind flags and our own variables because whoever sets those in a
    /// container means it.
    fn said(&self, key: &Key) -> Result<Option<Said>, ConfigError> {
        if let Some(text) = (self.flag)(key) {
            return Ok(Some(Said { by: format!("--{}", key.flag()), text, unit: "" }));
        }
        let ours = (key.variable(), "");
        let others = key.aliases.iter().map(|alias| (alias.variable.to_owned(), alias.unit));
        for (by, unit) in iter::once(ours).chain(others) {
            // Set to nothing is how a container's definition takes a variable away.
            if let Some(value) = (self.variable)(&by).filter(|value| !value.is_empty()) {
                return match value.into_string() {
                    Ok(text) => Ok(Some(Said { by, text, unit })),
                    Err(_) => Err(ConfigError::NotText { variable: by }),
                };
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("file", self.file).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
