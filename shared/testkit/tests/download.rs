//! Downloads: what a media token opens, once, under which name, for how long and from where; and the crash-point sweep.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests tells what is wrong by panicking"
)]

use vault_domain::access::{AccessList, Entry, Level, Principal, Visibility};
use vault_domain::asset::{AssetState, PartPlan, Title, rendition_key};
use vault_domain::credential::Role;
use vault_domain::download::{Rendition, S3_URL_SECONDS, Via};
use vault_domain::error::Refusal;
use vault_domain::id::OrgId;
use vault_domain::ladder::{Coded, Variant, VariantId, VariantState};
use vault_domain::member::Actor;
use vault_domain::token::{Action, Grant};
use vault_domain::usecase::authorize_download::{Command, Link, run};
use vault_domain::usecase::exchange;
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, OWNER, VIEWER};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::sweep::{Answer, Scenario, answer};

const BELOW: u64 = 20_000_000_000;

fn ready(change: impl FnOnce(&mut Grant)) -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit.plant_download_grant(&builders::media_token(3), change);
    kit
}

async fn ask(kit: &Kit, key: Option<&str>) -> Result<Link, Refusal> {
    ask_for(kit, key, Rendition::Original).await
}

async fn ask_for(kit: &Kit, key: Option<&str>, rendition: Rendition) -> Result<Link, Refusal> {
    let command = Command {
        origin: None,
        source: builders::source(),
        token: builders::media_token(3),
        asset: ASSET,
        rendition,
        idempotency: key.map(builders::idempotency_key),
    };
    run(&kit.authorize_download(), command).await
}

async fn refused(kit: &Kit) -> String {
    let outcome = ask(kit, None).await;
    let refusal = outcome.map_or_else(|refusal| refusal.to_string(), |_| "opened".to_owned());
    assert!(
        kit.cloud.snapshot().downloads.is_empty(),
        "nothing was spent"
    );
    refusal
}

#[tokio::test]
async fn a_token_opens_one_download_under_the_films_own_name() {
    let kit = ready(|_| ());
    kit.change_asset(|asset| asset.description.title = Title::parse("Ünïç").unwrap());
    let link = ask(&kit, None).await.unwrap();
    assert_eq!(link.name.as_str(), "Ünïç.mp4");
    assert_eq!(
        (link.size, link.content_type.as_str()),
        (1_000, "video/mp4")
    );
    assert_eq!(
        (link.via, link.expires_at),
        (Via::CloudFront, GOLDEN_NOW.plus(21_600))
    );
    let again = ask(&kit, None).await.unwrap_err();
    assert!(matches!(again, Refusal::NoViewsLeft), "{again:?}");
    let stored = kit.cloud.snapshot().downloads;
    assert_eq!(stored.get(&link.download.id), Some(&link.download));
}

#[tokio::test]
async fn the_signature_is_of_the_whole_url_with_its_query_and_no_wildcard() {
    let kit = ready(|_| ());
    let link = ask(&kit, None).await.unwrap();
    let (resource, signature) = link.url.expose().split_once("&Policy=").unwrap();
    let (policy, _) = signature.split_once('&').unwrap();
    let policy = data_encoding::BASE64URL_NOPAD
        .decode(policy.as_bytes())
        .unwrap();
    let signed = String::from_utf8(policy).unwrap();
    assert_eq!(signed, format!("{resource}|{}", link.expires_at.0));
    let (path, query) = resource.split_once('?').unwrap();
    let key = vault_domain::asset::source_key(builders::ORG, ASSET);
    assert_eq!(path, format!("{}/{key}", builders::MEDIA_BASE));
    assert!(query.starts_with("response-content-disposition=attachment%3B%20filename"));
    assert!(query.ends_with("&response-content-type=video%2Fmp4"));
    assert!(
        !resource.contains('*') && !query.contains('?'),
        "{resource}"
    );
}

