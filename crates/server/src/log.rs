//! One line of JSON per model and per request, on standard output, when asked for.

use std::{
    io::{self, Write},
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hotplate::Engine;
use hotplate_codec::json;

use crate::{facts, reply::Reply};

/// Lines that may wait for a slow reader before further ones are dropped.
const WAITING_LINES: usize = 4096;

/// How long the last lines may take to be written when the server ends.
const LAST_LINES_TIME: Duration = Duration::from_secs(1);

/// Where lines go. Never blocks: lines that a slow reader leaves no room for are counted
/// and dropped, and the next line says how many.
#[derive(Debug)]
pub(crate) struct RequestLog {
    /// Taken only when the log ends.
    lines: Option<SyncSender<Vec<u8>>>,
    writer: JoinHandle<()>,
    dropped: AtomicU64,
}

/// A request: which one, which model, and what its client calls that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'r> {
    pub(crate) id: Option<&'r str>,
    pub(crate) path: &'r str,
    pub(crate) model: Option<&'r str>,
    pub(crate) target_model: Option<&'r str>,
}

impl RequestLog {
    /// Starts the thread that writes.
    pub(crate) fn start() -> io::Result<Self> {
        let (lines, waiting) = sync_channel::<Vec<u8>>(WAITING_LINES);
        let writer = thread::Builder::new().name("hotplate-log".to_owned()).spawn(move || {
            // Ends when the last sender is gone, or nobody reads any more. The lock is not held while
            // waiting: others print, too.
            while let Ok(line) = waiting.recv() {
                let mut out = io::stdout().lock();
                if out.write_all(&line).and_then(|()| out.flush()).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { lines: Some(lines), writer, dropped: AtomicU64::new(0) })
    }

    /// Logs a model that is ready: what runs it, where, and why not where it was meant to.
    pub(crate) fn write_model(&self, name: &str, engine: &Engine) {
        let mut line = begun();
        text(&mut line, ",\"event\":", Some("model_ready"));
        text(&mut line, ",\"model\":", Some(name));
        line.push(b',');
        facts::placement(engine, &mut line);
        let requested = engine.requested_device().to_string();
        text(&mut line, ",\"requested_device\":", Some(&requested));
        number(&mut line, ",\"instances\":", engine.instances());
        number(&mut line, ",\"golden_rows\":", engine.golden_rows());
        self.send(line);
    }

    /// Logs a reply: when, to which request, how it ended, how long its body is, and where the time
    /// went. No features and no answers.
    pub(crate) fn write(&self, asked: Asked<'_>, reply: &Reply, bytes: u64, total: Duration) {
        let mut line = begun();
        text(&mut line, ",\"id\":", asked.id);
        text(&mut line, ",\"path\":", Some(asked.path));
        text(&mut line, ",\"model\":", asked.model);
        text(&mut line, ",\"target_model\":", asked.target_model);
        number(&mut line, ",\"status\":", reply.status);
        text(&mut line, ",\"reason\":", reply.reason);
        number(&mut line, ",\"rows\":", reply.rows);
        number(&mut line, ",\"bytes\":", bytes);
        number(&mut line, ",\"parse_us\":", reply.phases.parse.as_micros());
        number(&mut line, ",\"queue_us\":", reply.phases.queue.as_micros());
        number(&mut line, ",\"compute_us\":", reply.phases.compute.as_micros());
        number(&mut line, ",\"encode_us\":", reply.phases.encode.as_micros());
        number(&mut line, ",\"total_us\":", total.as_micros());
        self.send(line);
    }

    /// Ends a line and lets it be written.
    fn send(&self, mut line: Vec<u8>) {
        let dropped = self.dropped.swap(0, Relaxed);
        if dropped > 0 {
            number(&mut line, ",\"lines_dropped\":", dropped);
        }
        line.extend_from_slice(b"}\n");
        let Some(lines) = &self.lines else { return };
        if let Err(TrySendError::Full(_)) = lines.try_send(line) {
            self.dropped.fetch_add(dropped + 1, Relaxed);
        }
    }
}

impl Drop for RequestLog {
    /// Waits for the last lines to be written, but not for a reader that is stuck.
    fn drop(&mut self) {
        drop(self.lines.take());
        let start = Instant::now();
        while !self.writer.is_finished() && start.elapsed() < LAST_LINES_TIME {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Tells people, on standard error, what became of an endpoint.
pub(crate) fn event(endpoint: &str, event: &hotplate::Event) {
    eprintln!("endpoint {endpoint}: {event}");
}

/// A line with the time.
fn begun() -> Vec<u8> {
    let mut line = Vec::with_capacity(256);
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    number(&mut line, "{\"time_ms\":", at.as_millis());
    line
}

fn number(line: &mut Vec<u8>, key: &str, value: impl itoa::Integer) {
    line.extend_from_slice(key.as_bytes());
    line.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a text that a client may have chosen, escaped; nothing where there is none.
fn text(line: &mut Vec<u8>, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        line.extend_from_slice(key.as_bytes());
        json::write_string(line, value);
    }
}
