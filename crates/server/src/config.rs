use std::{
    env, io,
    net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs},
    num::NonZero,
    path::Path,
    thread,
    time::Duration,
};

use hotplate::{Error, config::ConfigFile};
use hotplate_codec::Format;

/// SageMaker's variable for the port.
const BIND_TO_PORT: &str = "SAGEMAKER_BIND_TO_PORT";

/// How to serve; what is not said is decided by [`into_config`](Self::into_config).
///
/// Each field is also a key of `[serve]` in `hotplate.toml`, a flag of `hotplate serve` and an
/// environment variable: `drain_seconds`, `--drain-seconds`, `HOTPLATE_DRAIN_SECONDS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The address or host name to listen on.
    pub host: Option<String>,
    /// The port to listen on; zero takes a free one.
    pub port: Option<u16>,
    /// Threads that answer connections; one per core.
    pub threads: Option<usize>,
    /// The longest body that a request may have; 25 MiB.
    pub max_body_bytes: Option<usize>,
    /// How long requests may go on after SIGTERM; 25 seconds, five less than SageMaker allows.
    pub drain_seconds: Option<u64>,
    /// Whether each request is logged, as one line of JSON on standard output.
    pub log_requests: Option<bool>,
    /// The media type of replies to clients that accept any; JSON.
    pub default_accept: Option<String>,
    /// Whether the models are kept from being swapped out, where the system allows it; they are.
    pub lock_memory: Option<bool>,
}

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
    /// Whether the models are kept from being swapped out, where the system allows it.
    pub lock_memory: bool,
}

/// Why settings do not make a configuration.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// The host has no address.
    Host {
        /// The host.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The media type of replies is none that is written.
    DefaultAccept {
        /// The media type.
        got: String,
    },
    /// SageMaker's variable for the port holds none.
    BindToPort {
        /// What it holds.
        got: String,
    },
    /// A number that must be at least one.
    Zero {
        /// The setting.
        key: &'static str,
    },
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host { host, source } => write!(f, "host {host:?}: {source}"),
            Self::DefaultAccept { got } => write!(
                f,
                "default_accept: expected application/json, text/csv, application/jsonlines, \
                 application/x-npy or application/x-recordio-protobuf, \
                 got {got:?}"
            ),
            Self::BindToPort { got } => {
                write!(f, "{BIND_TO_PORT}: expected a port from 0 to 65535, got {got:?}")
            }
            Self::Zero { key } => write!(f, "{key}: expected at least one, got 0"),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Host { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Settings {
    /// What `[serve]` of a configuration file says.
    ///
    /// # Errors
    ///
    /// When it has an unknown key, or a value of another type.
    pub fn of_file(file: &ConfigFile) -> Result<Self, Error> {
        let known = [
            "host",
            "port",
            "threads",
            "max_body_bytes",
            "drain_seconds",
            "log_requests",
            "default_accept",
            "lock_memory",
        ];
        let section = file.section("serve", &known)?;
        Ok(Self {
            host: section.text("host")?.map(str::to_owned),
            port: section.integer("port")?,
            threads: section.integer("threads")?,
            max_body_bytes: section.integer("max_body_bytes")?,
            drain_seconds: section.integer("drain_seconds")?,
            log_requests: section.truth("log_requests")?,
            default_accept: section.text("default_accept")?.map(str::to_owned),
            lock_memory: section.truth("lock_memory")?,
        })
    }

    /// What SageMaker's own environment variables say.
    ///
    /// # Errors
    ///
    /// When the port is none.
    pub fn of_sagemaker() -> Result<Self, ConfigError> {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let port = variable(BIND_TO_PORT).map(|got| got.parse().map_err(|_| got));
        Ok(Self {
            port: port.transpose().map_err(|got| ConfigError::BindToPort { got })?,
            default_accept: variable("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"),
            ..Self::default()
        })
    }

    /// These, and `others` where these say nothing.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            host: self.host.or(others.host),
            port: self.port.or(others.port),
            threads: self.threads.or(others.threads),
            max_body_bytes: self.max_body_bytes.or(others.max_body_bytes),
            drain_seconds: self.drain_seconds.or(others.drain_seconds),
            log_requests: self.log_requests.or(others.log_requests),
            default_accept: self.default_accept.or(others.default_accept),
            lock_memory: self.lock_memory.or(others.lock_memory),
        }
    }

    /// Decides what was not said.
    ///
    /// # Errors
    ///
    /// When the host has no address, or a value makes no sense.
    pub fn into_config(self) -> Result<Config, ConfigError> {
        const DEFAULT_PORT: u16 = 8080;
        const DEFAULT_MAX_BODY_BYTES: usize = 25 << 20;
        const DEFAULT_DRAIN_SECONDS: u64 = 25;

        let port = self.port.unwrap_or(DEFAULT_PORT);
        let addresses = match self.host {
            Some(host) => match (host.as_str(), port).to_socket_addrs() {
                Ok(addresses) => addresses.collect(),
                Err(source) => return Err(ConfigError::Host { host, source }),
            },
            None => vec![SocketAddr::new(default_host(), port)],
        };
        let default_accept = match self.default_accept {
            None => Format::Json,
            Some(got) => Format::from_media_type(&got)
                .filter(|format| format.is_written())
                .ok_or(ConfigError::DefaultAccept { got })?,
        };
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        let threads = self.threads.unwrap_or_else(cores);
        let max_body_bytes = self.max_body_bytes.unwrap_or(DEFAULT_MAX_BODY_BYTES);
        for (key, value) in [("threads", threads), ("max_body_bytes", max_body_bytes)] {
            if value == 0 {
                return Err(ConfigError::Zero { key });
            }
        }
        Ok(Config {
            addresses,
            threads,
            max_body_bytes,
            drain: Duration::from_secs(self.drain_seconds.unwrap_or(DEFAULT_DRAIN_SECONDS)),
            log_requests: self.log_requests.unwrap_or(false),
            default_accept,
            lock_memory: self.lock_memory.unwrap_or(true),
        })
    }
}

/// Loopback, or every interface in a container of SageMaker's.
fn default_host() -> IpAddr {
    let in_container = env::var_os(BIND_TO_PORT).is_some() || Path::new("/opt/ml").is_dir();
    IpAddr::V4(if in_container { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST })
}
