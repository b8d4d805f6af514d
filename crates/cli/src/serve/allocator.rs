//! Has the C library give back memory that models no longer need.
//!
//! GNU's keeps what was freed for itself, by thresholds that it raises with the size of what is
//! freed: a model that is gone would go on to take its memory. Thresholds that are set stay as they
//! are. They are read once, before a program begins, so it begins again.

/// Up to what freed memory is kept, and from where on each piece of memory is the system's to give
/// and take.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const THRESHOLDS: [(&str, &str); 2] =
    [("MALLOC_TRIM_THRESHOLD_", "131072"), ("MALLOC_MMAP_THRESHOLD_", "1048576")];

/// Begins the program again with thresholds, unless it has some. Where that fails, it goes on
/// without.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn gives_memory_back() {
    use std::{env, os::unix::process::CommandExt, process::Command};

    let is_set = |(variable, _): &(&str, &str)| env::var_os(variable).is_some();
    let mut arguments = env::args_os();
    let (Some(name), Ok(program)) = (arguments.next(), env::current_exe()) else { return };
    if !THRESHOLDS.iter().any(is_set) {
        // Returns where it fails alone.
        let _ = Command::new(program).arg0(name).args(arguments).envs(THRESHOLDS).exec();
    }
}

/// As with GNU's library, which alone is known to need it.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn gives_memory_back() {}
