//! Requests and replies as SageMaker captures them, for Model Monitor and whoever reads its files.
//!
//! A request that is sampled is copied, with its reply, into one of the [pages](pages::Pages) that
//! its thread writes; it waits for nothing. One thread turns pages into lines and files. Where the
//! disk is slower than the requests come, or no more of it may be used, requests are left out and
//! counted.

mod disk;
mod files;
mod line;
mod pages;
mod record;
mod writer;

#[cfg(test)]
mod tests;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

pub(crate) use self::record::Sampled;
use self::{
    disk::Folder,
    files::Files,
    line::LineStyle,
    pages::{Given, Pages},
    record::Record,
    writer::Writer,
};
use crate::{head::Head, reply::Reply};

/// What is captured, and where to.
#[derive(Clone, Debug)]
pub(crate) struct CaptureConfig {
    pub(crate) folder: PathBuf,
    /// What the first folder within is called; the model's name unless said.
    pub(crate) endpoint: Option<String>,
    /// The share of requests that is captured, from 0 to 1.
    pub(crate) sample: f64,
    pub(crate) input: bool,
    pub(crate) output: bool,
    pub(crate) csv_content_types: Vec<String>,
    pub(crate) json_content_types: Vec<String>,
    pub(crate) max_file_bytes: u64,
    pub(crate) rotate: Duration,
    /// How much all captured data may take; none for as much as there is.
    pub(crate) max_disk_bytes: Option<u64>,
    /// How much of the disk is left to others.
    pub(crate) min_free_bytes: u64,
}

/// Takes requests for the thread that writes them.
#[derive(Debug)]
pub(crate) struct Capture {
    sample: f64,
    pages: Arc<Pages>,
    counts: Arc<Counts>,
    stop: Arc<AtomicBool>,
    writer: Thread,
    thread: JoinHandle<()>,
}

/// What became of sampled requests.
#[derive(Debug, Default)]
pub(super) struct Counts {
    written: AtomicU64,
    bytes: AtomicU64,
    slow: AtomicU64,
    full: AtomicU64,
    failed: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) written: u64,
    pub(super) bytes: u64,
    /// Left out because the disk, or the thread that writes, was slow.
    pub(super) slow: u64,
    /// Left out because no more of the disk may be used.
    pub(super) full: u64,
    /// Left out because the disk failed.
    pub(super) failed: u64,
}

impl Capture {
    /// Starts the thread that writes, for so many threads that answer.
    ///
    /// # Errors
    ///
    /// When nothing can be written into the folder.
    pub(crate) fn start(config: &CaptureConfig, threads: usize) -> io::Result<Self> {
        let folder = Folder::open(config)?;
        let files = Files::new(config, folder, disk::create);
        Self::start_with(config, threads, files)
    }

    fn start_with<F>(config: &CaptureConfig, threads: usize, files: Files<F>) -> io::Result<Self>
    where
        F: Fn(&std::path::Path) -> io::Result<std::fs::File> + Send + 'static,
    {
        let pages = Arc::new(Pages::new(threads));
        let (counts, stop) = (Arc::<Counts>::default(), Arc::<AtomicBool>::default());
        let style = LineStyle::of(config);
        let writer = Writer::new(Arc::clone(&pages), Arc::clone(&counts), style, files);
        let thread = {
            let stop = Arc::clone(&stop);
            let name = "hotplate-capture".to_owned();
            thread::Builder::new().name(name).spawn(move || writer.run(&stop))?
        };
        let writer = thread.thread().clone();
        Ok(Self { sample: config.sample, pages, counts, stop, writer, thread })
    }

    /// What must be kept of a request's head, if the request is among those that are captured.
    pub(super) fn sample(&self, head: &Head<'_>) -> Option<Sampled> {
        let sampled = self.sample >= 1.0 || fastrand::f64() < self.sample;
        sampled.then(|| Sampled::of(head))
    }

    /// Takes a request and its reply, if there is room.
    pub(super) fn offer(
        &self,
        sampled: &Sampled,
        [model, variant]: [&str; 2],
        at: Instant,
        body: &[u8],
        reply: &Reply,
    ) {
        let record = Record {
            at: self.pages.nanos_of(at),
            model,
            variant,
            content_type: sampled.content_type.as_deref(),
            inference_id: sampled.inference_id.as_deref(),
            body,
            reply_content_type: reply.content_type,
            reply: &reply.body,
        };
        match self.pages.give(&record) {
            Given::Taken => {}
            Given::TakenAndDue => self.writer.unpark(),
            Given::Left => {
                self.counts.slow.fetch_add(1, Relaxed);
            }
        }
    }

    pub(super) fn figures(&self) -> Figures {
        let Counts { written, bytes, slow, full, failed } = &*self.counts;
        let [written, bytes, slow, full, failed] =
            [written, bytes, slow, full, failed].map(|count| count.load(Relaxed));
        Figures { written, bytes, slow, full, failed }
    }

    /// Has everything written that was taken, and returns when it is, or when the time is over: a
    /// disk that is stuck keeps nobody.
    pub(crate) fn finish(&self, within: Duration) {
        self.stop.store(true, Relaxed);
        self.writer.unpark();
        let start = Instant::now();
        while !self.thread.is_finished() && start.elapsed() < within {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.writer.unpark();
    }
}
