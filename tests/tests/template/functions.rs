//! Functions, their environment and their logs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cfn::{ROOT, World};
use crate::faults::Faults;

/// What every function reads.
const EVERYWHERE: [&str; 2] = ["LOG_LEVEL", "SECRETS_FRESH_SECONDS"];

/// Logical id, name, environment besides [`EVERYWHERE`].
pub(crate) const FUNCTIONS: &[(&str, &str, &str)] = &[
    (
        "Login",
        "login",
        "ALLOWED_ORIGINS USERS_TABLE MEMBERS_TABLE SESSIONS_TABLE LIMITS_TABLE CHALLENGE_VERIFY_URL CHALLENGE_SECRET TOKEN_SIGNING_SECRET SESSION_MAC_SECRET TOKEN_ISSUER LINKS_TABLE AUDIT_TABLE FACTOR_SECRET MAIL_QUEUE_URL PASSKEY_DOMAIN",
    ),
    (
        "ManageAccount",
        "manage-account",
        "ALLOWED_ORIGINS USERS_TABLE MEMBERS_TABLE CLIENTS_TABLE SESSIONS_TABLE LIMITS_TABLE SESSION_MAC_SECRET TOKEN_JWKS TOKEN_ISSUER LINKS_TABLE AUDIT_TABLE FACTOR_SECRET MAIL_QUEUE_URL PASSKEY_DOMAIN",
    ),
    (
        "MintToken",
        "mint-token",
        "ALLOWED_ORIGINS MEMBERS_TABLE SUPPORT_ORGANISATION CLIENTS_TABLE LIMITS_TABLE SESSIONS_TABLE GRANTS_TABLE ASSETS_TABLE TOKEN_SIGNING_SECRET SESSION_MAC_SECRET TOKEN_ISSUER TOKEN_JWKS ACCESS_TABLE AUDIT_TABLE",
    ),
    (
        "ManageApiKeys",
        "manage-api-keys",
        "ALLOWED_ORIGINS MEMBERS_TABLE SESSIONS_TABLE CLIENTS_TABLE AUDIT_TABLE TOKEN_JWKS TOKEN_ISSUER",
    ),
    (
        "ManageWebhooks",
        "manage-webhooks",
        "ALLOWED_ORIGINS MEMBERS_TABLE SESSIONS_TABLE CLIENTS_TABLE AUDIT_TABLE WEBHOOKS_TABLE WEBHOOK_MAC_SECRET WEBHOOK_QUEUE_URL WEBHOOK_REACH TOKEN_JWKS TOKEN_ISSUER",
    ),
    (
        "ManageAccess",
        "manage-access",
        "ALLOWED_ORIGINS MEMBERS_TABLE SESSIONS_TABLE CLIENTS_TABLE ASSETS_TABLE TOKEN_JWKS TOKEN_ISSUER ACCESS_TABLE AUDIT_TABLE LIMITS_TABLE",
    ),
    (
        "ManageShares",
        "manage-shares",
        "ALLOWED_ORIGINS MEMBERS_TABLE SESSIONS_TABLE CLIENTS_TABLE ASSETS_TABLE ACCESS_TABLE AUDIT_TABLE LIMITS_TABLE SHARES_TABLE SHARE_MAC_SECRET APP_URL TOKEN_JWKS TOKEN_ISSUER",
    ),
    (
        "ExchangeShare",
        "exchange-share",
        "ALLOWED_ORIGINS SHARES_TABLE ASSETS_TABLE GRANTS_TABLE LIMITS_TABLE AUDIT_TABLE SHARE_MAC_SECRET",
    ),
    (
        "ManageAssets",
        "manage-assets",
        "ALLOWED_ORIGINS MEMBERS_TABLE SUPPORT_ORGANISATION SESSIONS_TABLE CLIENTS_TABLE ASSETS_TABLE TOKEN_JWKS TOKEN_ISSUER ACCESS_TABLE AUDIT_TABLE LIMITS_TABLE CONVERSION_QUEUE_URL PROCESS_QUEUE_URL UPLOADS_BUCKET",
    ),
    (
        "PresignUpload",
        "presign-upload",
        "ALLOWED_ORIGINS ASSETS_TABLE UPLOADS_BUCKET TOKEN_JWKS TOKEN_ISSUER MEMBERS_TABLE SESSIONS_TABLE CLIENTS_TABLE ACCESS_TABLE AUDIT_TABLE LIMITS_TABLE USAGE_TABLE DEFAULT_MAX_ASSETS DEFAULT_MAX_BYTES DEFAULT_MAX_MINUTES DEFAULT_MAX_UPLOADS DEFAULT_MAX_FILM_BYTES DEFAULT_MAX_FILM_MINUTES DEFAULT_MAX_FILM_LONG_SIDE DEFAULT_MAX_FILM_SHORT_SIDE",
    ),
    ("ExportAudit", "export-audit", "AUDIT_TABLE AUDIT_BUCKET"),
    (
        "FinalizeUpload",
        "finalize-upload",
        "ALLOWED_ORIGINS ASSETS_TABLE UPLOADS_BUCKET TOKEN_JWKS TOKEN_ISSUER MEMBERS_TABLE SESSIONS_TABLE CLIENTS_TABLE ACCESS_TABLE AUDIT_TABLE LIMITS_TABLE USAGE_TABLE RETENTION_TABLE",
    ),
    (
        "ProcessUpload",
        "process-upload",
        "ASSETS_TABLE KEYS_TABLE UPLOADS_BUCKET MEDIA_BUCKET MASTER_KEY_SECRET SEGMENT_MS SEGMENTS_PER_KEY MAX_RECEIVE_COUNT AUDIT_TABLE USAGE_TABLE DEFAULT_MAX_ASSETS DEFAULT_MAX_BYTES DEFAULT_MAX_MINUTES DEFAULT_MAX_UPLOADS DEFAULT_MAX_FILM_BYTES DEFAULT_MAX_FILM_MINUTES DEFAULT_MAX_FILM_LONG_SIDE DEFAULT_MAX_FILM_SHORT_SIDE CONVERSION_QUEUE_URL LADDER_ON_UPLOAD PROCESS_QUEUE_URL PREVIEWS_ON_UPLOAD RETENTION_TABLE MALWARE_SCAN VERDICT_QUEUE_ARN",
    ),
    (
        "ConvertFilm",
        "convert-film",
        "ASSETS_TABLE KEYS_TABLE UPLOADS_BUCKET MEDIA_BUCKET MASTER_KEY_SECRET SEGMENT_MS SEGMENTS_PER_KEY MAX_RECEIVE_COUNT AUDIT_TABLE USAGE_TABLE DEFAULT_MAX_ASSETS DEFAULT_MAX_BYTES DEFAULT_MAX_MINUTES DEFAULT_MAX_UPLOADS DEFAULT_MAX_FILM_BYTES DEFAULT_MAX_FILM_MINUTES DEFAULT_MAX_FILM_LONG_SIDE DEFAULT_MAX_FILM_SHORT_SIDE CONVERT_MAX_BYTES FFMPEG CONVERSION_QUEUE_URL LADDER_ON_UPLOAD PROCESS_QUEUE_URL PREVIEWS_ON_UPLOAD KEEP_RENDITIONS RETENTION_TABLE MALWARE_SCAN",
    ),
    (
        "AuthorizePlayback",
        "authorize-playback",
        "ALLOWED_ORIGINS GRANTS_TABLE ASSETS_TABLE MEMBERS_TABLE SUPPORT_ORGANISATION CLIENTS_TABLE SHARES_TABLE SESSIONS_TABLE PLAYBACK_TABLE PLAYBACK_MAC_SECRET PATH_MAC_SECRET DELIVERY_MODES URL_SIGNING_SECRET URL_SIGNING_KEY_PAIR_ID URL_SIGNING_KEY_SLOT MEDIA_BASE_URL PLAYBACK_SESSION_SECONDS PLAYBACK_REFRESH_SECONDS STREAM_LEASE_SECONDS ACCESS_TABLE AUDIT_TABLE LIMITS_TABLE",
    ),
    (
        "AuthorizeDownload",
        "authorize-download",
        "ALLOWED_ORIGINS GRANTS_TABLE ASSETS_TABLE MEMBERS_TABLE CLIENTS_TABLE SESSIONS_TABLE PLAYBACK_TABLE UPLOADS_BUCKET URL_SIGNING_SECRET URL_SIGNING_KEY_PAIR_ID URL_SIGNING_KEY_SLOT MEDIA_BASE_URL DOWNLOAD_URL_SECONDS DOWNLOAD_VIA_CLOUDFRONT_BELOW MALWARE_SCAN ACCESS_TABLE AUDIT_TABLE LIMITS_TABLE",
    ),
    (
        "DeliverPlaylist",
        "deliver-playlist",
        "ALLOWED_ORIGINS MEMBERS_TABLE SUPPORT_ORGANISATION CLIENTS_TABLE SHARES_TABLE SESSIONS_TABLE PLAYBACK_TABLE ASSETS_TABLE MEDIA_BUCKET PLAYBACK_MAC_SECRET MEDIA_BASE_URL",
    ),
    (
        "DeliverKey",
        "deliver-key",
        "ALLOWED_ORIGINS MEMBERS_TABLE SUPPORT_ORGANISATION CLIENTS_TABLE SHARES_TABLE SESSIONS_TABLE PLAYBACK_TABLE KEYS_TABLE ASSETS_TABLE AUDIT_TABLE PLAYBACK_MAC_SECRET MASTER_KEY_SECRET",
    ),
    (
        "DeliverPreview",
        "deliver-preview",
        "ALLOWED_ORIGINS MEMBERS_TABLE SUPPORT_ORGANISATION CLIENTS_TABLE SHARES_TABLE SESSIONS_TABLE PLAYBACK_TABLE KEYS_TABLE ASSETS_TABLE MEDIA_BUCKET PLAYBACK_MAC_SECRET MASTER_KEY_SECRET",
    ),
    (
        "WithdrawAsset",
        "withdraw-asset",
        "ALLOWED_ORIGINS ASSETS_TABLE DISTRIBUTION_ID TOKEN_JWKS TOKEN_ISSUER MEMBERS_TABLE SESSIONS_TABLE CLIENTS_TABLE ACCESS_TABLE AUDIT_TABLE LIMITS_TABLE USAGE_TABLE",
    ),
    (
        "ManageDeletion",
        "manage-deletion",
        "ALLOWED_ORIGINS ASSETS_TABLE RETENTION_TABLE DISTRIBUTION_ID TOKEN_JWKS TOKEN_ISSUER MEMBERS_TABLE SESSIONS_TABLE CLIENTS_TABLE ACCESS_TABLE AUDIT_TABLE LIMITS_TABLE USAGE_TABLE DEFAULT_MAX_ASSETS DEFAULT_MAX_BYTES DEFAULT_MAX_MINUTES DEFAULT_MAX_UPLOADS DEFAULT_MAX_FILM_BYTES DEFAULT_MAX_FILM_MINUTES DEFAULT_MAX_FILM_LONG_SIDE DEFAULT_MAX_FILM_SHORT_SIDE",
    ),
    (
        "SweepAssets",
        "sweep-assets",
        "ASSETS_TABLE RETENTION_TABLE KEYS_TABLE SHARES_TABLE AUDIT_TABLE UPLOADS_BUCKET MEDIA_BUCKET USAGE_TABLE",
    ),
    (
        "ManageOrganisation",
        "manage-organisation",
        "ALLOWED_ORIGINS USERS_TABLE MEMBERS_TABLE SUPPORT_ORGANISATION CLIENTS_TABLE SESSIONS_TABLE LIMITS_TABLE MAIL_QUEUE_URL AUDIT_TABLE TOKEN_JWKS TOKEN_ISSUER USAGE_TABLE DEFAULT_MAX_ASSETS DEFAULT_MAX_BYTES DEFAULT_MAX_MINUTES DEFAULT_MAX_UPLOADS DEFAULT_MAX_FILM_BYTES DEFAULT_MAX_FILM_MINUTES DEFAULT_MAX_FILM_LONG_SIDE DEFAULT_MAX_FILM_SHORT_SIDE",
    ),
    (
        "BootstrapOwner",
        "bootstrap-owner",
        "USERS_TABLE MEMBERS_TABLE MAIL_QUEUE_URL",
    ),
    (
        "SetQuota",
        "set-quota",
        "USAGE_TABLE MEMBERS_TABLE AUDIT_TABLE",
    ),
    (
        "EraseAccount",
        "erase-account",
        "ALLOWED_ORIGINS USERS_TABLE MEMBERS_TABLE SESSIONS_TABLE CLIENTS_TABLE AUDIT_TABLE TOKEN_JWKS TOKEN_ISSUER",
    ),
    (
        "ReadAudit",
        "read-audit",
        "ALLOWED_ORIGINS MEMBERS_TABLE SUPPORT_ORGANISATION SESSIONS_TABLE CLIENTS_TABLE AUDIT_TABLE TOKEN_JWKS TOKEN_ISSUER",
    ),
    (
        "RecoverAccount",
        "recover-account",
        "ALLOWED_ORIGINS USERS_TABLE MEMBERS_TABLE LINKS_TABLE AUDIT_TABLE LIMITS_TABLE MAIL_QUEUE_URL",
    ),
    (
        "SealAudit",
        "seal-audit",
        "AUDIT_TABLE WEBHOOKS_TABLE WEBHOOK_QUEUE_URL",
    ),
    (
        "RotateSecret",
        "rotate-secret",
        "KEYS_TABLE MASTER_KEY_SECRET PLAYBACK_MAC_SECRET SESSION_MAC_SECRET LINK_MAC_SECRET SHARE_MAC_SECRET WEBHOOK_MAC_SECRET FACTOR_SECRET",
    ),
    ("RewrapKeys", "rewrap-keys", "KEYS_TABLE MASTER_KEY_SECRET"),
    (
        "SendMail",
        "send-mail",
        "USERS_TABLE MEMBERS_TABLE LINKS_TABLE LINK_MAC_SECRET APP_URL MAIL_FROM",
    ),
    (
        "DeliverWebhooks",
        "deliver-webhooks",
        "WEBHOOKS_TABLE AUDIT_TABLE WEBHOOK_MAC_SECRET WEBHOOK_QUEUE_URL WEBHOOK_REACH",
    ),
];

