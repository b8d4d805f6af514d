use std::{
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::pace::Pace;

/// What is gathered before it is written: the head and the body of a reply of a row or two.
const SMALL_BYTES: usize = 512;

/// A socket that writes small replies from one piece of memory.
///
/// hyper hands over the head and the body of a reply as two. To copy some hundred bytes is cheaper
/// than to have the kernel walk a list of them; large bodies are not copied.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TokioIo<TcpStream>,
    pace: Rc<Pace>,
}

impl Stream {
    /// A socket that tells `pace` when it has written something.
    pub(super) fn new(stream: TcpStream, pace: Rc<Pace>) -> Self {
        Self { socket: TokioIo::new(stream), pace }
    }

    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(bytes)) if bytes > 0) {
            self.pace.progress();
        }
        written
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, into)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.socket);
        let mut gathered = [0; SMALL_BYTES];
        let written = match gather(pieces, &mut gathered) {
            Some(whole) => stream.poll_write(context, whole),
            None => stream.poll_write_vectored(context, pieces),
        };
        self.wrote(written)
    }
}

/// The pieces as one, if there is room for them.
fn gather<'m>(pieces: &[IoSlice<'_>], memory: &'m mut [u8]) -> Option<&'m [u8]> {
    let mut len = 0;
    for piece in pieces {
        memory.get_mut(len..len + piece.len())?.copy_from_slice(piece);
        len += piece.len();
    }
    Some(&memory[..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_gathered_while_there_is_room() {
        let pieces = [b"head".as_slice(), b"", b"body"].map(IoSlice::new);
        assert_eq!(gather(&pieces, &mut [0; 9]), Some(b"headbody".as_slice()));
        assert_eq!(gather(&pieces, &mut [0; 8]), Some(b"headbody".as_slice()));
        assert_eq!(gather(&pieces, &mut [0; 7]), None);
        assert_eq!(gather(&[], &mut [0; 7]), Some([].as_slice()));
    }
}
