//! All second factors of one person, and the rules that hold over them together.

use super::{RecoveryCodes, Sealed, Spend, Step, TotpState};
use crate::id::{SessionId, UserId};
use crate::passkey::{CredentialId, Passkey};
use crate::time::Timestamp;

/// A way to prove a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A code of the authenticator app.
    Totp,
    /// One of the recovery codes.
    RecoveryCode,
    /// A passkey.
    Passkey,
}

impl Method {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
        }
    }
}

/// What became of a factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactorChange {
    /// It is there now, in the place of another one or of none; which passkey, if it is one.
    Added(Method, Option<CredentialId>),
    /// It is not there any more.
    Removed(Method, Option<CredentialId>),
}

/// A person's second factors as stored. Each change is one of the whole, on the condition that nobody else changed
/// it meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorSet {
    /// Whose.
    pub user: UserId,
    /// How often it was stored: what a change is conditional on. 0: never.
    pub version: u64,
    /// The authenticator app whose codes are asked for; always confirmed.
    pub totp: Option<TotpState>,
    /// A new secret before its first code. It takes the place of none before that.
    pub pending: Option<TotpState>,
    /// Recovery codes. They are worth nothing beside no factor.
    pub recovery: RecoveryCodes,
    /// Passkeys, the oldest first.
    pub passkeys: Vec<Passkey>,
}

impl FactorSet {
    /// What came and what went since it was so. A secret that waits for its first code is no factor.
    pub fn changes_since(&self, before: &Self) -> Vec<FactorChange> {
        let secret = |set: &Self| set.totp.as_ref().map(|totp| totp.sealed.clone());
        let mut changes = match (secret(before), secret(self)) {
            (was, is) if was == is => Vec::new(),
            (_, Some(_)) => vec![FactorChange::Added(Method::Totp, None)],
            (_, None) => vec![FactorChange::Removed(Method::Totp, None)],
        };
        let lacks = |set: &Self, key: &Passkey| set.passkey(&key.credential).is_none();
        for key in self.passkeys.iter().filter(|key| lacks(before, key)) {
            let credential = Some(key.credential.clone());
            changes.push(FactorChange::Added(Method::Passkey, credential));
        }
        for key in before.passkeys.iter().filter(|key| lacks(self, key)) {
            let credential = Some(key.credential.clone());
            changes.push(FactorChange::Removed(Method::Passkey, credential));
        }
        changes
    }

    /// That of someone who has no factor.
    pub fn none(user: UserId) -> Self {
        Self {
            user,
            version: 0,
            totp: None,
            pending: None,
            recovery: RecoveryCodes::default(),
            passkeys: Vec::new(),
        }
    }

    /// Is a second factor asked for at sign-in? Recovery codes stand in for one and are none.
    pub fn is_on(&self) -> bool {
        self.totp.is_some() || !self.passkeys.is_empty()
    }

    /// How this person can prove a second factor.
    pub fn methods(&self) -> Vec<Method> {
        let ways = [
            (self.totp.is_some(), Method::Totp),
            (
                self.is_on() && self.recovery.left() > 0,
                Method::RecoveryCode,
            ),
            (!self.passkeys.is_empty(), Method::Passkey),
        ];
        let open = ways.into_iter().filter(|(open, _)| *open);
        open.map(|(_, method)| method).collect()
    }

    /// Since when there is a factor, by those that there are now.
    pub fn since(&self) -> Option<Timestamp> {
        let app = self.totp.as_ref().and_then(|totp| totp.confirmed_at);
        let keys = self.passkeys.iter().map(|passkey| passkey.created_at);
        keys.chain(app).min()
    }

    /// A new secret waits for its first code; one that waited before is forgotten.
    pub fn begin_totp(&mut self, sealed: Sealed) {
        self.pending = Some(TotpState::pending(sealed));
    }

    /// The secret that a first code is checked against: the one that waits for it, or the one that it confirmed.
    pub fn confirmable(&self) -> Option<&Sealed> {
        let totp = self.pending.as_ref().or(self.totp.as_ref());
        totp.map(|totp| &totp.sealed)
    }

    /// Takes the first code of [`FactorSet::confirmable`]: the new secret replaces the one before.
    pub fn confirm_totp(&mut self, step: Step, session: SessionId, now: Timestamp) -> Spend {
        if let Some(mut pending) = self.pending.take() {
            let spend = pending.confirm(step, session, now);
            self.totp = Some(pending);
            return spend;
        }
        let totp = self.totp.as_mut();
        totp.map_or(Spend::Refused, |totp| totp.confirm(step, session, now))
    }

    /// Uses up a step of the authenticator app.
    pub fn spend_totp(&mut self, step: Step, session: SessionId) -> Spend {
        let totp = self.totp.as_mut();
        totp.map_or(Spend::Refused, |totp| totp.spend(step, session))
    }

