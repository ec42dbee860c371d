//! Who may do what, as callers find it.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

mod conditional;
mod groups;
mod spaces;
mod views;

use futures_util::FutureExt as _;
use vault_domain::access::{Container, ContainerId, Kind, Level, Principal, Visibility};
use vault_domain::api_key::{Scope, Scopes};
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
use vault_domain::usecase::access::{self, Move, NewContainer, Placing, Wish};
use vault_domain::usecase::gate::REFUSALS_ON_RECORD;
use vault_domain::usecase::{Ask, authorize_playback, deliver_key, library};
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
        ..Placing::default()
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

fn collection(name: &str, visibility: Visibility) -> NewContainer {
    builders::new_container(Kind::Collection, name, visibility)
}

fn id_of(made: &Container) -> CollectionId {
    CollectionId::parse(&made.id.to_string()).expect("a collection")
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
fn whoever_asks_again_and_again_is_refused_and_does_not_fill_the_record() {
    let kit = kit();
    restrict(&kit);
    let denied = |kit: &Kit| {
        let kinds = events(kit);
        kinds.iter().filter(|e| **e == Event::AccessDenied).count()
    };
    let most = REFUSALS_ON_RECORD as usize;
    for _ in 0..most + 20 {
        let hidden = reads(&kit, &viewer());
        assert!(matches!(hidden, Err(Refusal::NotFound("asset"))));
    }
    assert_eq!(denied(&kit), most);
    // Somebody else's are on record, and theirs again in the next window.
    let scopes = Scopes::only(Scope::Upload);
    let other = builders::ask_of(Caller {
        scopes,
        ..builders::caller()
    });
    assert!(reads(&kit, &other).is_err());
    assert_eq!(denied(&kit), most + 1);
    kit.clock.advance(900);
    assert!(reads(&kit, &viewer()).is_err());
    assert_eq!(denied(&kit), most + 2);
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
fn a_collection_that_is_gone_opens_nothing_and_does_not_come_back() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let key = builders::idempotency_key("k");
    let new = || collection("Lessons", Visibility::Organisation);
    let made = now(access::create_container(&deps, &owner, new(), Some(&key))).unwrap();
    let placing = Placing {
        visibility: None,
        collection: Move::Into(id_of(&made)),
        ..Placing::default()
    };
    now(access::place(&deps, &owner, ASSET, placing)).unwrap();
    assert!(reads(&kit, &viewer()).is_ok());
    now(access::delete_container(&deps, &owner, made.id)).unwrap();
    assert!(reads(&kit, &viewer()).is_err());
    assert!(reads(&kit, &owner).is_ok());
    let again = now(access::create_container(&deps, &owner, new(), Some(&key)));
    assert!(matches!(again, Err(Refusal::Conflict(_))));
    let closed = collection("Lessons", Visibility::Restricted);
    let other = builders::idempotency_key("l");
    now(access::create_container(&deps, &owner, new(), Some(&other))).unwrap();
    let differs = now(access::create_container(
        &deps,
        &owner,
        closed,
        Some(&other),
    ));
    assert!(matches!(differs, Err(Refusal::IdempotencyMismatch)));
}

#[test]
fn an_editor_does_not_take_their_film_out_of_what_others_closed() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    kit.cloud.with(|s| {
        s.memberships.get_mut(&(ORG, VIEWER)).unwrap().role = Role::Editor;
        s.assets.get_mut(&ASSET).unwrap().announced.owner = Actor::User(VIEWER);
    });
    let closed = collection("Rushes", Visibility::Restricted);
    let made = now(access::create_container(&deps, &owner, closed, None)).unwrap();
    let into = |collection| Placing {
        visibility: None,
        collection,
        ..Placing::default()
    };
    let theirs = |collection| now(access::place(&deps, &viewer(), ASSET, into(collection)));
    let hidden = theirs(Move::Into(id_of(&made)));
    assert!(matches!(hidden, Err(Refusal::NotFound("collection"))));
    now(access::place(
        &deps,
        &owner,
        ASSET,
        into(Move::Into(id_of(&made))),
    ))
    .unwrap();
    assert!(matches!(
        theirs(Move::Out),
        Err(Refusal::NotFound("collection"))
    ));
    now(access::delete_container(&deps, &owner, made.id)).unwrap();
    assert!(matches!(theirs(Move::Out), Err(Refusal::Forbidden(_))));
    now(access::place(&deps, &owner, ASSET, into(Move::Out))).unwrap();
}

