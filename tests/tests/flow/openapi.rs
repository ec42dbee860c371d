//! Requests that Schemathesis makes of `docs/openapi.json`, such as fit and such as do not: none brings a fault of the
//! server, and each reply is one that the document has. The seed is fixed and the cases are counted: each run is the same.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use vault_domain::credential::Role;
use vault_tests::api::url;
use vault_tests::cloud::variable;
use vault_tests::films::SHORT;
use vault_tests::view::View;
use vault_tests::{Person, Request, cloud, people, unique};

/// Cases of each kind that are made up for an operation, beside those that its schema alone gives.
const CASES: &str = "10";
const SEED: &str = "20261122";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";
/// What takes away what the other operations need.
const TAKES: &[&str] = &[
    "withdrawAsset",
    "deleteAsset",
    "deleteCollection",
    "deleteGroup",
    "revokeApiKey",
    "removeWebhook",
    "revokeInvitation",
    "revokeShare",
    "changeRole",
    "disableMember",
    "removeMember",
    "endSupport",
];
/// What may end the session of the caller: Schemathesis learns ids from replies, theirs too.
const ENDS: &[&str] = &[
    "revokeSession",
    "revokeSessions",
    "endSessionsOfMember",
    "endSessions",
    "leaveOrganisation",
];
/// What a media token opens.
const MEDIA: &[&str] = &["openPlayback", "openDownload"];

