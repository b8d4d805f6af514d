//! How much memory opening a model takes at most, in a process that does nothing else.
//!
//! It is what the system counts as the peak of resident memory (`VmHWM`, on Linux alone), pages of
//! the mapped file included, less what it was before.

use std::{env, fs, path::Path, process::Command};

/// The first argument of the process that opens the model.
pub(crate) const OPEN: &str = "--open";

const MIB: f64 = 1024.0 * 1024.0;

/// What the process does: opens the model, and prints the peak in bytes before and after.
pub(crate) fn open_and_tell(model: &Path) {
    let before = peak();
    let (engine, _) = crate::open(model).unwrap();
    let after = peak();
    drop(engine);
    if let (Some(before), Some(after)) = (before, after) {
        println!("{before} {after}");
    }
}

/// Starts that process, and prints what it found.
pub(crate) fn tell(model: &Path, case: &str) {
    let program = env::current_exe().unwrap();
    let output = Command::new(program).arg(OPEN).arg(model).output().unwrap();
    assert!(output.status.success(), "{case}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let [before, after] = numbers[..] else {
        return println!("{case}: the system does not tell");
    };
    let file = fs::metadata(model).unwrap().len() as f64;
    let taken = after - before;
    let (megabytes, of_file) = (taken / MIB, file / MIB);
    println!(
        "{case}: opening takes {megabytes:.0} MiB at most, {:.2} times the file's {of_file:.0} MiB",
        taken / file
    );
}

/// The most resident memory that this process has had, in bytes.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}
