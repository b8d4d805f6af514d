//! Sockets and threads around the handler.

mod acceptor;
mod admin;
mod body;
mod budget;
mod connection;
mod door;
mod error;
mod outgoing;
mod pace;
mod respond;
mod runner;
mod server;
mod shared;
mod stream;

pub(crate) use door::Door;
pub use error::ServeError;
pub(crate) use outgoing::Outgoing;
pub(crate) use pace::Pace;
pub(crate) use respond::{AnsweredBy, invoke};
pub use server::{Server, Signals};
pub(crate) use shared::{Local, Shared};
