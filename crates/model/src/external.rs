//! The files beside a model's own that hold its tensors.
//!
//! A model names them, so it could name any file of the machine. What is opened here is a regular
//! file with one name, beneath the folder of the model, by a path without tricks; and after it was
//! opened it is looked at once more, so that a link that is swapped in meanwhile gains nothing.

use std::{
    collections::HashMap,
    fs::{self, File, Metadata},
    io::{self, Read as _},
    iter,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use crate::{ModelError, fault::ExternalFault, limits, onnx::ExternalData};

/// A file that holds tensors of a model, found beside it and checked.
///
/// Not held open: a model may have thousands. [`read`](Self::read) checks it again.
#[derive(Clone, Debug)]
pub struct ExternalFile {
    /// The path of the file from the model's folder, as the model spells it.
    pub name: String,
    folder: PathBuf,
    identity: Identity,
    bytes: u64,
    /// The bytes from the first to the last that a tensor needs.
    needed: u64,
}

impl ExternalFile {
    /// The files at these places, each once, in order of first mention.
    ///
    /// `folder` is that of the model's file.
    pub(crate) fn find(
        folder: &Path,
        external: &[ExternalData<'_>],
    ) -> Result<Vec<Self>, ModelError> {
        let mut files: Vec<Self> = Vec::new();
        let mut index_of: HashMap<&str, usize> = HashMap::new();
        let folder = fs::canonicalize(folder)
            .map_err(|error| ModelError::from(ExternalFault::NoFolder).caused_by(error))?;
        for data in external {
            let index = match index_of.get(data.location) {
                Some(&index) => index,
                None => {
                    if files.len() == limits::EXTERNAL_FILES {
                        return Err(ExternalFault::TooManyFiles.into());
                    }
                    files.push(Self::check(&folder, data.location)?);
                    index_of.insert(data.location, files.len() - 1);
                    files.len() - 1
                }
            };
            let file = &mut files[index];
            file.needed = file.needed.max(data.end());
            let &mut Self { needed, bytes, .. } = file;
            if needed > bytes {
                let location = data.location.to_owned();
                return Err(ExternalFault::PastTheEnd { location, needed, bytes }.into());
            }
        }
        let total = files.iter().fold(0_u64, |total, file| total.saturating_add(file.needed));
        if total > limits::EXTERNAL_BYTES {
            return Err(ExternalFault::TooLarge.into());
        }
        Ok(files)
    }

    fn check(folder: &Path, location: &str) -> Result<Self, ModelError> {
        check_spelling(location)?;
        let (_, metadata) = open(folder, location)?;
        Ok(Self {
            name: location.to_owned(),
            folder: folder.to_owned(),
            identity: Identity::of(&metadata),
            bytes: metadata.len(),
            needed: 0,
        })
    }

    /// The size of the file.
    pub const fn size_bytes(&self) -> u64 {
        self.bytes
    }

    /// The bytes of the file up to the last that a tensor of the model needs. It must still be the
    /// file that was checked.
    ///
    /// # Errors
    ///
    /// When it cannot be read, is another or of another size by now, or when there is no memory
    /// for it.
    pub fn read(&self) -> Result<Arc<[u8]>, ModelError> {
        let changed = || ExternalFault::ChangedMeanwhile { location: self.name.clone() };
        let (mut file, metadata) = open(&self.folder, &self.name)?;
        if Identity::of(&metadata) != self.identity || metadata.len() != self.bytes {
            return Err(changed().into());
        }
        let mut bytes = self.room()?;
        let unshared = Arc::get_mut(&mut bytes).unwrap_or_else(|| unreachable!("just made"));
        file.read_exact(unshared).map_err(|error| ModelError::from(changed()).caused_by(error))?;
        // It may have grown, or been cut short behind what is needed.
        match file.metadata() {
            Ok(metadata) if metadata.len() == self.bytes => Ok(bytes),
            _ => Err(changed().into()),
        }
    }

    /// Zeros in place of what is needed.
    fn room(&self) -> Result<Arc<[u8]>, ExternalFault> {
        let bytes = self.needed;
        let refused = || ExternalFault::NoMemory { location: self.name.clone(), bytes };
        let len = usize::try_from(bytes).map_err(|_| refused())?;
        // Tried first: where there is no memory, to ask for what is shared ends the process.
        Vec::<u8>::new().try_reserve_exact(len).map_err(|_| refused())?;
        Ok(iter::repeat_n(0, len).collect())
    }
}

/// What tells a file from every other. Where the system does not say, nothing does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { device_and_inode: (metadata.dev(), metadata.ino()) }
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self {}
    }
}

fn check_spelling(location: &str) -> Result<(), ExternalFault> {
    match spelling_problem(location) {
        None => Ok(()),
        Some(problem) => Err(ExternalFault::Location { location: location.to_owned(), problem }),
    }
}

/// What is wrong with a path that is not plainly one beneath the folder, whatever the system.
pub(crate) fn spelling_problem(location: &str) -> Option<&'static str> {
    let drive = matches!(location.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if location.contains('\0') {
        Some("has a NUL in its name")
    } else if location.contains('\\') {
        Some("has a backslash in its name")
    } else if location.contains('*') {
        // ONNX Runtime takes such a name for one of an address in memory.
        Some("has an asterisk in its name")
    } else if drive || location.starts_with('/') {
        Some("should be named from the model's folder")
    } else if Path::new(location).components().any(|part| matches!(part, Component::ParentDir)) {
        Some("has \"..\" in its path")
    } else {
        None
    }
}

/// Opens a file beneath `folder`, which is canonical.
pub(crate) fn open(folder: &Path, location: &str) -> Result<(File, Metadata), ModelError> {
    let refuse = |problem| ExternalFault::Location { location: location.to_owned(), problem };
    let unreadable = |error: io::Error| {
        let location = location.to_owned();
        let fault = match error.kind() {
            io::ErrorKind::NotFound => ExternalFault::NotFound { location },
            _ => ExternalFault::Unreadable { location },
        };
        ModelError::from(fault).caused_by(error)
    };
    let path = fs::canonicalize(folder.join(location)).map_err(unreadable)?;
    if !path.starts_with(folder) {
        return Err(refuse("is outside the model's folder").into());
    }
    // Looked at before it is opened, since opening a pipe waits for its writer.
    check_metadata(&fs::metadata(&path).map_err(unreadable)?).map_err(refuse)?;
    let file = File::open(&path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    check_metadata(&metadata).map_err(refuse)?;
    // The path may have led elsewhere when it was opened: what was opened must be what is there.
    let same = fs::canonicalize(&path).map_err(unreadable)? == path
        && Identity::of(&fs::metadata(&path).map_err(unreadable)?) == Identity::of(&metadata);
    if same {
        Ok((file, metadata))
    } else {
        Err(ExternalFault::ChangedMeanwhile { location: location.to_owned() }.into())
    }
}

fn check_metadata(metadata: &Metadata) -> Result<(), &'static str> {
    if !metadata.is_file() {
        return Err("is not a regular file");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        // A second name may be one outside the folder.
        if metadata.nlink() > 1 {
            return Err("has a second name, a hard link");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
