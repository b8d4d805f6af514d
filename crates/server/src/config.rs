use std::{
    error, fmt, io,
    net::{SocketAddr, ToSocketAddrs},
    num::NonZero,
    path::PathBuf,
    thread,
    time::Duration,
};

use hotplate::{Error, config::Misread};
use hotplate_codec::Format;

use crate::{
    observe::{CaptureConfig, EmfConfig},
    sagemaker,
    settings::{Capture, CaptureMode, Serve, Settings},
};

/// How to serve, decided.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub addresses: Vec<SocketAddr>,
    /// Threads that answer connections, at least one.
    pub threads: usize,
    /// The longest body that a request may have.
    pub max_body_bytes: usize,
    /// How long requests may go on after the server was told to stop.
    pub drain: Duration,
    /// Whether each request is logged.
    pub log_requests: bool,
    /// The format of replies to clients that accept any.
    pub default_accept: Format,
    /// Whether metrics say where requests' time went.
    pub times_phases: bool,
    /// Whether each reply does.
    pub server_timing: bool,
    pub(crate) emf: Option<EmfConfig>,
    pub(crate) capture: Option<CaptureConfig>,
    /// Whether the models are kept from being swapped out, where the system allows it.
    pub lock_memory: bool,
}

/// Why settings do not make a configuration.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// A flag or a variable does not hold a value of its key.
    Said(Misread),
    /// A variable does not hold text.
    NotText {
        /// The variable.
        variable: String,
    },
    /// The file has a fault.
    File(Error),
    /// The host has no address.
    Host {
        /// The host.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(misread) => misread.fmt(f),
            Self::NotText { variable } => write!(f, "{variable}: expected UTF-8 text"),
            Self::File(error) => error.fmt(f),
            Self::Host { host, source } => write!(f, "host {host:?}: {source}"),
        }
    }
}

impl error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::File(error) => error.source(),
            Self::Host { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Settings {
    /// Decides what was not said.
    ///
    /// # Errors
    ///
    /// When the host has no address.
    pub fn into_config(self) -> Result<Config, ConfigError> {
        let Self { serve, metrics, capture } = self;
        let endpoint = serve.endpoint_name.clone();
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Config {
            addresses: addresses(&serve)?,
            threads: serve.threads.unwrap_or_else(cores),
            max_body_bytes: match serve.max_body_bytes() {
                0 => usize::MAX,
                bytes => bytes,
            },
            drain: Duration::from_secs(serve.drain_seconds()),
            log_requests: serve.log_requests(),
            default_accept: serve.default_accept(),
            times_phases: metrics.phases(),
            server_timing: metrics.server_timing(),
            emf: metrics.emf().then(|| EmfConfig {
                namespace: metrics.emf_namespace(),
                period: Duration::from_secs(metrics.emf_period_seconds() as u64),
                endpoint: endpoint.clone(),
            }),
            capture: capture
                .folder
                .clone()
                .map(|folder| capture_config(folder, endpoint, &capture)),
            lock_memory: serve.lock_memory(),
        })
    }
}

fn addresses(serve: &Serve) -> Result<Vec<SocketAddr>, ConfigError> {
    let port = serve.port();
    let Some(host) = &serve.host else {
        return Ok(vec![SocketAddr::new(sagemaker::default_host().into(), port)]);
    };
    match (host.as_str(), port).to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(source) => Err(ConfigError::Host { host: host.clone(), source }),
    }
}

fn capture_config(folder: PathBuf, endpoint: Option<String>, capture: &Capture) -> CaptureConfig {
    CaptureConfig {
        folder,
        endpoint,
        sample: capture.sample(),
        input: capture.mode() != CaptureMode::Output,
        output: capture.mode() != CaptureMode::Input,
        csv_content_types: capture.csv_content_types(),
        json_content_types: capture.json_content_types(),
        max_file_bytes: capture.max_file_bytes() as u64,
        rotate: Duration::from_secs(capture.rotate_seconds() as u64),
        max_disk_bytes: Some(capture.max_disk_bytes() as u64).filter(|&bytes| bytes > 0),
        min_free_bytes: capture.min_free_bytes() as u64,
    }
}
