//! Proving a second factor, at sign-in and again before a sensitive change; and changing a person's factors under
//! the condition that nobody else did.

use std::sync::Arc;

use serde_json::Value;

use super::budget::{ATTEMPTS_PER_DAY, ATTEMPTS_PER_FACTOR, Taken};
use crate::audit::Record;
use crate::error::{Malformed, Refusal};
use crate::factor::{
    FactorSet, Method, RecoveryCode, Sealed, Sealing, Spend, Step, Totp, TotpCode, find_step,
};
use crate::id::{SessionId, UserId};
use crate::mail::{MailOrder, MailQueue, NoticeKind};
use crate::passkey::{
    AuthenticationResponse, CEREMONY_SECONDS, PasskeyFault, Passkeys, WebauthnChallenge,
};
use crate::ports::{
    Ceremonies, Ceremony, Change, Clock, Entropy, Factors, Hashing, Limits, Purpose, StoreError,
    Stored,
};
use crate::time::Timestamp;

/// Times that a change is decided anew because another one came first.
const TRIES: usize = 8;
/// Ceremonies that one account begins in a window.
const CEREMONIES_PER_ACCOUNT: u32 = 30;

/// What proving and changing factors needs.
pub struct Deps {
    /// Second factors.
    pub factors: Arc<dyn Factors>,
    /// Ceremonies of passkeys under way.
    pub ceremonies: Arc<dyn Ceremonies>,
    /// Asks and checks authenticators.
    pub passkeys: Arc<dyn Passkeys>,
    /// Computes the codes of an authenticator app.
    pub totp: Arc<dyn Totp>,
    /// Opens and seals its secret.
    pub sealing: Arc<dyn Sealing>,
    /// Budgets of attempts.
    pub limits: Arc<dyn Limits>,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// Tells people of changes.
    pub mail: Arc<dyn MailQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// A second factor as presented.
#[derive(Debug)]
pub enum Proof {
    /// A code of the authenticator app.
    Totp(TotpCode),
    /// A recovery code.
    Recovery(RecoveryCode),
    /// What a passkey's authenticator answered.
    Passkey(Box<AuthenticationResponse>),
}

impl Proof {
    const fn method(&self) -> Method {
        match self {
            Self::Totp(_) => Method::Totp,
            Self::Recovery(_) => Method::RecoveryCode,
            Self::Passkey(_) => Method::Passkey,
        }
    }
}

/// An answer that does not parse is told as such; whatever else is wrong with one is told alike.
impl From<PasskeyFault> for Refusal {
    fn from(fault: PasskeyFault) -> Self {
        match fault {
            PasskeyFault::Malformed(field) => Self::Malformed(Malformed {
                field,
                expected: "a part of what navigator.credentials gave, as toJSON() writes it",
            }),
            PasskeyFault::AlreadyRegistered => Self::Conflict("this passkey is registered already"),
            PasskeyFault::TooMany => {
                Self::LimitReached("there are 10 passkeys already; remove one first")
            }
            _ => Self::WrongFactor,
        }
    }
}

/// What became of a set of factors in the mind of who changes it.
pub(super) enum Decided<T> {
    /// Nothing is to be stored.
    Keep(T),
    /// The set as it is now.
    Store(T),
}

impl From<Spend> for Result<Decided<()>, Refusal> {
    fn from(spend: Spend) -> Self {
        match spend {
            Spend::Spent => Ok(Decided::Store(())),
            // The same session repeats its request: the answer is the same.
            Spend::Again => Ok(Decided::Keep(())),
            Spend::Refused => Err(Refusal::WrongFactor),
        }
    }
}

impl Deps {
    /// Proves a second factor for a session, open or not. What was right is used up.
    pub(super) async fn prove(
        &self,
        user: UserId,
        session: SessionId,
        proof: &Proof,
    ) -> Result<(), Refusal> {
        let taken = self.attempt(user, proof.method().as_str()).await?;
        match proof {
            Proof::Totp(code) => self.spend_code(user, session, code).await?,
            Proof::Recovery(code) => self.spend_recovery(user, session, code).await?,
            Proof::Passkey(answer) => {
                let challenge = self.answered(answer.client().challenge()).await?;
                if challenge.purpose != Purpose::Proof(session) {
                    return Err(Refusal::WrongFactor);
                }
                self.use_passkey(user, answer).await?;
            }
        }
        taken.give_back().await;
        Ok(())
    }

    /// An attempt at something of this account.
    pub(super) async fn attempt(&self, user: UserId, what: &str) -> Result<Taken<'_>, Refusal> {
        let name = format!("factor#{what}#{user}");
        let now = self.clock.now();
        let taken = Taken::take(&*self.limits, &name, ATTEMPTS_PER_FACTOR, now).await?;
        taken.daily(&name, ATTEMPTS_PER_DAY, now).await
    }

    async fn spend_code(
        &self,
        user: UserId,
        session: SessionId,
        code: &TotpCode,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        let decide = |set: &mut FactorSet| {
            let sealed = set.totp.as_ref().map(|totp| &totp.sealed);
            let step = self.step(user, sealed, code, now)?;
            set.spend_totp(step, session).into()
        };
        self.change(user, None, decide).await
    }

