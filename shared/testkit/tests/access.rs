//! Who may do what, as callers find it.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use futures_util::FutureExt as _;
use vault_domain::access::{Level, Principal, Visibility};
use vault_domain::asset::{AssetState, Title};
use vault_domain::audit::Event;
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::{CollectionId, GroupId, OrgId};
use vault_domain::library::Filter;
use vault_domain::member::Actor;
use vault_domain::page::PageSize;
use vault_domain::time::Timestamp;
use vault_domain::token::Caller;
use vault_domain::usecase::access::{self, Move, Placing, Wish};
use vault_domain::usecase::{Ask, deliver_key, library};
use vault_testkit::builders::{self, ASSET, KEY, ORG, OWNER, VIEWER};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::kit::Kit;
use vault_testkit::sweep::{Scenario, answer};

fn now<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    work.now_or_never().expect("fakes never wait")
}

fn kit() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit
}

fn viewer() -> Ask {
    builders::ask_of(Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    })
}

fn to_viewer(level: Level) -> Wish {
    Wish {
        to: Principal::Actor(Actor::User(VIEWER)),
        level,
        expires_at: None,
    }
}

fn restrict(kit: &Kit) {
    let placing = Placing {
        visibility: Some(Visibility::Restricted),
        collection: Move::Stay,
    };
    now(access::place(
        &kit.access(),
        &builders::ask(),
        ASSET,
        placing,
    ))
    .unwrap();
}

fn reads(kit: &Kit, ask: &Ask) -> Result<(), Refusal> {
    now(library::show(&kit.library(), ask, ASSET)).map(drop)
}

fn events(kit: &Kit) -> Vec<Event> {
    kit.cloud
        .with(|s| s.audit.iter().map(|r| r.event).collect())
}

fn name(text: &str) -> Title {
    Title::parse(text).unwrap()
}

#[test]
fn what_is_restricted_is_not_there_until_it_is_granted_and_not_after() {
    let kit = kit();
    assert!(reads(&kit, &viewer()).is_ok());
    restrict(&kit);
    let hidden = reads(&kit, &viewer());
    assert!(matches!(hidden, Err(Refusal::NotFound("asset"))));
    let size = PageSize::default();
    let page = library::list(&kit.library(), &viewer(), &Filter::default(), None, size)
        .now_or_never()
        .unwrap()
        .unwrap();
    assert_eq!(page.assets, []);

    let (deps, owner) = (kit.access(), builders::ask());
    now(access::grant(&deps, &owner, ASSET, to_viewer(Level::View))).unwrap();
    assert!(reads(&kit, &viewer()).is_ok());
    let not_theirs = now(access::show(&deps, &viewer(), ASSET));
    assert!(matches!(not_theirs, Err(Refusal::Forbidden(_))));
    now(access::revoke(
        &deps,
        &owner,
        ASSET,
        to_viewer(Level::View).to,
    ))
    .unwrap();
    assert!(reads(&kit, &viewer()).is_err());

    let kinds = events(&kit);
    let changes = kinds.iter().filter(|e| **e == Event::AssetAccessChanged);
    assert_eq!(changes.count(), 3);
    let denied = kinds.iter().filter(|e| **e == Event::AccessDenied);
    assert_eq!(denied.count(), 3, "shown twice, and the list of access");
}

#[test]
fn a_record_says_who_from_where_and_by_which_policy() {
    let kit = kit();
    now(access::grant(
        &kit.access(),
        &builders::ask(),
        ASSET,
        to_viewer(Level::Edit),
    ))
    .unwrap();
    let record = kit.cloud.with(|s| s.audit.last().cloned()).unwrap();
    assert_eq!(
        (record.org, record.at, record.asset),
        (ORG, GOLDEN_NOW, Some(ASSET))
    );
    assert_eq!(record.author.actor(), Some(Actor::User(OWNER)));
    assert_eq!(record.source, builders::source());
    let verdict = record.verdict.unwrap();
    assert_eq!(
        (verdict.allowed, verdict.policies),
        (true, vec!["admin".to_owned()])
    );
    let details: Vec<_> = record.details.iter().collect();
    let principal = VIEWER.to_string();
    assert_eq!(
        details,
        [("access", "edit"), ("principal", principal.as_str())]
    );
}

