//! Files of configuration, and their tables.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use toml::{
    Spanned, Table as TomlTable, Value,
    de::{DeTable, DeValue},
};

use super::{FILE_NAME, Key, Kind, SECTIONS, Table, TableInfo, nearest};
use crate::error::Error;

/// A configuration file, parsed.
#[derive(Clone, Debug, Default)]
pub struct ConfigFile {
    path: PathBuf,
    tables: TomlTable,
    lines: Lines,
}

/// The line of each key, by the key's path: `serve`, `serve.port`, `variant[0].weight`.
type Lines = BTreeMap<String, usize>;

impl ConfigFile {
    /// Reads `folder`'s file; an empty configuration where there is none.
    ///
    /// # Errors
    ///
    /// When the file is there and cannot be read, or has a table that nothing reads.
    pub fn in_folder(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE_NAME);
        if let Err(error) = fs::metadata(&path)
            && error.kind() == io::ErrorKind::NotFound
        {
            return Ok(Self::default());
        }
        let file = Self::parse(&path)?;
        file.unknown_tables().into_iter().next().map_or(Ok(file), Err)
    }

    /// Reads the file at `path`, whatever its tables are called.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no TOML.
    pub fn parse(path: &Path) -> Result<Self, Error> {
        let read = fs::read_to_string(path);
        let text = read.map_err(|error| Error::config(path, error.to_string()))?;
        let refused = |error: toml::de::Error| Error::config(path, error.to_string());
        let tables = text.parse().map_err(refused)?;
        let spanned = DeTable::parse(&text).map_err(refused)?;
        let mut lines = Lines::new();
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        collect_lines(spanned.get_ref(), "", &starts, &mut lines);
        Ok(Self { path: path.to_owned(), tables, lines })
    }

    /// The file; empty where there is none.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file has this table.
    pub fn has_section(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    /// The names of the file's tables.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// A table's values; none of them where the file has no such table.
    ///
    /// # Errors
    ///
    /// When it is no table, has a key that `T` does not have, or a value that is none of its key's.
    pub fn read<T: Table>(&self) -> Result<T, Error> {
        let section = self.section(T::NAME)?;
        section.unknown_keys::<T>().next().map_or(Ok(()), Err)?;
        T::of_section(&section)
    }

    /// The values of every table of an array of tables, `[[name]]`.
    ///
    /// # Errors
    ///
    /// When it is no such array, or one of its tables is not read.
    pub fn read_each<T: Table>(&self) -> Result<Vec<T>, Error> {
        let read = |section: Section<'_>| {
            section.unknown_keys::<T>().next().map_or(Ok(()), Err)?;
            T::of_section(&section)
        };
        self.each_section(T::NAME)?.into_iter().map(read).collect()
    }

    /// Everything that is wrong with one table, as far as its keys and their values go.
    pub fn faults<T: Table>(&self) -> Vec<Error> {
        match self.section(T::NAME) {
            Ok(section) => section.faults::<T>(),
            Err(error) => vec![error],
        }
    }

    /// Everything that is wrong with an array of tables.
    pub fn faults_of_each<T: Table>(&self) -> Vec<Error> {
        match self.each_section(T::NAME) {
            Ok(sections) => sections.iter().flat_map(Section::faults::<T>).collect(),
            Err(error) => vec![error],
        }
    }

    /// A refusal of each table that nothing reads.
    pub fn unknown_tables(&self) -> Vec<Error> {
        let unknown = self.tables.keys().filter(|name| !SECTIONS.contains(&name.as_str()));
        unknown.map(|name| self.unknown("", name, &SECTIONS)).collect()
    }

    /// What the file says under `key` of the table `section`, as TOML, and in which line.
    pub fn said(&self, section: &str, key: &str) -> Option<(String, usize)> {
        let value = self.tables.get(section)?.as_table()?.get(key)?;
        let line = self.lines.get(&format!("{section}.{key}"))?;
        Some((value.to_string(), *line))
    }

    /// What the file says under the keys of a table, or of each of its tables, in the order of their
    /// declaration.
    pub fn settings(&self, table: &TableInfo) -> Vec<Setting> {
        let sections = match self.tables.get(table.name) {
            Some(Value::Table(_)) => vec![(table.name.to_owned(), self.tables.get(table.name))],
            Some(Value::Array(values)) => {
                let named = |(at, value)| (format!("{}[{at}]", table.name), Some(value));
                values.iter().enumerate().map(named).collect()
            }
            _ => Vec::new(),
        };
        let said = |(section, values): &(String, Option<&Value>), key: &Key| {
            let value = key.shown(values.as_ref()?.as_table()?.get(key.name)?.to_string());
            let line = *self.lines.get(&format!("{section}.{}", key.name))?;
            let key = format!("[{section}] {}", key.name);
            Some(Setting { key, value, line })
        };
        let of_section =
            |section| table.keys.iter().filter_map(|key| said(&section, key)).collect::<Vec<_>>();
        sections.into_iter().flat_map(of_section).collect()
    }

    fn section(&self, name: &str) -> Result<Section<'_>, Error> {
        let table = match self.tables.get(name) {
            None => None,
            Some(Value::Table(table)) => Some(table),
            Some(_) => return Err(self.fault(name, format!("{name} must be a table"))),
        };
        Ok(Section { file: self, name: name.to_owned(), table })
    }

    fn each_section(&self, name: &str) -> Result<Vec<Section<'_>>, Error> {
        let tables = match self.tables.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(tables)) => tables.iter().map(Value::as_table).collect(),
            Some(_) => None,
        };
        let tables: Vec<_> = tables.ok_or_else(|| {
            self.fault(name, format!("{name} must be tables, each below a line [[{name}]]"))
        })?;
        let section =
            |(at, table)| Section { file: self, name: format!("{name}[{at}]"), table: Some(table) };
        Ok(tables.into_iter().enumerate().map(section).collect())
    }

    fn unknown(&self, section: &str, key: &str, known: &[&str]) -> Error {
        let (place, path) = match section {
            "" => (String::new(), key.to_owned()),
            section => (format!("[{section}] "), format!("{section}.{key}")),
        };
        let hint = match nearest(key, known.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("expected one of {}", known.join(", ")),
        };
        self.fault(&path, format!("{place}unknown key `{key}`; {hint}"))
    }

    /// The refusal of what stands at `path`.
    pub(super) fn fault(&self, path: &str, problem: String) -> Error {
        Error::config_line(&self.path, self.lines.get(path).copied(), problem)
    }
}

