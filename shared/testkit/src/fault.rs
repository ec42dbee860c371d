//! Faults on plan: the k-th call to a port fails or is where the process dies, before or after its effect.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use vault_domain::ports::{StoreError, Stored};

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It fails and had no effect.
    FailBefore,
    /// It took effect, but the caller is told that it failed.
    FailAfter,
    /// The process dies there, without the effect.
    DieBefore,
    /// The process dies there, with the effect.
    DieAfter,
    /// This call and every later one of the attempt fail without effect.
    Outage,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::FailBefore,
        Self::FailAfter,
        Self::DieBefore,
        Self::DieAfter,
        Self::Outage,
    ];
    /// Does the attempt go on after it?
    pub const fn survives(self) -> bool {
        matches!(self, Self::FailBefore | Self::FailAfter)
    }
}

/// A fault at one call of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Which call, from 1.
    pub call: usize,
    /// What happens there.
    pub mode: Mode,
}

/// A call that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Port and method, for example `assets.claim`.
    pub name: &'static str,
    /// It touches nothing outside the process, so that only [`Mode::FailBefore`] tells anything new.
    pub pure: bool,
}

#[derive(Debug, Default)]
struct Inner {
    log: Vec<Call>,
    plan: Vec<Fault>,
    outage: bool,
}

/// The plan, the log, and whether the process is dead; shared by all fakes of a [`crate::Kit`].
#[derive(Debug, Default)]
pub struct Faults {
    inner: Mutex<Inner>,
    dead: AtomicBool,
    interleave: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Go,
    Fail,
    GoThenFail,
    Die,
    GoThenDie,
}

impl Faults {
    /// Begins an attempt: forgets the log, revives the process, and takes this plan.
    pub fn arm(&self, plan: Vec<Fault>) {
        *self.lock() = Inner {
            plan,
            ..Inner::default()
        };
        self.dead.store(false, Ordering::SeqCst);
    }
    /// The calls of this attempt in their order.
    pub fn log(&self) -> Vec<Call> {
        self.lock().log.clone()
    }
    /// Did the process die in this attempt?
    pub fn died(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }
    /// Makes every call to a store give way to others before and after its effect.
    pub fn interleave(&self, on: bool) {
        self.interleave.store(on, Ordering::SeqCst);
    }

    /// A call to a store or service, subject to the plan.
    ///
    /// # Errors
    /// The effect's own error, or the planned one.
    pub async fn call<T: Send>(
        &self,
        name: &'static str,
        effect: impl FnOnce() -> Stored<T> + Send,
    ) -> Stored<T> {
        self.turn().await;
        let verdict = self.judge(Call { name, pure: false });
        match verdict {
            Verdict::Fail => return Err(planned(name)),
            Verdict::Die => return std::future::pending().await,
            Verdict::Go | Verdict::GoThenFail | Verdict::GoThenDie => {}
        }
        let done = effect();
        self.turn().await;
        match verdict {
            Verdict::GoThenFail => Err(planned(name)),
            Verdict::GoThenDie => std::future::pending().await,
            _ => done,
        }
    }

    /// A call that stays in the process, subject to the plan.
    ///
    /// # Errors
    /// The effect's own error, or the planned one.
    pub fn pure<T>(&self, name: &'static str, effect: impl FnOnce() -> Stored<T>) -> Stored<T> {
        match self.judge(Call { name, pure: true }) {
            Verdict::Go => effect(),
            // A death here cannot suspend; what comes of the error is dropped with the attempt.
            _ => Err(planned(name)),
        }
    }

    fn judge(&self, call: Call) -> Verdict {
        if self.died() {
            return Verdict::Die;
        }
        let mut inner = self.lock();
        inner.log.push(call);
        let number = inner.log.len();
        let planned = inner.plan.iter().find(|f| f.call == number).map(|f| f.mode);
        let verdict = match planned {
            None if inner.outage => Verdict::Fail,
            None => Verdict::Go,
            Some(Mode::FailBefore) => Verdict::Fail,
            Some(Mode::FailAfter) => Verdict::GoThenFail,
            Some(Mode::DieBefore) => Verdict::Die,
            Some(Mode::DieAfter) => Verdict::GoThenDie,
            Some(Mode::Outage) => {
                inner.outage = true;
                Verdict::Fail
            }
        };
        if matches!(verdict, Verdict::Die | Verdict::GoThenDie) {
            self.dead.store(true, Ordering::SeqCst);
        }
        verdict
    }

    async fn turn(&self) {
        if self.interleave.load(Ordering::SeqCst) {
            GiveWay(false).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn planned(name: &'static str) -> StoreError {
    StoreError::new(name, "a planned fault")
}

/// Lets others go first, once.
struct GiveWay(bool);

impl Future for GiveWay {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
