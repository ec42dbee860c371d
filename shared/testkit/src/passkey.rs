//! A relying party and an authenticator that agree with each other and protect nothing. What they keep of the
//! contract: an answer is good for its challenge, its ceremony, its passkey and its owner, and its counter advances.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use vault_domain::id::UserId;
use vault_domain::passkey::{
    AuthenticationResponse, CredentialId, NewPasskey, Passkey, PasskeyFault, PasskeyName, Passkeys,
    RegistrationResponse, RelyingParty, Used, WebauthnChallenge,
};
use vault_domain::time::Timestamp;

use crate::crypto::sha256;

/// The page of the fake relying party.
pub const ORIGIN: &str = "https://app.example.org";

/// The relying party.
#[derive(Debug)]
pub struct FakePasskeys(RelyingParty);

impl Default for FakePasskeys {
    fn default() -> Self {
        let party = RelyingParty::parse("example.org", "Golden", &[ORIGIN]);
        Self(party.expect("a golden relying party"))
    }
}

fn signature(public_key: &[u8], challenge: &WebauthnChallenge, data: &[u8]) -> [u8; 32] {
    sha256(&[b"passkey", public_key, challenge.expose(), data])
}

impl Passkeys for FakePasskeys {
    fn relying_party(&self) -> &RelyingParty {
        &self.0
    }

    fn register(
        &self,
        challenge: &WebauthnChallenge,
        response: &RegistrationResponse,
    ) -> Result<NewPasskey, PasskeyFault> {
        let client = response.client();
        if client.kind() != "webauthn.create" {
            return Err(PasskeyFault::Ceremony);
        }
        if client.challenge().expose() != challenge.expose() {
            return Err(PasskeyFault::Challenge);
        }
        Ok(NewPasskey {
            credential: response.credential().clone(),
            public_key: response.attestation().to_vec(),
            sign_count: 0,
            backup_eligible: true,
            backed_up: true,
            transports: response.transports().to_vec(),
        })
    }

    fn authenticate(
        &self,
        challenge: &WebauthnChallenge,
        response: &AuthenticationResponse,
        owner: UserId,
        stored: &Passkey,
    ) -> Result<Used, PasskeyFault> {
        if response.client().kind() != "webauthn.get" {
            return Err(PasskeyFault::Ceremony);
        }
        if response.user().is_some_and(|user| user != owner) {
            return Err(PasskeyFault::UserHandle);
        }
        let data = response.authenticator_data();
        if response.signature() != signature(&stored.public_key, challenge, data) {
            return Err(PasskeyFault::Signature);
        }
        let count = data.try_into().map(u32::from_be_bytes);
        let sign_count = count.map_err(|_| PasskeyFault::Malformed("authenticatorData"))?;
        if (sign_count, stored.sign_count) != (0, 0) && sign_count <= stored.sign_count {
            return Err(PasskeyFault::Counter);
        }
        Ok(Used {
            sign_count,
            backed_up: true,
            user_verified: true,
        })
    }
}

/// An authenticator with one passkey.
#[derive(Debug, Clone)]
pub struct FakeAuthenticator {
    /// Whose it is.
    pub user: UserId,
    /// Names the passkey.
    pub number: u8,
}

impl FakeAuthenticator {
    fn credential(&self) -> CredentialId {
        CredentialId::from_octets(vec![self.number; 16]).expect("16 octets")
    }

    fn public_key(&self) -> Vec<u8> {
        sha256(&[b"public key", &[self.number]]).to_vec()
    }

    /// The passkey as stored once it is registered.
    pub fn passkey(&self, created_at: Timestamp) -> Passkey {
        Passkey {
            credential: self.credential(),
            public_key: self.public_key(),
            sign_count: 0,
            backup_eligible: true,
            backed_up: true,
            transports: vec!["internal".to_owned()],
            name: PasskeyName::parse("A golden key").expect("a golden name"),
            created_at,
            last_used: None,
        }
    }

    fn client_data(kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["challenge"];
        json!({ "type": kind, "challenge": challenge, "origin": ORIGIN })
            .to_string()
            .into_bytes()
    }

    /// Answers `PublicKeyCredentialCreationOptionsJSON`.
    pub fn create(&self, options: &Value) -> Value {
        let id = self.credential().to_string();
        let client = Self::client_data("webauthn.create", options);
        json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(&client),
                "attestationObject": BASE64URL_NOPAD.encode(&self.public_key()),
                "transports": ["internal"],
            },
        })
    }

    /// Answers `PublicKeyCredentialRequestOptionsJSON`; `count` is what its counter says.
    pub fn get(&self, options: &Value, count: u32) -> Value {
        let challenge = options["challenge"].as_str().unwrap_or_default();
        let challenge = BASE64URL_NOPAD.decode(challenge.as_bytes());
        let challenge = challenge.ok().and_then(|octets| octets.try_into().ok());
        let challenge =
            WebauthnChallenge::from_octets(challenge.expect("a challenge of 32 octets"));
        let (id, data) = (self.credential().to_string(), count.to_be_bytes());
        let signature = signature(&self.public_key(), &challenge, &data);
        let client = Self::client_data("webauthn.get", options);
        json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(&client),
                "authenticatorData": BASE64URL_NOPAD.encode(&data),
                "signature": BASE64URL_NOPAD.encode(&signature),
                "userHandle": BASE64URL_NOPAD.encode(self.user.octets()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_agree_once_and_for_one_challenge() {
        let (party, user) = (FakePasskeys::default(), UserId::from_octets([1; 16]));
        let key = FakeAuthenticator { user, number: 3 };
        let challenge = WebauthnChallenge::from_octets([1; 32]);
        let mut stored = key.passkey(Timestamp(1));
        let options = party.request_options(&challenge, &[]);
        let answer = AuthenticationResponse::parse(&key.get(&options, 1)).unwrap();
        let check = |challenge: &WebauthnChallenge, stored: &Passkey| {
            party.authenticate(challenge, &answer, user, stored)
        };
        assert_eq!(check(&challenge, &stored).unwrap().sign_count, 1);
        let other = WebauthnChallenge::from_octets([2; 32]);
        assert_eq!(check(&other, &stored), Err(PasskeyFault::Signature));
        stored.sign_count = 1;
        assert_eq!(check(&challenge, &stored), Err(PasskeyFault::Counter));
    }
}
