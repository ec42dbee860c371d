//! One write that is under way while other work goes on.

use std::pin::pin;

use futures_util::future::{BoxFuture, Either, select};

use crate::ports::Stored;

/// At most one write under way. It goes on whenever other work is waited for by [`Background::beside`].
#[derive(Default)]
pub(super) struct Background<'a> {
    write: Option<BoxFuture<'a, Stored<()>>>,
}

impl<'a> Background<'a> {
    /// Begins a write, once the one before is over.
    pub(super) async fn begin(&mut self, write: BoxFuture<'a, Stored<()>>) -> Stored<()> {
        self.finish().await?;
        self.write = Some(write);
        Ok(())
    }

    /// Waits for `work`, and for as much of the write as is done meanwhile. A write that failed ends
    /// the work.
    pub(super) async fn beside<T>(&mut self, work: impl Future<Output = Stored<T>>) -> Stored<T> {
        let Some(write) = self.write.take() else {
            return work.await;
        };
        match select(pin!(work), write).await {
            Either::Left((done, write)) => {
                self.write = Some(write);
                done
            }
            Either::Right((written, work)) => {
                written?;
                work.await
            }
        }
    }

    /// Waits for the write under way.
    pub(super) async fn finish(&mut self) -> Stored<()> {
        match self.write.take() {
            Some(write) => write.await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use futures_util::future::poll_fn;

    use super::*;
    use crate::ports::StoreError;

    /// Ends at the given poll.
    fn after(polls: u32, end: Stored<()>) -> BoxFuture<'static, Stored<()>> {
        let (mut left, mut end) = (polls, Some(end));
        let step = poll_fn(move |context| {
            left -= 1;
            if left > 0 {
                context.waker().wake_by_ref();
                return std::task::Poll::Pending;
            }
            std::task::Poll::Ready(end.take().unwrap_or(Ok(())))
        });
        step.boxed()
    }

    fn broken() -> Stored<()> {
        Err(StoreError::new("write", "broken"))
    }

    /// Runs to the end on this thread.
    fn run<T>(work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        loop {
            if let std::task::Poll::Ready(done) = work.as_mut().poll(&mut context) {
                return done;
            }
        }
    }

    #[test]
    fn a_write_goes_on_beside_other_work_and_behind_it() {
        run(async {
            let mut background = Background::default();
            background.begin(after(5, Ok(()))).await.unwrap();
            background.beside(after(2, Ok(()))).await.unwrap();
            assert!(background.write.is_some(), "longer than the work");
            background.beside(after(9, Ok(()))).await.unwrap();
            assert!(background.write.is_none(), "shorter than the work");
            background.finish().await.unwrap();
        });
    }

    #[test]
    fn a_failed_write_is_told_wherever_it_is_waited_for() {
        run(async {
            let mut background = Background::default();
            background.begin(after(2, broken())).await.unwrap();
            assert!(background.beside(after(9, Ok(()))).await.is_err());
            background.begin(after(2, broken())).await.unwrap();
            assert!(background.begin(after(1, Ok(()))).await.is_err());
            background.begin(after(9, broken())).await.unwrap();
            background.beside(after(1, Ok(()))).await.unwrap();
            assert!(background.finish().await.is_err());
            background.finish().await.unwrap();
        });
    }
}
