use std::collections::BTreeMap;

use super::SafetensorsFault as Fault;
use crate::{
    ModelError,
    json::{Json, key_twice},
    limits,
};

/// The key under which an index says where tensors are.
const WEIGHT_MAP: &str = "weight_map";

/// What the names of the files of an index end in.
const ENDING: &str = ".safetensors";

/// Whether a document that begins like this is an index of safetensors files: its first key is one
/// of an index, and the first file that it names is one of these. PyTorch's index of pickles differs
/// in that alone.
pub(super) fn starts_like_one(start: &[u8]) -> bool {
    let Some(members) = start.trim_ascii_start().strip_prefix(b"{") else { return false };
    let members = members.trim_ascii_start();
    let keys: [&[u8]; 2] = [b"\"metadata\"", b"\"weight_map\""];
    if !keys.iter().any(|key| members.starts_with(key)) {
        return false;
    }
    let members = &members[..members.len().min(limits::HEADER_BYTES)];
    let find = |text: &[u8], word: &[u8]| {
        text.windows(word.len()).position(|window| window == word).map(|at| at + word.len())
    };
    let map = find(members, b"\"weight_map\"").map(|at| &members[at..]);
    map.is_some_and(|map| find(map, b".safetensors\"").is_some())
}

/// Reads an index: the file of each tensor.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeMap<String, String>, ModelError> {
    if bytes.len() > limits::HEADER_BYTES {
        return Err(Fault::LongHeader { bytes: bytes.len() as u64 }.into());
    }
    let mut files: Option<BTreeMap<String, String>> = None;
    let mut json = Json::new(bytes);
    json.object(|json, key| {
        if key != WEIGHT_MAP {
            return json.skip();
        }
        let offset = json.offset();
        match files.replace(weight_map(json)?) {
            None => Ok(()),
            Some(_) => Err(key_twice(WEIGHT_MAP, offset)),
        }
    })?;
    json.end()?;
    files.ok_or_else(|| Fault::NoWeightMap.into())
}

fn weight_map(json: &mut Json<'_>) -> Result<BTreeMap<String, String>, ModelError> {
    let mut files = BTreeMap::new();
    json.object(|json, tensor| {
        let offset = json.offset();
        limits::room_for_one_more(files.len(), "tensors", limits::TENSORS)?;
        let file = json.text()?.into_owned();
        if !file.ends_with(ENDING) || file.contains(['/', '\\']) {
            return Err(Fault::ShardName { file }.at(offset));
        }
        match files.insert(tensor.clone().into_owned(), file) {
            None => Ok(()),
            Some(_) => Err(key_twice(&tensor, offset)),
        }
    })?;
    Ok(files)
}
