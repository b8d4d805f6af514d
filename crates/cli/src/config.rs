//! `hotplate config`: what is set and who says so, whether a file is right, and a file that shows
//! every key.

mod check;
mod effect;
mod example;

use std::io::{self, Write as _};

use anyhow::Result;

use crate::arguments::Config;

pub(crate) fn run(arguments: &Config) -> Result<()> {
    if let Some(path) = &arguments.check {
        return check::run(path);
    }
    let text = if arguments.example { example::text() } else { effect::text(arguments)? };
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
