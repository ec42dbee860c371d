//! Deterministic stand-ins for the ports of second factors; they protect nothing.

use vault_domain::factor::{
    QrCodes, SECRET_OCTETS, Sealed, Sealing, Step, Totp, TotpCode, TotpSecret,
};
use vault_domain::id::UserId;
use vault_domain::ports::{StoreError, Stored};
use vault_domain::secret::SecretText;

use crate::crypto::{Shared, sha256};

fn note(shared: &Shared, secret: &TotpSecret) {
    shared.ledger.note(secret.expose());
    shared.ledger.note(secret.base32().expose().as_bytes());
}

/// Codes from SHA-256 of secret and step. They are not in the ledger: six digits are found in any store.
#[derive(Debug, Default)]
pub struct FakeTotp(pub Shared);

impl FakeTotp {
    /// The code of a step, for those who hold the app.
    pub fn code_of(secret: &TotpSecret, step: Step) -> TotpCode {
        let [a, b, c, d, ..] = sha256(&[b"totp", secret.expose(), &step.0.to_be_bytes()]);
        TotpCode::from_number(u32::from_be_bytes([a, b, c, d]))
    }
}

impl Totp for FakeTotp {
    fn code(&self, secret: &TotpSecret, step: Step) -> Stored<TotpCode> {
        note(&self.0, secret);
        let code = || Ok(Self::code_of(secret, step));
        self.0.faults.pure("totp.code", code)
    }
}

/// A key stream from user and nonce, and a tag: reversible, bound to its user, and not the secret itself.
#[derive(Debug, Default)]
pub struct FakeSealing(pub Shared);

impl FakeSealing {
    fn stream(version: &str, user: UserId, nonce: [u8; 12]) -> [u8; 32] {
        sha256(&[b"factor", version.as_bytes(), user.octets(), &nonce])
    }

    fn sealed(secret: &TotpSecret, user: UserId, nonce: [u8; 12]) -> Sealed {
        let key_version = "1".to_owned();
        let stream = Self::stream(&key_version, user, nonce);
        let mut octets: Vec<u8> = secret
            .expose()
            .iter()
            .zip(stream)
            .map(|(octet, key)| octet ^ key)
            .collect();
        octets.extend_from_slice(&sha256(&[&stream, secret.expose()])[..16]);
        Sealed {
            key_version,
            nonce,
            octets,
        }
    }

    fn opened(sealed: &Sealed, user: UserId) -> Option<TotpSecret> {
        let (body, tag) = sealed.octets.split_at_checked(SECRET_OCTETS)?;
        let stream = Self::stream(&sealed.key_version, user, sealed.nonce);
        let mut secret = [0; SECRET_OCTETS];
        for (octet, (body, key)) in secret.iter_mut().zip(body.iter().zip(stream)) {
            *octet = body ^ key;
        }
        (tag == &sha256(&[&stream, &secret])[..16]).then(|| TotpSecret::new(secret))
    }
}

impl Sealing for FakeSealing {
    fn seal(&self, secret: &TotpSecret, user: UserId, nonce: [u8; 12]) -> Stored<Sealed> {
        note(&self.0, secret);
        let seal = || Ok(Self::sealed(secret, user, nonce));
        self.0.faults.pure("sealing.seal", seal)
    }
    fn open(&self, sealed: &Sealed, user: UserId) -> Stored<TotpSecret> {
        let changed = || StoreError::new("sealing.open", "the record was changed");
        let open = || Self::opened(sealed, user).ok_or_else(changed);
        self.0.faults.pure("sealing.open", open)
    }
}

/// A picture that holds its text as it is.
#[derive(Debug, Default)]
pub struct FakeQr(pub Shared);

impl QrCodes for FakeQr {
    fn svg(&self, text: &SecretText) -> Stored<SecretText> {
        self.0.ledger.note(text.expose().as_bytes());
        let svg = || Ok(SecretText::new(format!("<svg>{}</svg>", text.expose())));
        self.0.faults.pure("qr.svg", svg)
    }
}

#[cfg(test)]
mod tests {
    use vault_domain::factor::find_step;
    use vault_domain::time::Timestamp;

    use super::*;
    use crate::builders;
    use crate::fault::{Fault, Mode};

    fn secret() -> TotpSecret {
        TotpSecret::new(*b"a golden secret.....")
    }

    #[test]
    fn a_code_of_the_fake_is_found_in_its_window() {
        let code = FakeTotp::code_of(&secret(), Step(1_000));
        let totp = FakeTotp::default();
        let at = |seconds| find_step(&totp, &secret(), &code, Timestamp(seconds)).unwrap();
        assert_eq!(at(30_030), Some(Step(1_000)));
        assert_eq!(at(30_060), None);
    }

    #[test]
    fn a_secret_of_the_fake_opens_for_its_user_alone_and_is_in_the_ledger() {
        let sealing = FakeSealing::default();
        let (user, other) = (builders::user().id, builders::viewer().id);
        let sealed = sealing.seal(&secret(), user, [1; 12]).unwrap();
        assert_eq!(
            sealing.open(&sealed, user).unwrap().expose(),
            secret().expose()
        );
        assert!(sealing.open(&sealed, other).is_err());
        let mut changed = sealed.clone();
        changed.octets[0] ^= 1;
        assert!(sealing.open(&changed, user).is_err());
        let known = sealing.0.ledger.secrets();
        assert!(known.contains(&secret().expose().to_vec()));
        assert!(known.contains(&secret().base32().expose().as_bytes().to_vec()));
    }

    #[test]
    fn the_fakes_obey_the_plan_of_faults() {
        let shared = Shared::default();
        let plan = vec![Fault {
            call: 1,
            mode: Mode::FailBefore,
        }];
        shared.faults.arm(plan);
        let text = SecretText::new("otpauth://totp/a".to_owned());
        assert!(FakeQr(shared.clone()).svg(&text).is_err());
        assert!(FakeQr(shared).svg(&text).is_ok());
    }
}