    /// The step of a code under a sealed secret.
    pub(super) fn step(
        &self,
        user: UserId,
        sealed: Option<&Sealed>,
        code: &TotpCode,
        now: Timestamp,
    ) -> Result<Step, Refusal> {
        let sealed = sealed.ok_or(Refusal::WrongFactor)?;
        let secret = self.sealing.open(sealed, user)?;
        find_step(&*self.totp, &secret, code, now)?.ok_or(Refusal::WrongFactor)
    }

    async fn spend_recovery(
        &self,
        user: UserId,
        session: SessionId,
        code: &RecoveryCode,
    ) -> Result<(), Refusal> {
        let digest = code.digest(user, &*self.hashing);
        let now = self.clock.now();
        let decide = |set: &mut FactorSet| {
            let spend = if set.is_on() {
                set.recovery.spend(digest, session, now)
            } else {
                Spend::Refused
            };
            spend.into()
        };
        let notice = Some(NoticeKind::RecoveryCodeUsed);
        self.change(user, notice, decide).await
    }

    /// Checks a passkey's answer to a ceremony that was taken, and stores its counter.
    pub(super) async fn use_passkey(
        &self,
        user: UserId,
        answer: &AuthenticationResponse,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        // The ceremony was found by this challenge's digest: it is the one that was given.
        let challenge = WebauthnChallenge::from_octets(*answer.client().challenge().expose());
        let decide = |set: &mut FactorSet| {
            let known = set.passkey(answer.credential()).cloned();
            let known = known.ok_or(Refusal::WrongFactor)?;
            let outcome = self
                .passkeys
                .authenticate(&challenge, answer, user, &known)
                .map_err(|_| Refusal::WrongFactor)?;
            set.put_back(&known.after(outcome, now));
            Ok(Decided::Store(()))
        };
        self.change(user, None, decide).await
    }

    /// Begins a ceremony; its challenge.
    pub(super) async fn begin(&self, purpose: Purpose) -> Stored<WebauthnChallenge> {
        let challenge = WebauthnChallenge::random(&*self.entropy)?;
        let ceremony = Ceremony {
            digest: self.hashing.sha256(challenge.expose()),
            purpose,
            expires_at: self.clock.now().plus(CEREMONY_SECONDS),
        };
        self.ceremonies.begin(&ceremony).await?;
        Ok(challenge)
    }

    /// The ceremony that an answer claims to answer: taken away, so that nobody answers it again.
    pub(super) async fn answered(
        &self,
        challenge: &WebauthnChallenge,
    ) -> Result<Ceremony, Refusal> {
        let digest = self.hashing.sha256(challenge.expose());
        let ceremony = self.ceremonies.take(digest).await?;
        let live = ceremony.filter(|c| self.clock.now() < c.expires_at);
        live.ok_or(Refusal::WrongFactor)
    }

    /// What a browser needs to prove one of the person's passkeys for a session, open or not.
    pub(super) async fn options(&self, user: UserId, session: SessionId) -> Result<Value, Refusal> {
        let name = format!("factor#ceremony#{user}");
        Taken::take(
            &*self.limits,
            &name,
            CEREMONIES_PER_ACCOUNT,
            self.clock.now(),
        )
        .await?;
        let set = self.factors.of(user).await?;
        if set.passkeys.is_empty() {
            return Err(Refusal::NotFound("passkey"));
        }
        let challenge = self.begin(Purpose::Proof(session)).await?;
        Ok(self.passkeys.request_options(&challenge, &set.passkeys))
    }

    /// Changes a person's factors: reads, decides, and stores if nobody else did meanwhile; else all of it again.
    /// The notice goes out first: one of a change that failed is better than a change that nobody hears of.
    pub(super) async fn change<T: Send>(
        &self,
        user: UserId,
        notice: Option<NoticeKind>,
        decide: impl FnMut(&mut FactorSet) -> Result<Decided<T>, Refusal> + Send,
    ) -> Result<T, Refusal> {
        let none = |_: &FactorSet, _: &FactorSet| Ok(Vec::new());
        self.change_recorded(user, notice, none, decide).await
    }

    /// [`Self::change`], with the records of what became of the set that was read.
    pub(super) async fn change_recorded<T: Send>(
        &self,
        user: UserId,
        notice: Option<NoticeKind>,
        records: impl Fn(&FactorSet, &FactorSet) -> Stored<Vec<Record>> + Send,
        mut decide: impl FnMut(&mut FactorSet) -> Result<Decided<T>, Refusal> + Send,
    ) -> Result<T, Refusal> {
        let mut untold = notice;
        for _ in 0..TRIES {
            let read = self.factors.of(user).await?;
            let mut next = read.clone();
            let done = match decide(&mut next)? {
                Decided::Keep(done) => return Ok(done),
                Decided::Store(done) => done,
            };
            if let Some(what) = untold.take() {
                self.tell(user, what).await?;
            }
            let records = records(&read, &next)?;
            if self.factors.replace(&read, &next, &records).await? == Change::Applied {
                return Ok(done);
            }
        }
        let error = StoreError::new("factors.replace", "too many change them at once");
        Err(Refusal::Unavailable(error))
    }

    /// Orders a notice to the person.
    pub(super) async fn tell(&self, user: UserId, what: NoticeKind) -> Stored<()> {
        let at = self.clock.now();
        self.mail.order(&MailOrder::Notice { user, what, at }).await
    }
}
