//! A world in which everything has what it needs, and a good request to every function with a route.

use serde_json::json;
use vault_domain::id::{SessionId, TextId};
use vault_domain::language::Language;
use vault_domain::link::{LinkRequest, LinkToken};
use vault_domain::ports::{AccessTokens as _, Clock as _, LinkTokens as _, LoginChallenges as _};
use vault_domain::secret::SecretText;
use vault_domain::subtitles::{Brought, Kind, Subtitles, Which};
use vault_domain::token::{Digest, LoginChallenge};
use vault_testkit::enrolled::golden_secret;
use vault_testkit::webhook::{WEBHOOK, ready_order};
use vault_testkit::{Kit, builders};

use crate::shares::of_shares;
use crate::support::{of_granting_support, of_support};
use crate::world::{Ask, INVITED, NEW_PASSWORD};

const BRING_SUBTITLES: &str = "PUT /v1/assets/{asset_id}/subtitles/{language}";
const SRT: &str = "1\r\n00:00:01,000 --> 00:00:02,500\r\nOl\u{e1}\r\n";

/// German ones that wait.
pub(crate) fn subtitles() -> Subtitles {
    let text = Brought {
        id: TextId::from_octets([1; 16]),
        digest: Digest([1; 32]),
        cues: 3,
        name: None,
        default: false,
        at: builders::record().at,
    };
    let which = Which {
        language: Language::parse("de").unwrap(),
        kind: Kind::Subtitles,
    };
    Subtitles::default().brought(&which, &text).unwrap()
}

/// The golden owner's access token.
pub(crate) fn access(kit: &Kit) -> SecretText {
    kit.access
        .issue(&builders::caller(), kit.clock.now(), 600)
        .unwrap()
}

/// A world in which every golden request has what it needs.
pub(crate) fn golden() -> Kit {
    let kit = Kit::with_users(7);
    kit.enrol(builders::VIEWER);
    kit.plant_session();
    kit.plant_ready();
    kit.plant_previews();
    kit.plant_playback();
    kit.plant_grant(&builders::media_token(2), |_| ());
    kit.plant_download_grant(&builders::media_token(3), |_| ());
    kit.plant_downloaded(&builders::media_token(4));
    kit.plant_client(|_| ());
    kit.plant_guarded_share();
    kit.plant_shared_grant(&builders::media_token(5));
    kit.plant_reset();
    kit.plant_verification();
    kit.plant_invitation(INVITED);
    kit.plant_staff();
    kit.plant_support(|_| ());
    kit.plant_webhook(|_| ());
    kit.plant_dead_delivery();
    kit
}

/// What the golden viewer, who has an app and a passkey, was given for the right password.
fn challenge(kit: &Kit) -> SecretText {
    kit.challenges.issue(&LoginChallenge {
        enrol: false,
        user: builders::VIEWER,
        org: builders::ORG,
        session: SessionId::from_octets([0x5c; 16]),
        issued_at: kit.clock.now(),
    })
}

/// What the viewer's app shows.
fn code(kit: &Kit) -> String {
    let code = kit.code_now(&golden_secret());
    code.expose().to_owned()
}

/// The tokens of the links in the golden world: of a reset, a verification, an invitation.
pub(crate) fn links(kit: &Kit) -> [LinkToken; 3] {
    let invitation = LinkRequest::Invitation(builders::INVITATION, 1);
    [builders::RESET, builders::VERIFY, invitation].map(|request| kit.link_tokens.token(&request))
}

fn shared_playlist(ticket: &SecretText, route: &'static str) -> Ask {
    Ask::at("deliver-playlist", route)
        .path("asset_id", builders::ASSET)
        .path("package_id", builders::PACKAGE)
        .path("playlist", "video.m3u8")
        .header("cookie", format!("reelvault_ticket={}", ticket.expose()))
}

