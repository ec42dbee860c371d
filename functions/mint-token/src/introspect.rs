//! Introspection (RFC 7662): for API keys with the scope `read`, and for owners and admins.

use serde::Serialize;
use vault_boot::wiring::mint_token::Deps;
use vault_domain::bounds::MaxStreams;
use vault_domain::error::{Malformed, Refusal};
use vault_domain::member::Subject;
use vault_domain::secret::SecretText;
use vault_domain::share::FirstPlay;
use vault_domain::token::{API_AUDIENCE, FIRST_PARTY_CLIENT, Grant};
use vault_domain::usecase::introspect::{Active, Asker, Kind, run};
use vault_http::{Cache, Failure, Outcome, Reply, Request, extract};

use crate::client;
use crate::form::Form;

/// Of a token that is good no more, `active` is all there is.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "Introspection"))]
pub(crate) struct Told<'a> {
    active: bool,
    #[serde(flatten)]
    details: Option<Details<'a>>,
}

/// The members of RFC 7662 section 2.2 by their names in the token (RFC 9068); `org` and `sid` are ours.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "IntrospectedToken"))]
pub(crate) struct Details<'a> {
    scope: String,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::ClientId"))]
    client_id: String,
    #[cfg_attr(feature = "openapi", schemars(with = "vault_domain::member::Actor"))]
    sub: String,
    #[cfg_attr(feature = "openapi", schemars(with = "vault_domain::id::OrgId"))]
    org: String,
    #[cfg_attr(feature = "openapi", schemars(with = "crate::openapi::Issuer"))]
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<vault_domain::id::SessionId>")
    )]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schemars(with = "Option<crate::openapi::Audience>")
    )]
    aud: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(flatten)]
    media: Option<Media>,
}

/// Of a media token: for what it is good, and by what it is bounded. The names are those of the exchange.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "IntrospectedMediaToken"))]
pub(crate) struct Media {
    #[cfg_attr(feature = "openapi", schemars(with = "vault_domain::id::AssetId"))]
    asset_id: String,
    max_views: u32,
    /// Views that it has opened.
    views: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_play_seconds: Option<u64>,
    /// Until when further views may be opened, once the first was.
    #[serde(skip_serializing_if = "Option::is_none")]
    play_until: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    networks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_origins: Vec<String>,
    one_device: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_streams: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    viewer: Option<String>,
}

impl From<&Grant> for Media {
    fn from(grant: &Grant) -> Self {
        let bounds = &grant.bounds;
        Self {
            asset_id: grant.asset.to_string(),
            max_views: grant.max_views,
            views: grant.views,
            first_play_seconds: bounds.first_play.map(FirstPlay::seconds),
            play_until: grant.play_until.map(|end| end.0),
            networks: bounds.networks.iter().map(ToString::to_string).collect(),
            allowed_origins: bounds.origins.iter().map(str::to_owned).collect(),
            one_device: bounds.one_device,
            max_streams: bounds.max_streams.map(MaxStreams::count),
            viewer: bounds.viewer.as_ref().map(|own| own.as_str().to_owned()),
        }
    }
}

pub(crate) async fn reply(deps: &Deps, request: &Request, form: &Form) -> Outcome {
    let asker = asker(deps, request, form).await?;
    let token = form.required("token", "an access token, a refresh token or a media token")?;
    let token = SecretText::new(token.to_owned());
    let found = run(&deps.introspect, &asker, &token)
        .await
        .map_err(as_bearer)?;
    let told = Told {
        active: found.is_some(),
        details: found.map(|active| details(&active, &deps.issuer)),
    };
    Ok(Reply::json(200, &told, Cache::NoStore))
}

async fn asker(deps: &Deps, request: &Request, form: &Form) -> Result<Asker, Failure> {
    let Some(bearer) = extract::bearer(request) else {
        let key = client::known(&deps.client, request, form).await?;
        return Ok(Asker::Client(Box::new(key)));
    };
    if form.get("client_secret").is_some() {
        let twice = Malformed {
            field: "client_secret",
            expected: "one way of authentication",
        };
        return Err(twice.into());
    }
    let clock = &*deps.introspect.clock;
    let caller = vault_domain::usecase::caller(&*deps.verifier, clock, Some(bearer));
    Ok(Asker::Person(caller.map_err(as_bearer)?))
}

/// The asker's own token, as this endpoint tells of it (RFC 6750 §3.1).
fn as_bearer(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::InvalidToken { why, .. } => Refusal::InvalidToken {
            what: "bearer token",
            why,
        },
        other => other,
    }
}

fn details<'a>(active: &Active, issuer: &'a str) -> Details<'a> {
    let (access, grant) = (active.kind == Kind::Access, active.grant.as_deref());
    let (client, session) = match active.subject {
        Subject::Person { session, .. } => {
            (FIRST_PARTY_CLIENT.to_owned(), Some(session.to_string()))
        }
        Subject::Support(staff) => (
            FIRST_PARTY_CLIENT.to_owned(),
            Some(staff.session.to_string()),
        ),
        Subject::ApiKey(id) => (id.to_string(), None),
        // No access token and no refresh token is a share's; where shares stand is not looked at here.
        Subject::Share { share, .. } => (share.to_string(), None),
    };
    Details {
        scope: active.scopes.to_string(),
        client_id: client,
        sub: active.subject.actor().to_string(),
        org: active.org.to_string(),
        iss: issuer,
        iat: active.issued_at.map(|at| at.0),
        exp: active.expires_at.0,
        nbf: grant
            .and_then(|grant| grant.bounds.not_before)
            .map(|at| at.0),
        sid: session,
        aud: access.then_some(API_AUDIENCE),
        token_type: access.then_some("Bearer"),
        media: grant.map(Media::from),
    }
}
