//! The flags of settings, made from the tables that declare them.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use hotplate::config::{Key, TableInfo};
use hotplate_server::Settings;

/// The table whose keys stand among the other flags, without a heading of their own.
const MAIN: &str = "serve";

/// What the flags of settings say, as text that has been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    said: Vec<(String, String)>,
}

impl Flags {
    /// The value of a key's flag.
    pub(crate) fn value(&self, key: &Key) -> Option<String> {
        let flag = key.flag();
        self.said.iter().find(|(said, _)| *said == flag).map(|(_, value)| value.clone())
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        Settings::TABLES.iter().fold(command, |command, table| {
            command.args(table.keys.iter().map(|key| flag(table, key)))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let keys = Settings::TABLES.iter().flat_map(|table| table.keys);
        let said = keys.filter_map(|key| {
            let flag = key.flag();
            let value = matches.get_one::<String>(&flag)?.clone();
            Some((flag, value))
        });
        Ok(Self { said: said.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A key's flag. The variable is named in its help and read with the other sources, which know
/// more variables than the one that clap would read.
fn flag(table: &TableInfo, key: &'static Key) -> Arg {
    let help =
        format!("{} [default: {}] [env: {}]", key.about(), key.default_words(), key.variable());
    let check = key.check;
    let arg = Arg::new(key.flag())
        .long(key.flag())
        .value_name(key.placeholder)
        .action(ArgAction::Set)
        .value_parser(move |text: &str| match check(text) {
            Ok(()) => Ok(text.to_owned()),
            Err(expected) => Err(format!("expected {expected}")),
        })
        .help(help);
    let arg = match key.alone {
        // With `=` only: the word behind the flag may be the path.
        Some(meaning) => arg.num_args(0..=1).require_equals(true).default_missing_value(meaning),
        None => arg,
    };
    if table.name == MAIN { arg } else { arg.help_heading(heading(table)) }
}

/// What a table is, as a heading: its first sentence up to a semicolon.
fn heading(table: &TableInfo) -> String {
    let line = table.doc.first().map_or("", |line| line.trim());
    let end = line.find([';', '.']).unwrap_or(line.len());
    line[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        flags: Flags,
        path: Option<PathBuf>,
    }

    fn parsed(arguments: &[&str]) -> Result<Program, clap::Error> {
        Program::try_parse_from(["hotplate"].iter().chain(arguments))
    }

    #[test]
    fn every_key_of_every_table_has_its_flag() {
        for key in Settings::TABLES.iter().flat_map(|table| table.keys) {
            let example = key.example();
            let value = example.trim_matches('"');
            let program = parsed(&[&format!("--{}={value}", key.flag())]).unwrap();
            assert_eq!(program.flags.value(key).as_deref(), Some(value), "{}", key.name);
            let others = Settings::TABLES.iter().flat_map(|table| table.keys);
            let said = others.filter(|key| program.flags.value(key).is_some()).count();
            assert_eq!(said, 1, "{}", key.name);
        }
    }

    #[test]
    fn flag_that_needs_no_value_does_not_swallow_the_path() {
        let key = |name| {
            let mut keys = Settings::TABLES.iter().flat_map(|table| table.keys);
            keys.find(|key| key.name == name).unwrap()
        };
        let program = parsed(&["--log-requests", "models"]).unwrap();
        assert_eq!(program.flags.value(key("log_requests")).as_deref(), Some("true"));
        assert_eq!(program.path, Some("models".into()));
        let program = parsed(&["--log-requests=no"]).unwrap();
        assert_eq!(program.flags.value(key("log_requests")).as_deref(), Some("no"));
        assert_eq!(parsed(&[]).unwrap().flags, Flags::default());
    }

    #[test]
    fn slips_are_told_what_was_expected() {
        let message = parsed(&["--port", "http"]).unwrap_err().to_string();
        assert!(message.contains("'http'"), "{message}");
        assert!(message.contains("expected a port from 0 to 65535"), "{message}");
        let message = parsed(&["--thread", "2"]).unwrap_err().to_string();
        assert!(message.contains("'--threads'"), "{message}");
    }
}
