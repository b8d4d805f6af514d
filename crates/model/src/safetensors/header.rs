use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use super::{Element, SafetensorsFault as Fault};
use crate::{
    ModelError,
    fault::Fault as FileFault,
    json::{Json, expected, key_twice},
    limits,
};

/// The bytes before the header, which hold its length.
const LENGTH_BYTES: usize = 8;

/// The key of the texts that are no tensors.
const METADATA: &str = "__metadata__";

/// The head of a safetensors file, checked.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) tensors: BTreeMap<String, Place>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// What a tensor is, and where it lies in its file.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) element: Element,
    pub(super) shape: Vec<usize>,
    /// The bytes of its elements, from the beginning of the file.
    pub(super) range: Range<usize>,
    /// Where the header begins to speak of it.
    pub(super) offset: usize,
}

impl Header {
    /// Reads the head of a file; of the tensors only how many bytes there are is looked at.
    ///
    /// Everything that is said is checked before anything is made of it but a list of names and
    /// shapes, which grows with the header alone.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let end = header_end(bytes)?;
        let mut json = Json::starting_at(&bytes[..end], LENGTH_BYTES);
        let mut header = Self { tensors: BTreeMap::new(), metadata: BTreeMap::new() };
        let mut has_metadata = false;
        json.object(|json, name| {
            let offset = json.offset();
            if name == METADATA {
                if has_metadata {
                    return Err(key_twice(METADATA, offset));
                }
                has_metadata = true;
                header.metadata = metadata(json)?;
                return Ok(());
            }
            limits::room_for_one_more(header.tensors.len(), "tensors", limits::TENSORS)?;
            check_name(&name, offset)?;
            let place = place(json, &name, end)?;
            match header.tensors.insert(name.into_owned(), place) {
                None => Ok(()),
                Some(_) => Err(header.twice(offset)),
            }
        })?;
        json.end()?;
        header.check_cover(end, bytes.len())?;
        Ok(header)
    }

    /// The refusal of a second tensor of the name that was just inserted from this byte.
    fn twice(&self, offset: usize) -> ModelError {
        let (name, _) = self
            .tensors
            .iter()
            .find(|(_, place)| place.offset == offset)
            .unwrap_or_else(|| unreachable!("just inserted"));
        key_twice(name, offset)
    }

    /// Refuses tensors that lie over each other, or bytes that belong to none.
    fn check_cover(&self, start: usize, len: usize) -> Result<(), ModelError> {
        let mut tensors: Vec<_> = self.tensors.iter().collect();
        tensors.sort_by_key(|(_, place)| (place.range.start, place.range.end));
        let mut covered = start;
        let mut before: Option<&str> = None;
        for (name, place) in tensors {
            let Range { start: from, end } = place.range;
            if end > len {
                let tensor = name.clone();
                return Err(Fault::CutShort { tensor, end, bytes: len }.at(place.offset));
            }
            if from < covered {
                let other = before.unwrap_or_default().to_owned();
                return Err(Fault::Overlap { tensor: name.clone(), other }.at(place.offset));
            }
            if from > covered {
                return Err(Fault::Uncovered { bytes: from - covered }.at(covered));
            }
            covered = end;
            before = Some(name);
        }
        if covered < len {
            return Err(Fault::Uncovered { bytes: len - covered }.at(covered));
        }
        Ok(())
    }
}

/// The byte behind the header.
fn header_end(bytes: &[u8]) -> Result<usize, ModelError> {
    let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() else {
        let needed = LENGTH_BYTES as u64;
        return Err(FileFault::PastTheEnd { needed, left: bytes.len() }.into());
    };
    let needed = u64::from_le_bytes(*length);
    match usize::try_from(needed) {
        Ok(length) if length > limits::HEADER_BYTES => {
            Err(Fault::LongHeader { bytes: needed }.at(0))
        }
        Ok(length) if length <= rest.len() => Ok(LENGTH_BYTES + length),
        Ok(_) => {
            let left = rest.len();
            Err(ModelError::from(FileFault::PastTheEnd { needed, left }).at(LENGTH_BYTES))
        }
        Err(_) => Err(Fault::LongHeader { bytes: needed }.at(0)),
    }
}

