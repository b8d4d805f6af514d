use std::{pin::pin, rc::Rc, sync::Arc};

use hyper::{server::conn::http1, service::service_fn};
use tokio::{net::TcpStream, sync::oneshot};

use super::{
    door::Door,
    pace::Pace,
    respond::respond,
    shared::{Local, Shared},
    stream::Stream,
};

/// Serves one connection to its end; once `finish` says so, to the end of the request at hand.
pub(super) async fn serve(
    stream: TcpStream,
    door: Door,
    shared: Arc<Shared>,
    local: Rc<Local>,
    pace: Rc<Pace>,
    finish: oneshot::Receiver<()>,
) {
    let service = service_fn(|request| respond(request, door, &shared, &local, &pace));
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(Stream::new(stream, Rc::clone(&pace)), service);
    let mut connection = pin!(connection);
    // A connection that breaks is its client's affair; whatever it was owed is gone with it.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        _ = finish => connection.as_mut().graceful_shutdown(),
    }
    if pace.has_asked() {
        let _ = connection.await;
    }
}
