//! Keeping what is warm in memory.

use std::fmt;

/// Whether the process's memory may be swapped out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It stays.
    Locked,
    /// The system does not let the process keep so much.
    NotAllowed {
        /// What it may keep, in bytes, where that is limited.
        limit: Option<u64>,
    },
    /// The system has no such request, or this build does not know it.
    Unsupported,
}

/// Asks the system to keep every page that is in memory now, and each later one of the same
/// mappings once it is touched: a model that nobody asked for an hour answers as fast as ever.
///
/// The models were touched when they were compiled, so what is called warm is in memory.
#[cfg(target_os = "linux")]
pub fn lock() -> Memory {
    use rustix::{
        io::Errno,
        mm::{MlockAllFlags, mlockall},
        process::{Resource, getrlimit},
    };

    // Without the last, stacks and arenas that are reserved, and never used, would be filled.
    match mlockall(MlockAllFlags::CURRENT | MlockAllFlags::ONFAULT) {
        Ok(()) => Memory::Locked,
        Err(Errno::NOSYS | Errno::INVAL) => Memory::Unsupported,
        Err(_) => Memory::NotAllowed { limit: getrlimit(Resource::Memlock).current },
    }
}

/// As on Linux, which alone has the request.
#[cfg(not(target_os = "linux"))]
pub fn lock() -> Memory {
    Memory::Unsupported
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("memory is locked: nothing that is warm is swapped out"),
            Self::NotAllowed { limit: Some(limit) } => write!(
                f,
                "memory is not locked: the system lets this process lock {} KiB (ulimit -l, or \
                 the capability IPC_LOCK); it may be swapped out where there is swap",
                limit >> 10
            ),
            Self::NotAllowed { limit: None } | Self::Unsupported => {
                f.write_str("memory is not locked: the system does not do that for this process")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn locked_memory_is_what_the_system_says_is_locked() {
        let memory = lock();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let locked = status.lines().find(|line| line.starts_with("VmLck:")).unwrap();
        assert_eq!(memory == Memory::Locked, !locked.contains(" 0 kB"), "{memory}: {locked}");
    }
}
