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

pub use error::ServeError;
pub use server::{Server, Signals};