/// A film with a variant of 720 lines that is `octets` large as a file.
fn laddered(octets: Option<u64>) -> Kit {
    let kit = ready(|_| ());
    kit.change_asset(|asset| {
        asset.description.title = Title::parse("Holiday.mp4").unwrap();
        let coded = |octets| {
            VariantState::Ready(Coded {
                codec: "avc1.64001f".to_owned(),
                resolution: (1280, 720),
                millirate: 25_000,
                peak_bandwidth: 3_300_000,
                average_bandwidth: 3_000_000,
                octets,
            })
        };
        let variant = |lines, state| Variant {
            id: VariantId { lines, attempt: 3 },
            state,
        };
        asset.ladder = Some(vec![
            variant(720, coded(octets)),
            variant(540, VariantState::Waiting),
        ]);
    });
    kit
}

#[tokio::test]
async fn a_variant_is_downloaded_as_a_file_of_its_own() {
    let kit = laddered(Some(400));
    let link = ask_for(&kit, Some("k"), Rendition::Lines(720))
        .await
        .unwrap();
    assert_eq!(link.name.as_str(), "Holiday (720p).mp4");
    assert_eq!((link.size, &*link.content_type), (400, "video/mp4"));
    let variant = VariantId {
        lines: 720,
        attempt: 3,
    };
    let key = rendition_key((builders::ORG, ASSET), builders::PACKAGE, variant);
    let path = format!("{}/{key}?", builders::MEDIA_BASE);
    assert!(link.url.expose().starts_with(&path));
    let other = ask_for(&kit, Some("k"), Rendition::Original).await;
    assert!(
        matches!(other, Err(Refusal::IdempotencyMismatch)),
        "{other:?}"
    );
    let large = laddered(Some(BELOW));
    let link = ask_for(&large, None, Rendition::Lines(720)).await.unwrap();
    assert_eq!(link.via, Via::S3);
    assert!(link.url.expose().contains(&key));
}

#[tokio::test]
async fn a_variant_that_is_no_file_is_not_found_and_costs_nothing() {
    for (octets, lines) in [(None, 720), (Some(400), 540), (Some(400), 360)] {
        let kit = laddered(octets);
        let refused = ask_for(&kit, None, Rendition::Lines(lines))
            .await
            .unwrap_err();
        assert!(
            matches!(refused, Refusal::NotFound("rendition")),
            "{refused:?}"
        );
        ask(&kit, None).await.expect("the token was not spent");
    }
    let kit = laddered(Some(400));
    kit.change_asset(|asset| asset.state = AssetState::Withdrawn);
    let refused = ask_for(&kit, None, Rendition::Lines(720))
        .await
        .unwrap_err();
    assert!(matches!(refused, Refusal::WrongState(_)), "{refused:?}");
}

#[tokio::test]
async fn what_is_large_comes_from_s3_for_no_longer_than_a_role_may_sign() {
    let kit = ready(|_| ());
    kit.change_asset(|asset| asset.announced.plan = PartPlan::of(BELOW).unwrap());
    let link = ask(&kit, Some("k")).await.unwrap();
    assert_eq!(
        (link.via, link.expires_at),
        (Via::S3, GOLDEN_NOW.plus(S3_URL_SECONDS))
    );
    assert!(
        link.url.expose().contains("&seconds=3600&"),
        "{:?}",
        link.via
    );
    kit.change_asset(|asset| asset.announced.plan = PartPlan::of(BELOW - 1).unwrap());
    assert_eq!(ask(&kit, Some("k")).await.unwrap().via, Via::CloudFront);
}

