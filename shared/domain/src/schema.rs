//! JSON Schemas (2020-12) of what is parsed out of a request and shown in a reply, each held against its parser by the
//! tests. Patterns are of the dialect that ECMA-262, Python and Rust have in common.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::access::{Level, Principal, Visibility};
use crate::api_key::{
    ApiKeySecret, KeyRole, LONGEST_OVERLAP_SECONDS, Label, Overlap, Scope, Scopes,
};
use crate::asset::{AssetState, ChecksumAlgorithm, MediaType, Title};
use crate::audit::Event;
use crate::bounds::{DeviceSecret, MaxStreams, Viewer};
use crate::challenge::ChallengeProof;
use crate::credential::{Email, MAX_PASSWORD_OCTETS, Password, Role};
use crate::deletion::Reason;
use crate::delivery::Mode;
use crate::download::{RENDITION_PATTERN, Rendition};
use crate::factor::{Method, RecoveryCode, TotpCode};
use crate::hls::{MASTER_PLAYLIST, PlaylistName, VIDEO_PLAYLIST};
use crate::id::{ApiKeyId, GroupId, ShareId, SupportId, UserId};
use crate::language::Language;
use crate::library::{MAX_ENTRIES, Metadata, MetadataKey, MetadataValue, TitlePrefix};
use crate::link::LinkToken;
use crate::member::{Actor, OrgName};
use crate::network::Network;
use crate::page::{MAX_PAGE, PageSize};
use crate::passkey::{CredentialId, PasskeyName};
use crate::preview::PreviewName;
use crate::share::{FirstPlay, SharePassword};
use crate::spread::OnSpread;
use crate::subtitles::Kind;
use crate::support::{SUPPORT_SECONDS, SupportLevel, SupportPurpose, SupportSeconds};
use crate::time::{Lifetime, Timestamp};
use crate::token::{Action, MediaToken};
use crate::usecase::IdempotencyKey;
use crate::usecase::exchange::{LIFETIMES, MAX_VIEWS, Views};
use crate::webhook::{DeliveryState, MAX_URL, Topic, WebhookUrl};

/// 128 bits in base 32, as a pattern: of the last character only three bits are in use.
const BITS_128: &str = "[a-z2-7]{25}[aeimquy4]";
/// 256 bits in unpadded base64url, as a pattern: of the last character only four bits are in use.
const BITS_256: &str = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]";
/// What no name has, as the inside of a class of characters: see `text::is_unfit`.
const UNFIT: &str = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069";

/// An identifier of this prefix.
pub(crate) fn id(prefix: &str) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": format!("^{prefix}{BITS_128}$"),
        "examples": [format!("{prefix}geytcmjrgeytcmjrgeytcmjrge")],
    })
}

/// 256 random or authenticated bits behind a prefix.
fn token(prefix: &str, description: &str) -> Schema {
    json_schema!({
        "type": "string", "description": description, "pattern": format!("^{prefix}{BITS_256}$"),
    })
}

/// A name of 1 to so many characters, without what would let one pass for another.
fn name(most: usize, description: &str) -> Schema {
    json_schema!({
        "type": "string", "description": description, "minLength": 1, "maxLength": most,
        "pattern": format!(r"^[^{UNFIT}]*[^\s{UNFIT}][^{UNFIT}]*$"),
    })
}

/// One of some words.
fn words<'a>(description: &str, words: impl IntoIterator<Item = &'a str>) -> Schema {
    let words: Vec<&str> = words.into_iter().collect();
    json_schema!({ "type": "string", "description": description, "enum": words })
}

const ROLES: [Role; 4] = [Role::Owner, Role::Admin, Role::Editor, Role::Viewer];

fn principal() -> Schema {
    let ids = [UserId::PREFIX, ApiKeyId::PREFIX, GroupId::PREFIX].join("|");
    let roles = ROLES.map(Role::as_str).join("|");
    json_schema!({
        "type": "string",
        "description": "A user, an API key, a group, or everyone of a role.",
        "pattern": format!("^(({ids}){BITS_128}|role:({roles}))$"),
        "examples": ["role:viewer"],
    })
}

fn scopes() -> Schema {
    let names = Scope::ALL.map(Scope::as_str).join("|");
    json_schema!({
        "type": "string",
        "description": "Scopes, one space between them (RFC 6749 section 3.3).",
        "pattern": format!("^({names})( ({names}))*$"),
        "examples": ["play read"],
    })
}

macro_rules! schemas {
    ($($of:ident = $schema:expr;)+) => {$(
        impl JsonSchema for $of {
            fn schema_name() -> Cow<'static, str> {
                stringify!($of).into()
            }
            // Another type of this name elsewhere is another: the document refuses to have both.
            fn schema_id() -> Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($of)).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )+};
}

