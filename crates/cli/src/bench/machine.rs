//! What the machine is that a figure was taken on: a figure without its machine says nothing.

use std::{
    env, fs, thread,
    time::{SystemTime, UNIX_EPOCH},
};

/// What is known of the machine that the generator runs on.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: usize,
    /// The share of the cores that a container may use, in cores.
    pub(super) quota: Option<f64>,
    pub(super) memory_bytes: Option<u64>,
    pub(super) os: String,
    pub(super) kernel: Option<String>,
}

impl Machine {
    pub(super) fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let kernel = read("/proc/sys/kernel/osrelease").trim().to_owned();
        Self {
            cpu: cpu(&read("/proc/cpuinfo")).unwrap_or_else(|| env::consts::ARCH.to_owned()),
            cores: thread::available_parallelism().map_or(1, usize::from),
            quota: quota(&read("/sys/fs/cgroup/cpu.max")),
            memory_bytes: memory(&read("/proc/meminfo")),
            os: pretty_name(&read("/etc/os-release")).unwrap_or_else(|| env::consts::OS.to_owned()),
            kernel: (!kernel.is_empty()).then_some(kernel),
        }
    }

    /// One line.
    pub(super) fn told(&self) -> String {
        let cores =
            if self.cores == 1 { "1 core".to_owned() } else { format!("{} cores", self.cores) };
        let quota = self.quota.map(|quota| format!(", {quota} of them allowed"));
        let kernel = self.kernel.as_ref().map(|kernel| format!(", kernel {kernel}"));
        let (quota, kernel) = (quota.unwrap_or_default(), kernel.unwrap_or_default());
        format!("{cores} of {}{quota}, {}{kernel}", self.cpu, self.os)
    }
}

/// The processor's name, with family and model where the name alone is of many.
fn cpu(cpuinfo: &str) -> Option<String> {
    let field = |name: &str| {
        let mut lines = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
    };
    let name = field("model name").or_else(|| field("Model"))?;
    match (field("cpu family"), field("model")) {
        (Some(family), Some(model)) => Some(format!("{name} (family {family}, model {model})")),
        _ => Some(name),
    }
}

/// Of `cpu.max` of a control group: microseconds of every period.
fn quota(cpu_max: &str) -> Option<f64> {
    let (quota, period) = cpu_max.trim().split_once(' ')?;
    let (quota, period): (f64, f64) = (quota.parse().ok()?, period.parse().ok()?);
    (period > 0.0).then(|| quota / period)
}

fn memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn pretty_name(os_release: &str) -> Option<String> {
    let name = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches('"').to_owned())
}

/// The words of the command, as they could be said again.
pub(super) fn command() -> String {
    let quoted = |word: String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./-_".contains(&byte);
        match !word.is_empty() && word.bytes().all(plain) {
            true => word,
            false => format!("'{}'", word.replace('\'', r"'\''")),
        }
    };
    let words = env::args_os().skip(1).map(|word| quoted(word.to_string_lossy().into_owned()));
    ["hotplate".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// The time, as RFC 3339 has it in UTC.
pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    utc(since.as_secs())
}

fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date so many days after 1 January 1970, in years that begin in March: the leap day is their
/// last.
const fn date(days: u64) -> (u64, u64, u64) {
    // From 1 March of the year 0, in eras of 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * era + year_of_era + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_kernel_are_understood() {
        let cpuinfo = "processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n";
        assert_eq!(cpu(cpuinfo).unwrap(), "AMD EPYC (family 26, model 2)");
        assert_eq!(cpu("Model\t\t: Raspberry Pi 4\n").unwrap(), "Raspberry Pi 4");
        assert_eq!(cpu(""), None);
        assert_eq!(
            (quota("150000 100000\n"), quota("max 100000\n"), quota("")),
            (Some(1.5), None, None)
        );
        assert_eq!(memory("MemTotal:       8000 kB\n"), Some(8_192_000));
        let os = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(pretty_name(os).unwrap(), "Debian GNU/Linux 12 (bookworm)");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(seconds), expected);
        }
    }
}
