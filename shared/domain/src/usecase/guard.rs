//! Budgets of attempts to sign in: exact under parallel requests, told by what was presented and never by what
//! exists, and of no use to a stranger who wants to lock someone out.
//!
//! | who tries | budget in a window of 15 minutes |
//! | --- | --- |
//! | a device that has signed in to this account since all its sessions were last ended | [`ATTEMPTS_PER_DEVICE`], its own, of the [`ATTEMPTS_OF_DEVICES`] of all such; nothing else counts |
//! | anyone else | [`ATTEMPTS_PER_ACCOUNT`] on an account, [`ATTEMPTS_PER_NETWORK`] times the weight of each prefix |
//! | … who brings a proof that they are no machine | [`PROVEN_PER_ACCOUNT`] on an account |
//! | … on an organisation | [`ATTEMPTS_PER_ORGANISATION`] |
//!
//! Attempts are taken before a password is compared and given back when it was right.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join_all;

use crate::challenge::{ChallengeProof, ChallengeVerifier, Proof};
use crate::credential::Email;
use crate::error::Refusal;
use crate::id::OrgId;
use crate::network::throttle_prefixes;
use crate::ports::{
    Attempt, DeviceClaims, DeviceTokens, Entropy, Hashing, Limits, StoreError, Stored,
};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::Digest;

/// Seconds of a window.
pub const WINDOW_SECONDS: u64 = 900;
/// Attempts on one account. At this rate a password outside the commonest thousands holds for years.
pub const ATTEMPTS_PER_ACCOUNT: u32 = 10;
/// Attempts of one known device on its account.
pub const ATTEMPTS_PER_DEVICE: u32 = 10;
/// Attempts of all known devices of one account: whoever had the password for a while may have made many.
pub const ATTEMPTS_OF_DEVICES: u32 = 50;
/// Attempts from a network prefix of weight 1: an office shares one address.
pub const ATTEMPTS_PER_NETWORK: u32 = 100;
/// Attempts on all accounts of one organisation. Past it only known devices and proven people come in; nobody is
/// told, since strangers would learn whose organisation an address belongs to.
pub const ATTEMPTS_PER_ORGANISATION: u32 = 1_000;
/// Attempts on one account without a proof, where proofs are asked for.
pub const UNPROVEN_PER_ACCOUNT: u32 = 5;
/// Attempts on one account with a proof each.
pub const PROVEN_PER_ACCOUNT: u32 = 50;
/// Seconds for which a device is known.
pub const DEVICE_SECONDS: u64 = 365 * 24 * 3600;

/// What guards a sign-in.
pub struct Guard {
    /// Budgets of attempts.
    pub limits: Arc<dyn Limits>,
    /// Names buckets without storing addresses.
    pub hashing: Arc<dyn Hashing>,
    /// Checks and makes device tokens.
    pub devices: Arc<dyn DeviceTokens>,
    /// Checks proofs.
    pub challenge: Arc<dyn ChallengeVerifier>,
}

/// An attempt, as presented.
#[derive(Clone, Copy)]
pub(super) struct Presented<'a> {
    pub(super) email: &'a Email,
    pub(super) address: IpAddr,
    pub(super) device: Option<&'a SecretText>,
    pub(super) proof: Option<&'a ChallengeProof>,
}

/// An attempt that was let through, with what it took.
pub(super) struct Pass {
    account: Digest,
    device: Option<DeviceClaims>,
    trusted: bool,
    taken: Vec<String>,
}

impl Pass {
    /// Was this device known before all sessions of the account were ended? Then it may be a thief's.
    pub(super) fn is_from_before(&self, sessions_from: Timestamp) -> bool {
        let device = self.device.as_ref();
        device.is_some_and(|device| device.issued_at < sessions_from)
    }
}

struct Window {
    number: u64,
    end: Timestamp,
    now: Timestamp,
}

impl Window {
    const fn of(now: Timestamp) -> Self {
        let number = now.0 / WINDOW_SECONDS;
        Self {
            number,
            end: Timestamp((number + 1) * WINDOW_SECONDS),
            now,
        }
    }
    fn bucket(&self, kind: &str, whose: &str) -> String {
        format!("login#{kind}#{whose}#{}", self.number)
    }
    fn throttled(&self) -> Refusal {
        Refusal::Throttled {
            retry_after: self.end.since(self.now).max(1),
        }
    }
}

