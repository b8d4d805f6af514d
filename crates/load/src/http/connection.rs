//! One connection, driven by the thread that asks: no runtime, no second thread, no wake-ups.

use std::{
    error::Error as _,
    fmt,
    future::Future,
    io,
    net::TcpStream,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use hyper::{
    Request, Response,
    body::{Body as _, Incoming},
    client::conn::http1::{self, SendRequest},
};

use super::{
    Body, Reply, Url,
    io::{BlockingIo, Turn},
};

/// How often a connection is driven on without a read before the next request can be sent.
const IDLE_TURNS: usize = 8;

pub(super) struct Connection {
    sender: SendRequest<Body>,
    driver: http1::Connection<BlockingIo, Body>,
    turn: Turn,
    /// Whether the protocol has ended, with an error or without.
    ended: bool,
    answered: u64,
    patience: Duration,
}

impl Connection {
    /// Connects. An answer, and the connection itself, is waited for `patience` long.
    ///
    /// # Errors
    ///
    /// When there is no such host, or it does not accept.
    pub(super) fn open(url: &Url, patience: Duration) -> Result<Self, String> {
        let addresses = url.addresses().map_err(|error| format!("no such host: {error}"))?;
        let mut refused = "no such host".to_owned();
        for address in addresses {
            match TcpStream::connect_timeout(&address, patience) {
                Ok(stream) => return Self::over(stream, patience),
                Err(error) => refused = format!("no connection: {error}"),
            }
        }
        Err(refused)
    }

    fn over(stream: TcpStream, patience: Duration) -> Result<Self, String> {
        // Requests are small and written at once: nothing is gained by holding their end back.
        let set = stream.set_nodelay(true).and_then(|()| {
            stream.set_read_timeout(Some(patience))?;
            stream.set_write_timeout(Some(patience))
        });
        set.map_err(|error| error.to_string())?;
        let turn = Turn::default();
        let io = BlockingIo::new(stream, turn.clone());
        let mut handshake = pin!(http1::handshake(io));
        let Poll::Ready(made) = handshake.as_mut().poll(&mut context()) else {
            unreachable!("HTTP/1.1 begins without waiting for anything")
        };
        let (sender, driver) = made.map_err(|error| told(&error, patience))?;
        Ok(Self { sender, driver, turn, ended: false, answered: 0, patience })
    }

    /// Whether nothing can be asked here any more.
    pub(super) fn is_closed(&self) -> bool {
        self.ended || self.sender.is_closed()
    }

    /// Whether something has been answered here before.
    pub(super) const fn has_answered(&self) -> bool {
        self.answered > 0
    }

    /// Sends a request and waits for the whole reply.
    ///
    /// # Errors
    ///
    /// When none came, in what was taken for its time or at all.
    pub(super) fn ask(&mut self, request: Request<Body>) -> Result<Reply, String> {
        self.turn.begin();
        for _ in 0..IDLE_TURNS {
            if self.sender.is_ready() {
                break;
            }
            self.drive(false)?;
        }
        let mut response = pin!(self.sender.send_request(request));
        let response = self.wait_for(|context| response.as_mut().poll(context))?;
        let reply = self.read(response.map_err(|error| told(&error, self.patience))?)?;
        self.answered += 1;
        Ok(reply)
    }

    fn read(&mut self, response: Response<Incoming>) -> Result<Reply, String> {
        let status = response.status().as_u16();
        let mut body = response.into_body();
        let mut first = Bytes::new();
        let mut more = BytesMut::new();
        while let Some(frame) = self.wait_for(|context| Pin::new(&mut body).poll_frame(context))? {
            let frame = frame.map_err(|error| told(&error, self.patience))?;
            let Ok(data) = frame.into_data() else { continue };
            // Nearly every reply comes in one piece, which need not be copied.
            if first.is_empty() {
                first = data;
            } else {
                more.extend_from_slice(&data);
            }
        }
        let body = if more.is_empty() { first } else { [&first[..], &more].concat().into() };
        Ok(Reply { status, body })
    }

    /// Drives the connection until there is what `poll` asks for.
    ///
    /// The socket is read only when what was read before does not suffice: a read blocks, and
    /// behind a whole reply nothing follows.
    fn wait_for<T>(
        &mut self,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Result<T, String> {
        for read in [false, true].into_iter().cycle() {
            if let Poll::Ready(ready) = poll(&mut context()) {
                return Ok(ready);
            }
            self.drive(read)?;
        }
        unreachable!("the cycle does not end")
    }

    /// Lets the protocol do what it can, and wait for more of a reply once if it may `read`.
    fn drive(&mut self, read: bool) -> Result<(), String> {
        if self.ended {
            return Err("the connection was closed".to_owned());
        }
        if read {
            self.turn.read_once();
        }
        match Pin::new(&mut self.driver).poll(&mut context()) {
            Poll::Pending => Ok(()),
            Poll::Ready(outcome) => {
                self.ended = true;
                outcome.map_err(|error| told(&error, self.patience))
            }
        }
    }
}

/// Nothing is ever woken: what is waited for has come when the poll returns.
fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn told(error: &hyper::Error, patience: Duration) -> String {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        // A blocking socket says so when its time is over.
        Some(io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            format!("no answer within {patience:?}")
        }
        _ => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("answered", &self.answered)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
