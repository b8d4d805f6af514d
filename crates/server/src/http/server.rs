use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use hotplate::Registry;
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    sync::{Semaphore, watch},
};

use super::{ServeError, acceptor::Threads, budget::Budget, door::Door, shared::Shared};
use crate::{
    Config,
    admin::Admin,
    aws::FrontDoor,
    handler::Handler,
    log::RequestLog,
    observe::{Capture, CaptureConfig, Emf, Observer},
};

/// As many bodies of the greatest length as may be in memory at once.
const LARGEST_BODIES: usize = 8;

/// How long captured data may take to be written when the server ends.
const LAST_LINES_TIME: Duration = Duration::from_secs(2);

/// A server that listens.
///
/// It accepts connections from [`bind`](Self::bind) on, and answers that it is not ready until
/// models are [installed](Self::install).
#[derive(Debug)]
pub struct Server {
    /// Where each listener is; the container's is the first.
    doors: Vec<(Door, SocketAddr)>,
    shared: Arc<Shared>,
    threads: Threads,
    stop: watch::Sender<bool>,
    drain: Duration,
}

impl Server {
    /// Listens, and starts the threads.
    ///
    /// # Errors
    ///
    /// When no address can be listened on, or a thread does not start.
    pub fn bind(config: &Config) -> Result<Self, ServeError> {
        let mut listeners = listen(Door::Container, &config.addresses)?;
        if let Some(admin) = &config.admin {
            listeners.extend(listen(Door::Admin, &admin.addresses)?);
        }
        if let Some(port) = config.aws.endpoint {
            listeners.extend(listen(Door::Aws, &[(Ipv4Addr::LOCALHOST, port).into()])?);
        }
        let address = |(door, listener): &(Door, TcpListener)| Ok((*door, listener.local_addr()?));
        let doors: io::Result<Vec<_>> = listeners.iter().map(address).collect();
        let doors = doors.map_err(ServeError::Start)?;
        let log = config.log_requests.then(RequestLog::start).transpose();
        let observer = observer(config)?;
        let emf = config.emf.clone().map(|emf| Emf::start(emf, &observer)).transpose();
        let handler = Arc::new(handler(config).observed_by(observer));
        let front_door = FrontDoor::new(&config.aws, &handler, config.drain);
        let shared = Arc::new(Shared {
            handler,
            aws: front_door.map_err(ServeError::Start)?,
            max_body_bytes: config.max_body_bytes,
            budget: Budget::new(config.max_body_bytes.saturating_mul(LARGEST_BODIES)),
            large: Arc::new(Semaphore::new(config.threads.saturating_sub(1).max(1))),
            request_timeout: config.request_timeout,
            stopping: AtomicBool::new(false),
            log: log.map_err(ServeError::Start)?,
            _emf: emf.map_err(ServeError::Start)?,
            admin: config
                .admin
                .as_ref()
                .map(|admin| Admin::new(admin.token.clone(), config.profile.clone())),
        });
        let (stop, stopped) = watch::channel(false);
        let threads = Threads::start(listeners, config.threads, &shared, &stopped, config.drain)
            .map_err(ServeError::Start)?;
        Ok(Self { doors, shared, threads, stop, drain: config.drain })
    }

    /// Where the server listens; with a free port asked for, the one that was found.
    pub fn address(&self) -> SocketAddr {
        self.doors[0].1
    }

