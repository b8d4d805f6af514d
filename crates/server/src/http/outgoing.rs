//! Bodies of replies.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking, spawn_local};

use super::{budget::Kept, pace::Pace, shared::Shared};
use crate::{aws::event_stream, handler::Pieces};

/// The body of a reply.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// All of it is there.
    Whole(Full<Bytes>),
    /// It is computed as it goes out, in chunks. Where that fails, the connection is broken: the
    /// status is out, and nothing else would tell the client.
    Stream(Box<Stream>),
    /// The frames of AWS's event stream, one or more for each chunk. Where computing fails, the
    /// last one says so.
    Frames(Box<Self>),
}

/// Pieces on their way.
///
/// The next piece is computed while the one before goes out, and no more until a client has taken
/// that: what is ahead of a slow client is one piece, and neither a slot nor a thread.
#[derive(Debug)]
pub(crate) struct Stream {
    shared: Arc<Shared>,
    pace: Rc<Pace>,
    /// For what was decoded.
    _share: Kept,
    next: Next,
}

#[derive(Debug)]
enum Next {
    There(Bytes, Option<Box<Pieces>>),
    Computed(JoinHandle<Computed>),
    End,
}

/// A piece and what follows it, unless it failed.
type Computed = Option<(Bytes, Option<Box<Pieces>>)>;

impl Outgoing {
    pub(crate) fn whole(body: Bytes) -> Self {
        Self::Whole(Full::new(body))
    }

    /// The same in frames of AWS's event stream.
    pub(crate) fn in_frames(self) -> Self {
        Self::Frames(Box::new(self))
    }

    /// The bytes of it all, where they are known.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.size_hint().exact()
    }

    /// A body that begins with `first` and goes on with `pieces`.
    pub(super) fn stream(
        first: Bytes,
        pieces: Box<Pieces>,
        shared: &Arc<Shared>,
        pace: &Rc<Pace>,
        share: Kept,
    ) -> Self {
        let next = Next::There(first, Some(pieces));
        let (shared, pace) = (Arc::clone(shared), Rc::clone(pace));
        Self::Stream(Box::new(Stream { shared, pace, _share: share, next }))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut *self {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Stream(stream) => {
                stream.poll_next(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
            }
            Self::Frames(body) => Pin::new(&mut **body).poll_frame(context).map(|frame| {
                frame.map(|frame| {
                    let mut frames = Vec::new();
                    match frame.map(Frame::into_data) {
                        Ok(Ok(piece)) => event_stream::write_parts(&piece, &mut frames),
                        Ok(Err(_no_data)) => {}
                        Err(error) => event_stream::write_failure(&error.to_string(), &mut frames),
                    }
                    Ok(Frame::data(frames.into()))
                })
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Stream(stream) => matches!(stream.next, Next::End),
            Self::Frames(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Stream(_) | Self::Frames(_) => SizeHint::default(),
        }
    }
}

impl Stream {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Next::Computed(task) = &mut self.next {
            let computed = ready!(Pin::new(task).poll(context));
            self.pace.computes(false);
            match computed {
                Ok(Some((piece, pieces))) => self.next = Next::There(piece, pieces),
                Ok(None) | Err(_) => {
                    self.next = Next::End;
                    let problem = "the model failed on rows in the midst of a reply";
                    return Poll::Ready(Some(Err(io::Error::other(problem))));
                }
            }
        }
        match std::mem::replace(&mut self.next, Next::End) {
            Next::There(piece, Some(pieces)) => {
                self.pace.computes(true);
                self.next = Next::Computed(spawn_local(compute(Arc::clone(&self.shared), pieces)));
                Poll::Ready(Some(Ok(piece)))
            }
            Next::There(piece, None) => Poll::Ready(Some(Ok(piece))),
            Next::Computed(_) | Next::End => Poll::Ready(None),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.pace.computes(false);
        if let Next::Computed(task) = &self.next {
            task.abort();
        }
    }
}

/// Computes a piece where nobody else waits, when it is its turn among large requests.
async fn compute(shared: Arc<Shared>, mut pieces: Box<Pieces>) -> Computed {
    let permit = Arc::clone(&shared.large).acquire_owned().await.ok()?;
    let task = spawn_blocking(move || {
        let _permit = permit;
        let piece = pieces.next()?;
        Some((Bytes::from(piece), Some(pieces).filter(|pieces| pieces.has_next())))
    });
    task.await.ok()?
}
