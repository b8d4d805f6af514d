//! Sockets and threads around the handler.

mod acceptor;
mod body;
mod connection;
mod error;
mod server;

pub use error::ServeError;
pub use server::{Server, Signals};
