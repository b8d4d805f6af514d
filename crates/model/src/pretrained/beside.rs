use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Module, PretrainedFault, modules};
use crate::{
    ModelError,
    fault::Fault,
    file::{FileBytes, check_kind, read, unreadable},
    limits,
    safetensors::Weights,
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

impl Beside {
    /// Reads those that are there, and adds the weights of modules to the others. A model whose
    /// weights describe themselves has none.
    pub(crate) fn read(folder: Option<&Path>, weights: &mut Weights) -> Result<Self, ModelError> {
        let Some(folder) = folder.filter(|_| !weights.metadata().contains_key(ENTRY)) else {
            return Ok(Self::default());
        };
        let folder = folder.to_owned();
        let mut beside = Self { folder, files: Vec::new(), modules: Vec::new() };
        let sentence = SENTENCE_CONFIGS.into_iter();
        for name in [CONFIG, MODULES, PROMPTS, TOKENIZER_CONFIG].into_iter().chain(sentence) {
            beside.add(name, limits::CONFIG_BYTES)?;
        }
        beside.add(TOKENIZER, limits::TOKENIZER_BYTES)?;
        if let Some(modules) = beside.file(MODULES) {
            let modules = modules::read(modules).map_err(|error| beside.place(error, MODULES))?;
            for module in &modules {
                beside.add_module(module, weights)?;
            }
            beside.modules = modules;
        }
        Ok(beside)
    }

    /// Reads a file, where there is one.
    fn add(&mut self, name: &str, limit: u64) -> Result<(), ModelError> {
        let path = self.folder.join(name);
        if let Some(bytes) = read_small(&path, limit).map_err(|error| error.of_file(&path))? {
            self.files.push((name.to_owned(), bytes));
        }
        Ok(())
    }

    fn add_module(&mut self, module: &Module, weights: &mut Weights) -> Result<(), ModelError> {
        let Some(folder) = module.folder() else { return Ok(()) };
        let config = format!("{folder}/{CONFIG}");
        self.add(&config, limits::CONFIG_BYTES)?;
        if self.file(&config).is_none() {
            let absent = PretrainedFault::NoFile { name: config };
            return Err(self.place(absent.into(), MODULES));
        }
        if module.has_weights() {
            let name = format!("{folder}/{WEIGHTS}");
            let path = self.folder.join(&name);
            let bytes = match FileBytes::open(&path) {
                Err(error) if error.kind() == crate::ModelErrorKind::NotFound => {
                    return Err(self.place(PretrainedFault::NoWeights { name }.into(), MODULES));
                }
                bytes => bytes,
            };
            bytes
                .and_then(|bytes| weights.add_module(folder, name, bytes))
                .map_err(|error| error.of_file(&path))?;
        }
        Ok(())
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

/// Reads a file of at most `limit` bytes, where there is one.
fn read_small(path: &Path, limit: u64) -> Result<Option<Arc<[u8]>>, ModelError> {
    // Looked at before it is opened, since opening a pipe waits for its writer.
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata.map_err(unreadable)?,
    };
    check_kind(&metadata)?;
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    check_kind(&metadata)?;
    let bytes = metadata.len();
    if bytes > limit {
        return Err(Fault::TooLarge { bytes, limit }.into());
    }
    Ok(Some(read(&file, bytes)?.into()))
}
