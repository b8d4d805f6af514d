use std::{cell::Cell, time::Duration};

/// How often every connection is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(15);

/// How many looks a client may take to send a head, the idle time before it included, or to take
/// nothing of a reply: seventy-five seconds, or up to ninety, as the looks fall.
const QUIET_LOOKS: u32 = 5;

/// How a connection gets on.
///
/// A request writes two flags here; the clock is read by whoever looks, which is rarely, and not by
/// each request.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    has_asked: Cell<bool>,
    /// Whether a request is being answered; reading its body has a time limit of its own.
    at_hand: Cell<bool>,
    /// The looks since the last request began, or the last bytes of a reply went out.
    quiet: Cell<u32>,
}

impl Pace {
    /// Begins a request, which is at hand until what this returns is dropped.
    pub(super) fn begin(&self) -> impl Drop {
        self.has_asked.set(true);
        self.at_hand.set(true);
        self.quiet.set(0);
        AtHand(self)
    }

    /// Some of a reply went out.
    pub(super) fn progress(&self) {
        self.quiet.set(0);
    }

    /// Whether more of a reply is being computed, for which its client can only wait.
    pub(super) fn computes(&self, yes: bool) {
        self.at_hand.set(yes);
    }

    /// Whether there has been a request.
    pub(super) const fn has_asked(&self) -> bool {
        self.has_asked.get()
    }

    /// Looks at the connection, as is done every [`LOOK_EVERY`]; whether its client has been quiet
    /// for too long.
    pub(super) fn has_stalled(&self) -> bool {
        let quiet = if self.at_hand.get() { 0 } else { self.quiet.get() + 1 };
        self.quiet.set(quiet);
        quiet > QUIET_LOOKS
    }
}

/// A request, until it is answered or given up.
struct AtHand<'p>(&'p Pace);

impl Drop for AtHand<'_> {
    fn drop(&mut self) {
        self.0.at_hand.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_client_has_its_time_and_no_more() {
        let pace = Pace::default();
        for _ in 0..2 {
            assert!((0..QUIET_LOOKS).all(|_| !pace.has_stalled()));
            let request = pace.begin();
            assert!((0..100).all(|_| !pace.has_stalled()), "its request is being answered");
            drop(request);
        }
        assert!((0..QUIET_LOOKS).all(|_| !pace.has_stalled()));
        assert!(pace.has_stalled());
        pace.progress();
        assert!((0..QUIET_LOOKS).all(|_| !pace.has_stalled()), "it takes its reply");
        pace.computes(true);
        assert!((0..100).all(|_| !pace.has_stalled()), "it waits for more of it");
        pace.computes(false);
        assert!((0..QUIET_LOOKS).all(|_| !pace.has_stalled()));
        assert!(pace.has_stalled());
    }
}
