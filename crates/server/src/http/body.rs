use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use super::budget::Share;
use crate::{problem::Problem, status::Reason};

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(60);

/// How much of an unwanted body is read and thrown away, so that its sender gets to see the reply;
/// a connection with more to come is closed.
const DISCARD_BYTES: usize = 64 << 20;

/// How long that may take.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// Why a body was not read to its end.
enum Unread {
    Broken,
    TooLarge,
    NoMemory,
}

impl From<hyper::Error> for Unread {
    fn from(_: hyper::Error) -> Self {
        Self::Broken
    }
}

/// A body of which some may still be on its way.
#[derive(Debug)]
pub(super) enum Begun {
    /// All of it came along with its head, as small ones do: it is not copied and needs no clock.
    Whole(Bytes),
    /// What came so far, which is not all.
    Part(Bytes),
}

/// What is there of a body of at most `max_bytes`.
///
/// # Errors
///
/// When it is announced to be longer, or is broken already. Nothing of a body whose announced
/// length is too great is buffered, and a sender that `waits` to be asked for it is not.
pub(super) async fn begin(
    body: &mut Incoming,
    max_bytes: usize,
    waits: bool,
) -> Result<Begun, Problem> {
    let announced = body.size_hint().lower();
    if announced > max_bytes as u64 {
        Box::pin(discard(body, waits)).await;
        return Err(too_large(max_bytes, format!("{announced} bytes")));
    }
    let first = poll_fn(|context| Poll::Ready(Pin::new(&mut *body).poll_frame(context))).await;
    let first = match first {
        Poll::Ready(None) => return Ok(Begun::Whole(Bytes::new())),
        Poll::Ready(Some(Err(_))) => return Err(broken()),
        // Of trailers nothing is wanted.
        Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        Poll::Pending => Bytes::new(),
    };
    let whole = body.is_end_stream() && first.len() <= max_bytes;
    Ok(if whole { Begun::Whole(first) } else { Begun::Part(first) })
}

/// The whole body that begins with `first`, at most `max_bytes` of it and of what is left of the
/// budget that `share` is of.
///
/// # Errors
///
/// When there is more, it takes too long, or it breaks off.
pub(super) async fn read_on(
    first: Bytes,
    mut body: Incoming,
    max_bytes: usize,
    share: &mut Share<'_>,
) -> Result<Bytes, Problem> {
    match timeout(BODY_TIME, collect(first, &mut body, max_bytes, share)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(Unread::Broken)) => Err(broken()),
        Ok(Err(Unread::TooLarge)) => {
            discard(&mut body, false).await;
            Err(too_large(max_bytes, format!("more than {max_bytes} bytes")))
        }
        Ok(Err(Unread::NoMemory)) => {
            discard(&mut body, false).await;
            let message = "too many large bodies at once; try again in a moment";
            Err(Problem::new(Reason::Overloaded, message))
        }
        Err(_) => {
            let message = format!("the body did not arrive in {} seconds", BODY_TIME.as_secs());
            Err(Problem::new(Reason::BodyTimeout, message))
        }
    }
}

async fn collect(
    first: Bytes,
    body: &mut Incoming,
    max_bytes: usize,
    share: &mut Share<'_>,
) -> Result<Bytes, Unread> {
    let mut whole = Vec::new();
    let mut piece = Some(first);
    while let Some(bytes) = piece {
        if whole.len() + bytes.len() > max_bytes {
            return Err(Unread::TooLarge);
        }
        if !share.grow(bytes.len()) {
            return Err(Unread::NoMemory);
        }
        whole.extend_from_slice(&bytes);
        piece = next(body).await?;
    }
    Ok(whole.into())
}

/// The next piece of data; trailers are passed over.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, hyper::Error> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Reads what is left of a body without keeping it; nothing of one whose sender `waits` to be
/// asked for it.
pub(super) async fn discard(body: &mut Incoming, waits: bool) {
    if waits {
        return;
    }
    let mut left = DISCARD_BYTES;
    let all = async {
        while let Ok(Some(piece)) = next(body).await {
            match left.checked_sub(piece.len()) {
                Some(less) => left = less,
                None => break,
            }
        }
    };
    // Whether it came to its end makes no difference to the reply.
    let _ = timeout(DISCARD_TIME, all).await;
}

fn broken() -> Problem {
    Problem::new(Reason::BodyBroken, "the body broke off, or is framed wrongly")
}

fn too_large(max_bytes: usize, got: String) -> Problem {
    let message = format!("the body has more than {max_bytes} bytes; send the rows in several");
    Problem::new(Reason::BodyTooLarge, message).expected(format!("at most {max_bytes} bytes"), got)
}
