//! How much of a disk captured data takes, and may take.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::CaptureConfig;

/// The ending of files of captured data.
pub(super) const ENDING: &str = "jsonl";

/// How often a folder that is full is looked at again: others may take files away.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// How often the system is asked how much is free.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The folder of captured data.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    most: Option<u64>,
    least_free: u64,
    /// What lay in the folder when it was last looked at, and was written since.
    used: u64,
    looked: Option<Instant>,
    /// What may be written until the system is asked again.
    free: u64,
    asked: Option<Instant>,
}

impl Folder {
    /// Makes the folder, if there is none, and tries to write into it.
    pub(super) fn open(config: &CaptureConfig) -> io::Result<Self> {
        let path = config.folder.clone();
        fs::create_dir_all(&path)?;
        tempfile_in(&path)?;
        Ok(Self {
            path,
            most: config.max_disk_bytes,
            least_free: config.min_free_bytes,
            used: 0,
            looked: None,
            free: 0,
            asked: None,
        })
    }

    /// Whether so many bytes more may be written.
    pub(super) fn has_room(&mut self, bytes: u64) -> bool {
        self.has_quota(bytes) && self.is_free(bytes)
    }

    /// Notes that so many bytes were written.
    pub(super) fn wrote(&mut self, bytes: u64) {
        self.used = self.used.saturating_add(bytes);
        self.free = self.free.saturating_sub(bytes);
    }

    fn has_quota(&mut self, bytes: u64) -> bool {
        let Some(most) = self.most else { return true };
        let fits = |used: u64| used.saturating_add(bytes) <= most;
        let is_due = |looked: Instant| looked.elapsed() >= LOOK_AGAIN;
        if self.looked.is_none_or(|looked| !fits(self.used) && is_due(looked)) {
            self.used = bytes_below(&self.path);
            self.looked = Some(Instant::now());
        }
        fits(self.used)
    }

    fn is_free(&mut self, bytes: u64) -> bool {
        if self.least_free == 0 {
            return true;
        }
        if self.asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN) {
            // Where the system does not say, writing will tell.
            let free = free_bytes(&self.path).unwrap_or(u64::MAX);
            self.free = free.saturating_sub(self.least_free);
            self.asked = Some(Instant::now());
        }
        bytes <= self.free
    }
}

/// Opens a new file of captured data.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create_new(true).open(path)
}

/// Writes a file and takes it away.
fn tempfile_in(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".hotplate-{}", std::process::id()));
    let written = File::create(&path).and_then(|mut file| file.write_all(b"\n"));
    let removed = fs::remove_file(&path);
    written.and(removed)
}

/// The length of all files of captured data; what cannot be read counts for nothing.
fn bytes_below(folder: &Path) -> u64 {
    let mut sum = 0_u64;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|ending| ending == ENDING) {
                sum = sum.saturating_add(entry.metadata().map_or(0, |metadata| metadata.len()));
            }
        }
    }
    sum
}

#[cfg(target_os = "linux")]
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(target_os = "linux"))]
fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}
