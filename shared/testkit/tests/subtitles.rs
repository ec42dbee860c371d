//! Subtitles that are brought beside a film: who may, what becomes of them, and at every cut.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use vault_domain::asset::{AssetState, Failure, Title, text_manifest_key};
use vault_domain::audit::Event;
use vault_domain::deletion::{Deletion, Hold, Presence, Reason};
use vault_domain::error::Refusal;
use vault_domain::hls::PlaylistName;
use vault_domain::id::TextId;
use vault_domain::language::Language;
use vault_domain::packaging::PackagingOrder;
use vault_domain::ports::Clock as _;
use vault_domain::subtitles::text::Format;
use vault_domain::subtitles::{Entry, GRACE_SECONDS, Kind, Which};
use vault_domain::usecase::manage_subtitles::{self, File};
use vault_domain::usecase::process_upload::{self, Outcome};
use vault_domain::usecase::seal_subtitles;
use vault_testkit::builders::{self, ASSET, ORG};
use vault_testkit::sweep::{Answer, Scenario, answer};
use vault_testkit::{Fault, Kit, Mode};

const VTT: &[u8] = b"WEBVTT\n\n00:01.000 --> 00:08.000\nHello <i>there</i>\n";
const SRT: &[u8] = b"1\r\n00:00:02,000 --> 00:00:03,000\r\nHallo\r\n";
const LATE: &[u8] = b"WEBVTT\n\n09:00.000 --> 09:01.000\ntoo late\n";
const RUN_SECONDS: u64 = 900;

/// A film that plays: two segments of six seconds, under one key.
fn playing() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit
}

async fn package(kit: &Kit) -> Answer {
    let command = process_upload::Command {
        org: ORG,
        asset: ASSET,
        deadline: kit.clock.now().plus(RUN_SECONDS),
        last_try: false,
        request: "req-1".to_owned(),
    };
    let outcome = process_upload::run(&kit.process_upload(), command).await;
    told(outcome)
}

fn told(outcome: Result<Outcome, process_upload::Retry>) -> Answer {
    outcome
        .map(|outcome| format!("{outcome:?}"))
        .map_err(|retry| retry.to_string())
}

fn which(language: &str) -> Which {
    Which {
        language: Language::parse(language).unwrap(),
        kind: Kind::Subtitles,
    }
}

fn file<'a>(language: &str, octets: &'a [u8]) -> File<'a> {
    File {
        which: which(language),
        name: None,
        default: false,
        format: if octets.starts_with(b"WEBVTT") {
            Format::WebVtt
        } else {
            Format::SubRip
        },
        octets,
    }
}

async fn bring(kit: &Kit, file: &File<'_>) -> Result<Entry, Refusal> {
    let library = kit.library();
    let deps = manage_subtitles::Deps {
        library: &library,
        subtitles: &*kit.cloud,
        files: &*kit.cloud,
        orders: &*kit.cloud,
        entropy: &*kit.entropy,
    };
    manage_subtitles::bring(&deps, &builders::ask(), ASSET, file).await
}

async fn remove(kit: &Kit, which: &Which) -> Result<Vec<Entry>, Refusal> {
    let library = kit.library();
    let deps = manage_subtitles::Deps {
        library: &library,
        subtitles: &*kit.cloud,
        files: &*kit.cloud,
        orders: &*kit.cloud,
        entropy: &*kit.entropy,
    };
    manage_subtitles::remove(&deps, &builders::ask(), ASSET, which).await
}

