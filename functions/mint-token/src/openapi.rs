//! What describes the routes. Forms are read field by field: their shapes stand here, beside no parser.

use schemars::JsonSchema;
use vault_domain::api_key::{ApiKeySecret, Scopes};
use vault_domain::bounds::{MaxStreams, Viewer};
use vault_domain::id::ApiKeyId;
use vault_domain::share::FirstPlay;
use vault_domain::time::{Lifetime, Timestamp};
use vault_domain::token::Action;
use vault_domain::usecase::exchange::Views;
use vault_http::openapi::{Credential, Operation, Section};
use vault_http::problem::Code;
use vault_http::shape;

use crate::introspect::Told as Introspection;
use crate::metadata::Metadata;
use crate::{Revoked, Tokens};

shape! {
    /// Names the next pair of tokens.
    RefreshGrant = { "type": "string", "const": "refresh_token", "description": "RFC 6749 section 6." };
    /// Names an access token of an API key.
    ClientGrant = { "type": "string", "const": "client_credentials", "description": "RFC 6749 section 4.4." };
    /// Names a media token.
    ExchangeGrant = {
        "type": "string", "const": "urn:ietf:params:oauth:grant-type:token-exchange", "description": "RFC 8693.",
    };
    /// The type of what is given.
    AccessTokenType = {
        "type": "string", "const": "urn:ietf:params:oauth:token-type:access_token", "description": "RFC 8693 section 3.",
    };
    /// The type of what is made.
    MediaTokenType = {
        "type": "string", "const": "urn:reelvault:params:oauth:token-type:media-token",
        "description": "RFC 8693 section 3.",
    };
    /// The type of what was made.
    IssuedTokenType = {
        "type": "string", "enum": [
            "urn:reelvault:params:oauth:token-type:media-token", "urn:ietf:params:oauth:token-type:access_token",
        ],
        "description": "RFC 8693 section 3.",
    };
    /// What is granted to support, as RFC 8707 wants it named.
    SupportResource = {
        "type": "string", "description": "What the owner was told (RFC 8707).",
        "pattern": "^urn:reelvault:support:org_[a-z2-7]{25}[aeimquy4]:sup_[a-z2-7]{25}[aeimquy4]$",
    };
    /// An asset as RFC 8707 wants it named.
    AssetResource = {
        "type": "string", "description": "The asset (RFC 8707).",
        "pattern": "^urn:reelvault:asset:ast_[a-z2-7]{25}[aeimquy4]$",
    };
    /// Networks in one text.
    NetworkList = {
        "type": "string", "description": "At most 16 networks (CIDR), one blank between them.",
        "examples": ["203.0.113.0/24 2001:db8::/32"],
    };
    /// Origins in one text.
    OriginList = {
        "type": "string", "description": "At most 16 origins of pages, one blank between them.",
        "examples": ["https://app.example.org"],
    };
    /// A refresh token, an access token, or what is none.
    AnyToken = { "type": "string", "description": "A refresh token or an access token.", "minLength": 1 };
    /// The same, or a media token.
    ToldToken = { "type": "string", "description": "A refresh token, an access token or a media token.", "minLength": 1 };
    /// Whose token it is.
    ClientId = { "type": "string", "description": "The id of an API key, or `reelvault` for people." };
    /// Who made the token.
    Issuer = { "type": "string", "description": "Who made it." };
    /// For whom the token is.
    Audience = { "type": "string", "description": "For whom it is." };
}

#[derive(JsonSchema)]
#[schemars(rename = "TokenRequest", untagged)]
#[expect(dead_code, reason = "there for its schema alone")]
enum Request {
    Refresh(Refresh),
    Client(KeyProof),
    Exchange(Box<Exchange>),
    Support(Box<SupportExchange>),
}

/// The next pair of tokens.
#[derive(JsonSchema)]
#[schemars(rename = "RefreshRequest")]
#[expect(dead_code, reason = "there for its schema alone")]
struct Refresh {
    grant_type: RefreshGrant,
    refresh_token: String,
}

