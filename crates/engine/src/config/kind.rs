//! What kinds of values settings have, and how each is read from a file and from plain text.

mod secret;

use std::{fmt::Display, marker::PhantomData, path::PathBuf, str::FromStr, time::Duration};

use toml::Value;

pub use self::secret::{Secret, SecretText};
use super::Entry;

/// A kind of value.
///
/// A value is written in two ways: as TOML in a file, and as plain text in a flag or an environment
/// variable. What is refused is answered with what was expected, to stand behind the word
/// "expected".
pub trait Kind {
    /// The value.
    type Value: Clone;

    /// What stands for the value in help, such as `BYTES`.
    const PLACEHOLDER: &'static str;

    /// What a flag without a value means, where that means anything.
    const ALONE: Option<&'static str> = None;

    /// Whether values are not for everybody to see.
    const SECRET: bool = false;

    /// Reads plain text.
    ///
    /// # Errors
    ///
    /// With what was expected.
    fn of_text(text: &str) -> Result<Self::Value, &'static str>;

    /// Reads a value of a file; a string that holds the plain text, unless the kind says otherwise.
    ///
    /// # Errors
    ///
    /// With what was expected.
    fn of_entry(entry: Entry<'_>) -> Result<Self::Value, &'static str> {
        entry.text().ok_or(STRING).and_then(Self::of_text)
    }
}

/// A kind whose values can be written as they stand in a file.
pub trait Written: Kind {
    /// The value as TOML.
    fn write(value: &Self::Value) -> String;
}

const STRING: &str = "a string";
const TIME: &str = "a time such as \"500us\", \"2ms\" or \"60s\"";
const BYTES: &str = "a number of bytes such as 26214400 or \"25MiB\"";
const PROBABILITY: &str = "a probability from 0 to 1";

/// Any text.
#[derive(Debug)]
pub struct Text;

impl Kind for Text {
    type Value = String;
    const PLACEHOLDER: &'static str = "TEXT";

    fn of_text(text: &str) -> Result<String, &'static str> {
        Ok(text.to_owned())
    }
}

impl Written for Text {
    fn write(value: &String) -> String {
        Value::from(value.as_str()).to_string()
    }
}

/// Some texts; commas part them in plain text.
#[derive(Debug)]
pub struct Texts;

impl Kind for Texts {
    type Value = Vec<String>;
    const PLACEHOLDER: &'static str = "TEXTS";

    fn of_text(text: &str) -> Result<Vec<String>, &'static str> {
        Ok(text.split(',').map(|text| text.trim().to_owned()).collect())
    }

    fn of_entry(entry: Entry<'_>) -> Result<Vec<String>, &'static str> {
        let texts = entry.texts().ok_or("a list of strings")?;
        Ok(texts.into_iter().map(str::to_owned).collect())
    }
}

impl Written for Texts {
    fn write(value: &Vec<String>) -> String {
        Value::from(value.clone()).to_string()
    }
}

/// A file or a folder; relative to the file that names it, or to where the program runs.
#[derive(Debug)]
pub struct FilePath;

impl Kind for FilePath {
    type Value = PathBuf;
    const PLACEHOLDER: &'static str = "PATH";

    fn of_text(text: &str) -> Result<PathBuf, &'static str> {
        Ok(PathBuf::from(text))
    }

    fn of_entry(entry: Entry<'_>) -> Result<PathBuf, &'static str> {
        entry.text().map(|path| entry.folder().join(path)).ok_or(STRING)
    }
}

/// Yes or no.
#[derive(Debug)]
pub struct Truth;

impl Kind for Truth {
    type Value = bool;
    const PLACEHOLDER: &'static str = "BOOL";
    const ALONE: Option<&'static str> = Some("true");

    fn of_text(text: &str) -> Result<bool, &'static str> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
            _ => Err("true or false"),
        }
    }

    fn of_entry(entry: Entry<'_>) -> Result<bool, &'static str> {
        entry.truth().ok_or("true or false")
    }
}

impl Written for Truth {
    fn write(value: &bool) -> String {
        value.to_string()
    }
}

/// A port; zero stands for any that is free.
#[derive(Debug)]
pub struct Port;

impl Kind for Port {
    type Value = u16;
    const PLACEHOLDER: &'static str = "PORT";

    fn of_text(text: &str) -> Result<u16, &'static str> {
        text.parse().map_err(|_| "a port from 0 to 65535")
    }

    fn of_entry(entry: Entry<'_>) -> Result<u16, &'static str> {
        entry.integer().ok_or("a port from 0 to 65535")
    }
}

impl Written for Port {
    fn write(value: &u16) -> String {
        value.to_string()
    }
}

/// A whole number, zero included.
#[derive(Debug)]
pub struct Whole;

impl Kind for Whole {
    type Value = u64;
    const PLACEHOLDER: &'static str = "N";

    fn of_text(text: &str) -> Result<u64, &'static str> {
        text.parse().map_err(|_| "a whole number in range")
    }

    fn of_entry(entry: Entry<'_>) -> Result<u64, &'static str> {
        entry.integer().ok_or("a whole number in range")
    }
}

impl Written for Whole {
    fn write(value: &u64) -> String {
        value.to_string()
    }
}

/// How many of something, at least one.
#[derive(Debug)]
pub struct Count;

