//! The files of captured data, one for each variant at a time.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use super::{
    CaptureConfig,
    disk::{ENDING, Folder},
    line::Ids,
};
use crate::observe::calendar::Moment;

/// What is gathered before it is written.
const BLOCK_BYTES: usize = 256 << 10;

/// How long nothing is tried after the disk failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Files, each of which `create` opens.
#[derive(Debug)]
pub(super) struct Files<F> {
    folder: Folder,
    endpoint: Option<String>,
    max_file_bytes: u64,
    rotate: Duration,
    create: F,
    open: Vec<Lines>,
    ids: Ids,
    paused: Option<Instant>,
}

/// The lines of one variant.
#[derive(Debug)]
struct Lines {
    model: String,
    variant: String,
    /// Not written yet: whole lines, of so many records.
    block: Vec<u8>,
    records: u64,
    file: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
    since: Instant,
    path: PathBuf,
    /// The folder of its hour.
    hour: PathBuf,
}

/// What became of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) written: u64,
    pub(super) bytes: u64,
    pub(super) full: u64,
    pub(super) failed: u64,
}

impl<F: Fn(&Path) -> io::Result<File>> Files<F> {
    pub(super) fn new(config: &CaptureConfig, folder: Folder, create: F) -> Self {
        Self {
            folder,
            endpoint: config.endpoint.clone(),
            max_file_bytes: config.max_file_bytes,
            rotate: config.rotate,
            create,
            open: Vec::new(),
            ids: Ids::default(),
            paused: None,
        }
    }

    /// Adds a record of a variant, of which `write` appends the line.
    pub(super) fn add(
        &mut self,
        [model, variant]: [&str; 2],
        write: impl FnOnce(&mut Vec<u8>),
        outcome: &mut Outcome,
    ) {
        let is_of = |lines: &Lines| lines.model == model && lines.variant == variant;
        let at = self.open.iter().position(is_of).unwrap_or_else(|| {
            let (model, variant) = (model.to_owned(), variant.to_owned());
            self.open.push(Lines { model, variant, block: Vec::new(), records: 0, file: None });
            self.open.len() - 1
        });
        let lines = &mut self.open[at];
        write(&mut lines.block);
        lines.records += 1;
        if lines.block.len() >= BLOCK_BYTES {
            self.flush(at, outcome);
        }
    }

    /// Writes what was added, and closes files that are old.
    pub(super) fn flush_all(&mut self, outcome: &mut Outcome) {
        (0..self.open.len()).for_each(|at| self.flush(at, outcome));
        let rotate = self.rotate;
        self.open
            .retain(|lines| lines.file.as_ref().is_some_and(|file| file.since.elapsed() < rotate));
    }

    fn flush(&mut self, at: usize, outcome: &mut Outcome) {
        let records = std::mem::take(&mut self.open[at].records);
        let bytes = self.open[at].block.len() as u64;
        if bytes == 0 {
            return;
        }
        if self.paused.is_some_and(|since| since.elapsed() < PAUSE) {
            outcome.failed += records;
        } else if !self.folder.has_room(bytes) {
            outcome.full += records;
        } else {
            match self.write(at) {
                Ok(()) => {
                    self.folder.wrote(bytes);
                    outcome.written += records;
                    outcome.bytes += bytes;
                    self.paused = None;
                }
                Err(error) => {
                    let is_full = matches!(
                        error.kind(),
                        io::ErrorKind::StorageFull
                            | io::ErrorKind::QuotaExceeded
                            | io::ErrorKind::FileTooLarge
                    );
                    *(if is_full { &mut outcome.full } else { &mut outcome.failed }) += records;
                    if self.paused.is_none() {
                        eprintln!("data cannot be captured for now: {error}");
                    }
                    self.paused = Some(Instant::now());
                }
            }
        }
        self.open[at].block.clear();
    }

    /// Writes a block into the variant's file, all of it or none.
    fn write(&mut self, at: usize) -> io::Result<()> {
        let now = Moment::of(SystemTime::now());
        let hour = self.hour(&self.open[at], now);
        let lines = &mut self.open[at];
        let bytes = lines.block.len() as u64;
        let fits = |file: &Open| {
            file.hour == hour
                && file.since.elapsed() < self.rotate
                && file.bytes.saturating_add(bytes) <= self.max_file_bytes
        };
        let mut open = match lines.file.take().filter(fits) {
            Some(open) => open,
            None => {
                fs::create_dir_all(&hour)?;
                let Moment { minute, second, millis, .. } = now;
                let id = self.ids.next();
                let name = format!("{minute:02}-{second:02}-{millis:03}-{id}.{ENDING}");
                let path = hour.join(name);
                let file = (self.create)(&path)?;
                Open { file, bytes: 0, since: Instant::now(), path, hour }
            }
        };
        if let Err(error) = open.file.write_all(&lines.block) {
            // Half a line would spoil what stands in front of it for whoever reads the file.
            let cut = open.file.set_len(open.bytes);
            if open.bytes == 0 {
                let _ = fs::remove_file(&open.path);
            } else if cut.is_ok() {
                lines.file = Some(open);
            }
            return Err(error);
        }
        open.bytes += bytes;
        lines.file = Some(open);
        Ok(())
    }

    /// `endpoint/variant/yyyy/mm/dd/hh`.
    fn hour(&self, lines: &Lines, at: Moment) -> PathBuf {
        let Moment { year, month, day, hour, .. } = at;
        let endpoint = self.endpoint.as_ref().unwrap_or(&lines.model);
        let mut path = self.folder.path.join(segment(endpoint)).join(segment(&lines.variant));
        path.extend([format!("{year:04}"), format!("{month:02}")]);
        path.extend([format!("{day:02}"), format!("{hour:02}")]);
        path
    }
}

/// A name as it can stand in a path.
fn segment(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    match name.as_str() {
        "" | "." | ".." => "_".to_owned(),
        _ => name,
    }
}
