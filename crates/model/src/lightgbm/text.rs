use std::str::FromStr;

use super::fault::{Problem, Wrong};
use crate::limits;

/// The lines of a file, in order.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    rest: &'a str,
    offset: usize,
}

/// A line without its end, and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) offset: usize,
}

impl<'a> Lines<'a> {
    pub(super) const fn of(text: &'a str) -> Self {
        Self { rest: text, offset: 0 }
    }

    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    /// The next line that is not empty, which stays the next.
    pub(super) fn peek(&mut self) -> Option<Line<'a>> {
        loop {
            let (line, behind) = self.split()?;
            if !line.text.is_empty() {
                return Some(line);
            }
            *self = behind;
        }
    }

    /// The lines `key=value` up to an empty one, which every writer puts there.
    pub(super) fn section(&mut self, what: &'static str) -> Result<Section<'a>, Wrong> {
        let mut section = Section { entries: Vec::new(), offset: self.offset };
        loop {
            let Some((line, behind)) = self.split() else {
                return Err(Problem::CutShort { within: what }.at(self.offset));
            };
            *self = behind;
            if line.text.is_empty() {
                return Ok(section);
            }
            section.push(line)?;
        }
    }

    fn split(&self) -> Option<(Line<'a>, Self)> {
        if self.rest.is_empty() {
            return None;
        }
        let (text, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        let line = Line { text: text.strip_suffix('\r').unwrap_or(text), offset: self.offset };
        Some((line, Self { rest, offset: self.offset + (self.rest.len() - rest.len()) }))
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let (line, behind) = self.split()?;
        *self = behind;
        Some(line)
    }
}

/// The entries of a file's head or of a tree.
#[derive(Debug)]
pub(super) struct Section<'a> {
    entries: Vec<Entry<'a>>,
    offset: usize,
}

/// A key, what stands behind it, and where that starts.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    key: &'a str,
    value: &'a str,
    offset: usize,
}

/// A value, the key that it was asked for by, and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    key: &'static str,
    pub(super) text: &'a str,
    pub(super) offset: usize,
}

impl<'a> Section<'a> {
    /// Where the section starts.
    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    /// A line without `=` is a key whose value is empty.
    fn push(&mut self, line: Line<'a>) -> Result<(), Wrong> {
        let (key, value) = line.text.split_once('=').unwrap_or((line.text, ""));
        if self.entries.len() == limits::SECTION_LINES {
            return Err(Problem::TooManyLines { limit: limits::SECTION_LINES }.at(line.offset));
        }
        // Readers differ in which of the two they take.
        if self.entries.iter().any(|entry| entry.key == key) {
            return Err(Problem::Twice { key: shown(key) }.at(line.offset));
        }
        let offset = line.offset + (line.text.len() - value.len());
        self.entries.push(Entry { key, value, offset });
        Ok(())
    }

    pub(super) fn find(&self, key: &'static str) -> Option<Value<'a>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(Value { key, text: entry.value, offset: entry.offset })
    }

    pub(super) fn get(&self, key: &'static str) -> Result<Value<'a>, Wrong> {
        self.find(key).ok_or_else(|| Problem::Absent { key }.at(self.offset))
    }
}

impl<'a> Value<'a> {
    /// The entries of a list.
    pub(super) fn words(self) -> impl Iterator<Item = &'a str> {
        self.text.split(' ').filter(|word| !word.is_empty())
    }

    pub(super) fn integer<T: FromStr>(self) -> Result<T, Wrong> {
        self.parse_integer(self.text.trim_matches(' '))
    }

    pub(super) fn number(self) -> Result<f64, Wrong> {
        self.parse_number(self.text.trim_matches(' '))
    }

    /// As many integers as are expected, no more and no fewer.
    pub(super) fn integers<T: FromStr>(self, expected: usize) -> Result<Vec<T>, Wrong> {
        self.list(expected, |word| self.parse_integer(word))
    }

    /// As many numbers as are expected. They are rounded once, to the nearest.
    pub(super) fn numbers(self, expected: usize) -> Result<Vec<f64>, Wrong> {
        self.list(expected, |word| self.parse_number(word))
    }

    pub(super) const fn count(self, expected: usize, got: usize) -> Wrong {
        Problem::Count { key: self.key, expected, got }.at(self.offset)
    }

    fn list<T>(
        self,
        expected: usize,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Result<Vec<T>, Wrong> {
        // An entry takes a digit and a space, so what the line can hold bounds the reservation.
        let mut list = Vec::with_capacity(expected.min(self.text.len() / 2 + 1));
        for word in self.words() {
            if list.len() == expected {
                return Err(self.count(expected, self.words().count()));
            }
            list.push(parse(word)?);
        }
        if list.len() == expected { Ok(list) } else { Err(self.count(expected, list.len())) }
    }

    pub(super) fn parse_integer<T: FromStr>(self, word: &str) -> Result<T, Wrong> {
        word.parse()
            .map_err(|_| Problem::NotInteger { key: self.key, got: shown(word) }.at(self.offset))
    }

    fn parse_number(self, word: &str) -> Result<f64, Wrong> {
        word.parse()
            .map_err(|_| Problem::NotNumber { key: self.key, got: shown(word) }.at(self.offset))
    }
}

/// As much of a text from the file as a sentence should quote.
pub(super) fn shown(text: &str) -> String {
    const CHARS: usize = 40;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
