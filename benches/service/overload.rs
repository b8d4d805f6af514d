//! Three times as many requests as the server can answer, and somebody who connects anew and asks
//! whether it is alive.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use hotplate::Endpoint;
use hotplate_load::{Arrivals, ClosedLoop, OpenLoop, closed_loop, open_loop};

use crate::{Run, ask, customers, server};

/// As many requests under way at once, however many are due.
const CALLERS: usize = 256;

/// How often somebody connects.
const PING_EVERY: Duration = Duration::from_millis(20);

pub(crate) fn run(run: &Run) {
    let (server, registry) = server();
    let address = server.address();
    registry.insert(Endpoint::new("churn", hotplate_benches::open("churn")).unwrap()).unwrap();
    let customers = customers(address);
    let (_, time) = run.rounds(1, Duration::from_secs(10));
    let most = ClosedLoop { callers: 8, warm_up: time / 8, duration: time / 2 };
    let rate = 3.0 * closed_loop(&customers, &most, |_| {}).unwrap().rate();
    let arrivals = Arrivals::poisson(rate, time, 7).unwrap();
    let done = AtomicBool::new(false);
    let (measured, mut pings) = thread::scope(|scope| {
        let pings = scope.spawn(|| {
            let mut pings = Vec::new();
            while !done.load(Relaxed) {
                thread::sleep(PING_EVERY);
                pings.push(ping(address));
            }
            pings
        });
        let settings = OpenLoop { callers: CALLERS, spinners: 0, warm_up: time / 8 };
        let measured = open_loop(&customers, &arrivals, &settings, |_| {}).unwrap();
        done.store(true, Relaxed);
        (measured, pings.join().unwrap())
    });
    assert_eq!(measured.failed, 0, "{:?}", measured.failures);
    pings.sort_unstable();
    let at = |percent: usize| pings[(pings.len() - 1) * percent / 100];
    println!(
        "{CALLERS} connections at {rate:.0} requests/s: a new one has its ping in {:.1?}, at p99 in \
         {:.1?}, at most in {:.1?}",
        at(50),
        at(99),
        at(100)
    );
    server.stop().unwrap();
}

/// From before the connection to behind the reply.
fn ping(address: SocketAddr) -> Duration {
    let start = Instant::now();
    assert_eq!(ask(address, "GET", "/ping", ""), 200);
    start.elapsed()
}
