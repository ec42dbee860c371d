//! People with second factors: an app, recovery codes, a passkey.

use vault_domain::factor::{
    FactorSet, RecoveryCode, RecoveryCodes, Sealing as _, Step, TotpCode, TotpSecret, TotpState,
};
use vault_domain::id::{SessionId, UserId};
use vault_domain::time::Timestamp;

use crate::builders::OWNER;
use crate::factor::FakeTotp;
use crate::kit::Kit;
use crate::passkey::FakeAuthenticator;

/// The session by which the golden factors were confirmed, long over.
const ENROLLED_BY: SessionId = SessionId::from_octets([0x5e; 16]);

/// What the golden owner's app shares with us.
pub fn golden_secret() -> TotpSecret {
    TotpSecret::new(*b"a golden secret.....")
}

impl Kit {
    /// The code that the app of this secret shows now.
    pub fn code_now(&self, secret: &TotpSecret) -> TotpCode {
        let now = vault_domain::ports::Clock::now(&*self.clock);
        FakeTotp::code_of(secret, Step::at(now))
    }

    /// The golden owner's passkey.
    pub fn golden_authenticator(&self) -> FakeAuthenticator {
        FakeAuthenticator {
            user: OWNER,
            number: 0x77,
        }
    }

    /// Gives the golden owner an app, ten recovery codes and a passkey, since long ago; the codes.
    pub fn enrol_owner(&self) -> Vec<RecoveryCode> {
        self.enrol(OWNER)
    }

    /// Gives a person an app, ten recovery codes and a passkey, since long ago; the codes.
    pub fn enrol(&self, user: UserId) -> Vec<RecoveryCode> {
        let (codes, set) = self.golden_factors(user);
        self.cloud.with(|s| {
            s.factors.insert(user, set);
            if let Some(account) = s.accounts.get_mut(&user) {
                account.second_factor = true;
            }
        });
        for code in &codes {
            self.ledger.note(code.shown().expose().as_bytes());
        }
        codes
    }

    fn golden_factors(&self, user: UserId) -> (Vec<RecoveryCode>, FactorSet) {
        let sealed = self.sealing.seal(&golden_secret(), user, [6; 12]);
        let mut totp = TotpState::pending(sealed.expect("no fault is planned"));
        totp.confirm(Step(1), ENROLLED_BY, Timestamp(1));
        let made = RecoveryCodes::generate(user, &*self.entropy, &*self.hashing);
        let (codes, recovery) = made.expect("no fault is planned");
        let key = FakeAuthenticator { user, number: 0x77 };
        let set = FactorSet {
            version: 1,
            totp: Some(totp),
            recovery,
            passkeys: vec![key.passkey(Timestamp(1))],
            ..FactorSet::none(user)
        };
        (codes, set)
    }
}
