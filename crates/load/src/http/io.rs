//! A socket that blocks, for a protocol that polls.

use std::{
    cell::Cell,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use hyper::rt::{Read, ReadBufCursor, Write};

/// What is read at once, where the server has sent it.
const READ_BYTES: usize = 16 << 10;

/// When the socket may be read, which blocks: once the request is written, and once each time that
/// more of the reply is needed. The protocol would also look whether a connection that is idle has
/// been closed, and then wait for a reply that nobody has asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn {
    written: Rc<Cell<bool>>,
    may_read: Rc<Cell<bool>>,
}

impl Turn {
    /// A request comes next.
    pub(super) fn begin(&self) {
        self.written.set(false);
        self.may_read.set(false);
    }

    /// More of the reply is needed.
    pub(super) fn read_once(&self) {
        self.may_read.set(true);
    }

    fn take_read(&self) -> bool {
        self.written.get() && self.may_read.replace(false)
    }
}

#[derive(Debug)]
pub(super) struct BlockingIo {
    stream: TcpStream,
    turn: Turn,
    buffer: Box<[u8]>,
}

impl BlockingIo {
    pub(super) fn new(stream: TcpStream, turn: Turn) -> Self {
        Self { stream, turn, buffer: vec![0; READ_BYTES].into() }
    }
}

impl Read for BlockingIo {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.turn.take_read() {
            return Poll::Pending;
        }
        let most = into.remaining().min(this.buffer.len());
        loop {
            match this.stream.read(&mut this.buffer[..most]) {
                Ok(length) => {
                    into.put_slice(&this.buffer[..length]);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Write for BlockingIo {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.turn.written.set(true);
        Poll::Ready(this.stream.write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.turn.written.set(true);
        Poll::Ready(this.stream.write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.shutdown(std::net::Shutdown::Write))
    }
}
