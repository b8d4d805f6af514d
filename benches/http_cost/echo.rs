use std::{
    convert::Infallible,
    net::{TcpListener, TcpStream as StdStream},
    thread,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, runtime::Builder, sync::mpsc::unbounded_channel};

/// Answers every request with `reply` once it has read its body, and does nothing else: no routes,
/// no limits, no clocks.
///
/// As in the server, one thread accepts and each of the others runs a share of the connections on
/// an event loop of its own.
pub(crate) fn serve(listener: &TcpListener, threads: usize, reply: &'static str) {
    let lots: Vec<_> = (0..threads)
        .map(|_| {
            let (give, mut take) = unbounded_channel::<StdStream>();
            thread::spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    while let Some(stream) = take.recv().await {
                        tokio::spawn(connection(TcpStream::from_std(stream).unwrap(), reply));
                    }
                });
            });
            give
        })
        .collect();
    for (stream, lot) in listener.incoming().zip(lots.iter().cycle()) {
        let stream = stream.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        lot.send(stream).unwrap();
    }
}

async fn connection(stream: TcpStream, reply: &'static str) {
    let service = service_fn(async |mut request: Request<Incoming>| {
        while let Some(frame) = request.body_mut().frame().await {
            drop(frame);
        }
        let mut response = Response::new(Full::new(Bytes::from_static(reply.as_bytes())));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok::<_, Infallible>(response)
    });
    // A connection that breaks was its client's to end.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
