//! Small safetensors files, written for tests: of this crate, and of any that asks for the feature
//! `fixtures`.
//!
//! ```
//! use hotplate_model::{Model, safetensors::fixture::File};
//!
//! let file = File::default()
//!     .f32("layers.0.weight", &[1, 2], &[0.5, -1.0])
//!     .metadata("hotplate", r#"{"model_type": "mlp", "activation": "relu"}"#);
//! let model = Model::from_bytes(file.finish())?;
//! let weight = model.safetensors()?.require("layers.0.weight", &[1, 2])?;
//! assert_eq!(weight.to_f32()?, [0.5, -1.0]);
//! # Ok::<(), hotplate_model::ModelError>(())
//! ```

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Element;

/// A file that is being written: its tensors lie in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct File {
    entries: Vec<(String, Value)>,
    metadata: BTreeMap<String, String>,
    data: Vec<u8>,
}

impl File {
    /// Adds a tensor of any type, by the format's name for it, with these bytes.
    #[must_use]
    pub fn tensor(mut self, name: &str, dtype: &str, shape: &[usize], bytes: &[u8]) -> Self {
        let start = self.data.len();
        self.data.extend(bytes);
        let offsets = [start, self.data.len()];
        let entry = json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets });
        self.entries.push((name.to_owned(), entry));
        self
    }

    /// Adds a tensor of float32.
    #[must_use]
    pub fn f32(self, name: &str, shape: &[usize], elements: &[f32]) -> Self {
        let bytes: Vec<u8> = elements.iter().flat_map(|element| element.to_le_bytes()).collect();
        self.tensor(name, Element::F32.name(), shape, &bytes)
    }

    /// Adds a tensor of bfloat16: the upper halves of these numbers.
    #[must_use]
    pub fn bf16(self, name: &str, shape: &[usize], elements: &[f32]) -> Self {
        let upper = |element: &f32| {
            let [_, _, low, high] = element.to_le_bytes();
            [low, high]
        };
        let bytes: Vec<u8> = elements.iter().flat_map(upper).collect();
        self.tensor(name, Element::Bf16.name(), shape, &bytes)
    }

    /// Adds a text of the metadata.
    #[must_use]
    pub fn metadata(mut self, key: &str, text: &str) -> Self {
        self.metadata.insert(key.to_owned(), text.to_owned());
        self
    }

    /// The bytes of the file.
    pub fn finish(&self) -> Vec<u8> {
        let metadata = (!self.metadata.is_empty())
            .then(|| format!("\"__metadata__\":{}", json!(self.metadata)));
        // Name by name, so that a name may be there twice.
        let entry = |(name, entry): &(String, Value)| format!("{}:{entry}", json!(name));
        let members: Vec<String> =
            metadata.into_iter().chain(self.entries.iter().map(entry)).collect();
        with_header(&format!("{{{}}}", members.join(",")), &self.data)
    }
}

/// A file with this header, whatever it says, and these bytes behind it.
pub fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), data].concat()
}

/// An index that says in which file each tensor is.
pub fn index(files: &[(&str, &str)]) -> Vec<u8> {
    let files: BTreeMap<_, _> = files.iter().copied().collect();
    json!({ "metadata": { "total_size": 0 }, "weight_map": files }).to_string().into_bytes()
}
