//! One thread accepts; each of the others runs the connections that it is given.

use std::{
    io,
    net::{TcpListener as StdListener, TcpStream as StdStream},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        watch,
    },
    task::{JoinSet, LocalSet},
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{
    connection,
    shared::{Local, Shared, stopped},
};

/// How long to leave the listener alone after it failed, as it does when there are no more file
/// descriptors.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// How long connections are still accepted once the server was told to stop.
const LAST_CONNECTIONS_TIME: Duration = Duration::from_millis(50);

/// A thread that runs connections.
#[derive(Debug)]
struct Lot {
    give: UnboundedSender<StdStream>,
    /// The connections that it has.
    connections: Arc<AtomicUsize>,
}

/// The threads of a server.
#[derive(Debug)]
pub(super) struct Threads {
    acceptor: JoinHandle<()>,
    /// Each says whether all its connections came to their end.
    runners: Vec<JoinHandle<bool>>,
}

impl Threads {
    /// Starts `count` threads that run connections and one that accepts them, until `stop`.
    pub(super) fn start(
        listeners: Vec<StdListener>,
        count: usize,
        shared: &Arc<Shared>,
        stop: &watch::Receiver<bool>,
        drain: Duration,
    ) -> io::Result<Self> {
        let mut lots = Vec::with_capacity(count);
        let mut runners = Vec::with_capacity(count);
        for index in 0..count {
            let (give, take) = unbounded_channel();
            let connections = Arc::new(AtomicUsize::new(0));
            lots.push(Lot { give, connections: Arc::clone(&connections) });
            let runtime = runtime()?;
            let (shared, stop) = (Arc::clone(shared), stop.clone());
            let name = format!("hotplate-{index}");
            runners.push(thread::Builder::new().name(name).spawn(move || {
                let run = run(take, connections, shared, stop, drain);
                let drained = LocalSet::new().block_on(&runtime, run);
                // Large requests that are still being answered have had their time.
                runtime.shutdown_background();
                drained
            })?);
        }
        let runtime = runtime()?;
        let stop = stop.clone();
        let acceptor = thread::Builder::new()
            .name("hotplate-accept".to_owned())
            .spawn(move || runtime.block_on(accept(listeners, lots, stop)))?;
        Ok(Self { acceptor, runners })
    }

    /// Waits for the threads to end, which they do after `stop`; whether every connection came to
    /// its end.
    pub(super) fn join(self) -> bool {
        let accepted = self.acceptor.join().is_ok();
        // Every thread is waited for, whatever the others say.
        let drained: Vec<bool> =
            self.runners.into_iter().map(|runner| runner.join().unwrap_or(false)).collect();
        accepted && drained.into_iter().all(|drained| drained)
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Gives each connection to the thread that has the fewest.
async fn accept(listeners: Vec<StdListener>, lots: Vec<Lot>, stop: watch::Receiver<bool>) {
    let mut tasks = JoinSet::new();
    let lots = Arc::new(lots);
    for listener in listeners {
        let Ok(listener) = TcpListener::from_std(listener) else { continue };
        let (lots, mut stop) = (Arc::clone(&lots), stop.clone());
        tasks.spawn(async move {
            let mut fails = false;
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            fails = false;
                            give(stream, &lots);
                        }
                        Err(error) => {
                            if !fails {
                                eprintln!("connections cannot be accepted for now: {error}");
                            }
                            fails = true;
                            sleep(PAUSE_AFTER_FAILURE).await;
                        }
                    },
                    () = stopped(&mut stop) => break,
                }
            }
            // Connections that were made before the signal are still taken; those of clients that
            // never cease to come cannot keep the server from ending.
            let end = Instant::now() + LAST_CONNECTIONS_TIME;
            while let Ok(Ok((stream, _))) = timeout_at(end, listener.accept()).await {
                give(stream, &lots);
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

fn give(stream: TcpStream, lots: &[Lot]) {
    let fewest = lots.iter().min_by_key(|lot| lot.connections.load(Relaxed));
    // A stream that cannot change hands is closed, which is all that can be done for it.
    let (Some(lot), Ok(stream)) = (fewest, stream.into_std()) else { return };
    lot.connections.fetch_add(1, Relaxed);
    if lot.give.send(stream).is_err() {
        lot.connections.fetch_sub(1, Relaxed);
    }
}

/// Runs connections until `stop`, then lets them come to the end of their requests.
async fn run(
    mut take: UnboundedReceiver<StdStream>,
    connections: Arc<AtomicUsize>,
    shared: Arc<Shared>,
    stop: watch::Receiver<bool>,
    drain: Duration,
) -> bool {
    let local = Rc::new(Local::default());
    let mut tasks = JoinSet::new();
    // The channel closes when the acceptor has taken its last connection.
    while let Some(stream) = take.recv().await {
        while tasks.try_join_next().is_some() {}
        let connection = Counted(Arc::clone(&connections));
        let Ok(stream) = TcpStream::from_std(stream) else { continue };
        // Replies are written whole, so there is nothing to gain from holding them back.
        let _ = stream.set_nodelay(true);
        let (shared, local, stop) = (Arc::clone(&shared), Rc::clone(&local), stop.clone());
        tasks.spawn_local(async move {
            let _connection = connection;
            connection::serve(stream, shared, local, stop).await;
        });
    }
    timeout(drain, async { while tasks.join_next().await.is_some() {} }).await.is_ok()
}

/// A connection that is counted until it is dropped.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
