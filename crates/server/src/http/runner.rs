//! A thread that runs the connections that it is given.

use std::{
    collections::HashMap,
    io,
    net::TcpStream as StdStream,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::sync_channel,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    runtime::{Builder, LocalOptions},
    sync::{mpsc::UnboundedReceiver, oneshot},
    task::{AbortHandle, Id, JoinSet},
    time::timeout,
};

use super::{
    connection,
    door::Door,
    pace::Pace,
    shared::{Local, Shared},
};

/// How long a connection is kept once the server was told to stop, for a request that is on the
/// way.
const LAST_REQUEST_TIME: Duration = Duration::from_secs(1);

/// What a thread is told.
#[derive(Debug)]
pub(super) enum Work {
    /// To serve a connection.
    Serve(StdStream, Door, Counted),
    /// To close the connections of clients that have been quiet for too long.
    Look,
}

/// A connection that is counted until it is dropped.
#[derive(Debug)]
pub(super) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(super) fn among(connections: &Arc<AtomicUsize>) -> Self {
        connections.fetch_add(1, Relaxed);
        Self(Arc::clone(connections))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Starts a thread that runs connections for as long as `take` gives some, then lets them come to
/// the end of their requests. It returns whether all did in the time to drain.
pub(super) fn start(
    name: String,
    take: UnboundedReceiver<Work>,
    shared: Arc<Shared>,
    drain: Duration,
) -> io::Result<JoinHandle<bool>> {
    let (started, starts) = sync_channel(1);
    let thread = thread::Builder::new().name(name).spawn(move || {
        let built = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        let (runtime, outcome) = match built {
            Ok(runtime) => (Some(runtime), Ok(())),
            Err(error) => (None, Err(error)),
        };
        // The one who waits for this outlives the wait.
        let _ = started.send(outcome);
        let Some(runtime) = runtime else { return false };
        let drained = runtime.block_on(run(take, shared, drain));
        // Large requests that are still being answered have had their time.
        runtime.shutdown_background();
        drained
    })?;
    match starts.recv() {
        Ok(outcome) => outcome.map(|()| thread),
        Err(_) => Err(io::Error::other("the thread ended before it began")),
    }
}

async fn run(mut take: UnboundedReceiver<Work>, shared: Arc<Shared>, drain: Duration) -> bool {
    let local = Rc::new(Local::default());
    let mut connections = Connections::default();
    // The channel closes when the acceptor has taken its last connection.
    while let Some(work) = take.recv().await {
        connections.forget_ended();
        match work {
            Work::Serve(stream, door, counted) => {
                connections.serve(stream, door, counted, &shared, &local);
            }
            Work::Look => connections.close_stalled(),
        }
    }
    timeout(drain, connections.finish()).await.is_ok()
}

/// The connections of a thread.
#[derive(Debug, Default)]
struct Connections {
    tasks: JoinSet<()>,
    watched: HashMap<Id, Watched>,
}

/// How a connection is got hold of from outside.
#[derive(Debug)]
struct Watched {
    pace: Rc<Pace>,
    /// Makes the request at hand its last.
    finish: oneshot::Sender<()>,
    task: AbortHandle,
}

impl Connections {
    fn serve(
        &mut self,
        stream: StdStream,
        door: Door,
        counted: Counted,
        shared: &Arc<Shared>,
        local: &Rc<Local>,
    ) {
        let Ok(stream) = TcpStream::from_std(stream) else { return };
        // Replies are written whole, so there is nothing to gain from holding them back.
        let _ = stream.set_nodelay(true);
        let pace = Rc::<Pace>::default();
        let (finish, finishes) = oneshot::channel();
        let connection = connection::serve(
            stream,
            door,
            Arc::clone(shared),
            Rc::clone(local),
            Rc::clone(&pace),
            finishes,
        );
        let task = self.tasks.spawn_local(async move {
            let _counted = counted;
            connection.await;
        });
        self.watched.insert(task.id(), Watched { pace, finish, task });
    }

    fn forget_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.watched.remove(&id);
        }
    }

    fn close_stalled(&self) {
        for connection in self.watched.values().filter(|connection| connection.pace.has_stalled()) {
            connection.task.abort();
        }
    }

    /// Waits for a request that is on the way on each connection, and for those at hand to end.
    async fn finish(mut self) {
        if timeout(LAST_REQUEST_TIME, ended(&mut self.tasks)).await.is_ok() {
            return;
        }
        for connection in self.watched.into_values() {
            // One that has ended meanwhile needs not be told.
            let _ = connection.finish.send(());
        }
        ended(&mut self.tasks).await;
    }
}

async fn ended(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}