/// What a file says of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The table and the key, for people.
    pub key: String,
    /// The value as TOML, unless it is secret.
    pub value: String,
    /// The line.
    pub line: usize,
}

/// One table of a configuration file.
#[derive(Clone, Debug)]
pub struct Section<'f> {
    file: &'f ConfigFile,
    name: String,
    table: Option<&'f TomlTable>,
}

impl Section<'_> {
    /// The value under `key`.
    ///
    /// # Errors
    ///
    /// When it is none of the kind `K`.
    pub fn value<K: Kind>(&self, key: &str) -> Result<Option<K::Value>, Error> {
        let Some(value) = self.table.and_then(|table| table.get(key)) else { return Ok(None) };
        let folder = self.file.path.parent().unwrap_or(Path::new(""));
        K::of_entry(Entry { value, folder }).map(Some).map_err(|expected| {
            let got = if K::SECRET { String::new() } else { format!(", got {value}") };
            let problem = format!("[{}] {key}: expected {expected}{got}", self.name);
            self.file.fault(&format!("{}.{key}", self.name), problem)
        })
    }

    fn faults<T: Table>(&self) -> Vec<Error> {
        let mut faults: Vec<_> = self.unknown_keys::<T>().collect();
        faults.extend(T::faults_of(self));
        faults
    }

    fn unknown_keys<T: Table>(&self) -> impl Iterator<Item = Error> {
        let known: Vec<_> = T::KEYS.iter().map(|key| key.name).collect();
        let keys = self.table.into_iter().flat_map(TomlTable::keys);
        keys.filter(|key| !T::KEYS.iter().any(|known| known.name == **key))
            .map(move |key| self.file.unknown(&self.name, key, &known))
    }
}

/// A value of a file, which a [`Kind`] reads.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'e> {
    value: &'e Value,
    folder: &'e Path,
}