/// One good request to every function with a route.
pub(crate) fn good(kit: &Kit) -> Vec<Ask> {
    let access = access(kit);
    let asset = builders::ASSET;
    let media = builders::media_token(2);
    let download = builders::media_token(3);
    let ticket = kit.golden_ticket();
    let exchange = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={}\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
         &resource=urn%3Areelvault%3Aasset%3A{asset}&scope=play",
        access.expose()
    );
    let [reset, verification, invitation] = links(kit);
    let [reset, verification, invitation] =
        [&reset, &verification, &invitation].map(|token| token.secret().expose().to_owned());
    let recovery = |route| Ask::to("recover-account", "POST").route(route);
    let refresh = kit.golden_refresh_token();
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}",
        refresh.expose()
    );
    let secret = builders::api_key_secret(builders::CLIENT, 1);
    let client = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        builders::CLIENT,
        secret.expose()
    );
    vec![
        Ask::to("login", "POST")
            .json(&json!({ "email": builders::EMAIL, "password": builders::PASSWORD })),
        Ask::at("login", "POST /v1/login/second-factor")
            .json(&json!({ "token": challenge(kit).expose(), "code": code(kit) })),
        Ask::at("login", "POST /v1/login/second-factor/passkey-options")
            .json(&json!({ "token": challenge(kit).expose() })),
        Ask::at("manage-account", "GET /v1/account").bearer(&access),
        Ask::at("manage-account", "GET /v1/account/sessions").bearer(&access),
        Ask::at("manage-account", "POST /v1/account/sessions/revoke")
            .bearer(&access)
            .json(&json!({ "keep_current": true })),
        Ask::at("manage-account", "POST /v1/account/reauthenticate")
            .bearer(&access)
            .json(&json!({ "password": builders::PASSWORD })),
        Ask::at("manage-account", "POST /v1/account/password")
            .bearer(&access)
            .json(&json!({
                "current_password": builders::PASSWORD, "new_password": "twelve letters or more",
            })),
        Ask::at("manage-account", "POST /v1/account/totp").bearer(&access),
        Ask::at("manage-account", "POST /v1/account/passkeys/options").bearer(&access),
        Ask::to("mint-token", "POST").form(&refresh),
        Ask::to("mint-token", "POST").form(&client),
        Ask::to("mint-token", "POST")
            .route("/v1/token/revoke")
            .form(&format!("token={}", kit.golden_refresh_token().expose())),
        Ask::to("mint-token", "POST")
            .route("/v1/token/introspect")
            .form(&format!("token={}&{client}", access.expose())),
        Ask::to("mint-token", "GET").route("/.well-known/oauth-authorization-server"),
        Ask::to("manage-api-keys", "GET").bearer(&access),
        Ask::to("manage-api-keys", "POST")
            .bearer(&access)
            .json(&json!({ "name": "Player", "role": "viewer", "scopes": ["play"] })),
        Ask::to("manage-api-keys", "POST")
            .route("/v1/api-keys/{key_id}/rotate")
            .bearer(&access)
            .path("key_id", builders::CLIENT)
            .json(&json!({ "overlap_seconds": 60 })),
        Ask::to("manage-api-keys", "POST")
            .route("/v1/api-keys/{key_id}/revoke")
            .bearer(&access)
            .path("key_id", builders::CLIENT),
        Ask::to("mint-token", "POST").form(&exchange),
        Ask::to("mint-token", "GET"),
        Ask::to("manage-access", "GET")
            .route("/v1/assets/{asset_id}/access")
            .bearer(&access)
            .path("asset_id", asset),
        Ask::to("manage-access", "PATCH")
            .route("/v1/assets/{asset_id}/access")
            .bearer(&access)
            .path("asset_id", asset)
            .json(&json!({ "visibility": "restricted" })),
        Ask::to("manage-access", "PUT")
            .route("/v1/assets/{asset_id}/access/{principal}")
            .bearer(&access)
            .path("asset_id", asset)
            .path("principal", builders::VIEWER)
            .json(&json!({ "access": "download", "expires_at": 1_900_000_000 })),
        Ask::to("manage-access", "POST")
            .route("/v1/collections")
            .bearer(&access)
            .json(&json!({ "name": "Rushes", "visibility": "restricted" })),
        Ask::to("manage-access", "POST")
            .route("/v1/spaces")
            .bearer(&access)
            .json(&json!({ "name": "Newsroom", "visibility": "restricted" })),
        Ask::to("manage-access", "POST")
            .route("/v1/groups")
            .bearer(&access)
            .json(&json!({ "name": "Guests" })),
        Ask::to("manage-access", "GET")
            .route("/v1/groups")
            .bearer(&access),
        Ask::to("manage-assets", "GET").bearer(&access),
        Ask::to("manage-assets", "GET")
            .bearer(&access)
            .path("asset_id", asset),
        Ask::to("manage-assets", "PATCH")
            .bearer(&access)
            .path("asset_id", asset)
            .header("if-match", "*")
            .json(&json!({ "title": "Another title", "metadata": { "season": 2 } })),
        Ask::at("manage-assets", BRING_SUBTITLES)
            .bearer(&access)
            .path("asset_id", asset)
            .path("language", "pt-br")
            .query("kind", "captions")
            .query("name", "Legendas")
            .query("default", true)
            .body("application/x-subrip", SRT.to_owned()),
        Ask::at("manage-account", "GET /v1/account/export").bearer(&access),
        Ask::to("read-audit", "GET")
            .bearer(&access)
            .query("limit", 10),
        Ask::to("presign-upload", "POST")
            .bearer(&access)
            .json(&json!({
                "filename": "film.mp4", "size": 20_000_000, "content_type": "video/mp4",
            })),
        Ask::to("finalize-upload", "GET")
            .bearer(&access)
            .path("asset_id", asset),
        Ask::to("finalize-upload", "POST")
            .bearer(&access)
            .path("asset_id", asset),
        Ask::at("authorize-playback", "POST /v1/assets/{asset_id}/playback")
            .header("authorization", format!("Bearer {}", media.expose()))
            .path("asset_id", asset),
        Ask::at("authorize-playback", "POST /v1/playback/{token}/refresh")
            .path("token", kit.golden_refresh().expose()),
        Ask::at("authorize-playback", "POST /v1/playback/{token}/end")
            .path("token", ticket.expose()),
        Ask::to("authorize-download", "POST")
            .header("authorization", format!("Bearer {}", download.expose()))
            .path("asset_id", asset)
            .json(&json!({ "rendition": "original" })),
        Ask::to("deliver-playlist", "GET")
            .path("token", ticket.expose())
            .path("playlist", "video.m3u8"),
        shared_playlist(&ticket, "GET /v1/media/{asset_id}/{package_id}/{playlist}"),
        shared_playlist(
            &ticket,
            "GET /v1/media/{asset_id}/{package_id}/query/{playlist}",
        ),
        Ask::at("deliver-playlist", "POST /v1/playback/{token}/cookies")
            .path("token", ticket.expose())
            .json(&json!({})),
        Ask::to("deliver-key", "GET")
            .path("asset_id", asset)
            .path("key_id", builders::KEY)
            .query("token", ticket.expose()),
        Ask::to("deliver-preview", "GET")
            .path("token", ticket.expose())
            .path("key_id", builders::PREVIEW_KEY)
            .path("preview", "storyboard.vtt"),
        Ask::to("withdraw-asset", "POST")
            .bearer(&access)
            .path("asset_id", asset),
        recovery("/v1/password/forgot").json(&json!({ "email": builders::EMAIL })),
        recovery("/v1/password/reset")
            .json(&json!({ "token": reset, "new_password": NEW_PASSWORD })),
        recovery("/v1/invitations/accept")
            .json(&json!({ "token": invitation, "password": NEW_PASSWORD })),
        recovery("/v1/email/verify").json(&json!({ "token": verification })),
    ]
    .into_iter()
    .chain(of_organisation(&access))
    .chain(of_shares(kit, &access))
    .chain(of_deletion(&access))
    .chain(of_support(kit))
    .chain(of_webhooks(&access))
    .collect()
}

