//! What threads and connections have in common.

use std::{
    cell::RefCell,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use tokio::sync::{Semaphore, watch};

use super::budget::Budget;
use crate::{
    admin::Admin,
    aws::FrontDoor,
    handler::{Handler, Scratch},
    log::RequestLog,
    observe::Emf,
    reply::Reply,
};

/// What the connections of all threads share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) handler: Arc<Handler>,
    pub(crate) aws: FrontDoor,
    pub(super) max_body_bytes: usize,
    /// For the bodies that are being read or answered.
    pub(super) budget: Budget,
    /// One for each large request that may be answered at once.
    pub(super) large: Arc<Semaphore>,
    /// How long a request may wait for its model, and a reply may take to begin.
    pub(super) request_timeout: Duration,
    /// Whether the next reply on each connection is its last.
    pub(super) stopping: AtomicBool,
    pub(super) log: Option<RequestLog>,
    /// Writes lines for as long as it is here.
    pub(super) _emf: Option<Emf>,
    pub(super) admin: Option<Admin>,
}

/// What the connections of one thread share.
#[derive(Debug)]
pub(crate) struct Local {
    pub(super) scratch: RefCell<Scratch>,
    pub(super) reply: RefCell<Reply>,
}

impl Default for Local {
    fn default() -> Self {
        Self { scratch: RefCell::new(Scratch::of_thread()), reply: RefCell::default() }
    }
}

/// Waits until the server is told to stop, or is gone.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
