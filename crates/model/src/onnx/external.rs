use super::wire::Piece;
use crate::{
    ModelError,
    fault::{ExternalFault, Fault},
};

/// Where the elements of a tensor are that are not in the model's file: side by side,
/// little-endian, in a file beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExternalData<'a> {
    /// The path of that file from the model's folder, as the model spells it. Nothing about it was
    /// checked: [`Model::external_files`](crate::Model::external_files) does that.
    pub location: &'a str,
    /// The byte of that file at which the elements begin.
    pub offset: u64,
    /// The number of bytes that they take, which is what the tensor's shape and type need.
    pub length: u64,
}

impl ExternalData<'_> {
    /// The byte behind the last. That it does not overflow was checked when it was read.
    pub const fn end(&self) -> u64 {
        self.offset + self.length
    }
}

/// What a tensor says about another file, while it is read.
#[derive(Default)]
pub(super) struct Location<'a> {
    place: i64,
    said: bool,
    location: Option<&'a str>,
    offset: Option<u64>,
    length: Option<u64>,
}

/// The place that is another file; zero is the model's own.
const EXTERNAL: i64 = 1;

impl<'a> Location<'a> {
    pub(super) const fn set_place(&mut self, code: i64) -> Result<(), ExternalFault> {
        self.place = code;
        if let 0 | EXTERNAL = code { Ok(()) } else { Err(ExternalFault::Place { code }) }
    }

    /// Takes in one entry: a key and a value, both text.
    pub(super) fn add(&mut self, message: Piece<'a>) -> Result<(), ModelError> {
        let (mut key, mut value) = ("", "");
        let mut fields = message.fields();
        while let Some(field) = fields.next()? {
            match field.number {
                1 => key = field.name("a key of external data")?,
                2 => value = field.name("a value of external data")?,
                _ => {}
            }
        }
        self.said = true;
        match key {
            "location" => set(&mut self.location, "location", Some(value))?,
            "offset" => set(&mut self.offset, "offset", value.parse().ok())?,
            "length" => set(&mut self.length, "length", value.parse().ok())?,
            // A checksum, or what a tool left for itself.
            _ => {}
        }
        Ok(())
    }

    /// The other file, if the elements are there; `bytes` is what they take, or `None` for text.
    pub(super) fn settle(
        self,
        bytes: Option<usize>,
    ) -> Result<Option<ExternalData<'a>>, ExternalFault> {
        if self.place != EXTERNAL {
            // Readers differ in which of the two they believe.
            return if self.said { Err(ExternalFault::AlsoHere) } else { Ok(None) };
        }
        let key = "location";
        let location = self.location.filter(|location| !location.is_empty());
        let location = location.ok_or(ExternalFault::Entry { key })?;
        let expected = bytes.ok_or(ExternalFault::Text)?;
        let length = expected as u64;
        if let Some(got) = self.length.filter(|&got| got != length) {
            return Err(ExternalFault::Length { expected, got });
        }
        let offset = self.offset.unwrap_or(0);
        offset.checked_add(length).ok_or(ExternalFault::Overflow)?;
        Ok(Some(ExternalData { location, offset, length }))
    }
}

fn set<T>(slot: &mut Option<T>, key: &'static str, value: Option<T>) -> Result<(), Fault> {
    match value {
        Some(_) if slot.is_none() => *slot = value,
        // A number that is none, or a key that stands twice.
        _ => return Err(ExternalFault::Entry { key }.into()),
    }
    Ok(())
}
