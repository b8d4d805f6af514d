use std::{cell::Cell, convert::Infallible, pin::pin, rc::Rc, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, sync::watch, time::sleep};

use super::{
    respond::respond,
    shared::{Local, Shared, stopped},
};

/// How long a client may take to send a head, the idle time before it included.
const HEAD_TIME: Duration = Duration::from_secs(75);

/// How long a connection is kept once the server was told to stop, for a request that is on the
/// way.
const LAST_REQUEST_TIME: Duration = Duration::from_secs(1);

/// Serves one connection to its end; once `stop` says so, to the end of the request at hand.
pub(super) async fn serve(
    stream: TcpStream,
    shared: Arc<Shared>,
    local: Rc<Local>,
    mut stop: watch::Receiver<bool>,
) {
    let has_asked = Cell::new(false);
    let service = service_fn(|request| {
        has_asked.set(true);
        let (shared, local) = (Arc::clone(&shared), Rc::clone(&local));
        async move { Ok::<_, Infallible>(respond(request, &shared, &local).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // A connection that breaks is its client's affair; whatever it was owed is gone with it.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopped(&mut stop) => {}
    }
    // A request that is on the way is answered, and told that it was the last.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = sleep(LAST_REQUEST_TIME) => connection.as_mut().graceful_shutdown(),
    }
    if has_asked.get() {
        let _ = connection.await;
    }
}
