use std::{error, fmt, io, net::SocketAddr, path::PathBuf, time::Duration};

/// Why the server did not start, or did not stop as it should.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// Another program listens on the address.
    InUse {
        /// The address.
        address: SocketAddr,
        /// The flag that says another port.
        flag: &'static str,
    },
    /// The address cannot be listened on for another reason.
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// A thread or its event loop did not start.
    Start(io::Error),
    /// Nothing can be written into the folder of captured data.
    Capture {
        /// The folder.
        folder: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Requests were still running when the time to drain was over.
    DrainedLate {
        /// That time.
        after: Duration,
    },
    /// A second signal asked to stop at once.
    Interrupted,
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { address, flag } => write!(
                f,
                "{address} is in use by another program; choose another port with {flag}, or \
                 {flag} 0 for a free one"
            ),
            Self::Bind { address, source } => write!(f, "cannot listen on {address}: {source}"),
            Self::Start(source) => write!(f, "cannot start a thread of the server: {source}"),
            Self::Capture { folder, source } => write!(
                f,
                "data cannot be captured in {}: {source}; name another folder with \
                 --capture-folder",
                folder.display()
            ),
            Self::DrainedLate { after } => write!(
                f,
                "requests were still running {} seconds after the signal to stop, and were cut off",
                after.as_secs()
            ),
            Self::Interrupted => f.write_str("stopped at once by a second signal"),
        }
    }
}

impl error::Error for ServeError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Bind { source, .. } | Self::Capture { source, .. } | Self::Start(source) => {
                Some(source)
            }
            _ => None,
        }
    }
}
