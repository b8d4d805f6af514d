use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::support::{hotplate, program, shipped};

/// A server that is ready, and is gone when the test is.
struct Served {
    child: Child,
    address: String,
    out: BufReader<ChildStdout>,
    err: ChildStderr,
}

impl Served {
    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = program()
            .arg("serve")
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let err = child.stderr.take().unwrap();
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, address, out, err }
    }

    /// The status and the body of the reply.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let status = reply.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = reply.split_once("\r\n\r\n").unwrap();
        (status, body.to_owned())
    }

    /// Asks the server to stop; its exit code, the rest of its output, and its errors.
    fn stop(mut self) -> (Option<i32>, String, String) {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.err.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out, err)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended already where the test got that far.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn models_are_served_until_the_signal() {
    let served = Served::start(&["models", "--port", "0"], &[]);
    assert_eq!(served.ask("GET", "/ping", b"").0, 200);
    let rows = fs::read(shipped("churn/rows.json")).unwrap();
    let (status, body) = served.ask("POST", "/models/churn/invoke", &rows);
    assert_eq!(status, 200, "{body}");
    let reply: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(reply["predictions"][4]["predicted_label"], "Yes");

    let address = served.address.clone();
    let (code, out, err) = served.stop();
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert!(err.contains("churn    native, 19 columns"), "{err}");
    assert!(err.contains("1192 golden rows reproduced"), "{err}");
    let example = format!(
        "curl -s http://{address}/models/churn/invoke -H 'Content-Type: application/json' \
         --data @models/churn/rows.json"
    );
    assert!(err.contains(&example), "{err}");
}

#[test]
fn variables_say_what_flags_do_not() {
    let variables = [("HOTPLATE_MODEL", "models/churn"), ("HOTPLATE_PORT", "0")];
    let served = Served::start(&["--log-requests"], &variables);
    let rows = fs::read(shipped("churn/rows.json")).unwrap();
    assert_eq!(served.ask("POST", "/invocations", &rows).0, 200);
    let (code, out, err) = served.stop();
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("/invocations -H"), "{err}");
    let line: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!((&line["status"], &line["rows"]), (&200.into(), &6.into()), "{out}");
}

#[test]
fn port_that_is_taken_is_told_at_once() {
    let served = Served::start(&["models/churn", "--port", "0"], &[]);
    let (_, port) = served.address.rsplit_once(':').unwrap();
    let run = hotplate(&["serve", "models/churn", "--port", port]);
    assert!(run.failed(1).contains("--port 0"), "{}", run.err);
}

#[test]
fn nothing_to_serve_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let run = hotplate(&["serve", folder.path().to_str().unwrap(), "--port", "0"]);
    assert!(run.failed(1).contains("no model in this folder"), "{}", run.err);
    let run = hotplate(&["serve", "models", "--port", "0", "--default-accept", "text/html"]);
    assert!(run.failed(1).contains("default_accept"), "{}", run.err);
}
