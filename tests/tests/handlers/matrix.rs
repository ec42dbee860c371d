//! Who gets what answer where: every route of the template × every kind of actor, as a golden file. A route that is new has
//! no row in it and fails.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Value, json};
use vault_domain::access::{AccessList, Entry, Level, Principal, Visibility};
use vault_domain::api_key::{Scope, Scopes};
use vault_domain::asset::{AssetState, Failure};
use vault_domain::credential::Role;
use vault_domain::id::{CollectionId, GroupId, OrgId, SessionId, SpaceId};
use vault_domain::member::{Actor as Author, Subject};
use vault_domain::network::Networks;
use vault_domain::ports::{AccessTokens as _, Clock as _};
use vault_domain::quota::Charge;
use vault_domain::secret::SecretText;
use vault_domain::share::{MaxViews, Share};
use vault_domain::support::SupportLevel;
use vault_domain::token::Caller;
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, CLIENT, ORG, OWNER, SESSION, VIEWER};
use vault_testkit::share::{SHARE, SHARE_PASSWORD, share};
use vault_testkit::support::{SUPPORT, support_caller};
use vault_testkit::webhook::{WEBHOOK, ready_order};

use crate::golden::golden;
use crate::world::{Ask, answer};

const FOREIGN: OrgId = OrgId::from_octets([0x99; 16]);
const COLLECTION: CollectionId = CollectionId::from_octets([0x71; 16]);
const SPACE: SpaceId = SpaceId::from_octets([0x73; 16]);
const GROUP: GroupId = GroupId::from_octets([0x72; 16]);

/// What an actor bears, in the world that was changed for them.
type Bears = fn(&Kit) -> Option<SecretText>;

const ACTORS: &[(&str, Bears)] = &[
    ("nobody", |_| None),
    ("forged", |_| Some(SecretText::new("forged".to_owned()))),
    ("expired", |kit| {
        let token = Some(access(kit, builders::caller()));
        kit.clock.advance(700);
        token
    }),
    ("ended", |kit| {
        kit.cloud
            .with(|s| s.sessions.get_mut(&SESSION).unwrap().revoked = true);
        Some(access(kit, builders::caller()))
    }),
    ("stranger", |kit| Some(stranger(kit))),
    ("viewer", |kit| Some(member(kit, Role::Viewer))),
    ("viewer of what is restricted", |kit| {
        kit.change_asset(|asset| asset.access.visibility = Visibility::Restricted);
        Some(member(kit, Role::Viewer))
    }),
    ("viewer who manages it", |kit| {
        Some(granted(kit, Level::Manage))
    }),
    ("editor who is shut out", |kit| {
        granted(kit, Level::None);
        Some(member(kit, Role::Editor))
    }),
    ("editor", |kit| Some(member(kit, Role::Editor))),
    ("its editor", |kit| {
        kit.change_asset(|asset| asset.announced.owner = Author::User(VIEWER));
        Some(member(kit, Role::Editor))
    }),
    ("admin", |kit| Some(member(kit, Role::Admin))),
    ("owner", |kit| Some(access(kit, builders::caller()))),
    ("key: play", |kit| Some(key(kit, Scope::Play))),
    ("key: download", |kit| Some(key(kit, Scope::Download))),
    ("key: upload", |kit| Some(key(kit, Scope::Upload))),
    ("key: upload, what it brought in", |kit| {
        let token = key(kit, Scope::Upload);
        kit.change_asset(|asset| asset.announced.owner = Author::ApiKey(CLIENT));
        Some(token)
    }),
    ("key: withdraw", |kit| Some(key(kit, Scope::Withdraw))),
    ("key: read", |kit| Some(key(kit, Scope::Read))),
    ("key: edit", |kit| Some(key(kit, Scope::Edit))),
    ("key: share", |kit| Some(key(kit, Scope::Share))),
    ("support without a grant", |kit| {
        kit.cloud.with(|s| s.supports.clear());
        Some(access(kit, support_caller(SupportLevel::Watch)))
    }),
    ("support that looks", |kit| {
        Some(support(kit, SupportLevel::Look))
    }),
    ("support that watches", |kit| {
        Some(support(kit, SupportLevel::Watch))
    }),
    ("support of what is restricted", |kit| {
        kit.change_asset(|asset| asset.access.visibility = Visibility::Restricted);
        Some(support(kit, SupportLevel::Watch))
    }),
    ("staff at home", |kit| {
        Some(access(kit, vault_testkit::support::helper()))
    }),
    ("media token", |_| Some(bearer(2))),
    ("download token", |_| Some(bearer(3))),
    ("playback ticket", |kit| Some(kit.golden_ticket())),
    ("refresh token of a view", |kit| Some(kit.golden_refresh())),
    ("share", |_| Some(bearer(5))),
    ("share that is revoked", |kit| {
        let over = Some(kit.clock.now());
        shared(kit, |share| share.revoked_at = over);
        Some(bearer(5))
    }),
    ("share for another network", |kit| {
        let elsewhere = Networks::parse("198.51.100.0/24").unwrap();
        shared(kit, |share| share.networks = elsewhere);
        Some(bearer(5))
    }),
    ("share that is over", |kit| {
        let over = Some(kit.clock.now());
        shared(kit, |share| share.expires_at = over);
        Some(bearer(5))
    }),
    ("share that is used up", |kit| {
        shared(kit, |share| {
            (share.max_views, share.views) = (MaxViews::parse(1).ok(), 1);
        });
        Some(bearer(5))
    }),
];