/// What every variable holds, whichever function reads it.
const VARIABLES: &[(&str, &str)] = &[
    ("ACCESS_TABLE", "Data/AccessTable"),
    ("ALLOWED_ORIGINS", "<AllowedOrigins>"),
    ("APP_URL", "<AppUrl>"),
    ("ASSETS_TABLE", "Data/AssetsTable"),
    ("AUDIT_BUCKET", "Data/AuditBucket"),
    ("AUDIT_TABLE", "Data/AuditTable"),
    ("CHALLENGE_SECRET", "<ChallengeSecretArn>"),
    ("CHALLENGE_VERIFY_URL", "<ChallengeVerifyUrl>"),
    ("CLIENTS_TABLE", "Data/ClientsTable"),
    (
        "CONVERSION_QUEUE_URL",
        "If[Converts, Root/ConversionQueue, none]",
    ),
    ("CONVERT_MAX_BYTES", "6000000000"),
    ("DEFAULT_MAX_ASSETS", "<DefaultMaxAssets>"),
    ("DEFAULT_MAX_BYTES", "<DefaultMaxBytes>"),
    ("DEFAULT_MAX_FILM_BYTES", "<DefaultMaxFilmBytes>"),
    ("DEFAULT_MAX_FILM_LONG_SIDE", "<DefaultMaxFilmLongSide>"),
    ("DEFAULT_MAX_FILM_MINUTES", "<DefaultMaxFilmMinutes>"),
    ("DEFAULT_MAX_FILM_SHORT_SIDE", "<DefaultMaxFilmShortSide>"),
    ("DEFAULT_MAX_MINUTES", "<DefaultMaxMinutes>"),
    ("DEFAULT_MAX_UPLOADS", "<DefaultMaxUploads>"),
    ("DELIVERY_MODES", "<DeliveryModes>"),
    ("DISTRIBUTION_ID", "Edge/Distribution"),
    ("DOWNLOAD_URL_SECONDS", "<DownloadUrlSeconds>"),
    (
        "DOWNLOAD_VIA_CLOUDFRONT_BELOW",
        "<DownloadViaCloudFrontBelow>",
    ),
    ("FACTOR_SECRET", "Data/FactorSecret"),
    ("FFMPEG", "If[FfmpegIsLayer, /opt/bin/ffmpeg, <Ffmpeg>]"),
    ("GRANTS_TABLE", "Data/GrantsTable"),
    ("KEYS_TABLE", "Data/KeysTable"),
    ("LADDER_ON_UPLOAD", "<LadderOnUpload>"),
    ("PREVIEWS_ON_UPLOAD", "<PreviewsOnUpload>"),
    ("KEEP_RENDITIONS", "<DownloadableRenditions>"),
    ("LIMITS_TABLE", "Data/LimitsTable"),
    ("LINKS_TABLE", "Data/LinksTable"),
    ("LINK_MAC_SECRET", "Data/LinkMacSecret"),
    ("LOG_LEVEL", "<LogLevel>"),
    ("MAIL_FROM", "<MailFrom>"),
    ("MAIL_QUEUE_URL", "Root/MailQueue"),
    ("MASTER_KEY_SECRET", "Data/MasterKeySecret"),
    ("MALWARE_SCAN", "<MalwareScan>"),
    ("MAX_RECEIVE_COUNT", "5"),
    ("MEMBERS_TABLE", "Data/MembersTable"),
    (
        "MEDIA_BASE_URL",
        "If[HasMediaBaseUrl, <MediaBaseUrl>, https://If[HasAlias, <AliasDomain>, Edge/Distribution.DomainName]]",
    ),
    ("MEDIA_BUCKET", "Data/MediaBucket"),
    ("PASSKEY_DOMAIN", "<PasskeyDomain>"),
    ("PATH_MAC_SECRET", "Data/PathMacSecret"),
    ("PLAYBACK_MAC_SECRET", "Data/PlaybackMacSecret"),
    ("PLAYBACK_SESSION_SECONDS", "<PlaybackSessionSeconds>"),
    ("PLAYBACK_REFRESH_SECONDS", "<PlaybackRefreshSeconds>"),
    ("STREAM_LEASE_SECONDS", "<StreamLeaseSeconds>"),
    ("PLAYBACK_TABLE", "Data/PlaybackTable"),
    ("PROCESS_QUEUE_URL", "Root/ProcessQueue"),
    ("RETENTION_TABLE", "Data/RetentionTable"),
    ("SECRETS_FRESH_SECONDS", "<SecretsFreshSeconds>"),
    ("SEGMENTS_PER_KEY", "<SegmentsPerKey>"),
    ("SEGMENT_MS", "<SegmentMs>"),
    ("SESSIONS_TABLE", "Data/SessionsTable"),
    ("SESSION_MAC_SECRET", "Data/SessionMacSecret"),
    ("SHARES_TABLE", "Data/SharesTable"),
    ("SHARE_MAC_SECRET", "Data/ShareMacSecret"),
    ("SUPPORT_ORGANISATION", "<SupportOrganisation>"),
    (
        "TOKEN_ISSUER",
        "If[HasTokenIssuer, <TokenIssuer>, urn:reelvault:${AWS::AccountId}:${AWS::StackName}]",
    ),
    ("TOKEN_JWKS", "<TokenJwks>"),
    ("TOKEN_SIGNING_SECRET", "<TokenSigningSecretArn>"),
    ("UPLOADS_BUCKET", "Data/UploadsBucket"),
    (
        "URL_SIGNING_KEY_PAIR_ID",
        "If[SecondKeySigns, Edge/UrlSigningKey2, If[HasFirstKey, Edge/UrlSigningKey1, ]]",
    ),
    ("URL_SIGNING_KEY_SLOT", "<UrlSigningKeySlot>"),
    ("URL_SIGNING_SECRET", "<UrlSigningSecretArn>"),
    ("USAGE_TABLE", "Data/UsageTable"),
    ("USERS_TABLE", "Data/UsersTable"),
    ("VERDICT_QUEUE_ARN", "Root/VerdictQueue.Arn"),
    ("WEBHOOKS_TABLE", "Data/WebhooksTable"),
    ("WEBHOOK_MAC_SECRET", "Data/WebhookMacSecret"),
    ("WEBHOOK_QUEUE_URL", "Root/WebhookQueue"),
    ("WEBHOOK_REACH", "<WebhookReach>"),
];