fn check_name(name: &str, offset: usize) -> Result<(), ModelError> {
    if name.len() <= limits::NAME_BYTES {
        return Ok(());
    }
    let long = FileFault::LongName { what: "the name of a tensor", bytes: name.len() };
    Err(ModelError::from(long).at(offset))
}

fn metadata(json: &mut Json<'_>) -> Result<BTreeMap<String, String>, ModelError> {
    let mut metadata = BTreeMap::new();
    json.object(|json, key| {
        let offset = json.offset();
        limits::room_for_one_more(metadata.len(), "entries of metadata", limits::METADATA)?;
        match metadata.insert(key.clone().into_owned(), json.text()?.into_owned()) {
            None => Ok(()),
            Some(_) => Err(key_twice(&key, offset)),
        }
    })?;
    Ok(metadata)
}

/// Reads what the header says of one tensor; the bytes of all begin at `data`.
fn place(json: &mut Json<'_>, name: &str, data: usize) -> Result<Place, ModelError> {
    let offset = json.offset();
    let mut dtype: Option<Cow<'_, str>> = None;
    let mut shape: Option<Vec<usize>> = None;
    let mut offsets: Option<Vec<usize>> = None;
    json.object(|json, key| {
        let at = json.offset();
        let is_second = match &*key {
            "dtype" => dtype.replace(json.text()?).is_some(),
            "shape" => shape.replace(sizes(json, limits::RANK, "axes of a tensor")?).is_some(),
            "data_offsets" => offsets.replace(sizes(json, 2, "offsets of a tensor")?).is_some(),
            _ => {
                return Err(Fault::Key { tensor: name.to_owned(), key: key.into_owned() }.at(at));
            }
        };
        if is_second { Err(key_twice(&key, at)) } else { Ok(()) }
    })?;
    let absent = |key| Fault::Absent { tensor: name.to_owned(), key }.at(offset);
    let dtype = dtype.ok_or_else(|| absent("dtype"))?;
    let shape = shape.ok_or_else(|| absent("shape"))?;
    let offsets = offsets.ok_or_else(|| absent("data_offsets"))?;

    let tensor = || name.to_owned();
    let element = Element::named(&dtype)
        .ok_or_else(|| Fault::Element { tensor: tensor(), got: quoted(&dtype) }.at(offset))?;
    let &[start, end] = offsets.as_slice() else {
        return Err(expected("two offsets", offset));
    };
    let Some(expected) = element.bytes_of(&shape) else {
        return Err(Fault::Size { tensor: tensor(), shape, element }.at(offset));
    };
    let range = data.checked_add(start).zip(data.checked_add(end));
    match (end.checked_sub(start), range) {
        (Some(got), Some((start, end))) if got == expected => {
            Ok(Place { element, shape, range: start..end, offset })
        }
        (Some(got), Some(_)) => {
            Err(Fault::Bytes { tensor: tensor(), shape, element, expected, got }.at(offset))
        }
        _ => Err(Fault::Offsets { tensor: tensor(), start, end }.at(offset)),
    }
}

/// Reads a list of sizes, of which there may be this many.
fn sizes(json: &mut Json<'_>, limit: usize, what: &'static str) -> Result<Vec<usize>, ModelError> {
    let mut sizes = Vec::new();
    json.array(|json| {
        limits::room_for_one_more(sizes.len(), what, limit).map_err(|e| e.at(json.offset()))?;
        sizes.push(json.size()?);
        Ok(())
    })?;
    Ok(sizes)
}

/// Enough of a text to find it by.
fn quoted(text: &str) -> String {
    const QUOTED: usize = 60;
    text.chars().take(QUOTED).collect()
}
