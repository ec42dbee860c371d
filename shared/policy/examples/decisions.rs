//! What decisions cost in CPU time (Linux): `cargo run --release -p vault-policy --example decisions`.

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use vault_domain::access::{
    Access, AccessList, Action, Asker, Container, Entry, Level, Principal, Resource, Visibility,
    Within,
};
use vault_domain::api_key::Scopes;
use vault_domain::asset::{Asset, AssetState, MediaType, NewAsset, PartPlan, Title};
use vault_domain::credential::Role;
use vault_domain::deletion::Keeping;
use vault_domain::id::{AssetId, CollectionId, OrgId, SessionId, SpaceId, UserId};
use vault_domain::library::Description;
use vault_domain::member::{Actor, Subject};
use vault_domain::ports::Policies as _;
use vault_domain::time::Timestamp;
use vault_domain::token::Caller;
use vault_policy::CedarPolicies;

const ORG: OrgId = OrgId::from_octets([1; 16]);
const VIEWER: UserId = UserId::from_octets([2; 16]);
const COLLECTION: CollectionId = CollectionId::from_octets([5; 16]);
const SPACE: SpaceId = SpaceId::from_octets([6; 16]);
const NOW: Timestamp = Timestamp(1_000);
const TIMES: u32 = 20_000;

fn asset(visibility: Visibility, entries: u8) -> Result<Asset, Box<dyn Error>> {
    let title = Title::parse("A film")?;
    let entry = |n| Entry {
        // The last is the one that holds.
        to: Principal::Actor(Actor::User(UserId::from_octets([entries + 1 - n; 16]))),
        level: Level::View,
        expires_at: None,
        by: Actor::User(VIEWER),
        at: NOW,
    };
    Ok(Asset {
        description: Description::of(title.clone()),
        announced: NewAsset {
            id: AssetId::from_octets([3; 16]),
            org: ORG,
            owner: Actor::User(UserId::from_octets([99; 16])),
            title,
            media_type: MediaType::parse("video/mp4")?,
            plan: PartPlan::of(1)?,
            checksum: None,
            created_at: NOW,
        },
        state: AssetState::Ready,
        multipart: None,
        package: None,
        runs: Vec::new(),
        lease_until: None,
        progress: 0,
        ladder: None,
        previews: None,
        subtitles: vault_domain::subtitles::Subtitles::default(),
        scan: None,
        failure: None,
        reopened: 0,
        access: Access {
            visibility,
            entries: AccessList::stored((0..entries).map(entry).collect()),
            version: 1,
        },
        collection: None,
        views_from: Timestamp(0),
        keeping: Keeping::default(),
        charge: None,
    })
}

/// CPU time of this process, which has one thread (Linux, proc(5): `schedstat`).
fn cpu() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds = text.split(' ').next().ok_or("no figure")?;
    Ok(nanoseconds.parse()?)
}

#[expect(clippy::print_stdout, reason = "the figures are what this tool is for")]
fn main() -> Result<(), Box<dyn Error>> {
    let asker = Asker {
        caller: Caller {
            subject: Subject::Person {
                user: VIEWER,
                session: SessionId::from_octets([4; 16]),
            },
            org: ORG,
            role: Role::Viewer,
            scopes: Scopes::all(),
        },
        groups: Vec::new(),
        since: Timestamp(0),
    };
    let begun = cpu()?;
    let first = asset(Visibility::Organisation, 0)?;
    CedarPolicies.decide(&asker, Action::Play, &Resource::Asset(&first, None), NOW)?;
    let first = Duration::from_nanos(cpu()?.saturating_sub(begun));
    println!("the first, which reads the policies: {first:?}");
    for (what, visibility, entries) in [
        ("no list", Visibility::Organisation, 0),
        ("a list of 1, restricted", Visibility::Restricted, 1),
        ("a list of 50, restricted", Visibility::Restricted, 50),
    ] {
        let asset = asset(visibility, entries)?;
        measured(what, &asker, &Resource::Asset(&asset, None))?;
    }
    let around = collection_in_space()?;
    let mut within = asset(Visibility::Organisation, 0)?;
    within.collection = Some(COLLECTION);
    let what = "in a collection of a restricted space, a list of 1 on that";
    measured(what, &asker, &Resource::Asset(&within, Some(&around)))
}

#[expect(clippy::print_stdout, reason = "the figures are what this tool is for")]
fn measured(what: &str, asker: &Asker, on: &Resource<'_>) -> Result<(), Box<dyn Error>> {
    let begun = cpu()?;
    for _ in 0..TIMES {
        let verdict = CedarPolicies.decide(black_box(asker), Action::Play, on, NOW)?;
        assert!(verdict.allowed);
    }
    let each = Duration::from_nanos(cpu()?.saturating_sub(begun)) / TIMES;
    println!(
        "{what}: {each:?} each, {:.0} a CPU second",
        1.0 / each.as_secs_f64()
    );
    Ok(())
}

fn collection_in_space() -> Result<Container, Box<dyn Error>> {
    let space = Container {
        id: SPACE.into(),
        org: ORG,
        name: Title::parse("Newsroom")?,
        access: asset(Visibility::Restricted, 1)?.access,
        created_at: NOW,
        within: None,
    };
    Ok(Container {
        id: COLLECTION.into(),
        access: Access::default(),
        within: Some(Within {
            id: SPACE,
            space: Some(Box::new(space.clone())),
        }),
        ..space
    })
}
