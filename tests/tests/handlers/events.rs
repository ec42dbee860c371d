//! Every sample event is answered with the status in its name.

use std::collections::BTreeSet;

use vault_domain::ports::{AccessTokens as _, Clock as _};
use vault_domain::support::SupportLevel;
use vault_testkit::share::{SHARE, SHARE_PASSWORD, share};
use vault_testkit::support::{SUPPORT, helper, support_caller};
use vault_testkit::webhook::{WEBHOOK, ready_order};
use vault_testkit::{Kit, builders};

use crate::golden::{access, golden, links};
use crate::world::answer_request;

/// The event with the values that only a running system has.
fn filled(kit: &Kit, text: &str) -> String {
    let ticket = kit.golden_ticket();
    let [reset, verification, invitation] = links(kit);
    let of = |caller| {
        let token = kit.access.issue(&caller, kit.clock.now(), 600);
        token.unwrap().expose().to_owned()
    };
    let values = [
        ("{{access}}", access(kit).expose().to_owned()),
        (
            "{{refresh}}",
            kit.golden_refresh_token().expose().to_owned(),
        ),
        ("{{media}}", builders::media_token(2).expose().to_owned()),
        ("{{spent}}", builders::media_token(1).expose().to_owned()),
        ("{{download}}", builders::media_token(3).expose().to_owned()),
        (
            "{{downloaded}}",
            builders::media_token(4).expose().to_owned(),
        ),
        ("{{view_refresh}}", kit.golden_refresh().expose().to_owned()),
        ("{{ticket}}", ticket.expose().to_owned()),
        ("{{asset}}", builders::ASSET.to_string()),
        ("{{package}}", builders::PACKAGE.to_string()),
        ("{{key}}", builders::KEY.to_string()),
        ("{{preview_key}}", builders::PREVIEW_KEY.to_string()),
        ("{{client}}", builders::CLIENT.to_string()),
        (
            "{{secret}}",
            builders::api_key_secret(builders::CLIENT, 1)
                .expose()
                .to_owned(),
        ),
        ("{{email}}", builders::EMAIL.to_owned()),
        ("{{password}}", builders::PASSWORD.to_owned()),
        ("{{reset}}", reset.secret().expose().to_owned()),
        (
            "{{verification}}",
            verification.secret().expose().to_owned(),
        ),
        ("{{share}}", SHARE.to_string()),
        (
            "{{share_token}}",
            kit.share_tokens_of(&share()).expose().to_owned(),
        ),
        ("{{share_password}}", SHARE_PASSWORD.to_owned()),
        ("{{invitation}}", invitation.secret().expose().to_owned()),
        ("{{organisation}}", builders::ORG.to_string()),
        ("{{webhook}}", WEBHOOK.to_string()),
        ("{{delivery}}", ready_order().delivery.to_string()),
        ("{{support}}", SUPPORT.to_string()),
        ("{{staff}}", of(helper())),
        ("{{supported}}", of(support_caller(SupportLevel::Watch))),
    ];
    values.iter().fold(text.to_owned(), |all, (name, value)| {
        all.replace(name, value)
    })
}

#[tokio::test]
async fn every_sample_event_has_the_status_in_its_name() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
    let mut functions = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let [function, _branch, status, "json"] = name.split('.').collect::<Vec<_>>()[..] else {
            continue;
        };
        let kit = golden();
        let event = filled(&kit, &std::fs::read_to_string(&path).unwrap());
        assert!(
            !event.contains("{{"),
            "{name} has a value that nobody fills in"
        );
        let request = lambda_http::request::from_str(&event).unwrap();
        let reply = answer_request(&kit, function, request).await;
        let told = String::from_utf8_lossy(reply.body()).into_owned();
        assert_eq!(reply.status().as_str(), status, "{name}: {told}");
        functions.insert(function.to_owned());
    }
    assert_eq!(
        functions.len(),
        22,
        "a function with a route has no sample event: {functions:?}"
    );
}