fn shared(kit: &Kit, change: impl FnOnce(&mut Share)) {
    kit.cloud
        .with(|s| change(s.shares.get_mut(&(ASSET, SHARE)).unwrap()));
}

fn access(kit: &Kit, caller: Caller) -> SecretText {
    kit.access.issue(&caller, kit.clock.now(), 600).unwrap()
}

fn bearer(number: u8) -> SecretText {
    let token = builders::media_token(number);
    SecretText::new(token.expose().to_owned())
}

/// The golden viewer in another role.
fn member(kit: &Kit, role: Role) -> SecretText {
    kit.cloud.with(|s| {
        s.memberships.get_mut(&(ORG, VIEWER)).unwrap().role = role;
        // They signed in a moment ago, with all that is asked of them.
        for session in s.sessions.values_mut().filter(|s| s.user == VIEWER) {
            session.second_factor = true;
        }
    });
    let subject = builders::viewer_subject();
    let caller = builders::caller();
    access(
        kit,
        Caller {
            subject,
            role,
            ..caller
        },
    )
}

/// Staff, in by what was granted.
fn support(kit: &Kit, level: SupportLevel) -> SecretText {
    kit.plant_support(|grant| grant.level = level);
    access(kit, support_caller(level))
}

/// A viewer to whom so much is granted on what is restricted.
fn granted(kit: &Kit, level: Level) -> SecretText {
    let entry = Entry {
        to: Principal::Actor(Author::User(VIEWER)),
        level,
        expires_at: None,
        by: Author::User(OWNER),
        at: kit.clock.now(),
    };
    kit.change_asset(|asset| {
        asset.access.visibility = Visibility::Restricted;
        asset.access.entries = AccessList::stored(vec![entry]);
        asset.access.version = 1;
    });
    member(kit, Role::Viewer)
}

/// The golden owner themselves, as the owner of another organisation.
fn stranger(kit: &Kit) -> SecretText {
    let session = SessionId::from_octets([0x5f; 16]);
    kit.cloud.with(|s| {
        let mut organisation = s.organisations[&ORG].clone();
        organisation.id = FOREIGN;
        s.organisations.insert(FOREIGN, organisation);
        let mut place = s.memberships[&(ORG, OWNER)];
        place.org = FOREIGN;
        s.memberships.insert((FOREIGN, OWNER), place);
        let mut login = s.sessions[&SESSION].clone();
        (login.id, login.org) = (session, FOREIGN);
        s.sessions.insert(session, login);
    });
    let subject = Subject::Person {
        user: OWNER,
        session,
    };
    let caller = builders::caller();
    access(
        kit,
        Caller {
            subject,
            org: FOREIGN,
            ..caller
        },
    )
}

