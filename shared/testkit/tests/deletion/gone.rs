//! What is deleted gives nothing out.

use vault_domain::hls::PlaylistName;
use vault_domain::library::{Filter, Patch};
use vault_domain::page::PageSize;
use vault_domain::usecase::IfMatch;
use vault_domain::usecase::library;
use vault_domain::usecase::{
    access, authorize_download, authorize_playback, begin_upload, deliver_key, deliver_playlist,
    finalize_upload, withdraw_asset,
};
use vault_testkit::builders::KEY;

use super::*;

fn key(kit: &Kit) -> Result<(), Refusal> {
    let command = deliver_key::Command {
        visitor: builders::visitor(),
        ticket: Some(kit.golden_ticket().expose().to_owned()),
        asset: ASSET,
        key: KEY,
    };
    now(deliver_key::run(&kit.deliver_key(), command)).map(drop)
}

fn playlist(kit: &Kit) -> Result<(), Refusal> {
    let command = deliver_playlist::Command {
        visitor: builders::visitor(),
        ticket: kit.golden_ticket().expose().to_owned(),
        name: PlaylistName::Master,
    };
    now(deliver_playlist::run(&kit.deliver_playlist(), command)).map(drop)
}

fn view(kit: &Kit) -> Result<(), Refusal> {
    let command = authorize_playback::Command {
        visit: authorize_playback::Visit::default(),
        source: builders::source(),
        token: builders::media_token(2),
        asset: ASSET,
        idempotency: None,
    };
    now(authorize_playback::run(&kit.authorize_playback(), command)).map(drop)
}

fn download(kit: &Kit) -> Result<(), Refusal> {
    let command = authorize_download::Command {
        origin: None,
        source: builders::source(),
        token: builders::media_token(3),
        asset: ASSET,
        rendition: vault_domain::download::Rendition::Original,
        idempotency: None,
    };
    now(authorize_download::run(&kit.authorize_download(), command)).map(drop)
}

fn finalize(kit: &Kit) -> Result<(), Refusal> {
    let command = finalize_upload::Command {
        ask: builders::ask(),
        asset: ASSET,
        parts: None,
    };
    now(finalize_upload::run(&kit.finalize_upload(), command)).map(drop)
}

/// Every way to something of an asset but that of the library.
fn ways(kit: &Kit) -> Vec<(&'static str, Result<(), Refusal>)> {
    let ask = builders::ask();
    let (uploads, library) = (kit.begin_upload(), kit.library());
    let nothing = Patch::default();
    let edit = library::edit(&library, &ask, ASSET, &IfMatch::Any, &nothing);
    vec![
        ("key", key(kit)),
        ("playlist", playlist(kit)),
        ("view", view(kit)),
        ("download", download(kit)),
        ("finalize", finalize(kit)),
        (
            "parts",
            now(begin_upload::sign_parts(&uploads, &ask, ASSET, &[1.into()])).map(drop),
        ),
        (
            "status",
            now(finalize_upload::status(&kit.finalize_upload(), &ask, ASSET)).map(drop),
        ),
        ("edit", now(edit).map(drop)),
        (
            "access",
            now(access::show(&kit.access(), &ask, ASSET)).map(drop),
        ),
        (
            "withdraw",
            now(withdraw_asset::run(&kit.withdraw_asset(), &ask, ASSET)),
        ),
    ]
}

fn watching() -> Kit {
    let kit = kit();
    kit.plant_playback();
    kit.plant_grant(&builders::media_token(2), |_| ());
    kit.plant_download_grant(&builders::media_token(3), |_| ());
    kit
}

