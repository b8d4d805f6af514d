//! Which of the places that say how to serve is obeyed.

use std::path::Path;

use anyhow::Result;
use hotplate::config::ConfigFile;
use hotplate_server::{Config, Settings};

use crate::arguments::Serve;

impl Serve {
    /// What flags say, and environment variables where they say nothing.
    fn settings(&self) -> Settings {
        Settings {
            host: self.host.clone(),
            port: self.port,
            threads: self.threads,
            max_body_bytes: self.max_body_bytes,
            drain_seconds: self.drain_seconds,
            log_requests: self.log_requests,
            default_accept: self.default_accept.clone(),
            lock_memory: self.lock_memory,
        }
    }
}

/// How to serve what lies at `path`.
pub(super) fn decide(arguments: &Serve, path: &Path) -> Result<Config> {
    // A file stands for itself alone: what lies beside it is not asked, here as in the engine.
    let file = if path.is_dir() { ConfigFile::in_folder(path)? } else { ConfigFile::default() };
    let settings =
        merge(arguments.settings(), Settings::of_sagemaker()?, Settings::of_file(&file)?);
    Ok(settings.into_config()?)
}

/// Flags and our own variables, then SageMaker's, then the file.
///
/// SageMaker's come before the file because the file travels inside the model's archive, and a
/// platform that says which port it will call must not be talked out of it by an archive. They
/// come behind flags and our own variables because whoever sets those in a container means it.
fn merge(said: Settings, sagemaker: Settings, file: Settings) -> Settings {
    said.or(sagemaker).or(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs_on::RunsOn;

    fn port(port: u16) -> Settings {
        Settings { port: Some(port), ..Settings::default() }
    }

    #[test]
    fn platform_wins_over_the_file_and_flags_win_over_both() {
        let silent = Settings::default;
        assert_eq!(merge(port(1), port(2), port(3)).port, Some(1));
        assert_eq!(merge(silent(), port(2), port(3)).port, Some(2));
        assert_eq!(merge(silent(), silent(), port(3)).port, Some(3));
        assert_eq!(merge(silent(), silent(), silent()).port, None);
    }

    #[test]
    fn every_place_adds_what_the_others_leave_open() {
        let said = Settings { threads: Some(2), ..Settings::default() };
        let file = Settings { port: Some(3), drain_seconds: Some(5), ..Settings::default() };
        let expected = Settings {
            port: Some(2),
            threads: Some(2),
            drain_seconds: Some(5),
            ..Settings::default()
        };
        assert_eq!(merge(said, port(2), file), expected);
    }

    #[test]
    fn every_flag_becomes_its_setting() {
        let arguments = Serve {
            path: None,
            host: Some("localhost".into()),
            port: Some(1),
            threads: Some(2),
            max_body_bytes: Some(3),
            drain_seconds: Some(4),
            log_requests: Some(true),
            default_accept: Some("text/csv".into()),
            lock_memory: Some(false),
            runs_on: RunsOn::default(),
        };
        let expected = Settings {
            host: Some("localhost".into()),
            port: Some(1),
            threads: Some(2),
            max_body_bytes: Some(3),
            drain_seconds: Some(4),
            log_requests: Some(true),
            default_accept: Some("text/csv".into()),
            lock_memory: Some(false),
        };
        assert_eq!(arguments.settings(), expected);
    }

    #[test]
    fn file_in_the_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[serve]\nthreads = 3\nmax_body_bytes = 10\nport = 1\n";
        std::fs::write(folder.path().join("hotplate.toml"), text).unwrap();
        let arguments = Serve {
            path: None,
            host: None,
            port: Some(0),
            threads: None,
            max_body_bytes: None,
            drain_seconds: None,
            log_requests: None,
            default_accept: None,
            lock_memory: None,
            runs_on: RunsOn::default(),
        };
        let config = decide(&arguments, folder.path()).unwrap();
        assert_eq!((config.threads, config.max_body_bytes), (3, 10));
        assert_eq!(config.addresses[0].port(), 0);
    }
}
