//! What a function needs, made at its first request and anew every few minutes, so that it learns of new versions of secrets: a
//! failure is that request's, and the next tries again.

use std::sync::Arc;

use tokio::sync::Mutex;
use vault_domain::ports::Stored;
use vault_domain::rotation::USABLE;
use vault_domain::time::Timestamp;
use vault_http::BoxFuture;

/// Seconds until what could not be made anew is tried again.
const AGAIN: u64 = 30;

type Maker<D> = Box<dyn Fn() -> BoxFuture<'static, Stored<D>> + Send + Sync>;

/// A value made when it is first asked for, and anew when it is older than it may be.
pub struct Lazy<D> {
    make: Maker<D>,
    made: Mutex<Option<Made<D>>>,
}

struct Made<D> {
    value: Arc<D>,
    at: Timestamp,
    /// When it is made anew.
    stale_at: Timestamp,
}

impl<D: Send + Sync + 'static> Lazy<D> {
    /// A value that `make` makes.
    pub fn new<F>(make: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Stored<D>> + Send + 'static,
    {
        Self {
            make: Box::new(move || Box::pin(make())),
            made: Mutex::new(None),
        }
    }

    /// The value, which is `fresh` seconds old at most. While another cannot be made the last one serves, for [`USABLE`] seconds at most:
    /// whoever rotates a secret relies on it.
    ///
    /// # Errors
    /// Whatever its making came to.
    pub async fn get(&self, now: Timestamp, fresh: u64) -> Stored<Arc<D>> {
        let mut made = self.made.lock().await;
        if let Some(made) = &*made
            && made.at <= now
            && now < made.stale_at
        {
            return Ok(Arc::clone(&made.value));
        }
        let error = match (self.make)().await {
            Ok(value) => {
                let value = Arc::new(value);
                *made = Some(Made {
                    value: Arc::clone(&value),
                    at: now,
                    stale_at: now.plus(fresh),
                });
                return Ok(value);
            }
            Err(error) => error,
        };
        match &mut *made {
            Some(made) if made.at <= now && now < made.at.plus(USABLE) => {
                let end = made.at.plus(USABLE);
                made.stale_at = now.plus(AGAIN.min(fresh)).min(end);
                tracing::warn!(error = %error, "not made anew; the last one serves");
                Ok(Arc::clone(&made.value))
            }
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use vault_domain::ports::StoreError;

    use super::*;

    const START: u64 = 1_800_000_000;
    const FRESH: u64 = 300;

    /// A value that counts its makings, and a switch that makes them fail.
    fn counted() -> (Lazy<u64>, Arc<AtomicBool>) {
        let fails = Arc::new(AtomicBool::new(false));
        let (switch, count) = (Arc::clone(&fails), Arc::new(AtomicU64::new(0)));
        let lazy = Lazy::new(move || {
            let (switch, count) = (Arc::clone(&switch), Arc::clone(&count));
            async move {
                if switch.load(Ordering::SeqCst) {
                    return Err(StoreError::new("test", "an outage"));
                }
                Ok(count.fetch_add(1, Ordering::SeqCst) + 1)
            }
        });
        (lazy, fails)
    }

    async fn at(lazy: &Lazy<u64>, seconds: u64) -> Option<u64> {
        let got = lazy.get(Timestamp(START + seconds), FRESH).await;
        got.ok().map(|value| *value)
    }

    #[tokio::test]
    async fn a_value_is_made_anew_when_its_time_is_over_and_when_the_clock_goes_back() {
        let (lazy, _) = counted();
        for (seconds, value) in [(0, 1), (299, 1), (300, 2), (599, 2), (600, 3), (10, 4)] {
            assert_eq!(at(&lazy, seconds).await, Some(value), "{seconds}");
        }
    }

    #[tokio::test]
    async fn while_it_cannot_be_made_the_last_one_serves_for_an_hour_and_no_longer() {
        let (lazy, fails) = counted();
        fails.store(true, Ordering::SeqCst);
        assert_eq!(at(&lazy, 0).await, None, "there is none yet");
        fails.store(false, Ordering::SeqCst);
        assert_eq!(at(&lazy, 1).await, Some(1));
        fails.store(true, Ordering::SeqCst);
        for seconds in [301, 330, 2_000, USABLE] {
            assert_eq!(at(&lazy, seconds).await, Some(1), "{seconds}");
        }
        assert_eq!(at(&lazy, 1 + USABLE).await, None);
        fails.store(false, Ordering::SeqCst);
        assert_eq!(at(&lazy, 2 + USABLE).await, Some(2));
    }

    #[tokio::test]
    async fn what_could_not_be_made_is_not_tried_at_every_request() {
        let (lazy, fails) = counted();
        assert_eq!(at(&lazy, 0).await, Some(1));
        fails.store(true, Ordering::SeqCst);
        assert_eq!(at(&lazy, 300).await, Some(1));
        fails.store(false, Ordering::SeqCst);
        assert_eq!(at(&lazy, 329).await, Some(1));
        assert_eq!(at(&lazy, 330).await, Some(2));
    }
}