/// An access token of an API key, whose id and secret stand here or in HTTP Basic.
#[derive(JsonSchema)]
#[schemars(rename = "ClientCredentialsRequest")]
#[expect(dead_code, reason = "there for its schema alone")]
struct KeyProof {
    grant_type: ClientGrant,
    client_id: Option<ApiKeyId>,
    client_secret: Option<ApiKeySecret>,
    scope: Option<Scopes>,
}

/// A media token.
#[derive(JsonSchema)]
#[schemars(rename = "ExchangeRequest")]
#[expect(dead_code, reason = "there for its schema alone")]
struct Exchange {
    grant_type: ExchangeGrant,
    /// An access token.
    subject_token: String,
    subject_token_type: AccessTokenType,
    resource: AssetResource,
    requested_token_type: Option<MediaTokenType>,
    scope: Option<Action>,
    lifetime: Option<Lifetime>,
    max_views: Option<Views>,
    /// The moment before which it opens nothing (RFC 7519: `nbf`).
    not_before: Option<Timestamp>,
    first_play_seconds: Option<FirstPlay>,
    networks: Option<NetworkList>,
    allowed_origins: Option<OriginList>,
    /// Is it for the device alone that opens its first view?
    one_device: Option<bool>,
    max_streams: Option<MaxStreams>,
    viewer: Option<Viewer>,
}

/// An access token of the operator's staff, for an organisation that let support in.
#[derive(JsonSchema)]
#[schemars(rename = "SupportExchangeRequest")]
#[expect(dead_code, reason = "there for its schema alone")]
struct SupportExchange {
    grant_type: ExchangeGrant,
    /// Their own access token, in the operator's organisation.
    subject_token: String,
    subject_token_type: AccessTokenType,
    requested_token_type: AccessTokenType,
    resource: SupportResource,
}

/// The token to be revoked.
#[derive(JsonSchema)]
#[schemars(rename = "RevocationRequest")]
#[expect(dead_code, reason = "there for its schema alone")]
struct Revocation {
    token: AnyToken,
}

/// The token to be told of; the client's id and secret, unless the request proves otherwise who asks.
#[derive(JsonSchema)]
#[schemars(rename = "IntrospectionRequest")]
#[expect(dead_code, reason = "there for its schema alone")]
struct Question {
    token: ToldToken,
    client_id: Option<ApiKeyId>,
    client_secret: Option<ApiKeySecret>,
}

/// Public keys (RFC 7517).
#[derive(JsonSchema)]
#[schemars(rename = "JsonWebKeySet")]
#[expect(dead_code, reason = "there for its schema alone")]
struct KeySet {
    keys: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = vec![
        Operation::new(
            "POST /v1/token",
            "refreshOrExchangeToken",
            "The token endpoint (RFC 6749)",
        )
        .by(&[Credential::ApiKey])
        .or_in_the_body()
        .takes_form::<Request>()
        .replies::<Tokens<'static>>(200, "The tokens")
        .oauth(&[400, 401, 413, 415, 503]),
        Operation::new(
            "POST /v1/token/revoke",
            "revokeToken",
            "Ends a token (RFC 7009)",
        )
        .open()
        .takes_form::<Revocation>()
        .replies::<Revoked>(200, "It is over, if it ever was good")
        .oauth(&[400, 413, 415, 503]),
        Operation::new(
            "POST /v1/token/introspect",
            "introspectToken",
            "What a token is good for (RFC 7662)",
        )
        .by(&[Credential::ApiKey, Credential::AccessToken])
        .or_in_the_body()
        .takes_form::<Question>()
        .replies::<Introspection<'static>>(200, "Of a token that is good no more, that alone")
        .oauth(&[400, 401, 413, 415, 503]),
        Operation::new(
            "GET /.well-known/oauth-authorization-server",
            "getAuthorizationServer",
            "What the authorization server can do (RFC 8414)",
        )
        .open()
        .never(&[Code::Unavailable])
        .replies::<Metadata>(200, "The same for everyone"),
        Operation::new(
            "GET /.well-known/jwks.json",
            "getPublicKeys",
            "The keys that access tokens verify by",
        )
        .open()
        .never(&[Code::Unavailable])
        .replies_as::<KeySet>(200, "application/jwk-set+json", "The same for everyone"),
    ];
    Section::new("Tokens", "OAuth 2.0.", operations)
}
