//! The recorder and the client, against sockets.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use hotplate_load::{
    Arrivals, Caller as _, ClosedLoop, ErrorKind, Measured, OpenLoop, Outcome, Target as _,
    closed_loop,
    http::{self, HttpTarget, Url},
    open_loop,
};

/// A server that has `answer` write to each connection what follows a request's body, with the
/// number of the request over all connections.
fn server<A>(answer: A) -> Url
where
    A: Fn(usize, &[u8], &mut TcpStream) -> bool + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    let requests = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, answer, requests) =
                (stream.unwrap(), Arc::clone(&answer), Arc::clone(&requests));
            thread::spawn(move || serve(stream, &*answer, &requests));
        }
    });
    format!("http://{address}").parse().unwrap()
}

fn serve(
    mut stream: TcpStream,
    answer: &dyn Fn(usize, &[u8], &mut TcpStream) -> bool,
    requests: &AtomicUsize,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        if !answer(requests.fetch_add(1, SeqCst), &body, &mut stream) {
            return;
        }
    }
}

fn ok(stream: &mut TcpStream, body: &str) -> bool {
    let length = body.len();
    let written = stream
        .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes());
    written.is_ok()
}

fn target(url: Url) -> HttpTarget {
    HttpTarget::new(url, "text/csv", [b"1,2\n".to_vec(), b"3,4\n".to_vec()]).unwrap()
}

/// A server that stops for 100 ms, once.
fn stopping() -> Url {
    let first = Mutex::new((None::<Instant>, false));
    server(move |_, _, stream| {
        let mut state = first.lock().unwrap();
        let begun = *state.0.get_or_insert_with(Instant::now);
        if !state.1 && begun.elapsed() > Duration::from_millis(300) {
            state.1 = true;
            // Locked, so that no connection is answered.
            thread::sleep(Duration::from_millis(100));
        }
        drop(state);
        ok(stream, "0.5\n")
    })
}

fn later_than_50_ms(measured: &Measured) -> u64 {
    measured.latency.count_above(Duration::from_millis(50))
}

#[test]
fn server_that_stops_for_100_ms_makes_every_request_late_that_was_due_meanwhile() {
    let arrivals = Arrivals::constant(1000.0, Duration::from_millis(800)).unwrap();
    let settings = OpenLoop { callers: 4, spinners: 1, warm_up: Duration::ZERO };
    let open = open_loop(&target(stopping()), &arrivals, &settings, |_| {}).unwrap();
    assert_eq!((open.answered, open.failed, open.unsent), (800, 0, 0), "{:?}", open.failures);
    // Those that were due in the first half of the stop.
    assert!(later_than_50_ms(&open) >= 45, "{open:?}");
    assert!(open.latency.max() >= Duration::from_millis(95), "{open:?}");
    assert!(open.slices[0].latency.max() >= Duration::from_millis(95));

    // A closed loop does not ask while it waits, and so sees next to nothing.
    let settings =
        ClosedLoop { callers: 4, warm_up: Duration::ZERO, duration: Duration::from_millis(800) };
    let closed = closed_loop(&target(stopping()), &settings, |_| {}).unwrap();
    assert!((1..=4).contains(&later_than_50_ms(&closed)), "{closed:?}");
    assert!(closed.latency.quantile(0.99) < Duration::from_millis(50), "{closed:?}");
}

#[test]
fn bodies_go_round_on_one_connection() {
    let url = server(|number, body, stream| {
        ok(stream, &format!("{number} {}", String::from_utf8_lossy(body)))
    });
    let target = target(url);
    let mut caller = target.caller().unwrap();
    for request in 0..50 {
        assert_eq!(caller.call(request), Outcome::Answered, "{request}");
    }
    assert_eq!(&target.ask(51).unwrap().body[..], b"50 3,4\n");
}

#[test]
fn replies_in_pieces_and_in_chunks_are_read_whole() {
    let url = server(|number, _, stream| {
        let pieces: &[&str] = match number % 3 {
            0 => &["HTTP/1.1 200 OK\r\nContent-", "Length: 6\r\n\r\n", "abc", "def"],
            1 => &[
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n",
                "abc\r\n3\r\ndef\r\n",
                "0\r\n\r\n",
            ],
            _ => &["HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab", "cdef"],
        };
        for piece in pieces {
            stream.write_all(piece.as_bytes()).unwrap();
            stream.flush().unwrap();
            thread::sleep(Duration::from_millis(5));
        }
        number % 3 < 2
    });
    let target = target(url);
    for request in 0..3 {
        let reply = target.ask(request).unwrap();
        assert_eq!((reply.status, &reply.body[..]), (200, &b"abcdef"[..]), "{request}");
    }
    let mut caller = target.caller().unwrap();
    for request in 0..9 {
        assert_eq!(caller.call(request), Outcome::Answered, "{request}");
    }
}

#[test]
fn connection_that_the_server_closed_is_opened_again() {
    // Each connection ends after two replies, without saying so before.
    let url = server(|number, _, stream| ok(stream, "") && number % 2 == 0);
    let target = target(url);
    let mut caller = target.caller().unwrap();
    for request in 0..7 {
        assert_eq!(caller.call(request), Outcome::Answered, "{request}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn refusals_and_failures_are_told_apart_and_counted() {
    let url = server(|number, _, stream| {
        let status = match number % 4 {
            0 => "503 Service Unavailable",
            1 => "400 Bad Request",
            _ => return ok(stream, ""),
        };
        let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nwhy?\n");
        stream.write_all(reply.as_bytes()).is_ok()
    });
    let arrivals = Arrivals::constant(400.0, Duration::from_millis(100)).unwrap();
    let settings = OpenLoop { callers: 1, ..OpenLoop::default() };
    let measured = open_loop(&target(url), &arrivals, &settings, |_| {}).unwrap();
    assert_eq!((measured.answered, measured.refused, measured.failed), (20, 10, 10));
    assert_eq!(measured.failures[0].reason, "status 400: why?");
    assert_eq!(measured.latency.count(), 20);
}

#[test]
fn server_that_never_answers_is_given_up() {
    let url = server(|_, _, _| {
        thread::sleep(Duration::from_secs(60));
        false
    });
    let target = target(url).patience(Duration::from_millis(50));
    let mut caller = target.caller().unwrap();
    assert_eq!(caller.call(0), Outcome::Failed("no answer within 50ms".to_owned()));
}

#[test]
fn server_that_speaks_something_else_fails_and_is_no_panic() {
    let url = server(|_, _, stream| stream.write_all(b"220 smtp.example.com ESMTP\r\n").is_ok());
    let target = target(url);
    let error = target.ask(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(matches!(target.caller().unwrap().call(0), Outcome::Failed(_)));
}

#[test]
fn nobody_there_is_told_before_anything_is_timed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let settings =
        ClosedLoop { callers: 3, warm_up: Duration::ZERO, duration: Duration::from_secs(60) };
    let error = closed_loop(&target(url.clone()), &settings, |_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(http::get(&url).is_err());
}