impl<'e> Entry<'e> {
    /// The string that it is.
    pub fn text(self) -> Option<&'e str> {
        self.value.as_str()
    }

    /// The truth that it is.
    pub fn truth(self) -> Option<bool> {
        self.value.as_bool()
    }

    /// The number that it is, whole or not.
    pub fn number(self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "no setting needs 54 bits")]
        let whole = || self.value.as_integer().map(|integer| integer as f64);
        self.value.as_float().or_else(whole)
    }

    /// The integer that it is, if `T` holds it.
    pub fn integer<T: TryFrom<i64>>(self) -> Option<T> {
        self.value.as_integer().and_then(|integer| T::try_from(integer).ok())
    }

    /// The list of strings that it is.
    pub fn texts(self) -> Option<Vec<&'e str>> {
        self.value.as_array()?.iter().map(Value::as_str).collect()
    }

    /// The folder of the file.
    pub fn folder(self) -> &'e Path {
        self.folder
    }
}

/// Notes the line of every key of a table and of the tables in it; `starts` has the first byte of
/// each line.
fn collect_lines(table: &DeTable<'_>, above: &str, starts: &[usize], lines: &mut Lines) {
    for (key, value) in table {
        let path = match above {
            "" => key.get_ref().to_string(),
            above => format!("{above}.{}", key.get_ref()),
        };
        let line = starts.partition_point(|&start| start <= key.span().start);
        match value.get_ref() {
            DeValue::Table(table) => collect_lines(table, &path, starts, lines),
            DeValue::Array(values) => {
                for (at, value) in values.iter().map(Spanned::get_ref).enumerate() {
                    if let DeValue::Table(table) = value {
                        collect_lines(table, &format!("{path}[{at}]"), starts, lines);
                    }
                }
            }
            _ => {}
        }
        lines.insert(path, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Count, Fraction};

    crate::settings! {
        /// Parts of the whole.
        struct Part = "part" {
            /// How much of it.
            weight: Fraction = 1.0;
            /// How often.
            times: Count = 2, also ["PART_TIMES"];
        }
    }

    fn parsed(text: &str) -> ConfigFile {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, text).unwrap();
        ConfigFile::parse(&path).unwrap()
    }

    /// What is wrong, without the path.
    fn told(error: &Error) -> String {
        error.to_string().split_once(FILE_NAME).unwrap().1.to_owned()
    }

    #[test]
    fn tables_of_an_array_are_read_in_order() {
        let file = parsed("[[part]]\nweight = 0.25\n[[part]]\ntimes = 7\n");
        let parts: Vec<Part> = file.read_each().unwrap();
        assert_eq!(parts.iter().map(Part::weight).collect::<Vec<_>>(), [0.25, 1.0]);
        assert_eq!(parts.iter().map(Part::times).collect::<Vec<_>>(), [2, 7]);
        assert!(parsed("").read_each::<Part>().unwrap().is_empty());
    }

    #[test]
    fn faults_in_an_array_name_their_table_and_line() {
        let file = parsed("[[part]]\nweight = 2\n\n[[part]]\nwieght = 0\ntimes = \"x\"\n");
        let faults: Vec<_> = file.faults_of_each::<Part>().iter().map(told).collect();
        let expected = [
            ":2: [part[0]] weight: expected a probability from 0 to 1, got 2",
            ":5: [part[1]] unknown key `wieght`; did you mean `weight`?",
            ":6: [part[1]] times: expected a whole number, at least 1, got \"x\"",
        ];
        assert_eq!(faults, expected);
        assert_eq!(told(&file.read_each::<Part>().unwrap_err()), expected[0]);
        let error = parsed("\npart = 3").read_each::<Part>().unwrap_err();
        assert_eq!(told(&error), ":2: part must be tables, each below a line [[part]]");
        let error = parsed("[[part]]").read::<Part>().unwrap_err();
        assert_eq!(told(&error), ":1: part must be a table");
    }

    #[test]
    fn what_is_said_is_told_with_its_line() {
        let file = parsed("part.weight = 0.5\n\n[serve]\nport = 1\n");
        assert_eq!(file.said("part", "weight"), Some(("0.5".to_owned(), 1)));
        assert_eq!(file.said("serve", "port"), Some(("1".to_owned(), 4)));
        assert_eq!(file.said("serve", "host"), None);
        assert_eq!(file.said("part", "times"), None);
    }
}