/// Names and values that exist, among others that do not.
type Known = Vec<(&'static str, Vec<String>)>;

/// An organisation with something of everything, and the names of it all.
fn populated() -> (Person, Known) {
    let owner = people::owner();
    let viewer = people::colleague(&owner, Role::Viewer).user;
    let asset = owner.ready(SHORT);
    let made = |path: &str, body| owner.api.post(path, Some(&owner.access), &body).expect(201);
    let space = made("/v1/spaces", json!({ "name": "Newsroom" })).field("space_id");
    let new = json!({ "name": "Rushes", "space": space });
    let collection = made("/v1/collections", new).field("collection_id");
    let group = made("/v1/groups", json!({ "name": "Guests" })).field("group_id");
    let key = json!({ "name": "Player", "role": "viewer", "scopes": ["play"] });
    let key = made("/v1/api-keys", key).field("key_id");
    let shares = format!("/v1/assets/{asset}/shares");
    let share = made(&shares, json!({ "name": "For review" })).field("share_id");
    let hook = json!({ "name": "CI", "url": format!("http://127.0.0.1:9/{}", unique()), "events": ["asset.ready"] });
    let webhook = made("/v1/webhooks", hook).field("webhook_id");
    let help = json!({ "purpose": "Ticket 7", "level": "look", "expires_in": 3_600 });
    let support = made("/v1/organisation/support", help).field("support_id");
    let guest = json!({ "email": format!("{}@example.org", unique()), "role": "viewer" });
    let invitation = made("/v1/organisation/invitations", guest).field("invitation_id");
    let access = format!("/v1/assets/{asset}/access");
    let placed = Request::new("PATCH", &url(&access)).bearer(&owner.access);
    let placed = placed.body(
        "application/json",
        json!({ "collection": collection }).to_string(),
    );
    owner.api.http.send(&placed).expect(200);
    let token = owner.api.media_token(&owner.access, &asset);
    let opened = owner
        .api
        .open(&token, &asset)
        .expect(201)
        .field("playlist_url");
    let view = View::read(&opened);
    let (content_key, ticket) = view.segments[0]
        .key
        .split_once("?token=")
        .expect("a ticket");
    let content_key = content_key.rsplit('/').next().expect("a key").to_owned();
    let known = vec![
        ("path.asset_id", vec![asset]),
        ("path.collection_id", vec![collection.clone()]),
        ("path.space_id", vec![space.clone()]),
        ("path.group_id", vec![group.clone()]),
        ("path.share_id", vec![share]),
        ("path.user_id", vec![viewer.clone()]),
        ("path.key_id", vec![key, content_key]),
        ("path.webhook_id", vec![webhook]),
        ("path.support_id", vec![support]),
        ("path.invitation_id", vec![invitation]),
        (
            "path.playlist",
            vec!["master.m3u8".to_owned(), "video.m3u8".to_owned()],
        ),
        ("path.part_number", vec!["1".to_owned()]),
        (
            "path.principal",
            vec![viewer, group, "role:editor".to_owned()],
        ),
        ("path.token", vec![ticket.to_owned()]),
        ("query.collection", vec![collection]),
        ("query.space", vec![space]),
        ("header.If-Match", vec!["*".to_owned()]),
    ];
    (owner, known)
}

/// What Schemathesis is told of an organisation: half of the names that it makes up are names of something.
fn settings(known: &Known) -> String {
    let (mut dictionaries, mut parameters) = (String::new(), "[parameters]\n".to_owned());
    for (place, values) in known {
        let name = place.replace('.', "_");
        let _ = writeln!(dictionaries, "[dictionaries.{name}]\nvalues = {values:?}");
        let _ = writeln!(
            parameters,
            "{place:?} = {{ dictionary = {name:?}, probability = 0.5 }}"
        );
    }
    let ticket = &known
        .iter()
        .find(|(place, _)| *place == "path.token")
        .expect("a ticket")
        .1[0];
    format!("{dictionaries}{parameters}[auth.openapi.ticket]\napi_key = {ticket:?}\n")
}

/// Runs Schemathesis in a folder of its own, with these choices of operations.
fn run(folder: &Path, token: &str, choice: &[String]) {
    let program = variable("REELVAULT_SCHEMATHESIS");
    let program = program.expect("REELVAULT_SCHEMATHESIS names no program: run `cargo xtask test`");
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .args(["--no-color", "run"])
        .arg(document);
    command
        .args(["--url", &cloud().api_url, "--header"])
        .arg(format!("Authorization:Bearer {token}"));
    command.args(["--seed", SEED, "--max-examples", CASES, "--checks", CHECKS]);
    command.args([
        "--phases",
        "examples,coverage,fuzzing",
        "--workers",
        "2",
        "--no-shrink",
    ]);
    command.args([
        "--continue-on-failure",
        "--warnings",
        "off",
        "--request-timeout",
        "60",
    ]);
    let output = command.args(choice).output().expect("Schemathesis");
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{complaint}");
}

fn folder(known: &Known) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("schemathesis-{}", unique()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("schemathesis.toml"), settings(known)).expect("a file");
    folder
}

/// `--include-operation-id` or `--exclude-operation-id` of each.
fn each(choice: &str, ids: &[&str]) -> Vec<String> {
    let pair = |id: &&str| [format!("--{choice}-operation-id"), (*id).to_owned()];
    ids.iter().flat_map(pair).collect()
}

#[test]
fn whatever_is_sent_no_reply_is_a_fault_or_without_documentation() {
    let (owner, known) = populated();
    let folder = folder(&known);
    run(
        &folder,
        &owner.access,
        &each("exclude", &[MEDIA, TAKES, ENDS].concat()),
    );
    // Or all of it was refused for want of a session.
    owner.api.get("/v1/organisation", &owner.access).expect(200);
    let asset = &known[0].1[0];
    let views = owner
        .api
        .exchange(&owner.access, asset, &[("max_views", "1000")]);
    let views = views.expect(200).field("access_token");
    run(&folder, &views, &each("include", MEDIA));
    let download = owner.api.download_token(&owner.access, asset);
    run(&folder, &download, &each("include", &["openDownload"]));
    run(&folder, &owner.access, &each("include", TAKES));
    run(&folder, &owner.access, &each("include", ENDS));
    std::fs::remove_dir_all(folder).expect("a folder of ours");
}
