use std::{
    fmt,
    fs::{self, File, FileType, Metadata},
    io::{self, Read as _},
    ops::Deref,
    path::Path,
};

use memmap2::Mmap;

use crate::{ModelError, fault::Fault, limits, map::map_model};

/// The bytes of a model file.
pub(crate) enum FileBytes {
    Owned(Vec<u8>),
    Mapped(Mmap),
}

impl FileBytes {
    /// Reads a small file, maps a large one. Only weights in safetensors format may have more than
    /// [`limits::FILE_BYTES`], which is for the caller to check, who knows the format.
    pub(crate) fn open(path: &Path) -> Result<Self, ModelError> {
        // Looked at before it is opened, since opening a pipe waits for its writer; and again
        // afterwards, since the path may lead elsewhere by then.
        check(&fs::metadata(path).map_err(unreadable)?)?;
        let file = File::open(path).map_err(unreadable)?;
        Self::of(&file)
    }

    /// The bytes of a file that is open.
    pub(crate) fn of(file: &File) -> Result<Self, ModelError> {
        let metadata = file.metadata().map_err(unreadable)?;
        check(&metadata)?;
        if metadata.len() <= limits::READ_BYTES {
            read(file, metadata.len()).map(Self::Owned)
        } else {
            map_model(file).map(Self::Mapped).map_err(unreadable)
        }
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Mapped(mapping) => mapping,
        }
    }
}

impl fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self {
            Self::Owned(_) => "owned",
            Self::Mapped(_) => "mapped",
        };
        write!(f, "{} bytes, {how}", self.len())
    }
}

fn check(metadata: &Metadata) -> Result<(), Fault> {
    if !metadata.is_file() {
        return Err(Fault::NotAFile { got: name_of(metadata.file_type()) });
    }
    match metadata.len() {
        0 => Err(Fault::Empty),
        bytes if bytes > limits::WEIGHT_BYTES => {
            Err(Fault::TooLarge { bytes, limit: limits::WEIGHT_BYTES })
        }
        _ => Ok(()),
    }
}

fn name_of(file_type: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if file_type.is_fifo() {
            return "a pipe";
        }
        if file_type.is_socket() {
            return "a socket";
        }
        if file_type.is_char_device() || file_type.is_block_device() {
            return "a device";
        }
    }
    if file_type.is_dir() { "a directory" } else { "something else" }
}

fn read(file: &File, len: u64) -> Result<Vec<u8>, ModelError> {
    let mut bytes = Vec::new();
    // One byte more than it should have, to see a file that grows.
    file.take(len + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 == len { Ok(bytes) } else { Err(Fault::ChangedMeanwhile.into()) }
}

pub(crate) fn unreadable(error: io::Error) -> ModelError {
    let fault = match error.kind() {
        io::ErrorKind::NotFound => Fault::NotFound,
        _ => Fault::Unreadable,
    };
    ModelError::from(fault).caused_by(error)
}

#[cfg(test)]
mod tests;
