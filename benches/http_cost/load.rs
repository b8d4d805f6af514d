use std::{fs, process::Command, time::Duration};

use hotplate_benches::PATH;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::process::Child;

/// wrk, which sends bodies over and over.
pub(crate) struct Load {
    bodies: NamedTempFile,
    content_type: &'static str,
}

impl Load {
    pub(crate) fn new(bodies: &[String], content_type: &'static str) -> Self {
        let file = NamedTempFile::new().unwrap();
        fs::write(file.path(), bodies.join("\n") + "\n").unwrap();
        Self { bodies: file, content_type }
    }

    /// Loads a server for `time`; its processor time a request, in microseconds.
    pub(crate) fn cost(&self, child: &Child, connections: usize, time: Duration) -> f64 {
        let before = child.processor_time();
        let output = Command::new("wrk")
            .args(["--threads", "1", "--connections", &connections.to_string()])
            .args(["--duration", &format!("{}s", time.as_secs())])
            .args(["--script", concat!(env!("CARGO_MANIFEST_DIR"), "/nginx/requests.lua")])
            .arg(format!("http://{}{PATH}", child.address()))
            .arg("--")
            .arg(self.bodies.path())
            .arg(self.content_type)
            .output()
            .expect("wrk: apt-get install wrk");
        let spent = child.processor_time() - before;
        let output = String::from_utf8(output.stdout).unwrap();
        let summary = output.lines().find_map(|line| line.strip_prefix("summary "));
        let summary: Value = serde_json::from_str(summary.expect("wrk's summary")).unwrap();
        for failure in ["not_2xx", "connect", "read", "write", "timeout"] {
            assert_eq!(summary[failure], 0, "{output}");
        }
        spent.as_secs_f64() * 1e6 / summary["requests"].as_f64().unwrap()
    }
}
