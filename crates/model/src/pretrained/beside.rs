use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Module, PretrainedFault, modules};
use crate::{
    ModelError, ModelErrorKind, fault::Fault, file::FileBytes, limits, safetensors::Weights,
};

/// The architecture.
pub(super) const CONFIG: &str = "config.json";
/// What sentence-transformers makes of the encoder's answer.
pub(super) const MODULES: &str = "modules.json";
/// How long a text may be, as sentence-transformers names the file for each family.
pub(super) const SENTENCE_CONFIGS: [&str; 4] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_xlm-roberta_config.json",
];
/// Texts that sentence-transformers puts before others.
pub(super) const PROMPTS: &str = "config_sentence_transformers.json";
pub(super) const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";
/// The weights of a module.
const WEIGHTS: &str = "model.safetensors";

/// The entry of the weights' metadata that describes a network of ours.
pub(super) const ENTRY: &str = "hotplate";

/// The files beside the weights that say what these are, whole.
///
/// Their names are ours, or those of modules, which are paths without tricks; where one is a link
/// it is followed, as it is where the model's own file is one: caches are folders of links.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    folder: PathBuf,
    /// By their paths from the folder, in the order in which they were read.
    files: Vec<(String, Arc<[u8]>)>,
    /// What `modules.json` names.
    pub(super) modules: Vec<Module>,
}

/// How the bytes of a file are had, by its path from the folder and the most that it may have.
type Read<'r> = dyn Fn(&str, u64) -> Result<Option<FileBytes>, ModelError> + 'r;

impl Beside {
    /// Reads those that are in the folder, and adds the weights of modules to the others. A model
    /// whose weights describe themselves has none.
    pub(crate) fn read(folder: &Path, weights: &mut Weights) -> Result<Self, ModelError> {
        Self::collect(folder, weights, &|name, limit| open(&folder.join(name), limit))
    }

    /// The same of files that `read` has.
    pub(crate) fn collect(
        folder: &Path,
        weights: &mut Weights,
        read: &Read<'_>,
    ) -> Result<Self, ModelError> {
        if weights.metadata().contains_key(ENTRY) {
            return Ok(Self::default());
        }
        let folder = folder.to_owned();
        let mut beside = Self { folder, files: Vec::new(), modules: Vec::new() };
        let sentence = SENTENCE_CONFIGS.into_iter();
        for name in [CONFIG, MODULES, PROMPTS, TOKENIZER_CONFIG].into_iter().chain(sentence) {
            beside.add(name, limits::CONFIG_BYTES, read)?;
        }
        beside.add(TOKENIZER, limits::TOKENIZER_BYTES, read)?;
        if let Some(modules) = beside.file(MODULES) {
            let modules = modules::read(modules).map_err(|error| beside.place(error, MODULES))?;
            for module in &modules {
                beside.add_module(module, weights, read)?;
            }
            beside.modules = modules;
        }
        Ok(beside)
    }

    /// Adds a file, where there is one.
    fn add(&mut self, name: &str, limit: u64, read: &Read<'_>) -> Result<(), ModelError> {
        let bytes = read(name, limit).map_err(|error| self.place(error, name))?;
        if let Some(bytes) = bytes {
            self.files.push((name.to_owned(), (&*bytes).into()));
        }
        Ok(())
    }

    fn add_module(
        &mut self,
        module: &Module,
        weights: &mut Weights,
        read: &Read<'_>,
    ) -> Result<(), ModelError> {
        let Some(folder) = module.folder() else { return Ok(()) };
        let config = format!("{folder}/{CONFIG}");
        self.add(&config, limits::CONFIG_BYTES, read)?;
        if self.file(&config).is_none() {
            let absent = PretrainedFault::NoFile { name: config };
            return Err(self.place(absent.into(), MODULES));
        }
        if !module.has_weights() {
            return Ok(());
        }
        let name = format!("{folder}/{WEIGHTS}");
        let path = self.path_of(&name);
        let in_file = |error: ModelError| error.of_file(&path);
        match read(&name, limits::WEIGHT_BYTES).map_err(in_file)? {
            Some(bytes) => weights.add_module(folder, name, bytes).map_err(in_file),
            None => Err(self.place(PretrainedFault::NoWeights { name }.into(), MODULES)),
        }
    }

    /// The bytes of a file, where there is one.
    pub(super) fn file(&self, name: &str) -> Option<&[u8]> {
        self.shared(name).map(|bytes| &**bytes)
    }

    pub(super) fn shared(&self, name: &str) -> Option<&Arc<[u8]>> {
        self.files.iter().find(|(file, _)| file == name).map(|(_, bytes)| bytes)
    }

    /// The files, by their paths from the folder.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (&**name, &**bytes))
    }

    /// Where a file is.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Adds the file that is wrong.
    pub(super) fn place(&self, error: ModelError, name: &str) -> ModelError {
        error.of_file(&self.path_of(name))
    }
}

/// The bytes of a file of at most `limit`, where there is one.
fn open(path: &Path, limit: u64) -> Result<Option<FileBytes>, ModelError> {
    match FileBytes::open(path) {
        Ok(bytes) if bytes.len() as u64 > limit => {
            Err(Fault::TooLarge { bytes: bytes.len() as u64, limit }.into())
        }
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ModelErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