pub(crate) fn faults(world: &World) -> Vec<String> {
    let mut faults = Faults::default();
    let functions = world.all("AWS::Serverless::Function");
    faults.same(
        "number of functions",
        &json!(functions.len()),
        &json!(FUNCTIONS.len()),
    );
    let globals = &world.template(ROOT)["Globals"]["Function"];
    for (what, expected) in [
        ("Runtime", json!("provided.al2023")),
        ("Handler", json!("bootstrap")),
        ("Tracing", json!("Active")),
        ("Architectures", json!([{ "Ref": "Architecture" }])),
    ] {
        faults.same(what, &globals[what], &expected);
    }
    faults.same(
        "JSON logs",
        &globals["LoggingConfig"]["LogFormat"],
        &json!("JSON"),
    );
    for (id, name, variables) in FUNCTIONS {
        let function = &world.template(ROOT)["Resources"][id]["Properties"];
        wiring(id, name, function, &mut faults);
        logs(world, id, name, function, &mut faults);
        environment(world, id, variables, &mut faults);
    }
    for (stack, id, group) in world.all("AWS::Logs::LogGroup") {
        let days = world.render(stack, &group["RetentionInDays"]);
        faults.same(
            &format!("{id} retention"),
            &json!(days),
            &json!("<LogRetentionDays>"),
        );
    }
    faults.into()
}