#[test]
fn nothing_of_a_deleted_asset_is_given_out_and_all_of_it_after_it_is_back() {
    let kit = watching();
    assert!(key(&kit).is_ok() && playlist(&kit).is_ok());
    delete(&kit).unwrap();
    let before = kit.cloud.snapshot();
    for (way, outcome) in ways(&kit) {
        let hidden = matches!(outcome, Err(Refusal::NotFound(_)));
        assert!(hidden, "{way}: {outcome:?}");
    }
    let after = kit.cloud.snapshot();
    assert_eq!(
        after.shape().without(&["audit"]),
        before.shape().without(&["audit"])
    );
    assert_eq!(after.grants, before.grants, "nothing was spent");
    restore(&kit).unwrap();
    for outcome in [key(&kit), playlist(&kit)] {
        let over = matches!(outcome, Err(Refusal::InvalidToken { .. }));
        assert!(over, "a view of before stays over: {outcome:?}");
    }
    view(&kit).unwrap();
    download(&kit).unwrap();
}

#[test]
fn a_view_that_is_opened_in_the_second_of_the_return_stands() {
    let kit = watching();
    delete(&kit).unwrap();
    restore(&kit).unwrap();
    view(&kit).unwrap();
    let session = kit.cloud.with(|s| {
        let mut open = s.playbacks.values();
        open.find(|p| p.id != builders::playback().id).cloned()
    });
    let command = deliver_key::Command {
        visitor: builders::visitor(),
        ticket: Some(kit_ticket(&kit, &session.unwrap())),
        asset: ASSET,
        key: KEY,
    };
    now(deliver_key::run(&kit.deliver_key(), command)).unwrap();
}

fn kit_ticket(kit: &Kit, session: &vault_domain::playback::PlaybackSession) -> String {
    use vault_domain::ports::Tickets as _;
    kit.tickets.issue(&session.ticket()).expose().to_owned()
}

fn listed(kit: &Kit, ask: &Ask, deleted: bool) -> usize {
    let filter = Filter {
        deleted,
        ..Filter::default()
    };
    let deps = kit.library();
    let page = library::list(&deps, ask, &filter, None, PageSize::default());
    now(page).unwrap().assets.len()
}

#[test]
fn it_is_listed_and_shown_to_those_alone_who_may_have_it_back() {
    let (kit, owner) = (kit(), builders::ask());
    assert_eq!(
        (listed(&kit, &owner, false), listed(&kit, &owner, true)),
        (1, 0)
    );
    let there = now(library::show(&kit.library(), &owner, ASSET)).unwrap();
    delete(&kit).unwrap();
    assert_eq!(
        (listed(&kit, &owner, false), listed(&kit, &owner, true)),
        (0, 1)
    );
    assert_eq!(
        (
            listed(&kit, &viewer(), false),
            listed(&kit, &viewer(), true)
        ),
        (0, 0)
    );
    let shown = now(library::show(&kit.library(), &owner, ASSET)).unwrap();
    assert!(shown.asset.keeping.presence.is_deleted());
    assert_ne!(shown.tag, there.tag, "what is shown of it changed");
    let hidden = now(library::show(&kit.library(), &viewer(), ASSET));
    assert!(matches!(hidden, Err(Refusal::NotFound("asset"))));
    let denied = now(deletion::restore(&kit.deletion(), &viewer(), ASSET));
    assert!(matches!(denied, Err(Refusal::NotFound("asset"))));
}

#[test]
fn an_upload_of_the_same_name_says_that_it_was_deleted() {
    let kit = Kit::with_users(1);
    let begin = |kit: &Kit| {
        let command = begin_upload::Command {
            ask: builders::ask(),
            title: vault_domain::asset::Title::parse("A golden film").unwrap(),
            media_type: vault_domain::asset::MediaType::parse("video/mp4").unwrap(),
            plan: vault_domain::asset::PartPlan::of(1_000).unwrap(),
            checksum: None,
            idempotency: Some(builders::idempotency_key("once")),
        };
        now(begin_upload::run(&kit.begin_upload(), command))
    };
    let id = begin(&kit).unwrap().asset.id();
    now(deletion::delete(&kit.deletion(), &builders::ask(), id)).unwrap();
    assert!(matches!(begin(&kit), Err(Refusal::Conflict(_))));
    wait(&kit);
    assert_eq!(sweep(&kit).unwrap().erased, 1);
    kit.plant_session();
    assert!(
        matches!(begin(&kit), Err(Refusal::Conflict(_))),
        "an id is never used again"
    );
}
