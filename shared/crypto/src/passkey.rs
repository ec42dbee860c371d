//! The relying party's checks of Web Authentication Level 3 (W3C), §7.1 and §7.2, step by step. No attestation
//! is asked for and none is checked (docs/adr/0012); extensions are asked for by none and ignored.

mod authenticator;
mod cose;

use aws_lc_rs::{constant_time, digest};
use vault_domain::id::UserId;
use vault_domain::passkey::{
    AuthenticationResponse, ClientData, NewPasskey, Passkey, PasskeyFault, Passkeys,
    RegistrationResponse, RelyingParty, Used, WebauthnChallenge,
};

use authenticator::AuthenticatorData;

/// Checks passkeys for one relying party.
pub struct Webauthn {
    party: RelyingParty,
    id_hash: [u8; 32],
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, octets).as_ref());
    out
}

impl Webauthn {
    /// The checks for this relying party.
    pub fn new(party: RelyingParty) -> Self {
        let id_hash = sha256(party.id().as_bytes());
        Self { party, id_hash }
    }

    /// §7.1 steps 7 to 11, §7.2 steps 10 to 14.
    fn check_client(
        &self,
        client: &ClientData,
        kind: &str,
        challenge: &WebauthnChallenge,
    ) -> Result<(), PasskeyFault> {
        if client.kind() != kind {
            return Err(PasskeyFault::Ceremony);
        }
        constant_time::verify_slices_are_equal(client.challenge().expose(), challenge.expose())
            .map_err(|_| PasskeyFault::Challenge)?;
        if !self.party.expects(client.origin()) {
            return Err(PasskeyFault::Origin);
        }
        if client.embedded() {
            return Err(PasskeyFault::Embedded);
        }
        Ok(())
    }

    /// §7.1 steps 14 to 17, §7.2 steps 15 to 18.
    fn check_authenticator(&self, data: &AuthenticatorData<'_>) -> Result<(), PasskeyFault> {
        if data.rp_id_hash != &self.id_hash {
            return Err(PasskeyFault::RelyingParty);
        }
        if !data.flags.user_present() {
            return Err(PasskeyFault::UserAbsent);
        }
        if !data.flags.user_verified() {
            return Err(PasskeyFault::UserUnverified);
        }
        if data.flags.backed_up() && !data.flags.backup_eligible() {
            return Err(PasskeyFault::Backup);
        }
        Ok(())
    }
}

impl Passkeys for Webauthn {
    fn relying_party(&self) -> &RelyingParty {
        &self.party
    }

    fn register(
        &self,
        challenge: &WebauthnChallenge,
        response: &RegistrationResponse,
    ) -> Result<NewPasskey, PasskeyFault> {
        // Steps 5 and 6, the parsing of client data, made `response`.
        self.check_client(response.client(), "webauthn.create", challenge)?;
        // Steps 12, 13 and 21 to 24: the attestation statement is skipped, and with it the digest it would sign.
        let encoded = authenticator::of_attestation(response.attestation())?;
        let data = AuthenticatorData::parse(&encoded)?;
        self.check_authenticator(&data)?;
        let attested = data
            .attested
            .ok_or(PasskeyFault::Malformed("attestedCredentialData"))?;
        // Step 20, and that the key is one that can be checked against later.
        cose::read(attested.public_key)?;
        // Step 25: the id's length is its type's. Nothing signs the id beside authenticator data, so the two agree.
        if response.credential().octets() != attested.credential {
            return Err(PasskeyFault::Credential);
        }
        // Step 26, that the id is new, is the record's: `NewPasskey::named`. Step 27:
        Ok(NewPasskey {
            credential: response.credential().clone(),
            public_key: attested.public_key.to_vec(),
            sign_count: data.sign_count,
            backup_eligible: data.flags.backup_eligible(),
            backed_up: data.flags.backed_up(),
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
        // Steps 5 and 6: the caller found `stored` among the passkeys of `owner`.
        if response.credential() != &stored.credential {
            return Err(PasskeyFault::Credential);
        }
        if response.user().is_some_and(|user| user != owner) {
            return Err(PasskeyFault::UserHandle);
        }
        self.check_client(response.client(), "webauthn.get", challenge)?;
        let data = AuthenticatorData::parse(response.authenticator_data())?;
        if data.attested.is_some() {
            return Err(PasskeyFault::Malformed("authenticatorData"));
        }
        self.check_authenticator(&data)?;
        // Step 19: eligibility is fixed at the creation.
        if data.flags.backup_eligible() != stored.backup_eligible {
            return Err(PasskeyFault::Backup);
        }
        // Steps 20 and 21.
        let client = sha256(response.client().octets());
        let signed = [response.authenticator_data(), &client].concat();
        cose::read(&stored.public_key)?
            .verify_sig(&signed, response.signature())
            .map_err(|_| PasskeyFault::Signature)?;
        // Step 22: 0 and 0 is an authenticator that does not count.
        let counts = data.sign_count != 0 || stored.sign_count != 0;
        if counts && data.sign_count <= stored.sign_count {
            return Err(PasskeyFault::Counter);
        }
        Ok(Used {
            sign_count: data.sign_count,
            backed_up: data.flags.backed_up(),
            user_verified: data.flags.user_verified(),
        })
    }
}

#[cfg(test)]
mod forge;
#[cfg(test)]
mod tests;