fn of_organisation(access: &SecretText) -> Vec<Ask> {
    let get = |route| Ask::to("manage-organisation", "GET").route(route);
    let post = |route| Ask::to("manage-organisation", "POST").route(route);
    let member = |route| post(route).path("user_id", builders::VIEWER);
    let asks = vec![
        get("/v1/organisation"),
        post("/v1/organisation").json(&json!({ "name": "Renamed" })),
        get("/v1/organisation/spread"),
        Ask::to("manage-organisation", "PUT")
            .route("/v1/organisation/spread")
            .json(&json!({
                "on_spread": "revoke", "max_networks": 3, "max_returns": 2, "window_seconds": 300,
            })),
        post("/v1/organisation/end-sessions"),
        get("/v1/organisation/members").query("limit", 1),
        member("/v1/organisation/members/{user_id}/role").json(&json!({ "role": "editor" })),
        member("/v1/organisation/members/{user_id}/disable"),
        member("/v1/organisation/members/{user_id}/enable"),
        member("/v1/organisation/members/{user_id}/end-sessions"),
        member("/v1/organisation/members/{user_id}/remove"),
        get("/v1/organisation/invitations"),
        post("/v1/organisation/invitations")
            .json(&json!({ "email": "new@example.org", "role": "viewer" })),
        post("/v1/organisation/invitations/{invitation_id}/revoke")
            .path("invitation_id", builders::INVITATION),
    ];
    let asks = asks.into_iter().chain(of_granting_support());
    asks.map(|ask| ask.bearer(access)).collect()
}

fn of_webhooks(access: &SecretText) -> Vec<Ask> {
    let at = |route| Ask::at("manage-webhooks", route).bearer(access);
    let about = |route| at(route).path("webhook_id", WEBHOOK);
    let dead = "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay";
    vec![
        at("GET /v1/webhooks"),
        at("POST /v1/webhooks").json(&json!({
            "name": "CI", "url": "https://ci.example.org/hook", "events": ["asset.ready"],
        })),
        about("GET /v1/webhooks/{webhook_id}"),
        about("PATCH /v1/webhooks/{webhook_id}").json(&json!({ "enabled": true })),
        about("POST /v1/webhooks/{webhook_id}/rotate"),
        about("POST /v1/webhooks/{webhook_id}/test"),
        about("GET /v1/webhooks/{webhook_id}/deliveries").query("state", "dead"),
        about(dead).path("delivery_id", ready_order().delivery),
        about("DELETE /v1/webhooks/{webhook_id}"),
    ]
}

fn of_deletion(access: &SecretText) -> Vec<Ask> {
    let at = |route| Ask::at("manage-deletion", route).bearer(access);
    let about = |route| at(route).path("asset_id", builders::ASSET);
    vec![
        about("DELETE /v1/assets/{asset_id}"),
        about("POST /v1/assets/{asset_id}/restore"),
        about("PUT /v1/assets/{asset_id}/legal-hold").json(&json!({ "reason": "A case" })),
        about("DELETE /v1/assets/{asset_id}/legal-hold"),
        at("GET /v1/organisation/retention"),
        at("PUT /v1/organisation/retention")
            .json(&json!({ "recovery_days": 7, "delete_after_days": 365 })),
    ]
}