#[test]
fn nothing_of_another_organisation_is_there() {
    let kit = kit();
    let (deps, owner) = (kit.access(), builders::ask());
    let foreign = OrgId::from_octets([9; 16]);
    let made = collection("Rushes", Visibility::Organisation);
    let made = now(access::create_container(&deps, &owner, made, None)).unwrap();
    let group = now(access::create_group(&deps, &owner, name("Guests"), None)).unwrap();
    kit.cloud.with(|s| {
        let mut moved = s.containers.remove(&(ORG, made.id)).unwrap();
        moved.org = foreign;
        s.containers.insert((foreign, made.id), moved);
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
    let shown = now(access::show_container(&deps, &owner, made.id));
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
fn a_page_tells_nothing_of_what_its_reader_may_not_read() {
    let kit = kit();
    restrict(&kit);
    let asset = kit.cloud.with(|s| s.assets[&ASSET].clone());
    let open = vault_domain::access::Access::default();
    for n in 1..=9_u8 {
        let mut other = asset.clone();
        other.announced.id = vault_domain::id::AssetId::from_octets([n; 16]);
        other.announced.created_at = Timestamp(asset.announced.created_at.0 - u64::from(n));
        if n % 3 == 0 {
            other.access = open.clone();
        }
        kit.plant(other);
    }
    let (deps, ask, all) = (kit.library(), viewer(), Filter::default());
    let page = |cursor: Option<String>, size: &str| {
        let size = PageSize::parse(size).unwrap();
        let page = now(library::list(&deps, &ask, &all, cursor.as_deref(), size)).unwrap();
        (page.assets.len(), page.cursor)
    };
    // Three of ten may be read: two pages of two, as if there were no others.
    let (found, cursor) = page(None, "2");
    assert_eq!((found, cursor.is_some()), (2, true));
    assert_eq!(page(cursor, "2"), (1, None));
    assert_eq!(page(None, "3"), (3, None));
    kit.cloud.with(|s| {
        for asset in s.assets.values_mut() {
            asset.access.visibility = Visibility::Restricted;
        }
    });
    assert_eq!(page(None, "1"), (0, None));
}

#[test]
fn whoever_may_read_little_of_a_large_library_finds_it_by_pages_of_any_size() {
    let kit = kit();
    restrict(&kit);
    let asset = kit.cloud.with(|s| s.assets[&ASSET].clone());
    for n in 1..=3_000_u16 {
        let mut other = asset.clone();
        let [high, low] = n.to_be_bytes();
        let octets = [high, low, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
        other.announced.id = vault_domain::id::AssetId::from_octets(octets);
        other.announced.created_at = Timestamp(asset.announced.created_at.0 - u64::from(n));
        if n % 1_500 == 0 {
            other.access = vault_domain::access::Access::default();
        }
        kit.plant(other);
    }
    let (deps, ask, all) = (kit.library(), viewer(), Filter::default());
    for size in ["1", "2", "50"] {
        let (mut found, mut cursor) = (0, None);
        loop {
            let size = PageSize::parse(size).unwrap();
            let page = now(library::list(&deps, &ask, &all, cursor.as_deref(), size)).unwrap();
            found += page.assets.len();
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, 2, "by pages of {size}");
    }
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
    Scenario::new("create_container", kit, async |kit: &Kit, _| {
        let key = builders::idempotency_key("k");
        let (deps, new) = (kit.access(), collection("Rushes", Visibility::Restricted));
        let made = access::create_container(&deps, &builders::ask(), new, Some(&key)).await;
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
            ..Placing::default()
        };
        let placed = access::place(&kit.access(), &builders::ask(), ASSET, placing).await;
        answer(placed, |_| "placed".to_owned())
    })
    .refused("there is no such collection")
    .hold();
}
