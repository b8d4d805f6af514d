use std::{collections::BTreeMap, path::Path};

use super::{
    SafetensorsFault as Fault, TensorView,
    header::{Header, Place},
    index,
};
use crate::{ModelError, external, fault::Fault as FileFault, file::FileBytes, limits};

/// The tensors of a model in safetensors format: which there are and in which file, and the bytes
/// of every file but the model's own.
#[derive(Debug, Default)]
pub(crate) struct Weights {
    tensors: BTreeMap<String, Tensor>,
    metadata: BTreeMap<String, String>,
    files: Vec<WeightFile>,
}

/// A file of tensors beside the model's own.
#[derive(Debug)]
pub(crate) struct WeightFile {
    /// Its path from the model's folder.
    pub(crate) name: String,
    pub(crate) bytes: FileBytes,
}

#[derive(Debug)]
struct Tensor {
    /// The index of its file in [`Weights::files`]; none for the model's own.
    file: Option<usize>,
    place: Place,
}

impl Weights {
    /// Reads the head of the model's file, and where that is an index those of the files that it
    /// names, which are beneath `folder`, a canonical path.
    pub(crate) fn read(own: &[u8], folder: Option<&Path>) -> Result<Self, ModelError> {
        if index::starts_like_one(own) {
            return Self::of_index(own, folder);
        }
        let Header { tensors, metadata } = Header::read(own)?;
        let own = |(name, place)| (name, Tensor { file: None, place });
        Ok(Self { tensors: tensors.into_iter().map(own).collect(), metadata, files: Vec::new() })
    }

    fn of_index(own: &[u8], folder: Option<&Path>) -> Result<Self, ModelError> {
        let index = index::read(own)?;
        let mut shards: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (tensor, shard) in &index {
            shards.entry(shard).or_default().push(tensor);
        }
        if shards.len() > limits::SHARDS {
            return Err(FileFault::TooMany { what: "files", limit: limits::SHARDS }.into());
        }
        let folder = folder.ok_or(Fault::NoFolder)?;
        let mut weights = Self::default();
        for (shard, expected) in shards {
            let (file, _) = external::open(folder, shard)?;
            weights
                .add_shard(&index, shard, &expected, FileBytes::of(&file))
                .map_err(|error| error.of_file(&folder.join(shard)))?;
        }
        Ok(weights)
    }

    /// Adds the tensors of one of an index's files, all of which the index says are there.
    fn add_shard(
        &mut self,
        index: &BTreeMap<String, String>,
        shard: &str,
        expected: &[&str],
        bytes: Result<FileBytes, ModelError>,
    ) -> Result<(), ModelError> {
        let bytes = bytes?;
        let header = Header::read(&bytes)?;
        if let Some(tensor) = expected.iter().find(|name| !header.tensors.contains_key(**name)) {
            return Err(Fault::NotInShard { tensor: (*tensor).to_owned() }.into());
        }
        let file = Some(self.files.len());
        for (tensor, place) in header.tensors {
            match index.get(&tensor) {
                Some(other) if other == shard => {}
                Some(other) => {
                    return Err(Fault::OtherShard { tensor, other: other.clone() }.at(place.offset));
                }
                None => return Err(Fault::NotInIndex { tensor }.at(place.offset)),
            }
            self.tensors.insert(tensor, Tensor { file, place });
        }
        self.metadata.extend(header.metadata);
        self.files.push(WeightFile { name: shard.to_owned(), bytes });
        Ok(())
    }

    /// Adds the tensors of a module's file, each with the module's folder before its name.
    pub(crate) fn add_module(
        &mut self,
        module: &str,
        name: String,
        bytes: FileBytes,
    ) -> Result<(), ModelError> {
        let header = Header::read(&bytes)?;
        let file = Some(self.files.len());
        for (tensor, place) in header.tensors {
            limits::room_for_one_more(self.tensors.len(), "tensors", limits::TENSORS)?;
            let tensor = format!("{module}/{tensor}");
            let offset = place.offset;
            if self.tensors.contains_key(&tensor) {
                return Err(Fault::TwoFiles { tensor }.at(offset));
            }
            self.tensors.insert(tensor, Tensor { file, place });
        }
        self.files.push(WeightFile { name, bytes });
        Ok(())
    }

    /// The files of tensors beside the model's own, in the order in which they were read.
    pub(crate) fn files(&self) -> &[WeightFile] {
        &self.files
    }

    pub(crate) const fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    pub(super) fn len(&self) -> usize {
        self.tensors.len()
    }

    /// The tensor of this name; `own` are the bytes of the model's file.
    pub(super) fn tensor<'a>(&'a self, own: &'a [u8], name: &str) -> Option<TensorView<'a>> {
        let (name, tensor) = self.tensors.get_key_value(name)?;
        Some(self.view(own, name, tensor))
    }

    /// All tensors, in the order of their names.
    pub(super) fn iter<'a>(
        &'a self,
        own: &'a [u8],
    ) -> impl ExactSizeIterator<Item = TensorView<'a>> {
        self.tensors.iter().map(move |(name, tensor)| self.view(own, name, tensor))
    }

    fn view<'a>(&'a self, own: &'a [u8], name: &'a str, tensor: &'a Tensor) -> TensorView<'a> {
        let file = tensor.file.map_or(own, |file| &self.files[file].bytes);
        let Place { element, ref shape, ref range, .. } = tensor.place;
        TensorView { name, element, shape, bytes: &file[range.clone()] }
    }
}
