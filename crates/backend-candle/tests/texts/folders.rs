//! Folders of models, and files of safetensors to change.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The folder of tiny models.
pub(crate) fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/cases/safetensors")
}

/// A copy of a tiny model, to be changed.
pub(crate) fn copy_of(case: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&cases().join(case), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

/// A tensor of a safetensors file.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// The tensors of a file, by name.
pub(crate) type Tensors = BTreeMap<String, Stored>;

pub(crate) fn read(file: &Path) -> Tensors {
    let bytes = fs::read(file).unwrap();
    let (len, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (header, data) = rest.split_at(usize::try_from(u64::from_le_bytes(*len)).unwrap());
    let header: BTreeMap<String, Value> = serde_json::from_slice(header).unwrap();
    let tensor = |entry: Value| {
        let offset = |at: usize| usize::try_from(entry["data_offsets"][at].as_u64().unwrap());
        Stored {
            dtype: entry["dtype"].as_str().unwrap().to_owned(),
            shape: serde_json::from_value(entry["shape"].clone()).unwrap(),
            bytes: data[offset(0).unwrap()..offset(1).unwrap()].to_vec(),
        }
    };
    let tensors = header.into_iter().filter(|(name, _)| name != "__metadata__");
    tensors.map(|(name, entry)| (name, tensor(entry))).collect()
}

pub(crate) fn write(file: &Path, tensors: &Tensors) {
    let (mut header, mut data) = (BTreeMap::new(), Vec::new());
    for (name, Stored { dtype, shape, bytes }) in tensors {
        let offsets = [data.len(), data.len() + bytes.len()];
        header.insert(name, json!({"dtype": dtype, "shape": shape, "data_offsets": offsets}));
        data.extend_from_slice(bytes);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let len = u64::try_from(header.len()).unwrap().to_le_bytes();
    fs::write(file, [&len[..], &header, &data].concat()).unwrap();
}

/// A tensor of float32.
pub(crate) fn floats(shape: &[usize], values: &[f32]) -> Stored {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Stored { dtype: "F32".to_owned(), shape: shape.to_vec(), bytes }
}

/// Changes the tensors of a folder's only file.
pub(crate) fn change(folder: &Path, change: impl FnOnce(&mut Tensors)) {
    let file = folder.join("model.safetensors");
    let mut tensors = read(&file);
    change(&mut tensors);
    write(&file, &tensors);
}
