//! Downloads: a media token, spent once, for the original under its own name, from the distribution or from S3.

use std::sync::Arc;

use serde_json::json;
use vault_aws::dynamodb::{
    AccessTables, DynamoAccess, DynamoDownloads, DynamoRecords, DynamoStandings, StandingTables,
};
use vault_aws::s3::S3Uploads;
use vault_boot::clock::SystemClock;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_domain::audit::Source;
use vault_domain::credential::Role;
use vault_domain::download::{Rendition, Via};
use vault_domain::id::AssetId;
use vault_domain::token::MediaToken;
use vault_domain::usecase::authorize_download::{self, Plan};
use vault_domain::usecase::gate::Gate;
use vault_testkit::Kit;
use vault_tests::api::{refused, refused_token, url};
use vault_tests::films::SHORT;
use vault_tests::people::Person;
use vault_tests::{Http, Reply, Request, cloud, people, sdk, seed};

/// Under this name the film is saved, in the forms of RFC 6266 and RFC 8187.
const NAMED: &str = "attachment; filename=\"Unic _.._film__.mp4\"; filename*=UTF-8''%C3%9Cn%C3%AF%C3%A7%20_.._film__.mp4";

/// A film under a title that would leave header and folder; a token for its download.
fn film() -> (Person, String, String) {
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let title = json!({ "title": "Ünïç /../film\"\\" });
    let request = Request::new("PATCH", &url(&format!("/v1/assets/{asset}")))
        .bearer(&owner.access)
        .header("if-match", "*")
        .body("application/json", title.to_string());
    owner.api.http.send(&request).expect(200);
    let token = owner.api.download_token(&owner.access, &asset);
    (owner, asset, token)
}

fn part(url: &str, range: &str) -> Reply {
    Http::default().send(&Request::new("GET", url).header("range", range))
}

/// The whole file, a part of it, its end, and its name and type.
fn is_the_original(url: &str) {
    let octets = SHORT.octets();
    for _ in 0..2 {
        let whole = Http::default().get(url).expect(200);
        assert!(whole.body == octets, "every octet of {}", octets.len());
        assert_eq!(whole.header("content-disposition"), Some(NAMED));
        assert_eq!(whole.header("content-type"), Some("video/mp4"));
    }
    let some = part(url, "bytes=1000-1999").expect(206);
    assert!(some.body == octets[1_000..2_000], "the range");
    let range = format!("bytes 1000-1999/{}", octets.len());
    assert_eq!(some.header("content-range"), Some(range.as_str()));
    assert_eq!(some.header("content-disposition"), Some(NAMED));
    let rest = part(url, "bytes=2000-").expect(206);
    assert!(
        rest.body == octets[2_000..],
        "what a resumed download lacks"
    );
    part(url, "bytes=999999999-").expect(416);
}

#[test]
fn an_original_comes_through_the_distribution_under_its_name_whole_and_in_ranges() {
    let (owner, asset, token) = film();
    let told = owner.api.download(&token, &asset).expect(201).json();
    assert_eq!(told["via"], "cloudfront");
    assert_eq!(told["filename"], "Ünïç _.._film__.mp4");
    assert_eq!(told["content_type"], "video/mp4");
    assert_eq!(told["size"], json!(SHORT.octets().len()));
    is_the_original(told["url"].as_str().unwrap());
    refused(&owner.api.download(&token, &asset), 403, "no_views_left");
}

#[test]
fn a_url_for_one_name_serves_for_no_other_name_type_or_film() {
    let (owner, asset, token) = film();
    let url = owner.api.download(&token, &asset).expect(201).field("url");
    let other = owner.ready(SHORT);
    for (from, to) in [
        (".mp4", ".exe"),
        ("attachment", "inline"),
        ("video%2Fmp4", "text%2Fhtml"),
        (asset.as_str(), other.as_str()),
        ("/uploads/", "/media/"),
    ] {
        let changed = url.replacen(from, to, 1);
        assert_ne!(changed, url, "{from}");
        assert_eq!(Http::default().get(&changed).status, 403, "{changed}");
    }
    let (bare, _) = url.split_once('?').unwrap();
    assert_eq!(Http::default().get(bare).status, 403);
    assert_eq!(
        Http::default().get(&format!("{url}&versionId=x")).status,
        403
    );
    Http::default().get(&url).expect(200);
}

