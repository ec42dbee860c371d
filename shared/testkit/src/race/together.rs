//! Running many futures at once, in one of three ways.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::{BoxFuture, join_all};
use futures_util::task::AtomicWaker;

use crate::entropy::SeededEntropy;

/// How the runners of a race take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// On one task, in the order in which they wake.
    Joined,
    /// Each a task of its own, on all threads of the runtime.
    Spawned,
    /// On one task, in an order that the seed draws at every step.
    Shuffled(u64),
}

/// Runs all to their ends; outcomes in the order of the futures.
///
/// # Panics
/// A runner panicked; or, for [`Way::Spawned`], there is no tokio runtime.
pub async fn together<T: Send + 'static>(way: Way, runners: Vec<BoxFuture<'static, T>>) -> Vec<T> {
    match way {
        Way::Joined => join_all(runners).await,
        Way::Spawned => {
            let tasks: Vec<_> = runners.into_iter().map(tokio::spawn).collect();
            let outcomes = join_all(tasks).await;
            outcomes
                .into_iter()
                .map(|outcome| outcome.expect("a runner panicked"))
                .collect()
        }
        Way::Shuffled(seed) => Shuffled::new(seed, runners).await,
    }
}

/// Wakes one runner, and the race that it is part of.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    race: Arc<AtomicWaker>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
        self.race.wake();
    }
}

struct Runner<T> {
    future: BoxFuture<'static, T>,
    bell: Arc<Bell>,
    outcome: Option<T>,
}

struct Shuffled<T> {
    order: SeededEntropy,
    race: Arc<AtomicWaker>,
    runners: Vec<Runner<T>>,
}

impl<T> Shuffled<T> {
    fn new(seed: u64, futures: Vec<BoxFuture<'static, T>>) -> Self {
        let race = Arc::<AtomicWaker>::default();
        let runner = |future| Runner {
            future,
            bell: Arc::new(Bell {
                rung: AtomicBool::new(true),
                race: Arc::clone(&race),
            }),
            outcome: None,
        };
        Self {
            order: SeededEntropy::new(seed),
            runners: futures.into_iter().map(runner).collect(),
            race,
        }
    }
}

impl<T> Unpin for Shuffled<T> {}

impl<T> Future for Shuffled<T> {
    type Output = Vec<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Vec<T>> {
        let race = self.get_mut();
        race.race.register(context.waker());
        loop {
            let mut ready: Vec<&mut Runner<T>> = race
                .runners
                .iter_mut()
                .filter(|r| r.outcome.is_none() && r.bell.rung.load(Ordering::SeqCst))
                .collect();
            if ready.is_empty() {
                break;
            }
            let runner = ready.swap_remove(race.order.below(ready.len()));
            runner.bell.rung.store(false, Ordering::SeqCst);
            let waker = Waker::from(Arc::clone(&runner.bell));
            if let Poll::Ready(outcome) = runner
                .future
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
            {
                runner.outcome = Some(outcome);
            }
        }
        if race.runners.iter().any(|r| r.outcome.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(
            race.runners
                .iter_mut()
                .filter_map(|r| r.outcome.take())
                .collect(),
        )
    }
}