/// A key of an editor, of one scope.
fn key(kit: &Kit, scope: Scope) -> SecretText {
    let made = kit.plant_client(|key| {
        key.role = vault_domain::api_key::KeyRole::parse("editor").unwrap();
        key.scopes = Scopes::only(scope);
    });
    let caller = Caller {
        subject: Subject::ApiKey(made.id),
        role: Role::Editor,
        scopes: made.scopes,
        ..builders::caller()
    };
    access(kit, caller)
}

/// The routes of the template, each with its function.
pub(crate) fn routes() -> BTreeMap<String, String> {
    let template = include_str!("../../../template.yaml");
    let function = Regex::new(r"CodeUri: target/lambda/([a-z-]+)/").unwrap();
    let route = Regex::new(r"Method: ([A-Z]+), Path: '([^']+)'").unwrap();
    let (mut routes, mut current) = (BTreeMap::new(), String::new());
    for line in template.lines() {
        if let Some(found) = function.captures(line) {
            current = found[1].to_owned();
        }
        if let Some(found) = route.captures(line) {
            routes.insert(format!("{} {}", &found[1], &found[2]), current.clone());
        }
    }
    assert_eq!(routes.len(), template.matches("Type: HttpApi").count());
    routes
}

/// A body that the route takes, of a request that changes something.
fn body(route: &str) -> Option<Value> {
    Some(match route {
        "POST /v1/uploads" => {
            json!({ "filename": "film.mp4", "size": 20_000_000, "content_type": "video/mp4" })
        }
        "POST /v1/uploads/{asset_id}/parts" => json!({ "part_numbers": [1] }),
        "POST /v1/uppy/s3/multipart" => json!({
            "filename": "film.mp4", "type": "video/mp4", "metadata": { "size": "20000000" },
        }),
        "POST /v1/uppy/s3/multipart/{asset_id}/complete" => {
            json!({ "parts": [{ "PartNumber": 1, "ETag": "\"e\"" }] })
        }
        "PATCH /v1/assets/{asset_id}" => json!({ "title": "Another title" }),
        "PATCH /v1/assets/{asset_id}/access" => json!({ "visibility": "organisation" }),
        "PUT /v1/assets/{asset_id}/legal-hold" => json!({ "reason": "A case" }),
        "PUT /v1/organisation/retention" => json!({ "recovery_days": 7 }),
        "PUT /v1/organisation/spread" => json!({
            "on_spread": "revoke", "max_networks": 4, "max_returns": 5, "window_seconds": 600
        }),
        "PUT /v1/assets/{asset_id}/access/{principal}"
        | "PUT /v1/collections/{collection_id}/access/{principal}"
        | "PUT /v1/spaces/{space_id}/access/{principal}" => json!({ "access": "view" }),
        "POST /v1/collections"
        | "PATCH /v1/collections/{collection_id}"
        | "POST /v1/spaces"
        | "PATCH /v1/spaces/{space_id}"
        | "POST /v1/groups"
        | "PATCH /v1/groups/{group_id}"
        | "POST /v1/organisation" => json!({ "name": "Another name" }),
        "POST /v1/login" => json!({ "email": builders::EMAIL, "password": builders::PASSWORD }),
        "POST /v1/password/forgot" => json!({ "email": builders::EMAIL }),
        "POST /v1/password/reset" => {
            json!({ "token": "rvl_unknown", "new_password": "twelve letters or more" })
        }
        "POST /v1/email/verify" | "POST /v1/invitations/accept" => {
            json!({ "token": "rvl_unknown" })
        }
        "POST /v1/account/reauthenticate" => json!({ "password": builders::PASSWORD }),
        "POST /v1/account/erase" => json!({ "email": "vic@example.org" }),
        "POST /v1/account/password" => json!({
            "current_password": builders::PASSWORD, "new_password": "twelve letters or more",
        }),
        "POST /v1/account/sessions/revoke" => json!({ "keep_current": true }),
        "POST /v1/account/totp/confirm" => json!({ "code": "123456" }),
        "POST /v1/assets/{asset_id}/shares" => json!({ "name": "For review" }),
        "PATCH /v1/assets/{asset_id}/shares/{share_id}" => json!({ "name": "For the board" }),
        "POST /v1/organisation/support" => {
            json!({ "purpose": "Ticket 8", "level": "look", "expires_in": 3_600 })
        }
        "POST /v1/playback/{token}/cookies" => json!({}),
        "POST /v1/api-keys" => json!({ "name": "Player", "role": "viewer", "scopes": ["play"] }),
        "POST /v1/webhooks" => json!({ "name": "CI", "url": "https://ci.example.org/hook" }),
        "PATCH /v1/webhooks/{webhook_id}" => json!({ "name": "CI" }),
        "POST /v1/api-keys/{key_id}/rotate" => json!({ "overlap_seconds": 60 }),
        "POST /v1/organisation/members/{user_id}/role" => json!({ "role": "viewer" }),
        "POST /v1/organisation/invitations" => {
            json!({ "email": "new@example.org", "role": "viewer" })
        }
        _ => return None,
    })
}

