use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use crate::{problem::Problem, status::Reason};

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(60);

/// How much of an unwanted body is read and thrown away, so that its sender gets to see the reply;
/// a connection with more to come is closed.
const DISCARD_BYTES: usize = 64 << 20;

/// How long that may take.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// The whole body, at most `max_bytes` of it.
///
/// # Errors
///
/// When there is more, it takes too long, or it breaks off. Nothing is buffered of a body whose
/// announced length is too great, and a sender that `waits` to be asked for it is not.
pub(super) async fn read(
    mut body: Incoming,
    max_bytes: usize,
    waits: bool,
) -> Result<Bytes, Problem> {
    let announced = body.size_hint().lower();
    if announced > max_bytes as u64 {
        discard(body, waits).await;
        return Err(too_large(max_bytes, &announced.to_string()));
    }
    match timeout(BODY_TIME, collect(&mut body, max_bytes)).await {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => {
            discard(body, false).await;
            Err(too_large(max_bytes, "more"))
        }
        Ok(Err(_)) => Err(Problem::new(Reason::BodyBroken, "the body broke off")),
        Err(_) => {
            let message = format!("the body did not arrive in {} seconds", BODY_TIME.as_secs());
            Err(Problem::new(Reason::BodyTimeout, message))
        }
    }
}

/// The whole body, or `None` when it is longer than `max_bytes`.
async fn collect(body: &mut Incoming, max_bytes: usize) -> Result<Option<Bytes>, hyper::Error> {
    let mut whole = match next(body).await? {
        None => return Ok(Some(Bytes::new())),
        // A body of one piece, as small ones are, is not copied.
        Some(first) if body.is_end_stream() && first.len() <= max_bytes => return Ok(Some(first)),
        Some(first) => Vec::from(first),
    };
    while let Some(piece) = next(body).await? {
        if whole.len() + piece.len() > max_bytes {
            return Ok(None);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(if whole.len() > max_bytes { None } else { Some(whole.into()) })
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
pub(super) async fn discard(mut body: Incoming, waits: bool) {
    if waits {
        return;
    }
    let mut left = DISCARD_BYTES;
    let all = async {
        while let Ok(Some(piece)) = next(&mut body).await {
            match left.checked_sub(piece.len()) {
                Some(less) => left = less,
                None => break,
            }
        }
    };
    // Whether it came to its end makes no difference to the reply.
    let _ = timeout(DISCARD_TIME, all).await;
}

fn too_large(max_bytes: usize, got: &str) -> Problem {
    let message = format!("the body has more than {max_bytes} bytes; send the rows in several");
    Problem::new(Reason::BodyTooLarge, message)
        .expected(format!("at most {max_bytes} bytes"), format!("{got} bytes"))
}
