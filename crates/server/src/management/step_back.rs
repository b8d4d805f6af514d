//! How a thread that compiles leaves the cores to those that answer requests.

/// Lets threads that answer requests have the cores before this one.
///
/// Where the machine has time to spare, this thread has that alone from now on: it goes as soon as
/// another wants its core, whereas one that is merely nice stays until its turn is over, which is
/// longer than most requests take. But on a machine that is always busy it would hardly run at all,
/// and there is no way back without a privilege; there it is nice.
pub(super) fn step_back() {
    // Where the system knows of neither, the model comes as well.
    #[cfg(target_os = "linux")]
    linux::step_back();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        sync::mpsc,
        thread,
        time::{Duration, Instant},
    };

    use rustix::{
        process::nice,
        time::{ClockId, clock_gettime},
    };
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };

    /// About a tenth of what a thread that answers gets of a core that both want.
    const NICENESS: i32 = 10;

    /// How long it is looked at most whether the machine has time to spare, and what a thread must
    /// get of it meanwhile: as much as it would if it were nice.
    const LOOK: Duration = Duration::from_millis(20);
    const SPARE: Duration = Duration::from_millis(2);

    pub(super) fn step_back() {
        if !(has_time_to_spare() && take_spare_time()) {
            let _ = nice(NICENESS);
        }
    }

    /// Whether a thread that has spare time alone gets enough of it, just now.
    fn has_time_to_spare() -> bool {
        let end = Instant::now() + LOOK;
        let (tell, told) = mpsc::channel();
        // Nobody waits for it: it may not run before the machine is at rest.
        let looks = thread::Builder::new().name("hotplate-look".to_owned()).spawn(move || {
            if take_spare_time() {
                while own_time() < SPARE {
                    if Instant::now() >= end {
                        return;
                    }
                }
                let _ = tell.send(());
            }
        });
        looks.is_ok() && told.recv_timeout(LOOK).is_ok()
    }

    /// Gives this thread the time alone that no other wants; whether the system lets it.
    fn take_spare_time() -> bool {
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle).is_ok()
    }

    /// The processor time that this thread has had.
    fn own_time() -> Duration {
        Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or(Duration::MAX)
    }

    #[cfg(test)]
    mod tests {
        use std::{fs, thread};

        use super::*;

        /// What the kernel has noted of this thread: its niceness and its policy.
        fn noted() -> (i32, u32) {
            let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
            let behind_name: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
            (behind_name[16].parse().unwrap(), behind_name[38].parse().unwrap())
        }

        #[test]
        fn thread_that_steps_back_has_spare_time_alone_or_is_nice() {
            const OTHER: u32 = 0;
            const IDLE: u32 = 5;
            let here = noted();
            thread::scope(|scope| {
                scope.spawn(|| {
                    step_back();
                    let (niceness, policy) = noted();
                    assert!(
                        policy == IDLE
                            || (policy, niceness) == (OTHER, (here.0 + NICENESS).min(19)),
                        "policy {policy}, niceness {niceness}"
                    );
                });
                scope.spawn(|| {
                    assert!(take_spare_time());
                    assert_eq!(noted().1, IDLE);
                });
            });
            assert_eq!(noted(), here, "other threads are as they were");
        }
    }
}