fn asked(
    kit: &Kit,
    (route, scope): (&str, &str),
    function: &'static str,
    token: Option<&SecretText>,
) -> Ask {
    let (method, path) = route.split_once(' ').unwrap();
    let ask = Ask::to(function, String::leak(method.to_owned()));
    let mut ask = ask.route(String::leak(path.to_owned()));
    let borne = token.map_or("none", SecretText::expose);
    let values = [
        ("asset_id", ASSET.to_string()),
        ("principal", "role:admin".to_owned()),
        ("collection_id", COLLECTION.to_string()),
        ("space_id", SPACE.to_string()),
        ("group_id", GROUP.to_string()),
        ("user_id", VIEWER.to_string()),
        (
            "key_id",
            if path.starts_with("/v1/keys") {
                builders::KEY.to_string()
            } else if path.contains("/previews/") {
                builders::PREVIEW_KEY.to_string()
            } else {
                CLIENT.to_string()
            },
        ),
        ("invitation_id", builders::INVITATION.to_string()),
        ("share_id", SHARE.to_string()),
        ("webhook_id", WEBHOOK.to_string()),
        ("delivery_id", ready_order().delivery.to_string()),
        ("support_id", SUPPORT.to_string()),
        ("session_id", SESSION.to_string()),
        ("token", borne.to_owned()),
        ("credential_id", "AAAA".to_owned()),
        ("playlist", "master.m3u8".to_owned()),
        ("preview", "poster.jpg".to_owned()),
        ("package_id", builders::PACKAGE.to_string()),
        ("part_number", "1".to_owned()),
        ("language", "de".to_owned()),
    ];
    for (name, value) in values {
        if path.contains(&format!("{{{name}}}")) {
            ask = ask.path(name, value);
        }
    }
    if let Some(body) = body(route) {
        ask = ask.json(&body);
    }
    if route.starts_with("PUT") && path.ends_with("/subtitles/{language}") {
        let file = "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n";
        ask = ask.body("text/vtt", file.to_owned());
    }
    if route == "POST /v1/shares/exchange" {
        let token = kit.share_tokens_of(&share());
        ask = ask.json(&json!({ "token": token.expose(), "password": SHARE_PASSWORD }));
    }
    if route == "POST /v1/token"
        && let Some(token) = token
    {
        ask = ask.form(&format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={}\
             &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
             &resource=urn%3Areelvault%3Aasset%3A{ASSET}&scope={scope}",
            token.expose()
        ));
    }
    if route == "POST /v1/token/introspect" || route == "POST /v1/token/revoke" {
        ask = ask.form(&format!("token={borne}"));
    }
    if path.starts_with("/v1/keys/") || path.starts_with("/v1/media/") {
        ask = ask.query("token", borne);
    }
    if path.starts_with("/v1/uppy/s3/multipart/") {
        ask = ask.query("key", ASSET);
    }
    if path == "/v1/uppy/s3/params" {
        let film = ask.query("filename", "film.mp4").query("type", "video/mp4");
        ask = film.query("metadata[size]", 1_000);
    }
    match token {
        Some(token) => ask.header("if-match", "*").bearer(token),
        None => ask,
    }
}

