//! Threads that work through the phases of one run together.
//!
//! A thread is woken once a run: within, threads wait for each other by looking, because the phases
//! are shorter than a wake-up. A phase is over when its tasks are done, not when every thread was
//! there, so a thread that is woken late holds nobody up.

use std::hint;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// How often a thread looks before it lets others have the processor.
const LOOKS: usize = 4096;

/// The tasks of a run that are taken and that are done, counted over all of its phases.
#[derive(Debug, Default)]
struct Progress {
    taken: AtomicUsize,
    done: AtomicUsize,
    is_broken: AtomicBool,
}

/// One thread's view of a run. Every thread goes through the same phases.
#[derive(Debug)]
pub(super) struct Member<'a> {
    progress: &'a Progress,
    /// Which thread this is. The caller's is the first.
    pub(super) index: usize,
    /// The tasks of the phases before.
    begun: usize,
}

impl Member<'_> {
    /// Takes tasks of a phase until there are none, and waits until all are done.
    ///
    /// What the tasks wrote can be read after it. Every thread must name as many tasks.
    ///
    /// # Panics
    ///
    /// When another thread panicked.
    pub(super) fn phase(&mut self, tasks: usize, work: impl FnMut(usize)) {
        self.last_phase(tasks, work);
        let mut looks = 0;
        while self.progress.done.load(Ordering::Acquire) < self.begun {
            assert!(
                !self.progress.is_broken.load(Ordering::Relaxed),
                "another thread of the run panicked"
            );
            wait(&mut looks);
        }
    }

    /// As [`phase`](Self::phase), and leaves the tasks of others to them: the run waits for all.
    pub(super) fn last_phase(&mut self, tasks: usize, mut work: impl FnMut(usize)) {
        let (begin, end) = (self.begun, self.begun + tasks);
        self.begun = end;
        // Relaxed: what a task reads was published by those who counted the tasks of the last phase.
        let next = |taken: usize| (taken < end).then_some(taken + 1);
        while let Ok(task) =
            self.progress.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
        {
            work(task - begin);
            // Release: publishes what the task wrote; pairs with the Acquire below.
            self.progress.done.fetch_add(1, Ordering::Release);
        }
    }
}

fn wait(looks: &mut usize) {
    if *looks < LOOKS {
        *looks += 1;
        hint::spin_loop();
    } else {
        thread::yield_now();
    }
}

/// Calls `work` once on each of so many threads, the caller's among them, and waits for all.
///
/// `pool` has one thread fewer, and runs nothing else; `None` is a team of the caller alone.
///
/// # Panics
///
/// When `work` panics on any thread.
pub(super) fn run(pool: Option<&rayon::ThreadPool>, work: impl Fn(Member<'_>) + Sync) {
    let progress = &Progress::default();
    let left = &AtomicUsize::new(0);
    let member = |index| {
        let member = Member { progress, index, begun: 0 };
        let result = panic::catch_unwind(AssertUnwindSafe(|| work(member)));
        if result.is_err() {
            progress.is_broken.store(true, Ordering::Relaxed);
        }
        left.fetch_add(1, Ordering::Relaxed);
        if let Err(panic) = result {
            panic::resume_unwind(panic);
        }
    };
    let Some(pool) = pool else {
        return member(0);
    };
    let threads = pool.current_num_threads() + 1;
    pool.in_place_scope(|scope| {
        for index in 1..threads {
            scope.spawn(move |_| member(index));
        }
        member(0);
        // The scope would sleep for those who are about to leave.
        let mut looks = 0;
        while left.load(Ordering::Relaxed) < threads && looks < LOOKS {
            wait(&mut looks);
        }
    });
}

/// Calls `work` on the caller's thread, which finds every task itself.
pub(super) fn alone(work: impl FnOnce(Member<'_>)) {
    work(Member { progress: &Progress::default(), index: 0, begun: 0 });
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn every_task_is_done_once_and_before_the_next_phase() {
        for threads in 0..4 {
            let pool = (threads > 0).then(|| pool(threads));
            let done = Mutex::new(Vec::new());
            for _ in 0..100 {
                done.lock().unwrap().clear();
                run(pool.as_ref(), |mut member| {
                    for phase in 0..10 {
                        member.phase(phase, |task| done.lock().unwrap().push((phase, task)));
                    }
                });
                let mut done = done.lock().unwrap();
                assert!(done.is_sorted_by_key(|&(phase, _)| phase));
                done.sort_unstable();
                assert!(
                    done.iter()
                        .copied()
                        .eq((0..10).flat_map(|phase| (0..phase).map(move |task| (phase, task))))
                );
            }
        }
    }

    #[test]
    fn a_panic_on_any_thread_is_the_callers() {
        let pool = pool(2);
        for unlucky in 0..3 {
            let result = panic::catch_unwind(AssertUnwindSafe(|| {
                run(Some(&pool), |mut member| {
                    member.phase(3, |task| assert!(task != unlucky, "as the test wants"));
                    member.phase(1, |_| {});
                });
            }));
            assert!(result.is_err());
            // The threads are still there.
            run(Some(&pool), |mut member| member.phase(5, |_| {}));
        }
    }
}