/// The texts that were ordered so far, once each.
fn ordered(kit: &Kit) -> Vec<TextId> {
    let orders = kit.cloud.snapshot().packagings;
    let mut texts: Vec<TextId> = Vec::new();
    for text in orders
        .iter()
        .filter_map(|order: &PackagingOrder| order.text)
    {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

async fn seal(kit: &Kit, text: TextId, last_try: bool) -> Answer {
    let packaging = kit.process_upload();
    let command = seal_subtitles::Command {
        org: ORG,
        asset: ASSET,
        text,
        deadline: kit.clock.now().plus(RUN_SECONDS),
        last_try,
    };
    told(seal_subtitles::run(&kit.seal_subtitles(&packaging), command).await)
}

/// Delivers every order once.
async fn work(kit: &Kit) {
    for text in ordered(kit) {
        seal(kit, text, false).await.unwrap();
    }
}

/// Keys of objects whose names begin so, of either bucket.
fn objects(kit: &Kit, named: &str) -> usize {
    let state = kit.cloud.snapshot();
    let keys = state.segments.keys().chain(state.manifests.keys());
    let keys = keys.chain(state.uploads.objects.keys());
    keys.filter(|key| key.contains(named)).count()
}

fn stages(kit: &Kit) -> Vec<(String, &'static str, bool)> {
    let asset = kit.cloud.snapshot().assets[&ASSET].clone();
    let told = asset.subtitles.entries.iter().map(|entry| {
        let language = entry.which.language.as_str().to_owned();
        (language, entry.stage(), entry.listed.is_some())
    });
    told.collect()
}

#[test]
fn bringing_subtitles_survives_every_cut() {
    let brought = async |kit: &Kit, _| {
        let entry = bring(kit, &file("de", VTT)).await;
        answer(entry, |entry| entry.stage().to_owned())
    };
    // How often something was brought is counted, and a try that died counts too.
    Scenario::new("bring_subtitles", playing, brought)
        .without(&["limits", "packagings"])
        .hold();
}

/// A film beside which subtitles wait, in the place of others that are listed.
fn waiting() -> Kit {
    let kit = playing();
    let all = async {
        bring(&kit, &file("de", SRT)).await.unwrap();
        work(&kit).await;
        bring(&kit, &file("de", VTT)).await.unwrap();
    };
    futures_util::future::FutureExt::now_or_never(all).unwrap();
    kit
}

#[test]
fn sealing_subtitles_survives_every_cut() {
    let sealed = async |kit: &Kit, _| seal(kit, *ordered(kit).last().unwrap(), false).await;
    Scenario::new("seal_subtitles", waiting, sealed)
        .between(|kit| kit.clock.advance(RUN_SECONDS))
        .or("Nothing")
        .hold();
}

#[test]
fn subtitles_that_fail_survive_every_cut() {
    let build = || {
        let kit = playing();
        let late = file("de", LATE);
        let brought = futures_util::future::FutureExt::now_or_never(bring(&kit, &late));
        brought.unwrap().unwrap();
        kit
    };
    let sealed = async |kit: &Kit, _| seal(kit, ordered(kit)[0], false).await;
    Scenario::new("seal_subtitles, in vain", build, sealed)
        .or("Nothing")
        .hold();
}

#[test]
fn taking_subtitles_away_survives_every_cut() {
    let removed = async |kit: &Kit, _| {
        answer(remove(kit, &which("de")).await, |left| {
            format!("{} left", left.len())
        })
    };
    Scenario::new("remove_subtitles", waiting, removed)
        .or("refused: there is no such subtitles")
        .hold();
}

#[test]
fn a_film_orders_the_subtitles_that_waited_for_it_at_every_cut() {
    let build = || {
        let kit = Kit::with_users(1);
        let film = builders::film(1_000);
        kit.plant_arrived(builders::new_asset(&film), film);
        kit.change_asset(|asset| asset.state = AssetState::Uploaded);
        let early = file("de", VTT);
        let brought = futures_util::future::FutureExt::now_or_never(bring(&kit, &early));
        brought.unwrap().unwrap();
        kit.cloud.with(|s| s.packagings.clear());
        kit
    };
    Scenario::new(
        "process_upload, with subtitles",
        build,
        async |kit: &Kit, _| package(kit).await,
    )
    .between(|kit| kit.clock.advance(RUN_SECONDS))
    .or("Nothing")
    .hold();
}

#[tokio::test]
async fn what_was_brought_is_sealed_listed_and_not_kept_as_it_came() {
    let kit = playing();
    let entry = bring(&kit, &file("de", VTT)).await.unwrap();
    assert_eq!(
        (entry.stage(), entry.newest().unwrap().cues),
        ("waiting", 1)
    );
    assert_eq!(objects(&kit, "/subtitles/"), 1);
    let text = ordered(&kit)[0];
    assert_eq!(seal(&kit, text, false).await, Ok("Ready".to_owned()));
    assert_eq!(stages(&kit), [("de".to_owned(), "ready", true)]);
    assert_eq!(objects(&kit, "/subtitles/"), 0);
    assert_eq!(objects(&kit, "/subtitles-"), 2, "as many as the film has");
    let state = kit.cloud.snapshot();
    let package = state.assets[&ASSET].package.unwrap();
    let manifest = &state.manifests[&text_manifest_key(ASSET, package, text)];
    let film = &state.manifests[&vault_domain::asset::manifest_key(ASSET, package, None)];
    assert_eq!(manifest.keys, film.keys);
    let told = |segments: &[vault_domain::packaging::SegmentInfo]| -> Vec<_> {
        segments.iter().map(|s| (s.ticks, s.period)).collect()
    };
    let segments = &manifest.presentation.segments;
    assert_eq!(told(segments), told(&film.presentation.segments));
    let mut ivs: Vec<_> = segments.iter().map(|s| s.iv.0).collect();
    ivs.extend(film.presentation.segments.iter().map(|s| s.iv.0));
    ivs.sort_unstable();
    ivs.dedup();
    assert_eq!(ivs.len(), 4, "each has an IV of its own");
    assert!(
        state
            .segments
            .values()
            .all(|octets| !octets.starts_with(b"WEBVTT"))
    );
    let recorded = state
        .audit
        .iter()
        .filter(|r| r.event == Event::SubtitlesBrought);
    assert_eq!(recorded.count(), 1);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn a_text_is_the_same_octets_whoever_seals_it_and_however_often() {
    let kit = playing();
    bring(&kit, &file("de", VTT)).await.unwrap();
    let text = ordered(&kit)[0];
    let (one, other) = tokio::join!(seal(&kit, text, false), seal(&kit, text, false));
    let mut ends = [one.unwrap(), other.unwrap()];
    ends.sort_unstable();
    assert_eq!(ends, ["Nothing", "Ready"]);
    assert_eq!(objects(&kit, "/subtitles-"), 2);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_again_changes_nothing_and_is_ordered_again_while_it_waits() {
    let kit = playing();
    bring(&kit, &file("de", VTT)).await.unwrap();
    kit.cloud.with(|s| s.packagings.clear());
    bring(&kit, &file("de", VTT)).await.unwrap();
    assert_eq!(ordered(&kit).len(), 1, "it may have been lost");
    work(&kit).await;
    kit.cloud.with(|s| s.packagings.clear());
    let again = bring(&kit, &file("de", VTT)).await.unwrap();
    assert_eq!(again.stage(), "ready");
    assert!(ordered(&kit).is_empty());
    let state = kit.cloud.snapshot();
    let recorded = state
        .audit
        .iter()
        .filter(|r| r.event == Event::SubtitlesBrought);
    assert_eq!(recorded.count(), 1);
    let named = File {
        name: Some(Title::parse("Deutsch").unwrap()),
        ..file("de", VTT)
    };
    assert_eq!(bring(&kit, &named).await.unwrap().stage(), "waiting");
}

async fn playlist(kit: &Kit, ticket: &str, name: PlaylistName) -> Result<String, Refusal> {
    let command = vault_domain::usecase::deliver_playlist::Command {
        ticket: ticket.to_owned(),
        name,
        visitor: builders::visitor(),
    };
    vault_domain::usecase::deliver_playlist::run(&kit.deliver_playlist(), command).await
}

#[tokio::test]
async fn a_view_that_began_keeps_its_text_when_another_takes_its_place_and_loses_it_when_it_is_taken_away()
 {
    let kit = playing();
    bring(&kit, &file("de", SRT)).await.unwrap();
    work(&kit).await;
    let ticket = kit.plant_playback();
    let ticket = ticket.expose();
    let listed = |text: TextId| format!("subtitles-{}.m3u8", text.code());
    let first = ordered(&kit)[0];
    let master = playlist(&kit, ticket, PlaylistName::Master).await.unwrap();
    assert!(master.contains(&listed(first)));
    let text = playlist(&kit, ticket, PlaylistName::Text(first))
        .await
        .unwrap();
    assert_eq!(text.matches("#EXTINF").count(), 2);
    assert_eq!(text.matches("#EXT-X-KEY").count(), 2);
    assert!(text.contains(&format!("/subtitles-{}-00001.vtt?", first.code())));

    bring(&kit, &file("de", VTT)).await.unwrap();
    let master = playlist(&kit, ticket, PlaylistName::Master).await.unwrap();
    assert!(master.contains(&listed(first)), "until the other is there");
    work(&kit).await;
    let second = ordered(&kit)[1];
    let master = playlist(&kit, ticket, PlaylistName::Master).await.unwrap();
    assert!(master.contains(&listed(second)) && !master.contains(&listed(first)));
    playlist(&kit, ticket, PlaylistName::Text(first))
        .await
        .unwrap();
    assert_eq!(objects(&kit, &first.code()), 3);

    remove(&kit, &which("de")).await.unwrap();
    for text in [first, second] {
        // Before anybody removed anything.
        assert!(objects(&kit, &text.code()) > 0);
        let gone = playlist(&kit, ticket, PlaylistName::Text(text)).await;
        assert!(matches!(gone, Err(Refusal::NotFound(_))));
    }
    work(&kit).await;
    for text in [first, second] {
        assert_eq!(objects(&kit, &text.code()), 0);
        let gone = playlist(&kit, ticket, PlaylistName::Text(text)).await;
        assert!(matches!(gone, Err(Refusal::NotFound(_))));
    }
    let state = kit.cloud.snapshot();
    assert_eq!(
        state.assets[&ASSET].subtitles,
        vault_domain::subtitles::Subtitles::default()
    );
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_replaced_goes_with_the_next_order_after_views_that_had_it_are_over() {
    let kit = waiting();
    work(&kit).await;
    let first = ordered(&kit)[0];
    assert_eq!(objects(&kit, &first.code()), 3);
    kit.clock.advance(GRACE_SECONDS + 1);
    bring(&kit, &file("en", VTT)).await.unwrap();
    work(&kit).await;
    assert_eq!(objects(&kit, &first.code()), 0);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn a_run_that_comes_too_late_removes_what_it_wrote() {
    let kit = playing();
    bring(&kit, &file("de", SRT)).await.unwrap();
    let slow = ordered(&kit)[0];
    bring(&kit, &file("de", VTT)).await.unwrap();
    work(&kit).await;
    assert_eq!(stages(&kit), [("de".to_owned(), "ready", true)]);
    assert_eq!(objects(&kit, &slow.code()), 0);
    // As if it had written on: its order comes again.
    kit.cloud.with(|s| {
        let package = s.assets[&ASSET].package.unwrap();
        let stream = vault_domain::packaging::Stream::Text(slow);
        let key = vault_domain::asset::segment_key(ASSET, package, stream, 0);
        s.segments.insert(key, vec![1]);
    });
    assert_eq!(seal(&kit, slow, false).await, Ok("Nothing".to_owned()));
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn a_held_film_keeps_its_subtitles() {
    let kit = playing();
    bring(&kit, &file("de", SRT)).await.unwrap();
    work(&kit).await;
    let first = ordered(&kit)[0];
    let hold = |reason: Option<&str>| {
        kit.change_asset(|asset| {
            asset.keeping.hold = reason.map(|reason| Hold {
                reason: Reason::parse(reason).unwrap(),
                at: builders::record().at,
            });
        });
    };
    hold(Some("a dispute"));
    let refused = remove(&kit, &which("de")).await;
    assert!(matches!(refused, Err(Refusal::LegalHold)), "{refused:?}");
    bring(&kit, &file("de", VTT)).await.unwrap();
    work(&kit).await;
    assert_eq!(objects(&kit, &first.code()), 3, "replaced");
    kit.clock.advance(GRACE_SECONDS + 1);
    assert_eq!(seal(&kit, first, false).await, Ok("Nothing".to_owned()));
    assert_eq!(objects(&kit, &first.code()), 3, "and held");
}

#[tokio::test]
async fn a_text_of_another_film_fails_with_a_reason_and_the_one_before_stays() {
    let kit = playing();
    bring(&kit, &file("de", SRT)).await.unwrap();
    work(&kit).await;
    bring(&kit, &file("de", LATE)).await.unwrap();
    let late = ordered(&kit)[1];
    assert_eq!(seal(&kit, late, false).await, Ok("Failed".to_owned()));
    assert_eq!(stages(&kit), [("de".to_owned(), "failed", true)]);
    let asset = kit.cloud.snapshot().assets[&ASSET].clone();
    let failure = asset.subtitles.entries[0]
        .wanted
        .as_ref()
        .unwrap()
        .failure
        .clone();
    assert_eq!(failure.unwrap().code, "nothing_shown");
    assert_eq!(objects(&kit, &late.code()), 0);
    assert_eq!(kit.leaks(), Vec::<String>::new());
}

#[tokio::test]
async fn the_last_try_gives_up_with_a_reason() {
    let kit = playing();
    bring(&kit, &file("de", VTT)).await.unwrap();
    let text = ordered(&kit)[0];
    kit.faults.arm(vec![Fault {
        call: 3,
        mode: Mode::FailBefore,
    }]);
    assert_eq!(seal(&kit, text, true).await, Ok("Failed".to_owned()));
    assert_eq!(stages(&kit), [("de".to_owned(), "failed", false)]);
}

#[tokio::test]
async fn nothing_is_brought_to_what_is_gone() {
    let kit = playing();
    kit.change_asset(|asset| asset.state = AssetState::Withdrawn);
    let refused = bring(&kit, &file("de", VTT)).await;
    assert!(matches!(refused, Err(Refusal::WrongState(_))));
    let kit = playing();
    kit.change_asset(|asset| {
        asset.state = AssetState::Failed;
        asset.failure = Some(Failure {
            code: Failure::SIZE.to_owned(),
            reason: "another size".to_owned(),
        });
    });
    let refused = bring(&kit, &file("de", VTT)).await;
    assert!(
        matches!(refused, Err(Refusal::WrongState(_))),
        "it never plays"
    );
    let kit = playing();
    kit.change_asset(|asset| {
        asset.keeping.presence = Presence::Deleted(Deletion {
            at: builders::record().at,
            erase_at: builders::record().at.plus(86_400),
        });
    });
    let refused = bring(&kit, &file("de", VTT)).await;
    assert!(matches!(refused, Err(Refusal::NotFound(_))));
    let state = kit.cloud.snapshot();
    assert!(state.packagings.is_empty() && objects(&kit, "/subtitles/") == 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_changes_nothing() {
    let kit = playing();
    let before = kit.cloud.snapshot();
    let refused = bring(&kit, &file("de", b"WEBVTT\n\nno times\n"))
        .await
        .err()
        .unwrap();
    assert!(
        refused.to_string().contains("line 4: expected"),
        "{refused}"
    );
    assert_eq!(kit.cloud.snapshot(), before);
}

#[tokio::test]
async fn however_often_subtitles_are_brought_the_queue_gets_few_orders_of_one_film() {
    let kit = playing();
    let mut refused = 0;
    for _ in 0..70 {
        match bring(&kit, &file("de", VTT)).await {
            Ok(_) => {}
            Err(Refusal::Throttled { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((refused, kit.cloud.snapshot().packagings.len()), (10, 60));
}