/// The golden film in the state in which the route may do something: `ready`, unless it is said otherwise.
fn world(route: &str) -> Kit {
    let kit = surroundings();
    let unfinished = route.contains("/multipart/{asset_id}") && !route.ends_with("/complete")
        || route.contains("/uploads/{asset_id}/parts")
        || route == "DELETE /v1/uploads/{asset_id}";
    if unfinished {
        let film = builders::film(1_000);
        kit.cloud.with(|s| s.uploads.least_part = 1);
        kit.plant_parts(&builders::new_multipart_asset(&film, 400), &film);
    }
    if route.starts_with("DELETE") && route.ends_with("/subtitles/{language}") {
        kit.change_asset(|asset| asset.subtitles = crate::golden::subtitles());
    }
    if route.ends_with("/reprocess") {
        kit.change_asset(|asset| {
            asset.state = AssetState::Failed;
            asset.failure = Some(Failure {
                code: "quota_exceeded".to_owned(),
                reason: "there was no room".to_owned(),
            });
            asset.charge = asset.charge.map(Charge::settled);
        });
    }
    kit
}

/// A collection in a space and a group beside all else.
fn surroundings() -> Kit {
    let kit = golden();
    let name = vault_domain::asset::Title::parse("Rushes").unwrap();
    kit.cloud.with(|s| {
        let at = kit.clock.now();
        let space = vault_domain::access::Container {
            id: SPACE.into(),
            org: ORG,
            within: None,
            name: name.clone(),
            access: vault_domain::access::Access {
                version: 1,
                ..vault_domain::access::Access::default()
            },
            created_at: at,
        };
        let collection = vault_domain::access::Container {
            id: COLLECTION.into(),
            within: Some(vault_domain::access::Within {
                id: SPACE,
                space: None,
            }),
            ..space.clone()
        };
        s.containers.insert((ORG, space.id), space);
        s.containers.insert((ORG, collection.id), collection);
        let group = vault_domain::access::Group {
            id: GROUP,
            org: ORG,
            name,
            created_at: at,
        };
        s.groups.insert((ORG, GROUP), group);
    });
    kit
}

#[tokio::test]
async fn every_route_answers_every_kind_of_actor_as_it_was_reviewed() {
    let mut table = String::new();
    let tokens = ("POST /v1/token".to_owned(), "mint-token".to_owned());
    let plain = routes().into_iter().map(|row| (row, "play"));
    for ((route, function), scope) in plain.chain([(tokens, "download")]) {
        let function: &'static str = String::leak(function);
        let mut answers: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for (actor, bears) in ACTORS {
            let kit = world(&route);
            let token = bears(&kit);
            let before = kit.cloud.snapshot();
            let reply = answer(
                &kit,
                &asked(&kit, (&route, scope), function, token.as_ref()),
            )
            .await;
            let status = reply.status().as_u16();
            assert!(status < 500, "{route} answers {actor} with {status}");
            let refused = matches!(status, 401 | 403 | 404);
            let mut after = kit.cloud.snapshot();
            after
                .audit
                .retain(|r| r.event != vault_domain::audit::Event::AccessDenied);
            after.limits.clone_from(&before.limits);
            assert!(
                !refused || after == before,
                "{route} refuses {actor} and changes something"
            );
            answers.entry(status).or_default().push(actor);
        }
        table.push_str(&route);
        if scope != "play" {
            table.push_str(&format!(" with scope={scope}"));
        }
        table.push('\n');
        for (status, actors) in answers {
            table.push_str(&format!("    {status} {}\n", actors.join(", ")));
        }
    }
    insta::assert_snapshot!(table);
}