fn wiring(id: &str, name: &str, function: &Value, faults: &mut Faults) {
    let mut check =
        |what: &str, expected| faults.same(&format!("{id} {what}"), &function[what], &expected);
    check(
        "FunctionName",
        json!({ "Fn::Sub": format!("${{AWS::StackName}}-{name}") }),
    );
    check(
        "CodeUri",
        json!(format!("target/lambda/{name}/bootstrap.zip")),
    );
    check(
        "Role",
        json!({ "Fn::GetAtt": format!("Roles.Outputs.{id}") }),
    );
    // Either would bring a second, wider way to rights beside the role.
    check("Policies", Value::Null);
    check("FunctionUrlConfig", Value::Null);
    check("Tracing", Value::Null);
}

fn logs(world: &World, id: &str, name: &str, function: &Value, faults: &mut Faults) {
    let group = json!({ "LogGroup": { "Ref": format!("{id}Logs") } });
    faults.same(
        &format!("{id} log group"),
        &function["LoggingConfig"],
        &group,
    );
    let group =
        &world.template(ROOT)["Resources"][format!("{id}Logs")]["Properties"]["LogGroupName"];
    let expected = format!("/aws/lambda/${{AWS::StackName}}-{name}");
    faults.same(
        &format!("{id} log name"),
        group,
        &json!({ "Fn::Sub": expected }),
    );
}

