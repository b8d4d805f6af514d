//! `hotplate bench --self-test`: would a stop be seen?

use std::io::{self, Write as _};

use anyhow::{Result, bail};
use hotplate_load::self_test::{self, STOP, SelfTest};

use super::units::{counted, time};
use crate::layout::section;

/// Has both loops ask a target that stops, and says what they saw of it.
///
/// # Errors
///
/// When the open loop missed it.
pub(super) fn run() -> Result<()> {
    let test = self_test::run()?;
    let told = |measured| {
        let late = counted(SelfTest::seen(measured), "request");
        format!(
            "{late} later than {}, p99 {}, max {}",
            time(STOP / 2),
            time(measured.latency.quantile(0.99)),
            time(measured.latency.max())
        )
    };
    let mut out = io::stdout().lock();
    writeln!(out, "a target that stops for {} once, asked for a second", time(STOP))?;
    section(
        &mut out,
        "open loop",
        [
            told(&test.open),
            format!(
                "expected: {}, those that were due in the first half of the stop, and a max of the stop",
                test.expected()
            ),
        ],
    )?;
    section(
        &mut out,
        "closed loop",
        [
            told(&test.closed),
            format!(
                "expected: one for each of its {} callers at most, for it does not ask while it waits",
                test.callers
            ),
        ],
    )?;
    out.flush()?;
    if !test.passed() {
        bail!("the stop was not seen as it should be; is the machine very busy?");
    }
    Ok(())
}
