//! The library: who sees and changes what, page by page, and what a change rests on.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use futures_util::FutureExt as _;
use vault_domain::api_key::{Scope, Scopes};
use vault_domain::asset::{Asset, AssetState, NewAsset, Title};
use vault_domain::credential::Role;
use vault_domain::error::Refusal;
use vault_domain::id::{AssetId, OrgId};
use vault_domain::library::{Filter, MetadataKey, MetadataValue, Patch, TitlePrefix};
use vault_domain::member::{Actor, Membership, Organisation};
use vault_domain::page::PageSize;
use vault_domain::token::Caller;
use vault_domain::usecase::IfMatch;
use vault_domain::usecase::library::{self, Page, Tagged};
use vault_testkit::builders::ask_of;
use vault_testkit::builders::{self, ASSET, OWNER, SESSION, VIEWER};
use vault_testkit::sweep::{Scenario, answer};
use vault_testkit::{Kit, Sample};

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

fn viewer() -> Caller {
    Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    }
}

/// The golden film, and six that the viewer brought in when they still were an editor.
fn stocked() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant(builders::asset(AssetState::Ready));
    let sample = Sample::new(7);
    for number in 1..=6 {
        let new = builders::new_asset(&builders::film(1_000));
        kit.plant(builders::announced(NewAsset {
            id: sample.asset(),
            owner: Actor::User(VIEWER),
            title: Title::parse(&format!("Reel {number}")).unwrap(),
            created_at: new.created_at.plus(number),
            ..new
        }));
    }
    kit
}

fn page(
    kit: &Kit,
    caller: &Caller,
    filter: &Filter,
    cursor: Option<&str>,
    size: &str,
) -> Result<Page, Refusal> {
    let size = PageSize::parse(size).unwrap();
    now(library::list(
        &kit.library(),
        &ask_of(*caller),
        filter,
        cursor,
        size,
    ))
}

fn all(kit: &Kit, caller: &Caller, filter: &Filter, size: &str) -> Vec<AssetId> {
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = page(kit, caller, filter, cursor.as_deref(), size).unwrap();
        ids.extend(page.assets.iter().map(|tagged| tagged.asset.id()));
        cursor = page.cursor;
        if cursor.is_none() {
            return ids;
        }
    }
}

fn titled(prefix: &str) -> Filter {
    Filter {
        title: Some(TitlePrefix::parse(prefix).unwrap()),
        ..Filter::default()
    }
}

fn season(number: i64) -> Patch {
    let key = MetadataKey::parse("season").unwrap();
    Patch {
        metadata: vec![(key, Some(MetadataValue::Integer(number)))],
        ..Patch::default()
    }
}

fn edit(kit: &Kit, caller: &Caller, rests_on: &IfMatch, patch: &Patch) -> Result<Tagged, Refusal> {
    now(library::edit(
        &kit.library(),
        &ask_of(*caller),
        ASSET,
        rests_on,
        patch,
    ))
}

fn shown(kit: &Kit) -> Tagged {
    now(library::show(&kit.library(), &builders::ask(), ASSET)).unwrap()
}

fn on(tag: &str) -> IfMatch {
    IfMatch::OneOf(vec!["another".to_owned(), tag.to_owned()])
}

#[test]
fn everyone_of_an_organisation_sees_all_of_it_page_by_page() {
    let kit = stocked();
    let whole = all(&kit, &builders::caller(), &Filter::default(), "100");
    assert_eq!(whole.len(), 7);
    for size in ["1", "3", "7"] {
        assert_eq!(all(&kit, &viewer(), &Filter::default(), size), whole);
    }
    assert_eq!(all(&kit, &viewer(), &titled("REEL"), "4").len(), 6);
    let theirs = Filter {
        owner: Some(Actor::User(OWNER)),
        state: Some(AssetState::Ready),
        title: None,
        collection: None,
        deleted: false,
    };
    assert_eq!(all(&kit, &viewer(), &theirs, "2"), [ASSET]);
}

#[test]
fn a_cursor_goes_on_in_its_own_list_alone() {
    let kit = stocked();
    let caller = builders::caller();
    let first = page(&kit, &caller, &titled("r"), None, "2").unwrap();
    let own = first.cursor.unwrap();
    page(&kit, &caller, &titled("r"), Some(&own), "2").unwrap();
    let refused = |filter: &Filter, cursor: &str| {
        let refused = page(&kit, &caller, filter, Some(cursor), "2");
        matches!(refused, Err(Refusal::Malformed(m)) if m.field == "cursor")
    };
    let in_state = |filter: Filter| Filter {
        state: Some(AssetState::Uploading),
        ..filter
    };
    let theirs = Filter {
        owner: Some(Actor::User(VIEWER)),
        ..titled("r")
    };
    for other in [
        Filter::default(),
        titled("re"),
        in_state(titled("r")),
        theirs,
    ] {
        assert!(refused(&other, &own));
    }
    let plain = page(&kit, &caller, &Filter::default(), None, "2").unwrap();
    let plain = plain.cursor.unwrap();
    assert!(refused(&in_state(Filter::default()), &plain));
    // The same place in the list of another organisation.
    let elsewhere = OrgId::from_octets([9; 16]);
    kit.cloud.with(|s| {
        let place = builders::membership(OWNER, Role::Owner);
        let org = elsewhere;
        s.memberships
            .insert((org, OWNER), Membership { org, ..place });
        let organisation = builders::organisation();
        let id = elsewhere;
        s.organisations
            .insert(id, Organisation { id, ..organisation });
        s.sessions.get_mut(&SESSION).unwrap().org = org;
        s.accounts.get_mut(&OWNER).unwrap().orgs.push(org);
    });
    let abroad = Caller {
        org: elsewhere,
        ..caller
    };
    page(&kit, &abroad, &titled("r"), None, "2").unwrap();
    let foreign = page(&kit, &abroad, &titled("r"), Some(&own), "2");
    assert!(matches!(foreign, Err(Refusal::Malformed(m)) if m.field == "cursor"));
    kit.cloud
        .with(|s| s.sessions.get_mut(&SESSION).unwrap().org = builders::ORG);
    let mut forged = own.clone().into_bytes();
    for at in 0..forged.len() {
        let kept = forged[at];
        forged[at] = if kept == b'A' { b'B' } else { b'A' };
        let text = String::from_utf8(forged.clone()).unwrap();
        assert!(refused(&titled("r"), &text), "{text}");
        forged[at] = kept;
    }
    let long = "A".repeat(100_000);
    for bad in ["", "x", "====", &own[..20], long.as_str()] {
        assert!(refused(&titled("r"), bad));
    }
}

