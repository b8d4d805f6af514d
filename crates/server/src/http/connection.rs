use std::{cell::Cell, convert::Infallible, pin::pin, rc::Rc, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use tokio::{net::TcpStream, sync::oneshot};

use super::{
    respond::respond,
    shared::{Local, Shared},
    stream::Stream,
};

/// How often every connection is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(15);

/// How many looks a client may take to send a head, the idle time before it included: seventy-five
/// seconds.
const QUIET_LOOKS: u32 = 5;

/// How a connection gets on.
///
/// A request writes two flags here; the clock is read by whoever looks, which is rarely, and not by
/// each request.
#[derive(Debug, Default)]
pub(super) struct Pace {
    has_asked: Cell<bool>,
    /// Whether a request is being answered; reading its body has a time limit of its own.
    at_hand: Cell<bool>,
    /// The looks since the last request began.
    quiet: Cell<u32>,
}

impl Pace {
    fn begin(&self) {
        self.has_asked.set(true);
        self.at_hand.set(true);
        self.quiet.set(0);
    }

    fn end(&self) {
        self.at_hand.set(false);
    }

    /// Looks at the connection, as is done every [`LOOK_EVERY`]; whether its client has been quiet
    /// for too long.
    pub(super) fn has_stalled(&self) -> bool {
        let quiet = if self.at_hand.get() { 0 } else { self.quiet.get() + 1 };
        self.quiet.set(quiet);
        quiet > QUIET_LOOKS
    }
}

/// Serves one connection to its end; once `finish` says so, to the end of the request at hand.
pub(super) async fn serve(
    stream: TcpStream,
    shared: Arc<Shared>,
    local: Rc<Local>,
    pace: Rc<Pace>,
    finish: oneshot::Receiver<()>,
) {
    let service = service_fn(async |request| {
        pace.begin();
        let response = respond(request, &shared, &local).await;
        pace.end();
        Ok::<_, Infallible>(response)
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(Stream::new(stream), service);
    let mut connection = pin!(connection);
    // A connection that breaks is its client's affair; whatever it was owed is gone with it.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        _ = finish => connection.as_mut().graceful_shutdown(),
    }
    if pace.has_asked.get() {
        let _ = connection.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_client_has_its_time_and_no_more() {
        let pace = Pace::default();
        for _ in 0..2 {
            assert!((0..QUIET_LOOKS).all(|_| !pace.has_stalled()));
            pace.begin();
            assert!((0..100).all(|_| !pace.has_stalled()), "its request is being answered");
            pace.end();
        }
        assert!((0..QUIET_LOOKS).all(|_| !pace.has_stalled()));
        assert!(pace.has_stalled());
    }
}
