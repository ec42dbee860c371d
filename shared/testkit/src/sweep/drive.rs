//! Runs one attempt to its end or to the death of its process.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::fault::Faults;

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What an attempt came to; `None` when its process died, with nothing executed after that.
///
/// # Panics
/// The attempt waits for something that nobody will ever do.
pub fn drive<T>(faults: &Faults, attempt: impl Future<Output = T>) -> Option<T> {
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&flag));
    let mut attempt = pin!(attempt);
    loop {
        let polled = attempt.as_mut().poll(&mut Context::from_waker(&waker));
        if faults.died() {
            return None;
        }
        if let Poll::Ready(outcome) = polled {
            return Some(outcome);
        }
        let woken = flag.0.swap(false, Ordering::SeqCst);
        assert!(woken, "the attempt waits for something that never comes");
    }
}
