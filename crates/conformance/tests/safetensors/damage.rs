//! Copies of a case's folder with something wrong in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hotplate::{Engine, Error, ErrorKind, OpenOptions};
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::{golden, told};

pub(crate) const WEIGHTS: &str = "model.safetensors";

/// A copy of a case, which may be damaged.
#[derive(Debug)]
pub(crate) struct Copy {
    folder: TempDir,
}

impl Copy {
    /// A copy of all that the case's folder holds.
    pub(crate) fn of(case: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(told)?;
        copy_into(&golden::folder(case), folder.path()).map_err(told)?;
        Ok(Self { folder })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        fs::read(self.path(name)).map_err(told)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        fs::write(self.path(name), bytes).map_err(told)
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), String> {
        fs::remove_file(self.path(name)).map_err(told)
    }

    /// Rewrites a file of JSON.
    pub(crate) fn json(
        &self,
        name: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), String> {
        let mut object: Map<String, Value> =
            serde_json::from_slice(&self.read(name)?).map_err(told)?;
        change(&mut object);
        self.write(name, &serde_json::to_vec(&object).map_err(told)?)
    }

    /// Rewrites the header of a file of weights, and leaves its data as they are.
    pub(crate) fn header(
        &self,
        name: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), String> {
        let (mut header, data) = parts(&self.read(name)?)?;
        change(&mut header);
        let text = serde_json::to_vec(&header).map_err(told)?;
        self.write(name, &file(&text, &data))
    }

    /// Why the folder is not opened.
    ///
    /// # Errors
    ///
    /// When it is opened, or refused for another reason than what is in the file.
    pub(crate) fn refused(&self) -> Result<Error, String> {
        self.refused_with(&OpenOptions::new())
    }

    pub(crate) fn refused_with(&self, options: &OpenOptions) -> Result<Error, String> {
        match options.clone().instances(1).open(self.folder.path()) {
            Ok(engine) => Err(format!("it is opened by {}", engine.backend())),
            Err(error) if refuses_the_model(error.kind()) => Ok(error),
            Err(error) => Err(format!("{:?}: {error}", error.kind())),
        }
    }

    pub(crate) fn open(&self) -> Result<Engine, String> {
        OpenOptions::new().instances(1).open(self.folder.path()).map_err(told)
    }
}

fn refuses_the_model(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidModel | ErrorKind::Unsupported)
}

/// A file of weights: the length of its header, the header and the data.
pub(crate) fn file(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header, data].concat()
}

/// The header and the data of a file of weights that is in order.
pub(crate) fn parts(file: &[u8]) -> Result<(Map<String, Value>, Vec<u8>), String> {
    let (len, rest) = file.split_first_chunk::<8>().ok_or("no header")?;
    let len = usize::try_from(u64::from_le_bytes(*len)).map_err(told)?;
    let (header, data) = rest.split_at_checked(len).ok_or("a header that is cut")?;
    Ok((serde_json::from_slice(header).map_err(told)?, data.to_vec()))
}

/// That the error's message has all of these.
pub(crate) fn says(error: &Error, parts: &[&str]) -> Result<(), String> {
    let message = error.to_string();
    match parts.iter().find(|part| !message.contains(**part)) {
        Some(part) => Err(format!("{message:?} does not say {part:?}")),
        None => Ok(()),
    }
}

fn copy_into(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            fs::create_dir(&copy)?;
            copy_into(&path, &copy)?;
        } else {
            fs::copy(&path, &copy)?;
        }
    }
    Ok(())
}
