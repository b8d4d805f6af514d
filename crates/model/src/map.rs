use std::{fs::File, io};

use memmap2::Mmap;

/// Maps a whole file for reading.
///
/// # Safety
///
/// Until the mapping is dropped, nobody may truncate `file`, which would end the process when the
/// lost pages are read, or write to it, which would change bytes behind shared references.
pub(crate) unsafe fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: our caller promises exactly what `Mmap::map` asks.
    unsafe { Mmap::map(file) }
}

/// Maps a model file for the time that it takes to compile it.
///
/// This is the one place where that promise is made on behalf of whoever put the file there.
pub(crate) fn map_model(file: &File) -> io::Result<Mmap> {
    // SAFETY: a model is deployed by renaming a finished file into place, not by writing into one
    // that is in use, and `Model::open` documents that. What is read through the mapping is
    // bounds-checked at each read, and the mapping ends with the `Model`, before it serves.
    unsafe { map(file) }
}