#[tokio::test]
async fn a_named_request_again_outlives_no_grant() {
    let kit = ready(|grant| grant.subject = builders::viewer_subject());
    let until = |seconds| {
        kit.change_asset(|asset| {
            asset.access.visibility = Visibility::Restricted;
            asset.access.entries = AccessList::stored(vec![Entry {
                to: Principal::Actor(Actor::User(VIEWER)),
                level: Level::Download,
                expires_at: Some(GOLDEN_NOW.plus(seconds)),
                by: Actor::User(OWNER),
                at: GOLDEN_NOW,
            }]);
        });
    };
    until(9_000);
    let first = ask(&kit, Some("k")).await.unwrap();
    assert_eq!(first.expires_at, GOLDEN_NOW.plus(9_000));
    until(90);
    let again = ask(&kit, Some("k")).await.unwrap();
    assert_eq!(again.expires_at, GOLDEN_NOW.plus(90));
}

#[tokio::test]
async fn a_named_request_gets_fresh_urls_of_one_download_until_it_is_over() {
    let kit = ready(|grant| grant.expires_at = GOLDEN_NOW.plus(86_400));
    kit.change_asset(|asset| asset.announced.plan = PartPlan::of(BELOW).unwrap());
    let first = ask(&kit, Some("k")).await.unwrap();
    kit.clock.advance(20_000);
    let later = ask(&kit, Some("k")).await.unwrap();
    assert_eq!(first.download, later.download);
    assert_eq!(
        later.expires_at,
        GOLDEN_NOW.plus(21_600),
        "the download's own end"
    );
    let other = ask(&kit, Some("another")).await.unwrap_err();
    assert!(matches!(other, Refusal::NoViewsLeft), "{other:?}");
    kit.clock.advance(1_600);
    let over = ask(&kit, Some("k")).await.unwrap_err().to_string();
    assert!(over.contains("is over"), "{over}");
}

#[tokio::test]
async fn a_token_serves_for_its_own_asset_action_and_time() {
    for (change, told) in [
        ((|g| g.revoked = true) as fn(&mut Grant), "revoked"),
        (|g| g.expires_at = GOLDEN_NOW, "expired"),
        (
            |g| g.asset = vault_domain::id::AssetId::from_octets([9; 16]),
            "another asset",
        ),
        (|g| g.action = Action::Play, "not for downloads"),
        (
            |g| g.org = OrgId::from_octets([9; 16]),
            "no access any more",
        ),
        (
            |g| g.subject = builders::viewer_subject(),
            "neither your role nor anything granted",
        ),
    ] {
        let refusal = refused(&ready(change)).await;
        assert!(refusal.contains(told), "{refusal}");
    }
    let kit = Kit::with_users(1);
    kit.plant_ready();
    assert!(refused(&kit).await.contains("unknown"));
}

#[tokio::test]
async fn an_owner_who_lost_the_role_or_the_session_downloads_nothing() {
    let kit = ready(|_| ());
    kit.cloud.with(|s| {
        let place = s.memberships.get_mut(&(builders::ORG, builders::OWNER));
        place.expect("the owner's place").role = Role::Viewer;
    });
    assert!(refused(&kit).await.contains("neither your role"));
    let kit = ready(|_| ());
    kit.cloud.with(|s| {
        let login = s.sessions.get_mut(&builders::SESSION);
        login.expect("the owner's session").revoked = true;
    });
    assert!(refused(&kit).await.contains("no access any more"));
}

#[tokio::test]
async fn a_verified_original_is_handed_out_and_no_other() {
    for state in AssetState::ALL {
        let kit = ready(|_| ());
        kit.change_asset(|asset| asset.state = state);
        let verified = matches!(
            state,
            AssetState::Uploaded | AssetState::Processing | AssetState::Ready
        );
        if verified {
            ask(&kit, None).await.unwrap();
        } else {
            assert_eq!(refused(&kit).await, format!("the asset is {state}"));
        }
    }
}

#[tokio::test]
async fn a_withdrawn_film_gets_no_further_url() {
    let kit = ready(|_| ());
    ask(&kit, Some("k")).await.unwrap();
    kit.change_asset(|asset| asset.state = AssetState::Withdrawn);
    let refusal = ask(&kit, Some("k")).await.unwrap_err().to_string();
    assert_eq!(refusal, "the asset is withdrawn");
}

