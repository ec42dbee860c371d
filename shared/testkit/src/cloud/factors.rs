//! Second factors, ceremonies of passkeys, and what people change of their own accounts.

use async_trait::async_trait;
use vault_domain::audit::Record;
use vault_domain::credential::PasswordHash;
use vault_domain::factor::FactorSet;
use vault_domain::id::UserId;
use vault_domain::ports::{
    Accounts, Ceremonies, Ceremony, Change, Factors, Purpose, StoreError, Stored,
};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::{FakeCloud, State};

impl State {
    /// Without what a repetition draws anew: secrets, names, and how often a set was stored.
    pub(super) fn factors_shape(&self) -> Vec<String> {
        let line = |set: &FactorSet| {
            let app = set.totp.as_ref().map(|t| (t.confirmed, t.last_step));
            let (pending, codes) = (set.pending.is_some(), set.recovery.left());
            let keys: Vec<_> = set
                .passkeys
                .iter()
                .map(|p| (p.name.as_str(), p.sign_count, p.last_used))
                .collect();
            let user = set.user;
            format!("{user} app {app:?} pending {pending} codes {codes} passkeys {keys:?}")
        };
        self.factors.values().map(line).collect()
    }

    pub(super) fn ceremonies_shape(&self) -> Vec<String> {
        let line = |ceremony: &Ceremony| match ceremony.purpose {
            Purpose::SignIn => "to sign in",
            Purpose::Proof(_) => "to prove",
            Purpose::Registration(_) => "to register",
        };
        let lines = self.ceremonies.values().map(line).map(str::to_owned);
        lines.collect()
    }
}

/// The parts of a set in which a secret could be.
pub(super) fn octets(set: &FactorSet) -> Vec<u8> {
    let apps = set.totp.iter().chain(&set.pending);
    let mut octets: Vec<u8> = apps.flat_map(|app| app.sealed.octets.clone()).collect();
    let last = set.recovery.last.map(|last| last.code);
    let digests = set.recovery.unused.iter().chain(&last);
    octets.extend(digests.flat_map(|digest| digest.0));
    octets
}

#[async_trait]
impl Factors for FakeCloud {
    async fn of(&self, user: UserId) -> Stored<FactorSet> {
        let none = || FactorSet::none(user);
        self.call("factors.of", |s| {
            Ok(s.factors.get(&user).cloned().unwrap_or_else(none))
        })
        .await
    }

    async fn replace(
        &self,
        read: &FactorSet,
        next: &FactorSet,
        records: &[Record],
    ) -> Stored<Change> {
        const NAME: &str = "factors.replace";
        let next = FactorSet {
            version: read.version + 1,
            ..next.clone()
        };
        self.call(NAME, |s| {
            let stored = s.factors.get(&read.user).map_or(0, |set| set.version);
            if stored != read.version {
                let ours = s.factors.get(&read.user) == Some(&next);
                return Ok(if ours {
                    Change::Applied
                } else {
                    Change::NotApplied
                });
            }
            if read.is_on() != next.is_on() {
                let account = s.accounts.get_mut(&read.user);
                let account = account.ok_or_else(|| StoreError::new(NAME, "no such account"))?;
                account.second_factor = next.is_on();
            }
            s.factors.insert(next.user, next);
            s.audit.extend_from_slice(records);
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl Accounts for FakeCloud {
    async fn upgrade_hash(
        &self,
        user: UserId,
        checked: &PasswordHash,
        next: &PasswordHash,
    ) -> Stored<Change> {
        self.call("accounts.upgrade_hash", |s| {
            let user = s.users.get_mut(&user).filter(|u| u.hash == *checked);
            let Some(user) = user else {
                return Ok(Change::NotApplied);
            };
            user.hash = next.clone();
            Ok(Change::Applied)
        })
        .await
    }

    async fn change_hash(
        &self,
        user: UserId,
        (checked, next): (&PasswordHash, &PasswordHash),
        sessions_from: Timestamp,
        records: &[Record],
    ) -> Stored<Change> {
        const NAME: &str = "accounts.change_hash";
        self.call(NAME, |s| {
            let known = s.users.get_mut(&user).filter(|u| u.hash == *checked);
            let Some(known) = known else {
                return Ok(Change::NotApplied);
            };
            let account = s.accounts.get_mut(&user);
            let account = account.ok_or_else(|| StoreError::new(NAME, "no such account"))?;
            known.hash = next.clone();
            account.sessions_from = sessions_from;
            s.audit.extend_from_slice(records);
            Ok(Change::Applied)
        })
        .await
    }

    async fn end_sessions(
        &self,
        user: UserId,
        from: Timestamp,
        records: &[Record],
    ) -> Stored<Change> {
        self.call("accounts.end_sessions", |s| {
            let account = s.accounts.get_mut(&user);
            let Some(account) = account.filter(|account| account.sessions_from < from) else {
                return Ok(Change::NotApplied);
            };
            account.sessions_from = from;
            s.audit.extend_from_slice(records);
            Ok(Change::Applied)
        })
        .await
    }
}

#[async_trait]
impl Ceremonies for FakeCloud {
    async fn begin(&self, ceremony: &Ceremony) -> Stored<()> {
        self.call("ceremonies.begin", |s| {
            s.ceremonies.insert(ceremony.digest.0, *ceremony);
            Ok(())
        })
        .await
    }
    async fn take(&self, digest: Digest) -> Stored<Option<Ceremony>> {
        self.call("ceremonies.take", |s| Ok(s.ceremonies.remove(&digest.0)))
            .await
    }
}