#[test]
fn the_same_grant_again_changes_nothing_and_an_end_that_is_past_is_refused() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    now(access::grant(&deps, &owner, ASSET, to_viewer(Level::View))).unwrap();
    let before = kit.cloud.snapshot();
    now(access::grant(&deps, &owner, ASSET, to_viewer(Level::View))).unwrap();
    assert_eq!(kit.cloud.snapshot(), before);
    let past = Wish {
        expires_at: Some(GOLDEN_NOW),
        ..to_viewer(Level::View)
    };
    let refused = now(access::grant(&deps, &owner, ASSET, past));
    assert!(matches!(refused, Err(Refusal::Malformed(m)) if m.field == "expires_at"));
}

fn gets_a_key(kit: &Kit) -> Result<(), Refusal> {
    let command = deliver_key::Command {
        ticket: Some(kit.golden_ticket().expose().to_owned()),
        asset: ASSET,
        key: KEY,
    };
    now(deliver_key::run(&kit.deliver_key(), command)).map(drop)
}

#[test]
fn what_is_taken_away_ends_views_at_the_next_key_and_what_is_given_does_not() {
    let kit = kit();
    kit.plant_playback();
    let (deps, owner) = (kit.access(), builders::ask());
    now(access::grant(&deps, &owner, ASSET, to_viewer(Level::View))).unwrap();
    assert!(gets_a_key(&kit).is_ok());
    now(access::grant(&deps, &owner, ASSET, to_viewer(Level::None))).unwrap();
    assert!(matches!(
        gets_a_key(&kit),
        Err(Refusal::InvalidToken { .. })
    ));
}

#[test]
fn a_withdrawn_asset_has_no_access_to_change() {
    let kit = kit();
    kit.cloud.with(|s| {
        s.assets.get_mut(&ASSET).unwrap().state = AssetState::Withdrawn;
    });
    let refused = now(access::grant(
        &kit.access(),
        &builders::ask(),
        ASSET,
        to_viewer(Level::View),
    ));
    assert!(matches!(
        refused,
        Err(Refusal::WrongState(AssetState::Withdrawn))
    ));
}

#[test]
fn a_group_and_a_collection_lend_what_is_granted_on_them() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let closed = (name("Rushes"), Visibility::Restricted);
    let made = now(access::create_collection(&deps, &owner, closed, None)).unwrap();
    let placing = Placing {
        visibility: None,
        collection: Move::Into(made.id),
    };
    now(access::place(&deps, &owner, ASSET, placing)).unwrap();
    assert!(reads(&kit, &viewer()).is_err());
    let shown = now(access::show_collection(&deps, &viewer(), made.id));
    assert!(matches!(shown, Err(Refusal::NotFound("collection"))));

    let group = now(access::create_group(&deps, &owner, name("Guests"), None)).unwrap();
    now(access::add_member(&deps, &owner, group.id, VIEWER)).unwrap();
    let wish = Wish {
        to: Principal::Group(group.id),
        level: Level::View,
        expires_at: Some(GOLDEN_NOW.plus(60)),
    };
    now(access::grant_on_collection(&deps, &owner, made.id, wish)).unwrap();
    assert!(reads(&kit, &viewer()).is_ok());
    let (_, grants) = now(access::show_collection(&deps, &viewer(), made.id)).unwrap();
    assert!(!grants, "they see it, and not who else does");
    kit.clock.set(GOLDEN_NOW.plus(60));
    assert!(reads(&kit, &viewer()).is_err(), "it is over");
    kit.clock.set(GOLDEN_NOW);
    now(access::remove_member(&deps, &owner, group.id, VIEWER)).unwrap();
    assert!(reads(&kit, &viewer()).is_err());
    now(access::add_member(&deps, &owner, group.id, VIEWER)).unwrap();
    now(access::delete_group(&deps, &owner, group.id)).unwrap();
    now(access::delete_collection(&deps, &owner, made.id)).unwrap();
    assert!(
        reads(&kit, &viewer()).is_err(),
        "what is removed opens nothing"
    );
    assert!(reads(&kit, &owner).is_ok());
}

#[test]
fn only_admins_and_owners_make_groups_and_collections() {
    let kit = kit();
    let deps = kit.access();
    let group = now(access::create_group(&deps, &viewer(), name("Mine"), None));
    assert!(matches!(group, Err(Refusal::Forbidden(_))));
    let new = (name("Mine"), Visibility::Organisation);
    let collection = now(access::create_collection(&deps, &viewer(), new, None));
    assert!(matches!(collection, Err(Refusal::Forbidden(_))));
    assert!(matches!(
        now(access::list_groups(&deps, &viewer(), None)),
        Err(Refusal::Forbidden(_))
    ));
}

