//! The program `hotplate`: serves models, scores files, says what a model is, what changes when
//! another takes its place, how a row came to its prediction, and how much load a model takes.
#![forbid(unsafe_code)]

mod arguments;
mod bench;
mod config;
mod diff;
mod failure;
mod fall_back;
mod inspect;
mod layout;
mod model;
mod predict;
mod progress;
mod rows;
mod runs_on;
mod serve;
mod trace;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    // Says what is wrong with the arguments, or helps, and exits.
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Predict(arguments) => predict::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Trace(arguments) => trace::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Config(arguments) => config::run(arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough, as `head` does.
        Err(error) if failure::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}
