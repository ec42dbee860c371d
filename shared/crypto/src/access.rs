//! Access tokens: ES256 JWTs with the profile of RFC 9068, checked by the rules of RFC 8725.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use vault_domain::api_key::{KeyRole, Scopes};
use vault_domain::credential::Role;
use vault_domain::id::{OrgId, SessionId, UserId};
use vault_domain::member::{Actor, Subject};
use vault_domain::ports::{AccessTokens, AccessVerifier, Entropy, StoreError, Stored};
use vault_domain::secret::SecretText;
use vault_domain::support::Staff;
use vault_domain::time::Timestamp;
use vault_domain::token::{API_AUDIENCE, AccessClaims, Caller, FIRST_PARTY_CLIENT};

use crate::keyring::{KeyFault, Keyring};

/// `typ` of RFC 9068 §2.1: an ID token or another JWT of the same issuer is no access token.
const TYPE: &str = "at+jwt";
/// Seconds by which another machine's clock may be ahead of ours.
const SKEW_SECONDS: u64 = 30;
/// No access token of ours is longer; a longer text is not looked at.
const MAX_LENGTH: usize = 2_048;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    client_id: String,
    iat: u64,
    exp: u64,
    jti: String,
    org: String,
    role: String,
    /// RFC 9068 §2.2.3: what it may be used for.
    scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// RFC 8693 §4.1: who of the staff acts, where support does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<Acts>,
    /// Which owner let support in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    granted_by: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Acts {
    sub: String,
}

/// Makes access tokens with the current key of a versioned secret; the version is the `kid`.
pub struct JwtIssuer {
    key: EncodingKey,
    kid: String,
    issuer: String,
    entropy: Arc<dyn Entropy>,
}

impl JwtIssuer {
    /// An issuer; the secret holds base64 of PKCS#8 DER of EC P-256 keys.
    ///
    /// # Errors
    /// [`KeyFault`]
    pub fn new(
        ring: &Keyring,
        issuer: String,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, KeyFault> {
        let current = ring
            .versions()
            .find(|(version, _)| *version == ring.current());
        let (_, text) = current.ok_or(KeyFault::NoCurrent)?;
        let der = STANDARD
            .decode(text.expose().trim())
            .map_err(|_| KeyFault::BadKey)?;
        let issuer = Self {
            key: EncodingKey::from_ec_der(&der),
            kid: ring.current().to_owned(),
            issuer,
            entropy,
        };
        // A key of another kind is noticed here, not at the first login.
        let probe = serde_json::json!({});
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), &probe, &issuer.key)
            .map_err(|_| KeyFault::BadKey)?;
        Ok(issuer)
    }
}

impl AccessTokens for JwtIssuer {
    fn issue(&self, caller: &Caller, now: Timestamp, lifetime: u64) -> Stored<SecretText> {
        let mut jti = [0; 16];
        self.entropy.fill(&mut jti)?;
        // RFC 9068 §2.2: a client that acts for itself is its own subject.
        let (client, session) = match caller.subject {
            Subject::Person { session, .. } | Subject::Support(Staff { session, .. }) => {
                (FIRST_PARTY_CLIENT.to_owned(), Some(session.to_string()))
            }
            Subject::ApiKey(id) => (id.to_string(), None),
            Subject::Share { .. } => {
                let why = "whoever holds a link has no access token";
                return Err(StoreError::new("access.issue", why));
            }
        };
        let staff = match caller.subject {
            Subject::Support(staff) => Some(staff),
            _ => None,
        };
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: caller.subject.actor().to_string(),
            aud: API_AUDIENCE.to_owned(),
            client_id: client,
            iat: now.0,
            exp: now.plus(lifetime).0,
            jti: base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(jti),
            org: caller.org.to_string(),
            role: caller.role.as_str().to_owned(),
            scope: caller.scopes.to_string(),
            sid: session,
            act: staff.map(|staff| Acts {
                sub: staff.user.to_string(),
            }),
            granted_by: staff.map(|staff| staff.granted_by.to_string()),
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, &claims, &self.key)
            .map(SecretText::new)
            .map_err(|e| StoreError::new("access token", e))
    }
}

/// Checks access tokens against a JWKS (RFC 7517).
pub struct JwtVerifier {
    keys: BTreeMap<String, DecodingKey>,
    validation: Validation,
}

impl JwtVerifier {
    /// A verifier of the P-256 keys of a JWKS.
    ///
    /// # Errors
    /// [`KeyFault`] when it is no JWKS, empty, or holds a key of another kind or without a `kid`.
    pub fn new(jwks: &str, issuer: &str) -> Result<Self, KeyFault> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(|_| KeyFault::NotAnObject)?;
        // It is served to everyone as it stands.
        let raw: serde_json::Value =
            serde_json::from_str(jwks).map_err(|_| KeyFault::NotAnObject)?;
        let mut members = raw["keys"].as_array().into_iter().flatten();
        if members.any(|jwk| ["d", "k"].iter().any(|private| jwk.get(private).is_some())) {
            return Err(KeyFault::BadKey);
        }
        let mut keys = BTreeMap::new();
        for jwk in &set.keys {
            let kid = jwk.common.key_id.clone().ok_or(KeyFault::BadVersion)?;
            match &jwk.algorithm {
                AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
                    let key = DecodingKey::from_jwk(jwk).map_err(|_| KeyFault::BadKey)?;
                    keys.insert(kid, key);
                }
                _ => return Err(KeyFault::BadKey),
            }
        }
        if keys.is_empty() {
            return Err(KeyFault::NoCurrent);
        }
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[API_AUDIENCE]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library reads the system's clock; ours is a port, checked below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Ok(Self { keys, validation })
    }
}

impl AccessVerifier for JwtVerifier {
    fn claims(&self, token: &str, now: Timestamp) -> Option<AccessClaims> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.alg != Algorithm::ES256 || header.typ.as_deref() != Some(TYPE) {
            return None;
        }
        let key = self.keys.get(header.kid.as_deref()?)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .ok()?
            .claims;
        if now.0 >= claims.exp || claims.iat > now.0.saturating_add(SKEW_SECONDS) {
            return None;
        }
        Some(AccessClaims {
            caller: caller(&claims)?,
            issued_at: Timestamp(claims.iat),
            expires_at: Timestamp(claims.exp),
        })
    }
}

fn caller(claims: &Claims) -> Option<Caller> {
    let role = Role::parse(&claims.role).ok()?;
    let first_party = claims.client_id == FIRST_PARTY_CLIENT;
    let acts = claims.act.as_ref().zip(claims.granted_by.as_ref());
    let plain = claims.act.is_none() && claims.granted_by.is_none();
    let subject = match (Actor::parse(&claims.sub).ok()?, &claims.sid) {
        (Actor::Support(support), Some(session)) if first_party => {
            let (act, by) = acts?;
            Subject::Support(Staff {
                user: UserId::parse(&act.sub).ok()?,
                session: SessionId::parse(session).ok()?,
                support,
                granted_by: UserId::parse(by).ok()?,
            })
        }
        (Actor::User(user), Some(session)) if first_party && plain => Subject::Person {
            user,
            session: SessionId::parse(session).ok()?,
        },
        (Actor::ApiKey(id), None) if claims.client_id == claims.sub && plain => {
            KeyRole::of(role)?;
            Subject::ApiKey(id)
        }
        _ => return None,
    };
    Some(Caller {
        subject,
        org: OrgId::parse(&claims.org).ok()?,
        role,
        scopes: Scopes::known(&claims.scope)?,
    })
}

#[cfg(test)]
mod tests;