#[test]
fn a_named_request_opens_one_download_however_often_it_is_sent() {
    let (owner, asset, token) = film();
    let ask = |key| owner.api.download_named(&token, &asset, key);
    let (first, again) = (ask("same").expect(201), ask("same").expect(201));
    assert_eq!(first.field("download_id"), again.field("download_id"));
    assert_eq!(first.json()["expires_at"], again.json()["expires_at"]);
    refused(&ask("another"), 403, "no_views_left");
    for reply in [first, again] {
        part(&reply.field("url"), "bytes=0-9").expect(206);
    }
}

#[test]
fn only_a_token_for_downloads_of_this_film_downloads_it() {
    let (owner, asset, token) = film();
    let other = owner.ready(SHORT);
    refused(&owner.api.download(&token, &other), 403, "forbidden");
    let play = owner.api.media_token(&owner.access, &asset);
    refused(&owner.api.download(&play, &asset), 403, "forbidden");
    refused(&owner.api.open(&token, &asset), 403, "forbidden");
    refused(
        &owner.api.download(&owner.access, &asset),
        401,
        "invalid_token",
    );
    let several = [("scope", "download"), ("max_views", "2")];
    let several = owner.api.exchange(&owner.access, &asset, &several);
    refused_token(&several, "invalid_request", "malformed");
    let request = Request::new("POST", &url(&format!("/v1/assets/{asset}/download")));
    let request = request.bearer(&token);
    let wish = json!({ "rendition": "720p" }).to_string();
    let reply = owner.api.http.send(&request.body("application/json", wish));
    refused(&reply, 404, "not_found");
    owner.api.download(&token, &asset).expect(201);
}

#[test]
fn a_withdrawn_film_and_a_lost_place_end_downloads_that_were_not_opened() {
    let (owner, asset, token) = film();
    let editor = people::colleague(&owner, Role::Editor);
    let theirs = editor.api.download_token(&editor.access, &asset);
    let off = aws_sdk_dynamodb::types::AttributeValue::Bool(false);
    sdk::set_place(&owner.organisation, &editor.user, "active", off);
    refused(&editor.api.download(&theirs, &asset), 403, "forbidden");
    owner.api.withdraw(&owner.access, &asset).expect(200);
    refused(&owner.api.download(&token, &asset), 403, "asset_withdrawn");
}

/// The use case over the real stores, with a threshold that sends everything to S3: the stack's own is too high.
fn from_s3() -> authorize_download::Deps {
    let (cloud, sdk) = (cloud(), sdk::sdk());
    let table = |name: &str| cloud.output(name).to_owned();
    let of = sdk.dynamodb();
    let standing = StandingTables {
        members: table("MembersTable"),
        sessions: table("SessionsTable"),
        clients: table("ClientsTable"),
        shares: None,
        support: None,
    };
    let (grants, assets) = (table("GrantsTable"), table("AssetsTable"));
    let playback = table("PlaybackTable");
    let records = DynamoRecords::new(of.clone(), table("AuditTable"));
    let access = AccessTables {
        access: table("AccessTable"),
        assets: assets.clone(),
        members: standing.members.clone(),
    };
    let access = DynamoAccess::new(of.clone(), access, records.clone());
    let downloads = DynamoDownloads::new(of.clone(), grants, assets, playback, records.clone());
    let kit = Kit::new(seed());
    authorize_download::Deps {
        downloads: Arc::new(downloads),
        gate: Gate {
            standings: Arc::new(DynamoStandings::new(of, standing)),
            containers: Arc::new(access),
            records: Arc::new(records),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            ..kit.gate()
        },
        hashing: Arc::new(Sha256),
        files: Arc::new(S3Uploads::new(sdk.s3(), table("UploadsBucket"))),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        plan: Plan {
            media_base: "https://media.example.org".to_owned(),
            url_seconds: 600,
            via_cloudfront_below: 0,
            scanned: false,
        },
        ..kit.authorize_download()
    }
}

#[test]
fn what_is_too_large_for_the_distribution_comes_from_s3_just_the_same() {
    let (_owner, asset, token) = film();
    let link = sdk::block_on(async {
        let command = authorize_download::Command {
            origin: None,
            token: MediaToken::parse(&token).unwrap(),
            asset: AssetId::parse(&asset).unwrap(),
            rendition: Rendition::Original,
            source: Source::default(),
            idempotency: None,
        };
        authorize_download::run(&from_s3(), command).await.unwrap()
    });
    assert_eq!(link.via, Via::S3);
    let url = link.url.expose();
    is_the_original(url);
    let tampered = url.replacen(".mp4", ".exe", 1);
    assert_ne!(tampered, url);
    assert_eq!(Http::default().get(&tampered).status, 403, "{tampered}");
}
