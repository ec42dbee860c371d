//! What names mean. A property, a path's segment or a query's parameter of one name has one meaning throughout the API, so
//! that a struct with an `asset_id: String` needs to say nothing more. Where a name has several, the field says which.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use vault_domain::access::{Level, Principal, Visibility};
use vault_domain::api_key::{Overlap, Scope, Scopes};
use vault_domain::asset::{AssetState, MediaType, Title};
use vault_domain::audit::Event;
use vault_domain::challenge::ChallengeProof;
use vault_domain::credential::{Email, Password, Role};
use vault_domain::download::Rendition;
use vault_domain::factor::{Method, RecoveryCode};
use vault_domain::hls::PlaylistName;
use vault_domain::id::{
    ApiKeyId, AssetId, CollectionId, DeliveryId, DownloadId, GroupId, InvitationId, OrgId,
    PlaybackId, RecordId, SessionId, ShareId, SpaceId, SupportId, UserId, WebhookId,
};
use vault_domain::language::Language;
use vault_domain::member::Actor;
use vault_domain::network::Network;
use vault_domain::page::PageSize;
use vault_domain::passkey::CredentialId;
use vault_domain::preview::PreviewName;
use vault_domain::time::Timestamp;

use crate::problem::Code;

/// The schema of what has this name, if it means the same everywhere.
pub(super) fn meaning(name: &str, generator: &mut SchemaGenerator) -> Option<Schema> {
    let of = match name {
        "asset_id" | "asset" => of::<AssetId>,
        "organisation_id" => of::<OrgId>,
        "user_id" | "user_ids" | "invited_by" | "created_by" => of::<UserId>,
        "session_id" => of::<SessionId>,
        "share_id" => of::<ShareId>,
        "support_id" => of::<SupportId>,
        "download_id" => of::<DownloadId>,
        "playback_id" => of::<PlaybackId>,
        "invitation_id" => of::<InvitationId>,
        "key_id" => of::<ApiKeyId>,
        "record_id" => of::<RecordId>,
        "webhook_id" => of::<WebhookId>,
        "delivery_id" => of::<DeliveryId>,
        "collection_id" | "collection" => of::<CollectionId>,
        "space_id" | "space" => of::<SpaceId>,
        "group_id" => of::<GroupId>,
        "credential_id" => of::<CredentialId>,
        "owner" | "actor" | "granted_by" => of::<Actor>,
        "principal" => of::<Principal>,
        "email" => of::<Email>,
        "password" | "current_password" | "new_password" => of::<Password>,
        "role" => of::<Role>,
        "title" | "name" => of::<Title>,
        "state" => of::<AssetState>,
        "visibility" => of::<Visibility>,
        "access" => of::<Level>,
        "content_type" => of::<MediaType>,
        "rendition" => of::<Rendition>,
        "language" => of::<Language>,
        "playlist" => of::<PlaylistName>,
        "preview" => of::<PreviewName>,
        "event" => of::<Event>,
        "scopes" => of::<Scope>,
        "scope" => of::<Scopes>,
        "networks" => of::<Network>,
        "methods" => of::<Method>,
        "recovery_code" | "recovery_codes" => of::<RecoveryCode>,
        "challenge" => of::<ChallengeProof>,
        "token_type" => of::<super::Bearer>,
        "passkey" | "credential" => of::<super::PasskeyAnswer>,
        "overlap_seconds" => of::<Overlap>,
        "limit" => of::<PageSize>,
        "deleted" => of::<bool>,
        "at" | "from" | "to" | "since" | "created_at" | "granted_at" | "opened_at"
        | "expires_at" | "first_played_at" | "revoked_at" | "ended_at" | "deleted_at"
        | "erase_at" | "placed_at" | "last_used" | "last_used_at" | "totp_confirmed_at"
        | "previous_until" | "disabled_at" | "tried_at" | "next_at" | "iat" | "exp" => {
            of::<Timestamp>
        }
        other => return plain(other).map(|(format, about)| text(format, about)),
    };
    Some(of(generator))
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Texts that nothing parses: what they are, and a format of the registry of `OpenAPI`.
fn plain(name: &str) -> Option<(Option<&'static str>, &'static str)> {
    Some(match name {
        "access_token" => (None, "To be sent as `Authorization: Bearer`."),
        "refresh_token" => (None, "Good once, for the next pair of tokens."),
        "device_token" => (
            None,
            "By what this device is known at its next sign-in; it opens nothing.",
        ),
        "cursor" => (None, "The `cursor` of the page before, of the same list."),
        "etag" => (
            None,
            "The entity tag, in its quotes, as `If-Match` wants it.",
        ),
        "filename" => (None, "The name of a file."),
        "url" | "playlist_url" | "cookies_url" | "poster" | "storyboard" | "waveform" | "link" => {
            (Some("uri"), "A credential: whoever has it may use it.")
        }
        "address" => (None, "An IP address."),
        "device" => (None, "What the `User-Agent` says, cut short."),
        "request_id" => (None, "The `x-request-id` of the reply; it is in the logs."),
        "hash" => (None, "SHA-256, in hexadecimal."),
        _ => return None,
    })
}

fn text(format: Option<&str>, about: &str) -> Schema {
    match format {
        Some(format) => json_schema!({ "type": "string", "format": format, "description": about }),
        None => json_schema!({ "type": "string", "description": about }),
    }
}

/// `If-Match` (RFC 9110 section 13.1.1).
pub(super) fn if_match(_: &mut SchemaGenerator) -> Schema {
    let tag = r#"(W/)?"[!#-~]*""#;
    json_schema!({
        "type": "string", "description": "The `etag` of what the change rests on, or `*` for whatever is there.",
        "pattern": format!(r"^(\*|{tag}(, *{tag})*)$"), "maxLength": 1000,
        "examples": ["*"],
    })
}

impl JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ProblemCode".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Self::ALL.iter().copied().map(Self::as_str).collect();
        json_schema!({ "type": "string", "description": "Stable: clients may switch on it.", "enum": names })
    }
}
