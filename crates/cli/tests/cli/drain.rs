//! A server that is told to stop while everybody asks it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::{served::Served, support::root};

const ROW: &str = "8.3252,41,6.98,1.02,322,2.56,37.88,-122.23\n";

/// How long SageMaker waits between SIGTERM and SIGKILL.
const PATIENCE: Duration = Duration::from_secs(30);

/// The status of a reply, and whether it is the connection's last.
fn receive(stream: &mut BufReader<TcpStream>) -> Option<(u16, bool)> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let (mut length, mut is_last) = (0, false);
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        let header = line.trim_end().to_ascii_lowercase();
        match header.split_once(": ") {
            Some(("content-length", value)) => length = value.parse().ok()?,
            Some(("connection", "close")) => is_last = true,
            Some(_) => {}
            None => break,
        }
    }
    stream.read_exact(&mut vec![0; length]).ok()?;
    Some((status, is_last))
}

#[test]
fn every_request_that_was_taken_is_answered_before_the_end() {
    let path = root().join("models/housing");
    let served = Served::start(&[path.to_str().unwrap(), "--port", "0"], &[]);
    let address = served.address.clone();
    let answered = AtomicUsize::new(0);
    // One row, and as many as are answered apart from the others.
    let requests = [1, 3000].map(|rows| {
        let length = ROW.len() * rows;
        let head = "POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\n";
        format!("{head}Content-Length: {length}\r\n\r\n{}", ROW.repeat(rows))
    });
    thread::scope(|scope| {
        for client in 0..6 {
            let (address, answered, requests) = (&address, &answered, &requests);
            scope.spawn(move || {
                let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
                stream.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
                loop {
                    stream.get_mut().write_all(requests[client % 2].as_bytes()).unwrap();
                    let (status, is_last) = receive(&mut stream).expect("a reply");
                    assert_eq!(status, 200);
                    answered.fetch_add(1, Relaxed);
                    if is_last {
                        break;
                    }
                }
            });
        }
        while answered.load(Relaxed) < 50 {
            thread::sleep(Duration::from_millis(10));
        }
        let start = Instant::now();
        let (code, _, err) = served.stop();
        assert_eq!(code, Some(0), "{err}");
        assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    });
}
