use std::{
    fmt, io,
    net::{SocketAddr, ToSocketAddrs as _},
    str::FromStr,
};

use hyper::{Uri, http::uri::Scheme};

use crate::{Error, ErrorKind};

/// Where a model is asked unless a path is said.
const PATH: &str = "/invocations";

/// The address of a model behind HTTP: `http://host:port/path`, with `/invocations` where no path
/// is said, and port 80 where none is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    host: String,
    port: u16,
    /// Begins with a slash, and holds the query.
    path: String,
}

impl Url {
    /// Whether a text is meant as a URL, good or bad.
    pub fn is_meant(text: &str) -> bool {
        text.contains("://")
    }

    /// The path and the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same server, at another path, which begins with a slash.
    #[must_use]
    pub fn with_path(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// Host and port, as the header `Host` has them.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The addresses of the host.
    ///
    /// # Errors
    ///
    /// When its name cannot be resolved.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        Ok((host, self.port).to_socket_addrs()?.collect())
    }

    /// Whether the server is on this machine, as far as its address tells.
    pub fn is_local(&self) -> bool {
        let addresses = self.addresses().unwrap_or_default();
        !addresses.is_empty() && addresses.iter().all(|address| address.ip().is_loopback())
    }
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |problem: &str| Error::new(ErrorKind::Url, format!("{text}: {problem}"));
        let uri: Uri = text.parse().map_err(|error| refused(&format!("not a URL: {error}")))?;
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => {}
            Some(scheme) if *scheme == Scheme::HTTPS => {
                return Err(refused(
                    "https is not spoken; ask the server behind whatever ends TLS, with http",
                ));
            }
            _ => return Err(refused("expected http://HOST:PORT/PATH")),
        }
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| refused("names no host"))?.to_owned();
        let path = match uri.path_and_query().map_or("/", |path| path.as_str()) {
            "/" => PATH,
            path => path,
        };
        Ok(Self { host, port: uri.port_u16().unwrap_or(80), path: path.to_owned() })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_port_are_filled_in() {
        for (text, shown) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/invocations"),
            ("http://localhost/", "http://localhost:80/invocations"),
            ("http://[::1]:90/models/m/invoke?x=1", "http://[::1]:90/models/m/invoke?x=1"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(url.is_local(), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_told() {
        let refused = |text: &str| text.parse::<Url>().unwrap_err().to_string();
        assert!(refused("https://example.com").contains("https is not spoken"));
        assert!(refused("ftp://example.com").contains("expected http://"));
        assert!(refused("http://a b").contains("not a URL"));
        assert!(refused("/invocations").contains("expected http://"));
        assert!(!Url::is_meant("models/churn") && Url::is_meant("HTTP://x"));
    }
}
