use std::task::Waker;

/// A waker that one task sets while another thread takes it, with the interface of loom's.
#[derive(Debug, Default)]
pub(crate) struct AtomicWaker(atomic_waker::AtomicWaker);

impl AtomicWaker {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn register_by_ref(&self, waker: &Waker) {
        self.0.register(waker);
    }

    pub(crate) fn take_waker(&self) -> Option<Waker> {
        self.0.take()
    }
}