#[tokio::test]
async fn whom_no_url_can_be_made_for_keeps_the_token() {
    let kit = ready(|_| ());
    let mut deps = kit.authorize_download();
    deps.signer = std::sync::Arc::new(NoSigner);
    let command = Command {
        origin: None,
        source: builders::source(),
        token: builders::media_token(3),
        asset: ASSET,
        rendition: Rendition::Original,
        idempotency: None,
    };
    let failed = run(&deps, command).await.unwrap_err();
    assert!(matches!(failed, Refusal::Unavailable(_)), "{failed:?}");
    ask(&kit, None).await.unwrap();
}

struct NoSigner;

impl vault_domain::ports::UrlSigner for NoSigner {
    fn sign(
        &self,
        _: &str,
        _: vault_domain::time::Timestamp,
    ) -> vault_domain::ports::Stored<vault_domain::playback::UrlSignature> {
        Err(vault_domain::ports::StoreError::new("signer.sign", "no"))
    }
}

#[tokio::test]
async fn a_token_for_downloads_is_minted_for_one_alone() {
    let kit = ready(|_| ());
    let mint = async |action, views| {
        let command = exchange::Command {
            bounds: vault_domain::bounds::Bounds::default(),
            ask: builders::ask(),
            asset: ASSET,
            action,
            lifetime: vault_domain::time::Lifetime::parse(60, exchange::LIFETIMES, "").unwrap(),
            max_views: exchange::Views::parse(views).unwrap(),
        };
        exchange::run(&kit.exchange(), command).await
    };
    assert_eq!(mint(Action::Download, 1).await.unwrap().grant.max_views, 1);
    assert_eq!(mint(Action::Play, 2).await.unwrap().grant.max_views, 2);
    let refused = mint(Action::Download, 2).await.unwrap_err();
    assert!(refused.to_string().starts_with("max_views"), "{refused}");
}

async fn swept(kit: &Kit, key: Option<&str>) -> Answer {
    swept_of(kit, key, Rendition::Original).await
}

async fn swept_of(kit: &Kit, key: Option<&str>, rendition: Rendition) -> Answer {
    answer(ask_for(kit, key, rendition).await, |link| {
        let stored = kit
            .cloud
            .with(|s| s.downloads.get(&link.download.id).copied());
        format!(
            "a download, stored as told {}",
            stored == Some(link.download)
        )
    })
}

#[test]
fn a_download_named_by_a_key_is_spent_once_and_never_lost_at_every_cut() {
    Scenario::new(
        "authorize_download",
        || ready(|_| ()),
        async |kit: &Kit, _| swept(kit, Some("k")).await,
    )
    .between(|kit| kit.clock.advance(5))
    .hold();
}

#[test]
fn a_large_download_survives_every_cut_too() {
    let large = || {
        let kit = ready(|_| ());
        kit.change_asset(|asset| asset.announced.plan = PartPlan::of(BELOW).unwrap());
        kit
    };
    Scenario::new("authorize_download, S3", large, async |kit: &Kit, _| {
        swept(kit, Some("k")).await
    })
    .between(|kit| kit.clock.advance(5))
    .hold();
}

#[test]
fn a_download_of_a_variant_survives_every_cut_too() {
    let download = async |kit: &Kit, _| swept_of(kit, Some("k"), Rendition::Lines(720)).await;
    Scenario::new(
        "authorize_download, a variant",
        || laddered(Some(400)),
        download,
    )
    .between(|kit| kit.clock.advance(5))
    .hold();
}

#[test]
fn a_download_without_a_key_is_spent_once_even_if_nobody_heard_of_it() {
    // A reply that was lost is a download that is lost; a client that minds sends a key.
    Scenario::new(
        "authorize_download, no idempotency key",
        || ready(|_| ()),
        async |kit: &Kit, _| swept(kit, None).await,
    )
    .or("refused: the views of this media token are used up")
    .hold();
}
