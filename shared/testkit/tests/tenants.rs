//! Two organisations: whatever one does, with its own ids and the other's, the other finds everything as it was.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use futures_util::FutureExt as _;
use vault_domain::access::{Kind, Level, Principal, Visibility};
use vault_domain::api_key::{Label, Overlap};
use vault_domain::asset::Title;
use vault_domain::audit::{Event, Filter as AuditFilter, Record};
use vault_domain::bounds::Bounds;
use vault_domain::credential::Role;
use vault_domain::deletion::{Days, Reason, Retention};
use vault_domain::error::Refusal;
use vault_domain::id::{
    AssetId, CollectionId, GroupId, OrgId, SessionId, ShareId, SpaceId, UserId,
};
use vault_domain::library::{Filter, Patch};
use vault_domain::member::{Actor, Subject};
use vault_domain::page::PageSize;
use vault_domain::share::Share;
use vault_domain::time::Lifetime;
use vault_domain::token::{Action, Caller};
use vault_domain::usecase::IfMatch;
use vault_domain::usecase::access::{self, ContainerChange, Move, NewContainer, Placing, Wish};
use vault_domain::usecase::{
    Ask, ask_ladder, ask_previews, authorize_playback, begin_upload, deletion, exchange,
    finalize_upload, library, manage_api_keys, manage_shares, manage_webhooks, organisation,
    read_audit, withdraw_asset,
};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, CLIENT, ORG, OWNER, SESSION, VIEWER};
use vault_testkit::entropy::{SeedNote, SeededEntropy};
use vault_testkit::share::{SHARE, new_share, share};

const OTHER: OrgId = OrgId::from_octets([0x99; 16]);
const THEIRS: UserId = UserId::from_octets([0x61; 16]);
const LOGIN: SessionId = SessionId::from_octets([0x62; 16]);
const FILM: AssetId = AssetId::from_octets([0x63; 16]);
const SEQUENCES: u64 = 60;
const STEPS: usize = 40;

/// Each with an id of the organisation itself, and one of the other.
const ASSETS: [AssetId; 2] = [ASSET, FILM];
const COLLECTIONS: [CollectionId; 2] = [
    CollectionId::from_octets([0x64; 16]),
    CollectionId::from_octets([0x65; 16]),
];
const SPACES: [SpaceId; 2] = [
    SpaceId::from_octets([0x68; 16]),
    SpaceId::from_octets([0x69; 16]),
];
const GROUPS: [GroupId; 2] = [
    GroupId::from_octets([0x66; 16]),
    GroupId::from_octets([0x67; 16]),
];
const USERS: [UserId; 2] = [VIEWER, THEIRS];
const SHARES: [ShareId; 2] = [SHARE, ShareId::from_octets([0x6a; 16])];

fn world(seed: u64) -> Kit {
    let kit = Kit::with_users(seed);
    kit.plant_session();
    kit.plant_ready();
    kit.plant_grant(&builders::media_token(2), |_| ());
    let name = |text: &str| Title::parse(text).unwrap();
    let at = vault_testkit::clock::GOLDEN_NOW;
    kit.cloud.with(|s| {
        let mut organisation = s.organisations[&ORG].clone();
        organisation.id = OTHER;
        s.organisations.insert(OTHER, organisation);
        let mut account = s.accounts[&OWNER].clone();
        (account.user, account.orgs) = (THEIRS, vec![OTHER]);
        s.accounts.insert(THEIRS, account);
        let mut place = s.memberships[&(ORG, OWNER)];
        (place.org, place.user) = (OTHER, THEIRS);
        s.memberships.insert((OTHER, THEIRS), place);
        let mut login = s.sessions[&SESSION].clone();
        (login.id, login.user, login.org) = (LOGIN, THEIRS, OTHER);
        s.sessions.insert(LOGIN, login);
        let mut film = s.assets[&ASSET].clone();
        (film.announced.id, film.announced.org) = (FILM, OTHER);
        film.announced.owner = Actor::User(THEIRS);
        s.assets.insert(FILM, film);
        let shared = share();
        s.shares.insert((ASSET, SHARES[0]), shared.clone());
        let theirs = Share {
            id: SHARES[1],
            org: OTHER,
            asset: FILM,
            created_by: Actor::User(THEIRS),
            ..shared
        };
        s.shares.insert((FILM, SHARES[1]), theirs);
        for (n, org) in [ORG, OTHER].into_iter().enumerate() {
            let collection = vault_domain::access::Container {
                id: COLLECTIONS[n].into(),
                within: Some(vault_domain::access::Within {
                    id: SPACES[n],
                    space: None,
                }),
                org,
                name: name("Rushes"),
                access: vault_domain::access::Access {
                    version: 1,
                    ..vault_domain::access::Access::default()
                },
                created_at: at,
            };
            let space = vault_domain::access::Container {
                id: SPACES[n].into(),
                within: None,
                ..collection.clone()
            };
            s.containers.insert((org, space.id), space);
            s.containers.insert((org, collection.id), collection);
            let group = vault_domain::access::Group {
                id: GROUPS[n],
                org,
                name: name("Guests"),
                created_at: at,
            };
            s.groups.insert((org, GROUPS[n]), group);
        }
    });
    kit
}

fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().unwrap()
}

fn told<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> String {
    answer.map_or_else(|refusal| refusal.to_string(), |told| format!("{told:?}"))
}

/// Everything that the other organisation's owner is told when they ask.
fn observed(kit: &Kit) -> Vec<String> {
    let ask = builders::ask_of(Caller {
        subject: Subject::Person {
            user: THEIRS,
            session: LOGIN,
        },
        org: OTHER,
        ..builders::caller()
    });
    let (deps, assets, audit) = (kit.access(), kit.library(), kit.read_audit());
    let size = PageSize::default();
    let all = Filter::default();
    let every = AuditFilter::default();
    vec![
        told(now(library::list(&assets, &ask, &all, None, size))),
        told(now(library::show(&assets, &ask, FILM))),
        told(now(finalize_upload::status(
            &kit.finalize_upload(),
            &ask,
            FILM,
        ))),
        told(now(access::show(&deps, &ask, FILM))),
        told(now(access::list_collections(&deps, &ask, None, None))),
        told(now(access::list_spaces(&deps, &ask, None))),
        told(now(access::show_container(
            &deps,
            &ask,
            COLLECTIONS[1].into(),
        ))),
        told(now(access::show_container(&deps, &ask, SPACES[1].into()))),
        told(now(access::list_groups(&deps, &ask, None))),
        told(now(access::members(&deps, &ask, GROUPS[1], None))),
        told(now(read_audit::list(&audit, &ask, &every, None, size))),
        told(now(manage_shares::list(
            &kit.manage_shares(),
            &ask,
            FILM,
            None,
        ))),
        told(now(deletion::show_retention(&kit.deletion(), &ask))),
        told(now(organisation::usage(&kit.organisation(), &ask))),
        told(now(manage_api_keys::list(
            &kit.manage_api_keys(),
            &ask.caller,
        ))),
        told(now(manage_webhooks::list(
            &kit.manage_webhooks(),
            &ask.caller,
        ))),
    ]
}

/// One thing that somebody of the golden organisation does, with ids of either.
fn step(kit: &Kit, dice: &SeededEntropy) {
    let roll = |sides: u64| usize::try_from(dice.next_u64() % sides).unwrap();
    let ask = asker(roll(3));
    let (asset, collection) = (ASSETS[roll(2)], COLLECTIONS[roll(2)]);
    let space = SPACES[roll(2)];
    let container = [collection.into(), space.into()][roll(2)];
    let (group, user) = (GROUPS[roll(2)], USERS[roll(2)]);
    let to = [
        Principal::Actor(Actor::User(user)),
        Principal::Group(group),
        Principal::Role(Role::Owner),
    ][roll(3)];
    let wish = Wish {
        to,
        level: Level::ALL[roll(5)],
        expires_at: None,
    };
    let visibility = [Visibility::Organisation, Visibility::Restricted][roll(2)];
    let title = Title::parse(["Mine", "Theirs"][roll(2)]).unwrap();
    let deps = kit.access();
    drop(match roll(24) {
        0 => told(now(access::grant(&deps, &ask, asset, wish))),
        1 => told(now(access::revoke(&deps, &ask, asset, to))),
        2 => {
            let collection = [Move::Out, Move::Into(collection)][roll(2)];
            let placing = Placing {
                visibility: Some(visibility),
                collection,
                ..Placing::default()
            };
            told(now(access::place(&deps, &ask, asset, placing)))
        }
        3 => told(now(access::grant_on_container(
            &deps, &ask, container, wish,
        ))),
        4 => told(now(access::revoke_on_container(&deps, &ask, container, to))),
        5 => {
            let change = ContainerChange {
                name: Some(title),
                visibility: Some(visibility),
                space: [Move::Stay, Move::Out, Move::Into(space)][roll(3)],
                ..ContainerChange::default()
            };
            told(now(access::change_container(
                &deps, &ask, container, &change,
            )))
        }
        6 => told(now(access::delete_container(&deps, &ask, container))),
        7 => {
            let new = NewContainer {
                kind: Kind::ALL[roll(2)],
                name: title,
                visibility,
                space: [None, Some(space)][roll(2)],
            };
            told(now(access::create_container(&deps, &ask, new, None)))
        }
        8 => told(now(access::add_member(&deps, &ask, group, user))),
        9 => told(now(access::remove_member(&deps, &ask, group, user))),
        10 => told(now(access::rename_group(
            &deps,
            &ask,
            group,
            &IfMatch::Any,
            &title,
        ))),
        11 => told(now(access::delete_group(&deps, &ask, group))),
        12 => {
            let patch = Patch {
                title: Some(title),
                ..Patch::default()
            };
            let library = kit.library();
            told(now(library::edit(
                &library,
                &ask,
                asset,
                &IfMatch::Any,
                &patch,
            )))
        }
        13 => told(now(withdraw_asset::run(&kit.withdraw_asset(), &ask, asset))),
        14 => uploads(kit, ask, asset),
        15 => told(now(deletion::delete(&kit.deletion(), &ask, asset))),
        16 => told(now(deletion::restore(&kit.deletion(), &ask, asset))),
        17 => holds(kit, &ask, asset, roll(2)),
        18 => {
            let rules = Retention {
                recovery: Days::recovery(7 + dice.next_u64() % 3).unwrap(),
                ..Retention::default()
            };
            told(now(deletion::set_retention(&kit.deletion(), &ask, &rules)))
        }
        19 => shares(kit, &ask, (asset, SHARES[roll(2)]), roll(3)),
        20 => beside(kit, &ask, asset, roll(2)),
        21 => api_keys(kit, &ask, roll(2)),
        _ => plays(kit, ask, asset),
    });
}