    /// The passkey of this name.
    pub fn passkey(&self, id: &CredentialId) -> Option<&Passkey> {
        self.passkeys.iter().find(|one| one.credential == *id)
    }

    /// Puts a passkey in the place of the one of the same name.
    pub fn put_back(&mut self, passkey: &Passkey) {
        let place = self.passkeys.iter_mut();
        for one in place.filter(|one| one.credential == passkey.credential) {
            *one = passkey.clone();
        }
    }

    /// Removes the authenticator app, and one that waits.
    pub fn remove_totp(&mut self) {
        (self.totp, self.pending) = (None, None);
        self.forget_codes();
    }

    /// Removes a passkey.
    pub fn remove_passkey(&mut self, id: &CredentialId) {
        self.passkeys.retain(|one| one.credential != *id);
        self.forget_codes();
    }

    /// Codes that stand in for a factor end with the last one.
    fn forget_codes(&mut self) {
        if !self.is_on() {
            self.recovery = RecoveryCodes::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passkey::PasskeyName;
    use crate::token::Digest;

    const NOW: Timestamp = Timestamp(3_000);

    fn sealed(octet: u8) -> Sealed {
        Sealed {
            key_version: "1".to_owned(),
            nonce: [octet; 12],
            octets: vec![octet; 36],
        }
    }

    fn session(n: u8) -> SessionId {
        SessionId::from_octets([n; 16])
    }

    fn passkey(octet: u8) -> Passkey {
        Passkey {
            credential: CredentialId::from_octets(vec![octet; 16]).unwrap(),
            public_key: vec![1],
            sign_count: 0,
            backup_eligible: true,
            backed_up: true,
            transports: Vec::new(),
            name: PasskeyName::parse("Phone").unwrap(),
            created_at: Timestamp(u64::from(octet)),
            last_used: None,
        }
    }

    fn set() -> FactorSet {
        FactorSet::none(UserId::from_octets([1; 16]))
    }

    #[test]
    fn a_secret_that_waits_is_no_factor_and_replaces_none_before_its_code() {
        let mut set = set();
        set.begin_totp(sealed(1));
        assert!(!set.is_on() && set.methods().is_empty());
        assert_eq!(set.spend_totp(Step(99), session(1)), Spend::Refused);
        assert_eq!(set.confirm_totp(Step(100), session(1), NOW), Spend::Spent);
        assert_eq!((set.is_on(), set.since()), (true, Some(NOW)));

        set.begin_totp(sealed(2));
        assert_eq!(set.totp.as_ref().unwrap().sealed, sealed(1));
        assert_eq!(set.confirmable(), Some(&sealed(2)));
        assert_eq!(set.spend_totp(Step(101), session(2)), Spend::Spent);
        assert_eq!(set.confirm_totp(Step(101), session(1), NOW), Spend::Spent);
        assert_eq!(set.totp.as_ref().unwrap().sealed, sealed(2));
        assert_eq!(set.pending, None);
    }

    #[test]
    fn a_first_code_is_known_again_by_its_session_and_opens_nothing_for_another() {
        let mut set = set();
        assert_eq!(set.confirm_totp(Step(1), session(1), NOW), Spend::Refused);
        set.begin_totp(sealed(1));
        set.confirm_totp(Step(100), session(1), NOW);
        assert_eq!(set.confirm_totp(Step(100), session(1), NOW), Spend::Again);
        assert_eq!(set.spend_totp(Step(100), session(1)), Spend::Again);
        assert_eq!(set.spend_totp(Step(100), session(2)), Spend::Refused);
    }

    #[test]
    fn recovery_codes_stand_in_for_a_factor_and_end_with_the_last() {
        let mut set = set();
        set.recovery.unused = vec![Digest([1; 32])];
        assert!(set.methods().is_empty());
        set.passkeys = vec![passkey(1), passkey(2)];
        assert_eq!(set.methods(), [Method::RecoveryCode, Method::Passkey]);
        set.remove_passkey(&passkey(1).credential);
        assert_eq!((set.recovery.left(), set.since()), (1, Some(Timestamp(2))));
        set.remove_totp();
        assert_eq!(set.recovery.left(), 1);
        set.remove_passkey(&passkey(2).credential);
        assert_eq!((set.recovery.left(), set.is_on()), (0, false));
    }

    #[test]
    fn a_used_passkey_keeps_its_place() {
        let mut set = set();
        set.passkeys = vec![passkey(1), passkey(2)];
        let used = Passkey {
            sign_count: 7,
            ..passkey(1)
        };
        set.put_back(&used);
        assert_eq!(set.passkeys, [used.clone(), passkey(2)]);
        assert_eq!(set.passkey(&used.credential), Some(&used));
        set.put_back(&passkey(3));
        assert_eq!(set.passkeys.len(), 2);
    }
}