schemas! {
    Timestamp = json_schema!({
        "type": "integer", "format": "int64", "minimum": 0, "description": "Seconds of Unix time.", "examples": [1_795_305_600],
    });
    Email = json_schema!({
        "type": "string", "description": "An address; case and blanks around it do not count.",
        "maxLength": 254, "pattern": r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^@\s\u0000-\u001f\u007f-\u009f]+$",
        "examples": ["ada@example.org"],
    });
    Password = json_schema!({
        "type": "string", "format": "password", "description": "1 to 72 octets of UTF-8 in NFC, without control characters.",
        "minLength": 1, "maxLength": MAX_PASSWORD_OCTETS, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
    });
    SharePassword = json_schema!({
        "type": "string", "format": "password", "description": "8 characters or more, of 72 octets of UTF-8 at most.",
        "minLength": 8, "maxLength": MAX_PASSWORD_OCTETS, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
    });
    Role = words("What a member may do.", ROLES.map(Role::as_str));
    KeyRole = words("What a key may do at most.", ROLES.into_iter().filter_map(KeyRole::of).map(|role| role.role().as_str()));
    Scope = words("What a token may be used for.", Scope::ALL.map(Scope::as_str));
    Scopes = scopes();
    Action = words("What a media token opens.", ["play", "download"]);
    Label = name(100, "The name of an API key.");
    Title = name(200, "A title or a name; blanks around it do not count.");
    Reason = name(300, "Why; blanks around it do not count.");
    OrgName = name(200, "The name of an organisation.");
    SupportPurpose = name(200, "What support comes for; blanks around it do not count.");
    SupportLevel = words("What support may do; `watch` holds `look`.", SupportLevel::ALL.map(SupportLevel::as_str));
    SupportSeconds = json_schema!({
        "type": "integer", "description": "Seconds for which support is let in.",
        "minimum": SUPPORT_SECONDS.start(), "maximum": SUPPORT_SECONDS.end(),
    });
    PasskeyName = name(64, "The name of a passkey.");
    TitlePrefix = json_schema!({
        "type": "string", "description": "How a title begins, whatever its case.", "minLength": 1, "maxLength": 100,
    });
    AssetState = words("How far an asset is.", AssetState::ALL.map(AssetState::as_str));
    MediaType = json_schema!({
        "type": "string", "description": "A film or a sound by its declared type, in lower case.",
        "pattern": r"^((video|audio)/[a-z0-9!#$&^_.+-]{1,127}|application/octet-stream)$", "examples": ["video/mp4"],
    });
    ChecksumAlgorithm = words("Of a whole file SHA-256 for single PUTs, CRC-64/NVME for both; of parts either.", ["sha256", "crc64nvme"]);
    Visibility = words("Who sees what nothing else is said of.", [Visibility::Organisation.as_str(), Visibility::Restricted.as_str()]);
    Level = words("What is granted; each holds the one before it, and `none` shuts out.", Level::ALL.map(Level::as_str));
    Principal = principal();
    Actor = json_schema!({
        "type": "string", "description": "A user, an API key, a share, or what was granted to support.",
        "pattern": format!("^({}){BITS_128}$", [UserId::PREFIX, ApiKeyId::PREFIX, ShareId::PREFIX, SupportId::PREFIX].join("|")),
    });
    OnSpread = words("What becomes of a view that is watched from many networks.", OnSpread::ALL.map(OnSpread::as_str));
    Event = words("What was done.", Event::ALL.iter().copied().map(Event::as_str));
    Topic = words("A change of an asset's state, or a sign about a view.", Topic::all().map(Topic::as_str));
    DeliveryState = words("Where a message is.", DeliveryState::ALL.map(DeliveryState::as_str));
    WebhookUrl = json_schema!({
        "type": "string", "description": "Where an endpoint is: a public host name over TLS, port 443 or 8443. What the name leads to is looked at when it is connected to.",
        "maxLength": MAX_URL, "pattern": r#"^https://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?(:(443|8443))?([/?][!-"$-\[\]-~]*)?$"#,
        "examples": ["https://hooks.example.org/reelvault"],
    });
    Method = words("A second factor.", ["totp", "recovery_code", "passkey"]);
    TotpCode = json_schema!({
        "type": "string", "description": "Six digits of an authenticator app; blanks do not count.",
        "pattern": "^ *([0-9] *){6}$", "examples": ["123456"],
    });
    RecoveryCode = json_schema!({
        "type": "string", "description": "16 characters of a-z and 2-7; case, blanks and hyphens do not count.",
        "pattern": "^[ -]*([A-Za-z2-7][ -]*){16}$", "examples": ["aaaq-eaye-auda-ocaj"],
    });
    CredentialId = json_schema!({
        "type": "string", "description": "The id of a passkey: 1 to 1023 octets in base64url.",
        "minLength": 2, "maxLength": CredentialId::MAX * 4 / 3, "pattern": "^[A-Za-z0-9_-]+$",
    });
    LinkToken = token(crate::link::LINK_TOKEN_PREFIX, "The token of a link in a mail.");
    MediaToken = token(crate::token::MEDIA_TOKEN_PREFIX, "Opens views, or one download.");
    ApiKeySecret = json_schema!({
        "type": "string", "description": "The secret of an API key.",
        "pattern": format!("^{}$", crate::api_key::API_KEY_PATTERN),
    });
    ChallengeProof = json_schema!({
        "type": "string", "description": "What a solved challenge gave.", "minLength": 1, "maxLength": 4096, "pattern": "^[!-~]+$",
    });
    IdempotencyKey = json_schema!({
        "type": "string", "description": "Names a request: the same again has the same result.",
        "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$", "examples": ["6a9f1c"],
    });
    Network = json_schema!({
        "type": "string", "description": "A network or an address, of IPv4 or IPv6; no bit is set behind the prefix.",
        "maxLength": 43, "pattern": "^[0-9a-fA-F:.]+(/(0|[1-9][0-9]?))?$", "examples": ["192.0.2.0/24"],
    });
    PageSize = json_schema!({
        "type": "integer", "description": "Entries of a page at most.", "minimum": 1, "maximum": MAX_PAGE, "default": MAX_PAGE,
    });
    Overlap = json_schema!({
        "type": "integer", "description": "Seconds for which the secret before works on.", "minimum": 0, "maximum": LONGEST_OVERLAP_SECONDS,
    });
    Lifetime = json_schema!({
        "type": "integer", "description": "Seconds.", "minimum": LIFETIMES.start(), "maximum": LIFETIMES.end(),
    });
    Views = json_schema!({ "type": "integer", "description": "Views of a media token.", "minimum": 1, "maximum": MAX_VIEWS });
    Rendition = json_schema!({
        "type": "string", "description": "Which file of an asset: the original, or a variant by its lines.", "pattern": RENDITION_PATTERN,
        "default": "original", "examples": ["original", "720p"],
    });
    DeviceSecret = json_schema!({
        "type": "string", "description": "What a device made up once and keeps: 256 random bits.", "pattern": format!("^{BITS_256}$"),
    });
    MaxStreams = json_schema!({ "type": "integer", "description": "Views that may play at once.", "minimum": 1, "maximum": 100 });
    Viewer = json_schema!({
        "type": "string", "description": "Who watches, as the minter of tokens calls them.", "pattern": "^[!-~]{1,128}$",
    });
    FirstPlay = json_schema!({
        "type": "integer", "description": "Seconds after the first view in which others may be opened.", "minimum": 60, "maximum": 2_592_000,
    });
    Language = json_schema!({
        "type": "string", "description": "A language tag of BCP 47, in whatever casing; it is told in that of RFC 5646. Codes that name no language are of this form too, and refused.",
        "pattern": r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$", "examples": ["de", "pt-BR", "zh-Hant"],
    });
    Kind = words("What subtitles are for: who does not understand what is said, who does not hear it, or everybody.", Kind::ALL.map(Kind::as_str));
    Mode = words("How what lets a viewer in goes from one request to the next.", Mode::ALL.map(Mode::as_str));
    PlaylistName = json_schema!({
        "type": "string",
        "description": "Which playlist: of what can be chosen, of pictures (and sound, if there is one), of a variant of so many lines, of one sound of several, of subtitles.",
        "pattern": format!(r"^(master|video|video-[1-9][0-9]{{0,3}}|(audio|subtitles)-[1-9][0-9]?|subtitles-{BITS_128})\.m3u8$"),
        "examples": [MASTER_PLAYLIST, VIDEO_PLAYLIST],
    });
    PreviewName = json_schema!({
        "type": "string",
        "description": "Which preview: a poster, a storyboard, a sheet of it, or a waveform.",
        "pattern": r"^(poster\.jpg|storyboard\.vtt|storyboard-[0-9]\.jpg|waveform\.json)$",
        "examples": ["poster.jpg", "storyboard.vtt"],
    });
    MetadataKey = json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$" });
}

impl JsonSchema for MetadataValue {
    fn schema_name() -> Cow<'static, str> {
        "MetadataValue".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let most = (1_i64 << 53) - 1;
        json_schema!({ "anyOf": [
            { "type": "string", "maxLength": 500, "pattern": r"^([^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|[\n\t])*$" },
            { "type": "integer", "minimum": -most, "maximum": most },
            { "type": "boolean" },
        ] })
    }
}

impl JsonSchema for Metadata {
    fn schema_name() -> Cow<'static, str> {
        "Metadata".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object", "description": "What is said of an asset beside its title; 8 KiB in all.",
            "maxProperties": MAX_ENTRIES,
            "propertyNames": generator.subschema_for::<MetadataKey>(),
            "additionalProperties": generator.subschema_for::<MetadataValue>(),
            "examples": [{ "season": 2, "director": "Ada", "public": false }],
        })
    }
}