fn holds(kit: &Kit, ask: &Ask, asset: AssetId, which: usize) -> String {
    let (deps, reason) = (kit.deletion(), Reason::parse("A case").unwrap());
    match which {
        0 => told(now(deletion::place_hold(&deps, ask, asset, &reason))),
        _ => told(now(deletion::release_hold(&deps, ask, asset))),
    }
}

fn beside(kit: &Kit, ask: &Ask, asset: AssetId, which: usize) -> String {
    let library = kit.library();
    let previews = ask_previews::Deps {
        library: &library,
        previews: &*kit.cloud,
        orders: Some(&*kit.cloud),
    };
    match which {
        0 => told(now(ask_ladder::run(&kit.ask_ladder(), ask, asset))),
        _ => told(now(ask_previews::run(&previews, ask, asset))),
    }
}

fn shares(kit: &Kit, ask: &Ask, (asset, id): (AssetId, ShareId), which: usize) -> String {
    let deps = kit.manage_shares();
    match which {
        0 => told(now(manage_shares::create(&deps, ask, asset, new_share()))),
        1 => {
            let wish = manage_shares::Wish {
                name: Some(Label::parse("Ours").unwrap()),
                ..manage_shares::Wish::default()
            };
            told(now(manage_shares::change(&deps, ask, (asset, id), &wish)))
        }
        _ => told(now(manage_shares::revoke(&deps, ask, (asset, id)))),
    }
}

fn api_keys(kit: &Kit, ask: &Ask, which: usize) -> String {
    let deps = kit.manage_api_keys();
    let overlap = Overlap::NONE;
    match which {
        0 => told(now(manage_api_keys::rotate(&deps, ask, CLIENT, overlap))),
        _ => told(now(manage_api_keys::revoke(&deps, ask, CLIENT))),
    }
}

fn asker(which: usize) -> Ask {
    let viewer = Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    };
    // The last says of itself that it is of the other organisation: its standing there is none.
    let liar = Caller {
        org: OTHER,
        ..builders::caller()
    };
    builders::ask_of([builders::caller(), viewer, liar][which])
}

fn uploads(kit: &Kit, ask: Ask, asset: AssetId) -> String {
    let deps = kit.begin_upload();
    let parts = told(now(begin_upload::sign_parts(
        &deps,
        &ask,
        asset,
        &[1.into()],
    )));
    let new = builders::new_asset(&builders::film(1_000));
    let command = begin_upload::Command {
        ask,
        title: new.title,
        media_type: new.media_type,
        plan: new.plan,
        checksum: new.checksum,
        idempotency: None,
    };
    parts + &told(now(begin_upload::run(&deps, command)))
}

fn plays(kit: &Kit, ask: Ask, asset: AssetId) -> String {
    let command = exchange::Command {
        bounds: Bounds::default(),
        ask,
        asset,
        action: Action::Play,
        lifetime: Lifetime::parse(300, exchange::LIFETIMES, "").unwrap(),
        max_views: exchange::Views::parse(1).unwrap(),
    };
    let minted = told(now(exchange::run(&kit.exchange(), command)));
    let command = authorize_playback::Command {
        visit: authorize_playback::Visit::default(),
        token: builders::media_token(2),
        asset,
        source: builders::source(),
        idempotency: None,
    };
    minted
        + &told(now(authorize_playback::run(
            &kit.authorize_playback(),
            command,
        )))
}

#[test]
fn whatever_one_organisation_does_the_other_finds_everything_as_it_was() {
    let mut applied = 0;
    for seed in 0..SEQUENCES {
        let _note = SeedNote(seed);
        let (kit, dice) = (world(seed), SeededEntropy::new(seed));
        let before = observed(&kit);
        assert!(
            before.iter().all(|told| !told.contains("there is no such")),
            "{before:?}"
        );
        for number in 0..STEPS {
            step(&kit, &dice);
            assert_eq!(observed(&kit), before, "step {number} of seed {seed}");
        }
        let done = |r: &&Record| r.event != Event::AccessDenied;
        applied += kit.cloud.with(|s| s.audit.iter().filter(done).count());
    }
    assert!(
        applied > 300,
        "only {applied} steps were more than refusals"
    );
}
