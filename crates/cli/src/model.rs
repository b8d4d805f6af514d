//! The one model that a command is about.

use std::path::Path;

use anyhow::{Error, anyhow};
use hotplate::{ErrorKind, ModelFolder};

/// Finds the model at `path`, a file or a folder.
///
/// A folder of models is refused with the names of those that it holds.
pub(crate) fn find(path: &Path) -> Result<ModelFolder, Error> {
    match ModelFolder::find(path) {
        Ok(folder) => Ok(folder),
        Err(error) if error.kind() == ErrorKind::NoModel && path.is_dir() => {
            match ModelFolder::below(path) {
                Ok(below) if !below.is_empty() => Err(several(path, &below)),
                _ => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// An error about the model at `path`, which not every error names.
pub(crate) fn about(path: &Path, error: hotplate::Error) -> Error {
    let message = error.to_string();
    let named = message.contains(&*path.to_string_lossy());
    let error = Error::new(error);
    if named { error } else { error.context(path.display().to_string()) }
}

fn several(path: &Path, models: &[ModelFolder]) -> Error {
    let folders: Vec<String> = models
        .iter()
        .filter_map(|model| model.file().parent())
        .map(|folder| folder.display().to_string())
        .collect();
    anyhow!("{}: a folder of models; name one of them: {}", path.display(), folders.join(", "))
}
