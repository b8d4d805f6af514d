//! Servers in processes of their own, and the processor time that a process has had.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{self, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use hotplate::{OpenOptions, Registry};
use hotplate_benches::{PATH, model};
use hotplate_server::{Serve, Server, Settings};
use tempfile::TempDir;

use crate::echo;

/// Arguments that make this program one of the servers; behind them are the number of threads and,
/// for the echo, its reply.
const SERVER: &str = "--as-server";
const ECHO: &str = "--as-echo";

/// Plays the part that the arguments name, until it is killed; whether they name one.
pub(crate) fn play(arguments: &[String]) -> bool {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [SERVER, threads] => {
            let serve = Serve {
                host: Some("127.0.0.1".into()),
                port: Some(0),
                threads: Some(threads.parse().unwrap()),
                ..Serve::default()
            };
            let server = Server::bind(&Settings::from(serve).into_config().unwrap()).unwrap();
            server.install(Registry::open(&model("churn"), &OpenOptions::new()).unwrap());
            println!("{}", server.address());
            loop {
                thread::park();
            }
        }
        [ECHO, threads, reply] => {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            println!("{}", listener.local_addr().unwrap());
            echo::serve(&listener, threads.parse().unwrap(), reply.to_owned().leak());
            true
        }
        _ => false,
    }
}

/// A server of a process of its own, which ends when this is dropped.
pub(crate) struct Child {
    process: process::Child,
    address: SocketAddr,
    /// What it reads and writes beside.
    _folder: Option<TempDir>,
}

impl Child {
    /// The server of churn.
    pub(crate) fn server(threads: usize) -> Self {
        Self::start(&[SERVER, &threads.to_string()])
    }

    /// A bare hyper that always sends `reply`.
    pub(crate) fn echo(threads: usize, reply: &str) -> Self {
        Self::start(&[ECHO, &threads.to_string(), reply])
    }

    /// nginx, in one process, that always sends `reply`; nothing where there is no nginx.
    pub(crate) fn nginx(reply: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        // Free until a moment ago: nginx does not tell which port it has found.
        let address = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let at = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {at}/{kind};"))
            .concat();
        let configuration = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/log; events {{}}
             http {{ access_log off; {temporary} keepalive_requests 1000000000;
             server {{ listen {address}; location {PATH} {{
             default_type application/json; return 200 '{}'; }} }} }}",
            reply.trim_end()
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let process =
            Command::new("nginx").arg("-c").arg(file).stderr(Stdio::null()).spawn().ok()?;
        let nginx = Self { process, address, _folder: Some(folder) };
        let patience = Instant::now() + Duration::from_secs(5);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < patience, "nginx does not answer");
            thread::sleep(Duration::from_millis(10));
        }
        Some(nginx)
    }

    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, address: line.trim_end().parse().unwrap(), _folder: None }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(self.process.id())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that is gone already has said why on standard error.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The processor time that the threads of a process have had since they started, in user mode and
/// in the kernel.
pub(crate) fn processor_time(process: u32) -> Duration {
    let nanos = |thread: fs::DirEntry| -> u64 {
        let counts = fs::read_to_string(thread.path().join("schedstat")).unwrap();
        counts.split(' ').next().unwrap().parse().unwrap()
    };
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the /proc of Linux");
    Duration::from_nanos(threads.map(|thread| nanos(thread.unwrap())).sum())
}