fn environment(world: &World, id: &str, variables: &str, faults: &mut Faults) {
    let template = world.template(ROOT);
    let of = |value: &Value| {
        value["Environment"]["Variables"]
            .as_object()
            .cloned()
            .unwrap_or_default()
    };
    let mut found = of(&template["Globals"]["Function"]);
    found.extend(of(&template["Resources"][id]["Properties"]));
    let names: BTreeSet<_> = found.keys().map(String::as_str).collect();
    let expected: BTreeSet<_> = variables.split(' ').chain(EVERYWHERE).collect();
    faults.same(
        &format!("{id} environment"),
        &json!(names),
        &json!(expected),
    );
    for (name, value) in &found {
        let known = VARIABLES
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value);
        faults.same(
            &format!("{id} {name}"),
            &json!(world.render(ROOT, value)),
            &json!(known),
        );
    }
}

/// A secret reaches a function as the name to ask Secrets Manager for; the templates resolve none.
pub(crate) fn resolved_secrets(world: &World) -> Vec<String> {
    let stacks = [ROOT, "Data", "Edge", "Roles", "Monitoring"];
    let texts = stacks.map(|stack| (stack, world.template(stack).to_string()));
    let resolving = texts.iter().filter(|(_, text)| text.contains("{{resolve:"));
    resolving
        .map(|(stack, _)| format!("{stack} resolves a secret"))
        .collect()
}
