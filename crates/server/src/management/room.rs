//! Whether there is memory for another model.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::config::ModelMemory;

/// Where Linux shows control groups.
const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// How deep a model's folder is looked into for its size.
const DEPTH: usize = 8;

/// The memory that models may take.
#[derive(Debug)]
pub(super) struct Room {
    memory: ModelMemory,
    /// What the models that are being loaded are expected to take.
    promised: AtomicU64,
}

/// Memory that is promised to a model until this is dropped: from then on it shows in what the
/// process takes.
#[derive(Debug)]
pub(super) struct Promise<'r> {
    room: &'r Room,
    bytes: u64,
}

/// There is too little memory.
#[derive(Debug)]
pub(super) struct TooSmall {
    pub(super) needed: u64,
    pub(super) left: u64,
}

impl Room {
    pub(super) const fn new(memory: ModelMemory) -> Self {
        Self { memory, promised: AtomicU64::new(0) }
    }

    /// Promises memory to the model at `path`.
    ///
    /// # Errors
    ///
    /// When there is too little, as far as the system tells.
    pub(super) fn promise(&self, path: &Path) -> Result<Promise<'_>, TooSmall> {
        let files = size_of(path, DEPTH).unwrap_or_default();
        let needed = files.saturating_mul(self.memory.factor as u64);
        let left = self.left();
        let taken = self.promised.fetch_update(Relaxed, Relaxed, |promised| {
            let all = promised.checked_add(needed)?;
            left.is_none_or(|left| all <= left).then_some(all)
        });
        match taken {
            Ok(_) => Ok(Promise { room: self, bytes: needed }),
            Err(promised) => {
                Err(TooSmall { needed, left: left.unwrap_or_default().saturating_sub(promised) })
            }
        }
    }

    /// What is left of the limit; without one, of the machine's memory and of the control group's.
    fn left(&self) -> Option<u64> {
        match self.memory.limit {
            Some(limit) => Some((limit as u64).saturating_sub(resident().unwrap_or_default())),
            None => [of_machine(), of_control_group()].into_iter().flatten().min(),
        }
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        self.room.promised.fetch_sub(self.bytes, Relaxed);
    }
}

/// The bytes of a file, or of the files below a folder.
fn size_of(path: &Path, depth: usize) -> io::Result<u64> {
    let about = fs::metadata(path)?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    if depth == 0 {
        return Ok(0);
    }
    fs::read_dir(path)?.map(|entry| size_of(&entry?.path(), depth - 1)).sum()
}

/// What the process has in memory.
fn resident() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

fn of_machine() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// The bytes behind `key` in a table of the system's.
fn kibibytes(table: &str, key: &str) -> Option<u64> {
    let value = table.lines().find_map(|line| line.strip_prefix(key))?;
    let kibibytes: u64 = value.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// What is left to the control group of this process, and to those that it is in.
fn of_control_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().filter_map(|line| of_hierarchy(line, Path::new(CONTROL_GROUPS))).min()
}

/// What is left in the hierarchy that a line of `/proc/self/cgroup` is about, if it is one of
/// memory.
fn of_hierarchy(line: &str, mounted: &Path) -> Option<u64> {
    let (_, line) = line.split_once(':')?;
    let (controllers, group) = line.split_once(':')?;
    let (root, files): (PathBuf, _) = match controllers {
        // The second version has one hierarchy for all.
        "" => (mounted.to_owned(), ["memory.max", "memory.current", "inactive_file"]),
        _ if controllers.split(',').any(|controller| controller == "memory") => (
            mounted.join("memory"),
            ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"],
        ),
        _ => return None,
    };
    // Inside a container the root itself is often all that is shown of the group.
    let group = root.join(group.trim_start_matches('/'));
    group
        .ancestors()
        .take_while(|folder| folder.starts_with(&root))
        .filter_map(|folder| of_group(folder, files))
        .min()
}

fn of_group(folder: &Path, [limit, usage, inactive]: [&str; 3]) -> Option<u64> {
    let number =
        |file: &str| fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    // Without a limit there is a word.
    let (limit, usage) = (number(limit)?, number(usage)?);
    // Pages of files that nobody used lately are given up when memory is wanted.
    let statistics = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let mut pairs = statistics.lines().filter_map(|line| line.split_once(' '));
    let inactive =
        pairs.find(|(key, _)| *key == inactive).and_then(|(_, bytes)| bytes.parse().ok());
    Some(limit.saturating_sub(usage.saturating_sub(inactive.unwrap_or(0_u64))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_promised_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        for file in ["model.onnx", "below/weights"] {
            fs::write(folder.path().join(file), [0; 1000]).unwrap();
        }
        let limit = usize::try_from(resident().unwrap()).unwrap() + (256 << 20);
        let room = |factor| Room::new(ModelMemory { limit: Some(limit), factor });
        let small = room(2);
        let promise = small.promise(folder.path()).unwrap();
        assert_eq!((promise.bytes, small.promised.load(Relaxed)), (4000, 4000));
        drop(promise);
        assert_eq!(small.promised.load(Relaxed), 0);

        let large = room(80_000);
        let promise = large.promise(folder.path()).unwrap();
        assert!(large.promise(folder.path()).is_err(), "it is promised to another");
        drop(promise);
        assert_eq!(room(1 << 20).promise(folder.path()).unwrap_err().needed, 2000 << 20);
    }

    #[test]
    fn control_groups_of_both_versions_have_limits() {
        let mounted = tempfile::tempdir().unwrap();
        let write = |group: &str, files: [(&str, &str); 3]| {
            let folder = mounted.path().join(group);
            fs::create_dir_all(&folder).unwrap();
            files.iter().for_each(|(file, text)| fs::write(folder.join(file), text).unwrap());
        };
        write(
            "memory/a",
            [
                ("memory.limit_in_bytes", "1000\n"),
                ("memory.usage_in_bytes", "700\n"),
                ("memory.stat", "cache 1\ntotal_inactive_file 200\n"),
            ],
        );
        assert_eq!(of_hierarchy("4:cpu,memory:/a/b", mounted.path()), Some(500));
        assert_eq!(of_hierarchy("4:cpu:/a", mounted.path()), None);
        write("c", [("memory.max", "max\n"), ("memory.current", "1\n"), ("memory.stat", "")]);
        assert_eq!(of_hierarchy("0::/c", mounted.path()), None);
        write("", [("memory.max", "90\n"), ("memory.current", "60\n"), ("memory.stat", "")]);
        assert_eq!(of_hierarchy("0::/c", mounted.path()), Some(30));
        assert_eq!(of_hierarchy("0::/not/shown", mounted.path()), Some(30));
    }
}