#[test]
fn another_organisations_assets_do_not_exist() {
    let kit = stocked();
    let foreign = OrgId::from_octets([9; 16]);
    kit.cloud.with(|s| {
        for asset in s.assets.values_mut() {
            asset.announced.org = foreign;
        }
    });
    let caller = builders::caller();
    assert_eq!(all(&kit, &caller, &Filter::default(), "10"), []);
    let one = now(library::show(&kit.library(), &ask_of(caller), ASSET));
    assert!(matches!(one, Err(Refusal::NotFound(_))));
    let change = edit(&kit, &caller, &IfMatch::Any, &season(1));
    assert!(matches!(change, Err(Refusal::NotFound(_))));
}

#[test]
fn whoever_is_out_sees_nothing_and_roles_are_those_of_now() {
    let kit = stocked();
    kit.cloud
        .with(|s| s.sessions.get_mut(&SESSION).unwrap().revoked = true);
    let caller = builders::caller();
    let list = page(&kit, &caller, &Filter::default(), None, "1");
    assert!(matches!(list, Err(Refusal::InvalidToken { .. })));
    let one = now(library::show(&kit.library(), &ask_of(caller), ASSET));
    assert!(matches!(one, Err(Refusal::InvalidToken { .. })));

    // Their token says that they are an owner; by now they watch.
    let kit = stocked();
    let was = Caller {
        role: Role::Owner,
        ..viewer()
    };
    let change = edit(&kit, &was, &IfMatch::Any, &season(1));
    assert!(matches!(change, Err(Refusal::Forbidden(_))));
}

#[test]
fn scopes_bound_what_a_caller_may() {
    let kit = stocked();
    let of = |scope| Caller {
        scopes: Scopes::only(scope),
        ..builders::caller()
    };
    let list = page(&kit, &of(Scope::Edit), &Filter::default(), None, "1");
    assert!(matches!(list, Err(Refusal::Forbidden(_))));
    let change = edit(&kit, &of(Scope::Read), &IfMatch::Any, &season(1));
    assert!(matches!(change, Err(Refusal::Forbidden(_))));
    let both = Caller {
        scopes: Scopes::only(Scope::Read).with(Scope::Edit),
        ..builders::caller()
    };
    edit(&kit, &both, &IfMatch::Any, &season(1)).unwrap();
}

#[test]
fn editors_describe_what_they_brought_in_and_admins_everything() {
    for (role, own, may) in [
        (Role::Viewer, true, false),
        (Role::Editor, true, true),
        (Role::Editor, false, false),
        (Role::Admin, false, true),
    ] {
        let kit = stocked();
        kit.cloud.with(|s| {
            let place = s.memberships.get_mut(&(builders::ORG, VIEWER)).unwrap();
            place.role = role;
            if own {
                s.assets.get_mut(&ASSET).unwrap().announced.owner = Actor::User(VIEWER);
            }
        });
        let change = edit(&kit, &viewer(), &IfMatch::Any, &season(1));
        assert_eq!(change.is_ok(), may, "{role:?} {own}");
    }
}

#[test]
fn a_change_rests_on_what_was_seen_and_its_repetition_is_told_as_done() {
    let kit = stocked();
    let caller = builders::caller();
    let before = shown(&kit);
    let after = edit(&kit, &caller, &on(&before.tag), &season(1)).unwrap();
    assert_ne!(after.tag, before.tag);
    assert_eq!(shown(&kit), after);
    let late = edit(&kit, &caller, &on(&before.tag), &season(2));
    assert!(matches!(late, Err(Refusal::PreconditionFailed)));
    // The answer was lost: the same again is no conflict.
    let again = edit(&kit, &caller, &on(&before.tag), &season(1)).unwrap();
    assert_eq!(again, after);
    let nothing = IfMatch::OneOf(Vec::new());
    let weak = edit(&kit, &caller, &nothing, &season(2));
    assert!(matches!(weak, Err(Refusal::PreconditionFailed)));
    // Whatever else is shown changes the tag as well.
    kit.cloud.with(|s| {
        let asset = s.assets.get_mut(&ASSET).unwrap();
        *asset = Asset {
            state: AssetState::Withdrawn,
            ..asset.clone()
        };
    });
    assert_ne!(shown(&kit).tag, after.tag);
    let gone = edit(&kit, &caller, &IfMatch::Any, &season(3));
    assert!(matches!(
        gone,
        Err(Refusal::WrongState(AssetState::Withdrawn))
    ));
}

#[test]
fn an_edit_survives_every_cut() {
    Scenario::new("edit", stocked, async |kit: &Kit, _| {
        let (deps, caller, patch) = (kit.library(), builders::ask(), season(1));
        let edited = library::edit(&deps, &caller, ASSET, &IfMatch::Any, &patch).await;
        answer(edited, |tagged| {
            format!("version {}", tagged.asset.description.version)
        })
    })
    .hold();
}