impl Count {
    fn checked(count: Option<usize>) -> Result<usize, &'static str> {
        count.filter(|&count| count > 0).ok_or("a whole number, at least 1")
    }
}

impl Kind for Count {
    type Value = usize;
    const PLACEHOLDER: &'static str = "N";

    fn of_text(text: &str) -> Result<usize, &'static str> {
        Self::checked(text.parse().ok())
    }

    fn of_entry(entry: Entry<'_>) -> Result<usize, &'static str> {
        Self::checked(entry.integer())
    }
}

impl Written for Count {
    fn write(value: &usize) -> String {
        value.to_string()
    }
}

/// A number of bytes: a whole number, or text with the unit `KiB`, `MiB` or `GiB`.
#[derive(Debug)]
pub struct Bytes;

impl Bytes {
    const UNITS: [(&str, u32); 3] = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
}

impl Kind for Bytes {
    type Value = usize;
    const PLACEHOLDER: &'static str = "BYTES";

    fn of_text(text: &str) -> Result<usize, &'static str> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number: usize = text[..end].parse().map_err(|_| BYTES)?;
        let unit = text[end..].trim_start();
        if unit.is_empty() {
            return Ok(number);
        }
        let shift = Self::UNITS.into_iter().find(|&(name, _)| name == unit);
        shift.and_then(|(_, shift)| number.checked_mul(1 << shift)).ok_or(BYTES)
    }

    fn of_entry(entry: Entry<'_>) -> Result<usize, &'static str> {
        match entry.text() {
            Some(text) => Self::of_text(text),
            None => entry.integer().ok_or(BYTES),
        }
    }
}

impl Written for Bytes {
    fn write(&value: &usize) -> String {
        let whole = |&&(_, shift): &&(&str, u32)| value > 0 && value % (1 << shift) == 0;
        match Self::UNITS.iter().rev().find(whole) {
            Some((unit, shift)) => format!("\"{}{unit}\"", value >> shift),
            None => value.to_string(),
        }
    }
}

/// A time: a whole number of `us`, `ms` or `s`.
#[derive(Debug)]
pub struct Time;

impl Kind for Time {
    type Value = Duration;
    const PLACEHOLDER: &'static str = "TIME";

    fn of_text(text: &str) -> Result<Duration, &'static str> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(TIME)?;
        let number = text[..digits].parse().map_err(|_| TIME)?;
        match text[digits..].trim_start() {
            "us" => Ok(Duration::from_micros(number)),
            "ms" => Ok(Duration::from_millis(number)),
            "s" => Ok(Duration::from_secs(number)),
            _ => Err(TIME),
        }
    }
}

impl Written for Time {
    fn write(value: &Duration) -> String {
        match (value.as_micros(), value.as_millis()) {
            (us, _) if us % 1_000 > 0 => format!("\"{us}us\""),
            (_, ms) if ms % 1_000 > 0 => format!("\"{ms}ms\""),
            _ => format!("\"{}s\"", value.as_secs()),
        }
    }
}

/// A share or a probability, from zero to one.
#[derive(Debug)]
pub struct Fraction;

impl Fraction {
    fn checked(number: f64) -> Result<f64, &'static str> {
        if (0.0..=1.0).contains(&number) { Ok(number) } else { Err(PROBABILITY) }
    }
}

impl Kind for Fraction {
    type Value = f64;
    const PLACEHOLDER: &'static str = "FRACTION";

    fn of_text(text: &str) -> Result<f64, &'static str> {
        text.parse().map_err(|_| "a number").and_then(Self::checked)
    }

    fn of_entry(entry: Entry<'_>) -> Result<f64, &'static str> {
        entry.number().ok_or("a number").and_then(Self::checked)
    }
}

impl Written for Fraction {
    fn write(value: &f64) -> String {
        // With a point, as a file's integers are not floats.
        format!("{value:?}")
    }
}

/// A number that is finite and not below zero.
#[derive(Debug)]
pub struct Amount;

impl Amount {
    const EXPECTED: &'static str = "a number of at least 0";

    fn checked(number: f64) -> Result<f64, &'static str> {
        if number >= 0.0 && number.is_finite() { Ok(number) } else { Err(Self::EXPECTED) }
    }
}

impl Kind for Amount {
    type Value = f64;
    const PLACEHOLDER: &'static str = "NUMBER";

    fn of_text(text: &str) -> Result<f64, &'static str> {
        text.parse().map_err(|_| Self::EXPECTED).and_then(Self::checked)
    }

    fn of_entry(entry: Entry<'_>) -> Result<f64, &'static str> {
        entry.number().ok_or(Self::EXPECTED).and_then(Self::checked)
    }
}

impl Written for Amount {
    fn write(value: &f64) -> String {
        Fraction::write(value)
    }
}

/// One of some words, which the type reads itself and answers with what there is.
#[derive(Debug)]
pub struct Choice<T>(PhantomData<T>);

impl<T: FromStr<Err = &'static str> + Clone> Kind for Choice<T> {
    type Value = T;
    const PLACEHOLDER: &'static str = "NAME";

    fn of_text(text: &str) -> Result<T, &'static str> {
        text.parse()
    }
}

impl<T: FromStr<Err = &'static str> + Clone + Display> Written for Choice<T> {
    fn write(value: &T) -> String {
        format!("\"{value}\"")
    }
}

#[cfg(test)]
mod tests;