    /// Where the admin API listens, if there is one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.address_of(Door::Admin)
    }

    /// Where AWS's clients are answered, if they are.
    pub fn aws_address(&self) -> Option<SocketAddr> {
        self.address_of(Door::Aws)
    }

    fn address_of(&self, door: Door) -> Option<SocketAddr> {
        self.doors.iter().find(|(each, _)| *each == door).map(|&(_, address)| address)
    }

    /// Installs the models; from here on the server is ready.
    pub fn install(&self, registry: Registry) {
        self.shared.handler.install(registry);
    }

    /// Serves until one of `signals` comes, then drains. With request logging, the log gets a line
    /// for each model first.
    ///
    /// # Errors
    ///
    /// When requests were cut off: by the end of the time to drain, or by a second signal.
    pub fn run_until(self, mut signals: Signals) -> Result<(), ServeError> {
        // Not when they are installed: a program that starts the server looks for the address in
        // front of all else on standard output.
        if let (Some(log), Some(registry)) = (&self.shared.log, self.shared.handler.registry()) {
            for endpoint in registry.load().iter() {
                for variant in endpoint.variants() {
                    log.write_model(endpoint.name(), variant.engine());
                }
            }
        }
        let Signals { runtime, terminate, interrupt } = &mut signals;
        let result = runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            let drained = tokio::task::spawn_blocking(|| self.stop());
            tokio::select! {
                drained = drained => drained.unwrap_or(Err(ServeError::Interrupted)),
                _ = terminate.recv() => Err(ServeError::Interrupted),
                _ = interrupt.recv() => Err(ServeError::Interrupted),
            }
        });
        // After a second signal the drain is not waited for.
        signals.runtime.shutdown_background();
        result
    }

    /// Stops to accept, lets requests come to their end, and returns when they have.
    ///
    /// # Errors
    ///
    /// [`ServeError::DrainedLate`] when some had to be cut off.
    pub fn stop(self) -> Result<(), ServeError> {
        self.shared.stopping.store(true, Relaxed);
        self.stop.send_replace(true);
        let drained = self.threads.join();
        if let Some(capture) = self.shared.handler.observer.capture() {
            capture.finish(LAST_LINES_TIME);
        }
        if drained { Ok(()) } else { Err(ServeError::DrainedLate { after: self.drain }) }
    }
}

/// SIGTERM and SIGINT, which no longer kill the process but are waited for.
#[derive(Debug)]
pub struct Signals {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes over both signals; one that comes from here on is not lost.
    ///
    /// # Errors
    ///
    /// When the operating system does not let us.
    pub fn take_over() -> Result<Self, ServeError> {
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(ServeError::Start)?;
        let entered = runtime.enter();
        let terminate = signal(SignalKind::terminate()).map_err(ServeError::Start)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Start)?;
        drop(entered);
        Ok(Self { runtime, terminate, interrupt })
    }
}

fn handler(config: &Config) -> Handler {
    let mut handler = Handler::new(config.default_accept)
        .wait_at_most(config.request_timeout)
        .take_batches(config.threads, config.max_body_bytes);
    if let Some(batch) = config.batch {
        handler = handler.answer_batches(batch);
    }
    if let Some(limits) = config.sessions {
        handler = handler.keep_sessions(limits);
    }
    if let Some(memory) = config.multi_model {
        handler = handler.manage_models(config.open.clone(), memory);
    }
    if let Some(profile) = &config.profile {
        handler = handler.imitate(profile.clone());
    }
    handler
}

fn observer(config: &Config) -> Result<Observer, ServeError> {
    let start = |capture: &CaptureConfig| {
        Capture::start(capture, config.threads).map_err(|source| {
            let folder = capture.folder.clone();
            ServeError::Capture { folder, source }
        })
    };
    let capture = config.capture.as_ref().map(start).transpose()?;
    let times_phases = config.times_phases || config.log_requests;
    Ok(Observer::new(times_phases, config.server_timing, capture))
}

/// Listens on every address that can be listened on, which must be one at least. With port zero,
/// all take the port that the first was given.
fn listen(door: Door, addresses: &[SocketAddr]) -> Result<Vec<(Door, TcpListener)>, ServeError> {
    let mut listeners: Vec<(Door, TcpListener)> = Vec::new();
    let mut failure = None;
    for &(mut address) in addresses {
        if let (0, Some((_, first))) = (address.port(), listeners.first()) {
            address.set_port(first.local_addr().map_err(ServeError::Start)?.port());
        }
        let listener = TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        match listener {
            Ok(listener) => listeners.push((door, listener)),
            Err(source) if source.kind() == io::ErrorKind::AddrInUse => {
                return Err(ServeError::InUse { address, flag: door.flag() });
            }
            Err(source) => failure = Some(ServeError::Bind { address, source }),
        }
    }
    match failure {
        Some(failure) if listeners.is_empty() => Err(failure),
        _ if listeners.is_empty() => Err(ServeError::Start(io::Error::other("no address"))),
        _ => Ok(listeners),
    }
}
