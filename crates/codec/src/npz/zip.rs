//! Files of a zip archive, found by its central directory (APPNOTE.TXT, PKWARE).

use miniz_oxide::inflate::{
    TINFLStatus,
    core::{
        DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
    },
};

use crate::{DecodeError, DecodeErrorKind};

/// The most files of an archive; a matrix is of five or six.
const MOST_FILES: usize = 64;

/// The most bytes that a file expands to.
const MOST_BYTES: usize = 64 << 20;

/// Deflate cannot do better than this, so that a file which says it did is not believed.
const BEST_RATIO: usize = 1032;

const END_BYTES: usize = 22;
const LONGEST_COMMENT: usize = 0xffff;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;

const END: [u8; 4] = *b"PK\x05\x06";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
/// What stands in front of a file, and so what an archive that holds one begins with.
pub(crate) const LOCAL: [u8; 4] = *b"PK\x03\x04";

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A zip archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    directory: &'a [u8],
}

/// A file of an archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'a> {
    content: &'a [u8],
    is_deflated: bool,
    bytes: usize,
    crc: u32,
}

impl<'a> Archive<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let last = bytes
            .len()
            .checked_sub(END_BYTES)
            .ok_or_else(|| DecodeError::malformed("a zip archive"))?;
        // The end may have a comment behind it, which says how long it is.
        let is_end = |&at: &usize| {
            bytes[at..].starts_with(&END) && usize::from(u16_at(bytes, at + 20)) == last - at
        };
        let end = (last.saturating_sub(LONGEST_COMMENT)..=last).rev().find(is_end);
        let end = end.ok_or_else(|| DecodeError::malformed("a zip archive"))?;
        let (length, start) = (u32_at(bytes, end + 12), u32_at(bytes, end + 16));
        if length == u32::MAX || start == u32::MAX {
            return Err(too_large());
        }
        let directory =
            bytes[..end].get(start as usize..).and_then(|rest| rest.get(..length as usize));
        let directory =
            directory.ok_or_else(|| DecodeError::malformed("a directory in the zip archive"))?;
        Ok(Self { bytes, directory })
    }

    /// The file of this name.
    pub(super) fn file(&self, name: &str) -> Result<Option<File<'a>>, DecodeError> {
        let mut rest = self.directory;
        for _ in 0..MOST_FILES {
            if rest.is_empty() {
                return Ok(None);
            }
            if rest.len() < CENTRAL_BYTES || !rest.starts_with(&CENTRAL) {
                return Err(DecodeError::malformed("an entry of the zip directory"));
            }
            let lengths = [28, 30, 32].map(|at| usize::from(u16_at(rest, at)));
            let entry = rest.split_at_checked(CENTRAL_BYTES + lengths.iter().sum::<usize>());
            let (entry, behind) =
                entry.ok_or_else(|| DecodeError::malformed("an entry of the zip directory"))?;
            if &entry[CENTRAL_BYTES..CENTRAL_BYTES + lengths[0]] == name.as_bytes() {
                return self.open(entry).map(Some);
            }
            rest = behind;
        }
        Err(DecodeError::malformed("at most 64 files in the zip archive"))
    }

    fn open(&self, entry: &[u8]) -> Result<File<'a>, DecodeError> {
        let (flags, method) = (u16_at(entry, 8), u16_at(entry, 10));
        let [packed, bytes, start] = [20, 24, 42].map(|at| u32_at(entry, at));
        if [packed, bytes, start].contains(&u32::MAX) {
            return Err(too_large());
        }
        let [packed, bytes, start] = [packed, bytes, start].map(|number| number as usize);
        if flags & 1 == 1 || !matches!(method, STORED | DEFLATED) {
            return Err(DecodeError::malformed(
                "files of the zip archive that are stored or deflated",
            ));
        }
        let is_deflated = method == DEFLATED;
        let local = self.bytes.get(start..).filter(|local| local.len() >= LOCAL_BYTES);
        let local = local.filter(|local| local.starts_with(&LOCAL));
        let content = local.and_then(|local| {
            let skipped = usize::from(u16_at(local, 26)) + usize::from(u16_at(local, 28));
            local.get(LOCAL_BYTES + skipped..)?.get(..packed)
        });
        let content = content.ok_or_else(|| DecodeError::malformed("a file of the zip archive"))?;
        if !is_deflated && packed != bytes {
            return Err(DecodeError::malformed("a stored file as long as it is"));
        }
        if bytes > MOST_BYTES || bytes / BEST_RATIO > packed {
            return Err(too_large());
        }
        Ok(File { content, is_deflated, bytes, crc: u32_at(entry, 16) })
    }
}

/// What inflates, and is kept from archive to archive.
#[derive(Default)]
pub(super) struct Inflater(Option<Box<DecompressorOxide>>);

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater").finish_non_exhaustive()
    }
}

impl<'a> File<'a> {
    /// The content, in `memory` if it had to be inflated.
    pub(super) fn read<'s>(
        &self,
        inflater: &mut Inflater,
        memory: &'s mut Vec<u8>,
    ) -> Result<&'s [u8], DecodeError>
    where
        'a: 's,
    {
        let content: &'s [u8] = if self.is_deflated {
            memory.resize(self.bytes, 0);
            let state = inflater.0.get_or_insert_default();
            state.init();
            let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
            let (status, _, written) = decompress(state, self.content, memory, 0, flags);
            if status != TINFLStatus::Done || written != self.bytes {
                return Err(DecodeError::malformed("a deflated file as long as it says"));
            }
            memory
        } else {
            self.content
        };
        // A fuzzer would hardly find a checksum, and nothing behind it.
        if !cfg!(fuzzing) && crc32fast::hash(content) != self.crc {
            return Err(DecodeError::malformed(
                "a file with the checksum that the zip archive says",
            ));
        }
        Ok(content)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cold]
fn too_large() -> DecodeError {
    DecodeError::new(DecodeErrorKind::TooLarge)
        .with_expected(format!("files of at most {MOST_BYTES} bytes in the zip archive").into())
        .with_got("more")
}
