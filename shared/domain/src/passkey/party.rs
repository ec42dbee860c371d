//! The relying party: whose passkeys these are, from which pages, and what a browser is asked for.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::{ALGORITHMS, CEREMONY_SECONDS, Passkey, WebauthnChallenge};
use crate::error::Malformed;
use crate::id::UserId;

/// The one host that a browser trusts without TLS.
const LOCAL: &str = "localhost";

/// Who the passkeys are for, from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    name: String,
    origins: Vec<String>,
}

/// The user that a new passkey is for.
#[derive(Debug, Clone, Copy)]
pub struct PasskeyUser<'a> {
    /// Whose; the authenticator keeps it and names it at a login (the user handle).
    pub id: UserId,
    /// What tells the account from others of the same person: the address.
    pub name: &'a str,
    /// What a person is called on the authenticator's screen.
    pub display_name: &'a str,
}

const fn malformed(expected: &'static str) -> Malformed {
    Malformed {
        field: "relying party",
        expected,
    }
}

/// A DNS name in lower case: labels of letters, digits and hyphens (RFC 1123 §2.1), no IP address.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    };
    // A last label of digits makes an IPv4 address of it (URL Standard §3.5).
    let last = text.rsplit('.').next().unwrap_or(text);
    text.len() <= 253 && text.split('.').all(label) && !last.bytes().all(|c| c.is_ascii_digit())
}

/// Does the browser's rule let a page of `host` use passkeys of `id` (HTML, "is a registrable domain suffix of
/// or is equal to")? It also refuses public suffixes such as `co.uk`, of which it keeps the list.
fn belongs(host: &str, id: &str) -> bool {
    host == id
        || host
            .strip_suffix(id)
            .is_some_and(|rest| rest.ends_with('.') && is_domain(host))
}

impl RelyingParty {
    /// `id`: a domain such as `example.org`, or `localhost`; no IP address. `name`: what an authenticator shows,
    /// 1 to 64 characters. `origins`: the pages that may use the passkeys, as a browser writes an origin
    /// (`https://app.example.org`), each on `id` or under it. For local use `http` will do on `localhost`, and
    /// `http://127.0.0.1` is let pass there: a browser offers no passkeys on it, so open the page by name.
    ///
    /// # Errors
    /// [`Malformed`] saying which part is wrong.
    pub fn parse(id: &str, name: &str, origins: &[&str]) -> Result<Self, Malformed> {
        if !is_domain(id) || (id != LOCAL && !id.contains('.')) {
            return Err(malformed(
                "an id such as example.org or localhost; not an IP address",
            ));
        }
        let length = name.chars().count();
        if !(1..=64).contains(&length) || name.chars().any(char::is_control) {
            return Err(malformed("a name of 1 to 64 characters without controls"));
        }
        if origins.is_empty() || !origins.iter().all(|origin| Self::admits(id, origin)) {
            return Err(malformed(
                "origins such as https://app.example.org, each on the id or under it",
            ));
        }
        Ok(Self {
            id: id.to_owned(),
            name: name.to_owned(),
            origins: origins.iter().copied().map(str::to_owned).collect(),
        })
    }

    /// Is it an origin in its one serialised form (HTML, "serialization of an origin"), on or under `id`?
    fn admits(id: &str, origin: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let default = if scheme == "https" { "443" } else { "80" };
        let written = |port: &str| {
            port != default
                && !port.starts_with(['0', '+'])
                && port.parse::<u16>().is_ok_and(|number| number > 0)
        };
        let place = match scheme {
            "https" => belongs(host, id),
            "http" => id == LOCAL && (belongs(host, id) || host == "127.0.0.1"),
            _ => false,
        };
        place && port.is_none_or(written)
    }

    /// The id: the domain that passkeys are bound to.
    pub fn id(&self) -> &str {
        &self.id
    }
    /// May a page of this origin use them? Compared as written.
    pub fn expects(&self, origin: &str) -> bool {
        self.origins.iter().any(|one| one == origin)
    }

    /// See [`super::Passkeys::creation_options`]. A discoverable passkey and a verified user: it is to sign in alone.
    pub fn creation_options(
        &self,
        challenge: &WebauthnChallenge,
        user: &PasskeyUser<'_>,
        held: &[Passkey],
    ) -> Value {
        let algorithms = ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg }));
        json!({
            "rp": { "id": self.id, "name": self.name },
            "user": {
                "id": BASE64URL_NOPAD.encode(user.id.octets()),
                "name": user.name,
                "displayName": user.display_name,
            },
            "challenge": challenge.text(),
            "pubKeyCredParams": algorithms,
            "timeout": CEREMONY_SECONDS * 1000,
            "excludeCredentials": descriptors(held),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": "required",
            },
            "attestation": "none",
        })
    }

    /// See [`super::Passkeys::request_options`].
    pub fn request_options(&self, challenge: &WebauthnChallenge, allowed: &[Passkey]) -> Value {
        json!({
            "rpId": self.id,
            "challenge": challenge.text(),
            "timeout": CEREMONY_SECONDS * 1000,
            "allowCredentials": descriptors(allowed),
            "userVerification": "required",
        })
    }
}

/// `PublicKeyCredentialDescriptorJSON` of each.
fn descriptors(passkeys: &[Passkey]) -> Vec<Value> {
    let one = |passkey: &Passkey| {
        json!({
            "type": "public-key",
            "id": passkey.credential.to_string(),
            "transports": passkey.transports,
        })
    };
    passkeys.iter().map(one).collect()
}
