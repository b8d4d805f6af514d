use std::{
    error, fmt, fs, io,
    net::{Ipv4Addr, SocketAddr, ToSocketAddrs},
    num::NonZero,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use hotplate::{
    Error, OpenOptions,
    config::{Misread, SecretText},
};
use hotplate_codec::Format;

use crate::{
    observe::{CaptureConfig, EmfConfig},
    profile::Profile,
    sagemaker,
    settings::{Admin, Aws, Capture, CaptureMode, Serve, Settings},
};

/// How to serve, decided.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub addresses: Vec<SocketAddr>,
    /// The admin API, where there is one.
    pub admin: Option<AdminConfig>,
    /// Threads that answer connections, at least one.
    pub threads: usize,
    /// The longest body that a request may have.
    pub max_body_bytes: usize,
    /// How long a request may wait for its model, and a reply may take to begin.
    pub request_timeout: Duration,
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
    /// The AWS front door, where one is wanted.
    pub aws: Aws,
    /// How models are opened that come while the server runs.
    pub open: OpenOptions,
    /// What may be loaded and removed through `/models`, where that is served.
    pub multi_model: Option<ModelMemory>,
    /// Whether bodies are batches of which no line may be lost.
    pub batch: Option<Batch>,
    /// Which sessions are kept, if any are.
    pub sessions: Option<SessionLimits>,
    /// The container of SageMaker's whose replies are given, if any.
    pub profile: Option<Profile>,
}

/// The memory of models that come through `/models`.
#[derive(Clone, Copy, Debug)]
pub struct ModelMemory {
    /// What they may take together; what the machine has left, unless said.
    pub limit: Option<usize>,
    /// How many times the size of its files a model is expected to take.
    pub factor: usize,
}

/// How batches are answered.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// Whether clients that accept any format get lines for lines, since nobody chose another.
    pub lines_for_lines: bool,
}

/// The bounds of stateful sessions.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// How long one may be used.
    pub time: Duration,
    /// The most at once.
    pub count: usize,
}

/// How to serve the admin API, decided.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// Where to listen.
    pub addresses: Vec<SocketAddr>,
    /// What clients must know.
    pub token: SecretText,
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
    /// The admin API has no token.
    NoToken,
    /// The token of the admin API cannot be read.
    TokenFile {
        /// The file.
        file: PathBuf,
        /// Why.
        problem: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(misread) => misread.fmt(f),
            Self::NotText { variable } => write!(f, "{variable}: expected UTF-8 text"),
            Self::File(error) => error.fmt(f),
            Self::Host { host, source } => write!(f, "host {host:?}: {source}"),
            Self::NoToken => f.write_str(
                "[admin] port: the admin API needs a token; set HOTPLATE_ADMIN_TOKEN, or token_file \
                 under [admin] in hotplate.toml",
            ),
            Self::TokenFile { file, problem } => {
                write!(f, "[admin] token_file: {}: {problem}", file.display())
            }
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
        let Self { serve, admin, aws, metrics, capture } = self;
        let endpoint = serve.endpoint_name.clone();
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Config {
            addresses: match &serve.host {
                Some(host) => resolve(host, serve.port())?,
                None => vec![SocketAddr::new(sagemaker::default_host().into(), serve.port())],
            },
            admin: admin_config(&admin)?,
            profile: profile(&serve),
            threads: serve.threads.unwrap_or_else(cores),
            max_body_bytes: match serve.max_body_bytes() {
                0 => usize::MAX,
                bytes => bytes,
            },
            request_timeout: serve.request_timeout(),
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
            aws,
            open: OpenOptions::new(),
            multi_model: serve.multi_model().then(|| ModelMemory {
                limit: serve.model_memory,
                factor: serve.model_memory_factor(),
            }),
            batch: serve.batch().then(|| Batch { lines_for_lines: serve.default_accept.is_none() }),
            sessions: serve
                .sessions()
                .then(|| SessionLimits { time: serve.session_time(), count: serve.max_sessions() }),
        })
    }
}

fn profile(serve: &Serve) -> Option<Profile> {
    let profile = Profile::new(serve.profile?);
    Some(Profile {
        batch: serve.batch(),
        multi_model: serve.multi_model(),
        // Containers have a default of their own.
        default_accept: serve.default_accept.map(|format| format.media_type().to_owned()),
        inference_output: serve.inference_output.clone(),
        inference_ensemble: serve.inference_ensemble(),
        ..profile
    })
}

fn admin_config(admin: &Admin) -> Result<Option<AdminConfig>, ConfigError> {
    let Some(port) = admin.port else { return Ok(None) };
    let token = match (&admin.token, &admin.token_file) {
        (Some(token), _) => token.clone(),
        (None, Some(file)) => token_in(file)?,
        (None, None) => return Err(ConfigError::NoToken),
    };
    // On loopback in a container, too: whoever wants it elsewhere says so.
    let addresses = match &admin.host {
        Some(host) => resolve(host, port)?,
        None => vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)],
    };
    Ok(Some(AdminConfig { addresses, token }))
}

/// The first line of a file.
fn token_in(file: &Path) -> Result<SecretText, ConfigError> {
    let fault = |problem: String| ConfigError::TokenFile { file: file.to_owned(), problem };
    let text = fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
    match text.lines().next().map(str::trim) {
        Some(token) if !token.is_empty() => Ok(token.to_owned().into()),
        _ => Err(fault("its first line is empty".to_owned())),
    }
}

fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ConfigError> {
    match (host, port).to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(source) => Err(ConfigError::Host { host: host.to_owned(), source }),
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
