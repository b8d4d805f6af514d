//! One thread accepts; each of the others runs the connections that it is given.

use std::{
    io,
    net::TcpListener as StdListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        watch,
    },
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout_at},
};

use super::{
    door::Door,
    pace::LOOK_EVERY,
    runner::{self, Counted, Work},
    shared::{Shared, stopped},
};

/// How long to leave the listener alone after it failed, as it does when there are no more file
/// descriptors.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// How long connections are still accepted once the server was told to stop.
const LAST_CONNECTIONS_TIME: Duration = Duration::from_millis(50);

/// A thread that runs connections.
#[derive(Debug)]
struct Lot {
    give: UnboundedSender<Work>,
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
        listeners: Vec<(Door, StdListener)>,
        count: usize,
        shared: &Arc<Shared>,
        stop: &watch::Receiver<bool>,
        drain: Duration,
    ) -> io::Result<Self> {
        let mut lots = Vec::with_capacity(count);
        let mut runners = Vec::with_capacity(count);
        for index in 0..count {
            let (give, take) = unbounded_channel();
            lots.push(Lot { give, connections: Arc::default() });
            let name = format!("hotplate-{index}");
            runners.push(runner::start(name, take, Arc::clone(shared), drain)?);
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
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

/// Gives each connection to the thread that has the fewest.
async fn accept(listeners: Vec<(Door, StdListener)>, lots: Vec<Lot>, stop: watch::Receiver<bool>) {
    let mut tasks = JoinSet::new();
    let lots = Arc::new(lots);
    for (door, listener) in listeners {
        let Ok(listener) = TcpListener::from_std(listener) else { continue };
        let (lots, mut stop) = (Arc::clone(&lots), stop.clone());
        tasks.spawn(async move {
            let mut fails = false;
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            fails = false;
                            give(stream, door, &lots);
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
                give(stream, door, &lots);
            }
        });
    }
    // The threads that run connections have no clock that goes while nothing is amiss: with one,
    // each of their waits would have to set it and ask it.
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = tasks.join_next() => if ended.is_none() { break },
            _ = look.tick() => lots.iter().for_each(|lot| {
                let _ = lot.give.send(Work::Look);
            }),
        }
    }
}

fn give(stream: TcpStream, door: Door, lots: &[Lot]) {
    let fewest = lots.iter().min_by_key(|lot| lot.connections.load(Relaxed));
    // A stream that cannot change hands is closed, which is all that can be done for it.
    let (Some(lot), Ok(stream)) = (fewest, stream.into_std()) else { return };
    let counted = Counted::among(&lot.connections);
    let _ = lot.give.send(Work::Serve(stream, door, counted));
}
