//! The keys of `[capture]`.

use std::{fmt, str::FromStr};

use hotplate::config::{Bytes, Choice, Count, FilePath, Fraction, Texts};

hotplate::settings! {
    /// Which requests are written down with their replies, and where; in the folder that is
    /// served.
    pub struct Capture = "capture" {
        /// Folder to write SageMaker's captured data into, a line of JSON per request.
        folder: FilePath, otherwise "nothing is captured", like "\"captured\"";
        /// Share of the requests that is captured.
        sample: Fraction = 1.0;
        /// What is captured: input, output or both.
        mode: Choice<CaptureMode> = CaptureMode::Both;
        /// Media types whose bodies are captured as CSV; those of neither list as base64.
        csv_content_types: Texts = vec!["text/csv".to_owned()];
        /// Media types whose bodies are captured as JSON.
        json_content_types: Texts = vec!["application/json".to_owned()];
        /// Longest file, behind which another is begun.
        max_file_bytes: Bytes = 64 << 20;
        /// Seconds after which another file is begun.
        rotate_seconds: Count = 60;
        /// How much all captured data may take, 0 for no limit; then no more is captured.
        max_disk_bytes: Bytes = 1 << 30;
        /// How much of the disk is left free.
        min_free_bytes: Bytes = 256 << 20;
    }
}

/// What is captured of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureMode {
    /// The request.
    Input,
    /// The reply.
    Output,
    /// Both.
    Both,
}

impl CaptureMode {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Input, "input"), (Self::Output, "output"), (Self::Both, "both")];
}

impl FromStr for CaptureMode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let known = Self::ALL.into_iter().find(|(_, name)| *name == text);
        known.map(|(mode, _)| mode).ok_or("input, output or both")
    }
}

impl fmt::Display for CaptureMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = Self::ALL[*self as usize];
        f.write_str(name)
    }
}
