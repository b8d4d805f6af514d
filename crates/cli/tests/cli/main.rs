//! The program `hotplate`, from outside: arguments in, output and exit code out.

mod inspect;
mod predict;
mod serve;
mod stream;
mod support;
mod usage;
mod verify;
