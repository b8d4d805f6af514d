//! Runs cases in the form of ONNX's own backend tests on Hotplate's backends, and counts.
//!
//! ```text
//! folder ──Case──▶ model and data sets ──Runner──▶ Outcome ──Report──▶ right, handed on, wrong
//! ```
//!
//! A model is opened, and its rows are answered, through the library `hotplate` as any program
//! would; what it gives must be what the case expects, to the
//! [tolerance](hotplate::tolerance::Tolerance) of the backend and the type.
//!
//! - [`case`] finds cases and reads what they feed and expect.
//! - [`run`] runs a case on a backend, and [`outcome`] tells right, handed on and wrong apart.
//! - [`compare`] finds the first element that is not as expected.
//! - [`rows`] picks rows of tensors, for tests that shuffle them.
//! - [`report`] counts, for people and for programs.
//! - [`library`] finds ONNX Runtime where this repository's scripts put it.
#![forbid(unsafe_code)]

pub mod case;
pub mod compare;
pub mod library;
pub mod outcome;
mod reasons;
pub mod report;
pub mod rows;
pub mod run;

pub use case::Case;
pub use outcome::Outcome;
pub use report::Report;
pub use run::Runner;
