//! Settings, secrets, tokens and a first request for each function.

use std::collections::BTreeMap;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::events::Http;
use super::super::function::Environment;
use crate::aws::REGION;
use crate::keys::KeyPair;

const ISSUER: &str = "urn:reelvault:bench";
/// Far in the future.
const EXPIRES: u64 = 4_102_444_800;
/// The id of 128 bits of zero, after its prefix.
const ZERO: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
/// What a MAC or master key is made of.
const MATERIAL: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";

/// A world in which every function starts and no asset exists.
pub(in crate::tasks::bench) struct World {
    pub(in crate::tasks::bench) secrets: BTreeMap<String, String>,
    pub(in crate::tasks::bench) environment: Environment,
    access: String,
    ticket: String,
}

/// A function's first event, and the status that answers it; none for an event of no client.
pub(super) struct First {
    pub(super) shown: &'static str,
    pub(super) event: Value,
    pub(super) status: Option<u64>,
}

const EXCHANGE: &str = "POST /v1/shares/exchange";
const FORGED: Option<&str> = Some(r#"{"token": "rvs_1.AAAA"}"#);
const ERASE: &str = "POST /v1/account/erase";
const ADDRESS: Option<&str> = Some(r#"{"email": "owner@example.org"}"#);

impl World {
    pub(in crate::tasks::bench) fn new() -> Result<Self> {
        let key = KeyPair::generate();
        let material = json!({ "current": "1", "1": MATERIAL }).to_string();
        let secrets = [
            ("token-signing", key.to_secret(&key.id())?),
            ("url-signing", KeyPair::generate().to_secret("1")?),
            ("session-mac", material.clone()),
            ("playback-mac", material.clone()),
            ("path-mac", material.clone()),
            ("master-key", material.clone()),
            ("factor", material.clone()),
            ("link-mac", material.clone()),
            ("share-mac", material),
        ];
        Ok(Self {
            secrets: secrets.map(|(name, text)| (name.to_owned(), text)).into(),
            environment: environment(&key.jwks()),
            access: access_token(&key),
            ticket: ticket(),
        })
    }

    /// The simplest request whose answer shows that the function is up: its secrets and keys are
    /// parsed and, where a request goes to the database, one call is made.
    pub(super) fn first(&self, function: &str) -> Option<First> {
        let asset = format!("ast_{ZERO}");
        let about = |route: &str, bearer: Option<&str>, body: Option<&str>| {
            let content_type = "application/json";
            Http {
                route,
                variables: &[("asset_id", &asset)],
                bearer,
                content_type,
                body,
                ..Http::default()
            }
            .event()
        };
        let bearer = Some(self.access.as_str());
        let first = |shown, status, event| {
            Some(First {
                shown,
                event,
                status,
            })
        };
        let ended = |route| first("an ended session", Some(401), about(route, bearer, None));
        let unknown = |route| {
            let token = format!("rvm_{}", URL_SAFE_NO_PAD.encode([0; 32]));
            let event = about(route, Some(&token), None);
            first("an unknown media token", Some(401), event)
        };
        if let Some(route) = guarded(function) {
            return ended(route);
        }
        match function {
            "set-quota" | "bootstrap-owner" => first("an incomplete wish", None, json!({})),
            "login" => first(
                "an incomplete body",
                Some(400),
                about("POST /v1/login", None, Some("{}")),
            ),
            "mint-token" => {
                let event = about("GET /.well-known/jwks.json", None, None);
                first("the public keys", Some(200), event)
            }
            "presign-upload" => {
                let route = "POST /v1/uploads/{asset_id}/parts";
                let body = Some(r#"{"part_numbers": [1]}"#);
                first(
                    "parts of an unknown upload",
                    Some(404),
                    about(route, bearer, body),
                )
            }
            "erase-account" => first("an ended session", Some(401), about(ERASE, bearer, ADDRESS)),
            "exchange-share" => first("a forged link", Some(400), about(EXCHANGE, None, FORGED)),
            "rotate-secret" => first("an incomplete order", None, json!({})),
            "export-audit" | "seal-audit" | "sweep-assets" | "rewrap-keys" => {
                first("nothing to do", None, json!({}))
            }
            "finalize-upload" => {
                let event = about("GET /v1/uploads/{asset_id}", bearer, None);
                first("an unknown upload", Some(404), event)
            }
            "process-upload" | "convert-film" | "send-mail" | "deliver-webhooks" => {
                first("an empty batch", None, json!({ "Records": [] }))
            }
            "authorize-playback" => unknown("POST /v1/assets/{asset_id}/playback"),
            "authorize-download" => unknown("POST /v1/assets/{asset_id}/download"),
            "withdraw-asset" => {
                let event = about("POST /v1/assets/{asset_id}/withdraw", bearer, None);
                first("an unknown asset", Some(404), event)
            }
            "recover-account" => {
                let event = about("POST /v1/password/reset", None, Some("{}"));
                first("an incomplete body", Some(400), event)
            }
            other => self.delivered(other),
        }
    }

    /// A request of a player whose view is over.
    fn delivered(&self, function: &str) -> Option<First> {
        let ticket = self.ticket.as_str();
        let (asset, key) = (format!("ast_{ZERO}"), format!("key_{ZERO}"));
        let (shown, request) = match function {
            "deliver-playlist" => (
                "a playlist of an ended session",
                Http {
                    route: "GET /v1/playback/{token}/{playlist}",
                    variables: &[("token", ticket), ("playlist", "master.m3u8")],
                    ..Http::default()
                },
            ),
            "deliver-preview" => (
                "a preview of an ended session",
                Http {
                    route: "GET /v1/playback/{token}/previews/{key_id}/{preview}",
                    variables: &[
                        ("token", ticket),
                        ("key_id", &key),
                        ("preview", "poster.jpg"),
                    ],
                    ..Http::default()
                },
            ),
            "deliver-key" => (
                "a key of an ended session",
                Http {
                    route: "GET /v1/keys/{asset_id}/{key_id}",
                    variables: &[("asset_id", &asset), ("key_id", &key)],
                    query: &[("token", ticket)],
                    ..Http::default()
                },
            ),
            _ => return None,
        };
        Some(First {
            shown,
            event: request.event(),
            status: Some(401),
        })
    }
}

/// A route of the functions that first look at where the caller stands.
fn guarded(function: &str) -> Option<&'static str> {
    Some(match function {
        "manage-api-keys" => "GET /v1/api-keys",
        "manage-webhooks" => "GET /v1/webhooks",
        "manage-access" => "GET /v1/assets/{asset_id}/access",
        "manage-shares" => "GET /v1/assets/{asset_id}/shares",
        "manage-assets" => "GET /v1/assets/{asset_id}",
        "read-audit" => "GET /v1/audit",
        "manage-deletion" => "GET /v1/organisation/retention",
        "manage-account" => "GET /v1/account",
        "manage-organisation" => "GET /v1/organisation",
        _ => return None,
    })
}

fn environment(jwks: &str) -> Environment {
    let tables = [
        "users",
        "members",
        "clients",
        "sessions",
        "limits",
        "grants",
        "assets",
        "keys",
        "playback",
        "links",
        "audit",
        "access",
        "retention",
        "shares",
        "usage",
        "webhooks",
    ];
    let tables = tables.map(|name| (format!("{}_TABLE", name.to_uppercase()), name));
    let others = [
        ("TOKEN_SIGNING_SECRET", "token-signing"),
        ("SESSION_MAC_SECRET", "session-mac"),
        ("PLAYBACK_MAC_SECRET", "playback-mac"),
        ("PATH_MAC_SECRET", "path-mac"),
        ("DELIVERY_MODES", "urls,cookies,query"),
        ("MASTER_KEY_SECRET", "master-key"),
        ("FACTOR_SECRET", "factor"),
        ("LINK_MAC_SECRET", "link-mac"),
        ("SHARE_MAC_SECRET", "share-mac"),
        ("WEBHOOK_MAC_SECRET", "webhook-mac"),
        ("WEBHOOK_QUEUE_URL", "https://sqs.example.org/webhooks"),
        ("WEBHOOK_REACH", "public"),
        ("SECRETS_FRESH_SECONDS", "300"),
        ("PASSKEY_DOMAIN", ""),
        ("APP_URL", "https://www.example.org"),
        ("MAIL_FROM", "no-reply@example.org"),
        ("URL_SIGNING_SECRET", "url-signing"),
        ("URL_SIGNING_KEY_PAIR_ID", "K1"),
        ("URL_SIGNING_KEY_SLOT", "1"),
        ("UPLOADS_BUCKET", "uploads"),
        ("MEDIA_BUCKET", "media"),
        ("AUDIT_BUCKET", "audit"),
        ("MEDIA_BASE_URL", "https://media.example.org"),
        ("TOKEN_ISSUER", ISSUER),
        ("TOKEN_JWKS", jwks),
        ("CHALLENGE_VERIFY_URL", "none"),
        ("SUPPORT_ORGANISATION", "none"),
        ("CHALLENGE_SECRET", "none"),
        ("ALLOWED_ORIGINS", "https://www.example.org"),
        ("DISTRIBUTION_ID", "E1"),
        ("MAIL_QUEUE_URL", "https://sqs.example.org/mail"),
        ("PROCESS_QUEUE_URL", "https://sqs.example.org/process"),
        ("CONVERSION_QUEUE_URL", "none"),
        ("LADDER_ON_UPLOAD", "false"),
        ("PREVIEWS_ON_UPLOAD", "false"),
        ("MALWARE_SCAN", "none"),
        (
            "VERDICT_QUEUE_ARN",
            "arn:aws:sqs:us-east-1:000000000000:verdicts",
        ),
        ("PLAYBACK_SESSION_SECONDS", "14400"),
        ("PLAYBACK_REFRESH_SECONDS", "0"),
        ("STREAM_LEASE_SECONDS", "90"),
        ("DOWNLOAD_URL_SECONDS", "21600"),
        ("DOWNLOAD_VIA_CLOUDFRONT_BELOW", "20000000000"),
        ("DEFAULT_MAX_ASSETS", "1000"),
        ("DEFAULT_MAX_BYTES", "1000000000000"),
        ("DEFAULT_MAX_MINUTES", "1000"),
        ("DEFAULT_MAX_UPLOADS", "1000"),
        ("DEFAULT_MAX_FILM_BYTES", "1000000000"),
        ("DEFAULT_MAX_FILM_MINUTES", "600"),
        ("DEFAULT_MAX_FILM_LONG_SIDE", "8192"),
        ("DEFAULT_MAX_FILM_SHORT_SIDE", "4320"),
        ("SEGMENT_MS", "6000"),
        ("SEGMENTS_PER_KEY", "5"),
        ("MAX_RECEIVE_COUNT", "5"),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value));
    tables
        .into_iter()
        .chain(others)
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

/// An access token as `login` would give it (RFC 9068).
fn access_token(key: &KeyPair) -> String {
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": key.id() });
    let claims = json!({
        "iss": ISSUER,
        "sub": format!("usr_{ZERO}"),
        "aud": "urn:reelvault:api",
        "client_id": "reelvault",
        "iat": 0,
        "exp": EXPIRES,
        "jti": "bench",
        "org": format!("org_{ZERO}"),
        "role": "owner",
        "scope": "play download upload withdraw read edit",
        "sid": format!("ses_{ZERO}"),
    });
    let encode = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// A playback ticket as `authorize-playback` would give it: ids of zero, not expired, a true MAC.
///
/// Its claims: playback, asset and organisation, the subject (1 for a person, then user and session), the end.
fn ticket() -> String {
    let mut claims = vec![0; 3 * 16];
    claims.push(1);
    claims.extend_from_slice(&[0; 2 * 16]);
    claims.extend_from_slice(&EXPIRES.to_be_bytes());
    // HKDF (RFC 5869) of one block.
    let extracted = hmac(b"reelvault", MATERIAL.as_bytes());
    let derived = hmac(&extracted, b"playback ticket\x01");
    let tag = hmac(&derived, &claims);
    claims.extend_from_slice(&tag);
    format!("1.{}", URL_SAFE_NO_PAD.encode(claims))
}

/// HMAC-SHA256 (RFC 2104) under a key of at most 64 octets.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = [with; 64];
        for (octet, key) in block.iter_mut().zip(key) {
            *octet ^= key;
        }
        block
    };
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_mac_is_that_of_rfc_4231() {
        let tag = super::hmac(b"Jefe", b"what do ya want for nothing?");
        let start = [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e];
        assert_eq!(tag[..8], start);
    }
}