#[test]
fn nothing_of_another_organisation_is_there() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let foreign = OrgId::from_octets([9; 16]);
    let made = (name("Rushes"), Visibility::Organisation);
    let made = now(access::create_collection(&deps, &owner, made, None)).unwrap();
    let group = now(access::create_group(&deps, &owner, name("Guests"), None)).unwrap();
    kit.cloud.with(|s| {
        let mut moved = s.collections.remove(&(ORG, made.id)).unwrap();
        moved.org = foreign;
        s.collections.insert((foreign, made.id), moved);
        let mut moved = s.groups.remove(&(ORG, group.id)).unwrap();
        moved.org = foreign;
        s.groups.insert((foreign, group.id), moved);
        s.assets.get_mut(&ASSET).unwrap().announced.org = foreign;
    });
    let before = kit.cloud.snapshot();
    let placing = Placing::default();
    assert!(matches!(
        now(access::place(&deps, &owner, ASSET, placing)),
        Err(Refusal::NotFound(_))
    ));
    let grant = access::grant(&deps, &owner, ASSET, to_viewer(Level::View));
    assert!(matches!(now(grant), Err(Refusal::NotFound(_))));
    let shown = now(access::show_collection(&deps, &owner, made.id));
    assert!(matches!(shown, Err(Refusal::NotFound(_))));
    let add = now(access::add_member(&deps, &owner, group.id, VIEWER));
    assert!(matches!(add, Err(Refusal::NotFound("group"))));
    assert_eq!(
        kit.cloud.snapshot(),
        before,
        "and nothing of it is on any record"
    );
}

#[test]
fn a_page_ends_without_a_word_of_what_its_reader_may_not_read() {
    let kit = kit();
    restrict(&kit);
    let asset = kit.cloud.with(|s| s.assets[&ASSET].clone());
    for n in 1..=3_u8 {
        let mut other = asset.clone();
        other.announced.id = vault_domain::id::AssetId::from_octets([n; 16]);
        other.announced.created_at = Timestamp(asset.announced.created_at.0 - u64::from(n));
        kit.plant(other);
    }
    let size = || PageSize::parse("1").unwrap();
    let (mut cursor, mut pages) = (None::<String>, 0);
    loop {
        let (deps, ask, all) = (kit.library(), viewer(), Filter::default());
        let page = library::list(&deps, &ask, &all, cursor.as_deref(), size());
        let page = now(page).unwrap();
        assert_eq!(page.assets, []);
        pages += 1;
        let Some(next) = page.cursor else { break };
        let octets = data_encoding::BASE64URL_NOPAD
            .decode(next.as_bytes())
            .unwrap();
        assert_eq!(octets.len(), 32, "a check and an id");
        cursor = Some(next);
    }
    assert_eq!(pages, 4);
}

#[test]
fn changes_of_access_survive_every_cut() {
    Scenario::new("grant", kit, async |kit: &Kit, _| {
        let (deps, ask) = (kit.access(), builders::ask());
        let granted = access::grant(&deps, &ask, ASSET, to_viewer(Level::Edit)).await;
        answer(granted, |asset| {
            asset.access.entries.iter().count().to_string()
        })
    })
    .hold();
    Scenario::new("create_collection", kit, async |kit: &Kit, _| {
        let key = builders::idempotency_key("k");
        let (deps, new) = (kit.access(), (name("Rushes"), Visibility::Restricted));
        let made = access::create_collection(&deps, &builders::ask(), new, Some(&key)).await;
        answer(made, |made| made.id.to_string())
    })
    .hold();
    let grouped = || {
        let kit = kit();
        let group = vault_domain::access::Group {
            id: GroupId::from_octets([1; 16]),
            org: ORG,
            name: name("Guests"),
            created_at: GOLDEN_NOW,
        };
        kit.cloud.with(|s| s.groups.insert((ORG, group.id), group));
        kit
    };
    Scenario::new("add_member", grouped, async |kit: &Kit, _| {
        let id = GroupId::from_octets([1; 16]);
        let added = access::add_member(&kit.access(), &builders::ask(), id, VIEWER).await;
        answer(added, |()| "in".to_owned())
    })
    .hold();
    Scenario::new("place", kit, async |kit: &Kit, _| {
        let placing = Placing {
            visibility: Some(Visibility::Restricted),
            collection: Move::Into(CollectionId::from_octets([1; 16])),
        };
        let placed = access::place(&kit.access(), &builders::ask(), ASSET, placing).await;
        answer(placed, |_| "placed".to_owned())
    })
    .refused("there is no such collection")
    .hold();
}
