//! Servers in processes of their own, and the processor time that a process has had.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    process::{self, Command, Stdio},
    thread,
    time::Duration,
};

use hotplate::{OpenOptions, Registry};
use hotplate_benches::model;
use hotplate_server::{Serve, Server, Settings};

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

    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, address: line.trim_end().parse().unwrap() }
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