impl Guard {
    /// Takes an attempt from every budget that it counts against.
    ///
    /// # Errors
    /// [`Refusal::Throttled`], [`Refusal::ChallengeNeeded`], [`Refusal::Unavailable`].
    pub(super) async fn admit(
        &self,
        presented: Presented<'_>,
        now: Timestamp,
    ) -> Result<Pass, Refusal> {
        let window = Window::of(now);
        let email = presented.email.as_str();
        let mut pass = Pass {
            account: self.hashing.sha256(email.as_bytes()),
            device: None,
            trusted: false,
            taken: Vec::new(),
        };
        pass.device = self.known(presented.device, pass.account, now);
        if let Some(known) = pass.device {
            pass.trusted = true;
            let device = data_encoding::HEXLOWER.encode(&known.device);
            let bucket = window.bucket("device", &device);
            let pass = self
                .take(pass, bucket, ATTEMPTS_PER_DEVICE, &window)
                .await?;
            let bucket = window.bucket("devices", &pass.account.hex());
            return self.take(pass, bucket, ATTEMPTS_OF_DEVICES, &window).await;
        }
        self.network(&mut pass, presented.address, &window).await?;
        let account = pass.account.hex();
        pass.trusted = self.proven(&mut pass, presented, &window).await?;
        let (kind, limit) = if pass.trusted {
            ("proven", PROVEN_PER_ACCOUNT)
        } else {
            ("account", ATTEMPTS_PER_ACCOUNT)
        };
        let bucket = window.bucket(kind, &account);
        self.take(pass, bucket, limit, &window).await
    }

    /// [`Self::admit`] again, without the device: it is one of before all sessions were ended.
    pub(super) async fn admit_as_stranger(
        &self,
        known: Pass,
        presented: Presented<'_>,
        now: Timestamp,
    ) -> Result<Pass, Refusal> {
        let stranger = Presented {
            device: None,
            ..presented
        };
        let mut pass = self.admit(stranger, now).await?;
        pass.taken.extend(known.taken);
        Ok(pass)
    }

    /// Takes an attempt from the organisation of the account, or of nobody: is anyone new let in there?
    pub(super) async fn organisation(
        &self,
        pass: &mut Pass,
        org: Option<OrgId>,
        now: Timestamp,
    ) -> Stored<bool> {
        if pass.trusted {
            return Ok(true);
        }
        let window = Window::of(now);
        let (whose, limit) = org.map_or(("nobody".to_owned(), u32::MAX), |org| {
            (org.to_string(), ATTEMPTS_PER_ORGANISATION)
        });
        let bucket = window.bucket("organisation", &whose);
        let attempt = self.limits.take(&bucket, limit, window.end).await?;
        if attempt == Attempt::Granted {
            pass.taken.push(bucket);
        }
        Ok(attempt == Attempt::Granted)
    }

    /// Gives back what a right password took.
    pub(super) async fn succeeded(&self, pass: &Pass) {
        let back = pass.taken.iter().map(|b| self.limits.give_back(b));
        // Losing one costs the person an attempt of the window; failing the sign-in would cost more.
        let _ = join_all(back).await;
    }

    /// The token by which this device is known from now on: the one that it brought, made anew.
    pub(super) fn remember(
        &self,
        pass: &Pass,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<SecretText, StoreError> {
        let mut device = [0; 16];
        match pass.device {
            Some(known) => device = known.device,
            None => entropy.fill(&mut device)?,
        }
        Ok(self.devices.issue(&DeviceClaims {
            account: pass.account,
            device,
            issued_at: now,
        }))
    }

    fn known(
        &self,
        token: Option<&SecretText>,
        account: Digest,
        now: Timestamp,
    ) -> Option<DeviceClaims> {
        let claims = self.devices.open(token?.expose())?;
        let fresh = now < claims.issued_at.plus(DEVICE_SECONDS);
        (fresh && claims.account == account).then_some(claims)
    }

    async fn network(
        &self,
        pass: &mut Pass,
        address: IpAddr,
        window: &Window,
    ) -> Result<(), Refusal> {
        let prefixes = throttle_prefixes(address).map(|prefix| {
            let bucket = window.bucket("network", &prefix.network.to_string());
            (bucket, ATTEMPTS_PER_NETWORK * prefix.weight)
        });
        // The narrow one first: who has used it up takes nothing from their neighbours.
        for (bucket, limit) in prefixes {
            if self.limits.take(&bucket, limit, window.end).await? == Attempt::Exhausted {
                return Err(window.throttled());
            }
            pass.taken.push(bucket);
        }
        Ok(())
    }

    /// Has whoever asks shown that they are no machine? The first attempts need not.
    async fn proven(
        &self,
        pass: &mut Pass,
        presented: Presented<'_>,
        window: &Window,
    ) -> Result<bool, Refusal> {
        if !self.challenge.is_on() {
            return Ok(false);
        }
        let bucket = window.bucket("unproven", &pass.account.hex());
        let free = self
            .limits
            .take(&bucket, UNPROVEN_PER_ACCOUNT, window.end)
            .await?;
        if free == Attempt::Granted {
            pass.taken.push(bucket);
            return Ok(false);
        }
        let proof = presented.proof.ok_or(Refusal::ChallengeNeeded)?;
        match self.challenge.verify(proof, presented.address).await? {
            Proof::Good => Ok(true),
            Proof::Bad => Err(Refusal::ChallengeNeeded),
        }
    }

    async fn take(
        &self,
        mut pass: Pass,
        bucket: String,
        limit: u32,
        window: &Window,
    ) -> Result<Pass, Refusal> {
        match self.limits.take(&bucket, limit, window.end).await? {
            Attempt::Granted => {
                pass.taken.push(bucket);
                Ok(pass)
            }
            Attempt::Exhausted => Err(window.throttled()),
        }
    }
}
