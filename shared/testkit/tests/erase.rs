//! Erasing a person: who may, what is left of them, and the crash-point sweep.

#![expect(
    clippy::unwrap_used,
    reason = "what tests share tells what is wrong by panicking"
)]

use std::sync::Arc;

use async_trait::async_trait;
use vault_domain::audit::{Event, Filter, Record};
use vault_domain::credential::{Role, User};
use vault_domain::error::Refusal;
use vault_domain::id::{OrgId, SessionId, UserId};
use vault_domain::member::{Actor, Membership, OrgName, Organisation, Person};
use vault_domain::page::PageSize;
use vault_domain::ports::{AccountErasures, Settled, Stored};
use vault_domain::time::Timestamp;
use vault_domain::token::{Caller, Session};
use vault_domain::usecase::account::export::export;
use vault_domain::usecase::{Ask, erase_account, read_audit};
use vault_testkit::builders::{self, ORG, OWNER, VIEWER};
use vault_testkit::clock::GOLDEN_NOW;
use vault_testkit::sweep::{Answer, Scenario, answer};
use vault_testkit::{FakeCloud, Kit};

const ELSEWHERE: OrgId = OrgId::from_octets([0x42; 16]);
const ADDRESS: &str = "vic@example.org";

fn viewer() -> Ask {
    builders::ask_of(Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    })
}

/// The golden viewer belongs elsewhere too, as one of so many owners, and has so many sessions more.
fn belonging(owners: u32, sessions: u8) -> Kit {
    let kit = Kit::with_users(3);
    kit.enrol(VIEWER);
    kit.plant_grant(&builders::media_token(2), |grant| {
        grant.subject = builders::viewer_subject();
    });
    kit.cloud.with(|s| {
        let organisation = Organisation {
            id: ELSEWHERE,
            name: OrgName::parse("Elsewhere").unwrap(),
            owners,
            ..builders::organisation()
        };
        s.organisations.insert(ELSEWHERE, organisation);
        let place = Membership {
            org: ELSEWHERE,
            role: Role::Owner,
            ..builders::membership(VIEWER, Role::Owner)
        };
        s.memberships.insert((ELSEWHERE, VIEWER), place);
        s.accounts.entry(VIEWER).and_modify(|account| {
            account.orgs = vec![ELSEWHERE, ORG];
            account.second_factor = false;
        });
        for number in 0..sessions {
            let session = Session {
                id: SessionId::from_octets([number; 16]),
                opened_at: Timestamp(u64::from(number)),
                ..builders::viewer_session()
            };
            s.sessions.entry(session.id).or_insert(session);
        }
    });
    kit
}

async fn erase(kit: &Kit, ask: &Ask, address: &str) -> Result<UserId, Refusal> {
    erase_account::run(&kit.erase_account(), ask, &builders::email(address)).await
}

#[tokio::test]
async fn nothing_is_left_of_a_person_but_what_they_did() {
    let kit = belonging(2, 105);
    let recorded = kit.cloud.snapshot().audit.len();
    assert_eq!(erase(&kit, &viewer(), ADDRESS).await.unwrap(), VIEWER);
    let left = kit.cloud.snapshot();
    assert!(!left.users.contains_key(&VIEWER));
    assert!(!left.accounts.contains_key(&VIEWER));
    assert!(!left.factors.contains_key(&VIEWER));
    assert!(!left.memberships.keys().any(|(_, user)| *user == VIEWER));
    assert!(!left.sessions.values().any(|s| s.user == VIEWER));
    assert_eq!(left.organisations[&ELSEWHERE].owners, 1);
    assert!(left.users.contains_key(&OWNER), "nobody else is touched");
    let records = left.audit[recorded..].iter();
    let records: Vec<_> = records
        .map(|r| (r.event, r.org, r.author.actor(), r.target.clone()))
        .collect();
    let by = Some(Actor::User(VIEWER));
    let them = VIEWER.to_string();
    assert_eq!(
        records,
        [
            (Event::MemberLeft, ELSEWHERE, by, them.clone()),
            (Event::AccountErased, ORG, by, them),
        ]
    );
    let again = erase(&kit, &viewer(), ADDRESS).await;
    assert!(
        matches!(again, Err(Refusal::InvalidToken { .. })),
        "{again:?}"
    );
    // What they held opens nothing any more.
    let command = vault_domain::usecase::authorize_playback::Command {
        visit: vault_domain::usecase::authorize_playback::Visit::default(),
        token: builders::media_token(2),
        asset: builders::ASSET,
        source: builders::source(),
        idempotency: None,
    };
    kit.plant_ready();
    let deps = kit.authorize_playback();
    let view = vault_domain::usecase::authorize_playback::run(&deps, command).await;
    assert!(
        matches!(view, Err(Refusal::Forbidden(_))),
        "{:?}",
        view.err()
    );
}

#[tokio::test]
async fn what_cannot_be_ended_is_not_begun() {
    let kit = belonging(1, 1);
    let before = kit.cloud.snapshot();
    let last = erase(&kit, &viewer(), ADDRESS).await;
    assert!(matches!(last, Err(Refusal::Conflict(_))), "{last:?}");
    let wrong = erase(&kit, &viewer(), "vac@example.org").await;
    assert!(matches!(wrong, Err(Refusal::Malformed(m)) if m.field == "email"));
    kit.cloud.with(|s| {
        for session in s.sessions.values_mut() {
            session.authenticated_at = Timestamp(0);
        }
    });
    let stale = erase(&kit, &viewer(), ADDRESS).await;
    assert!(
        matches!(stale, Err(Refusal::ReauthenticationNeeded)),
        "{stale:?}"
    );
    let mut after = kit.cloud.snapshot();
    after.sessions.clone_from(&before.sessions);
    assert!(after == before, "nothing was changed");
}

/// A cloud in which the golden viewer joins an organisation when their sessions are forgotten.
struct Joining {
    cloud: Arc<FakeCloud>,
    org: OrgId,
}

#[async_trait]
impl AccountErasures for Joining {
    async fn forget_session(&self, id: SessionId) -> Stored<()> {
        self.cloud.with(|s| {
            let place = Membership {
                org: self.org,
                ..builders::membership(VIEWER, Role::Viewer)
            };
            s.memberships.insert((self.org, VIEWER), place);
            let account = s.accounts.get_mut(&VIEWER).unwrap();
            if !account.orgs.contains(&self.org) {
                account.orgs.push(self.org);
            }
        });
        self.cloud.forget_session(id).await
    }
    async fn erase(
        &self,
        seen: &Person,
        user: &User,
        session: SessionId,
        record: &Record,
    ) -> Stored<Settled> {
        self.cloud.erase(seen, user, session, record).await
    }
}

/// Whoever joins an organisation in the middle of it leaves that one too.
#[tokio::test]
async fn who_joins_meanwhile_leaves_that_organisation_too() {
    let kit = belonging(2, 105);
    let joined = OrgId::from_octets([0x43; 16]);
    kit.cloud.with(|s| {
        let organisation = Organisation {
            id: joined,
            ..builders::organisation()
        };
        s.organisations.insert(joined, organisation);
    });
    let deps = erase_account::Deps {
        erasures: Arc::new(Joining {
            cloud: kit.cloud.clone(),
            org: joined,
        }),
        ..kit.erase_account()
    };
    let address = builders::email(ADDRESS);
    erase_account::run(&deps, &viewer(), &address)
        .await
        .unwrap();
    let left = kit.cloud.snapshot();
    assert!(!left.memberships.keys().any(|(_, user)| *user == VIEWER));
}

#[test]
fn erasing_survives_every_cut() {
    Scenario::new(
        "erase_account",
        || belonging(2, 2),
        async |kit: &Kit, _| -> Answer {
            answer(erase(kit, &viewer(), ADDRESS).await, |_| {
                "erased".to_owned()
            })
        },
    )
    // They are gone: whoever repeats it has no session.
    .or("refused: the access token is not valid: its session is over")
    .hold();
}

#[tokio::test]
async fn a_person_takes_with_them_what_is_stored_of_them() {
    let kit = belonging(2, 105);
    let all = export(&kit.account(), &viewer().caller).await.unwrap();
    assert_eq!(all.overview.email.as_str(), ADDRESS);
    assert_eq!(all.overview.places.len(), 2);
    assert!(all.sessions.len() > 100, "more than a page");
    assert!(all.sessions.iter().all(|session| session.user == VIEWER));
    kit.clock.set(GOLDEN_NOW.plus(601));
    let stale = export(&kit.account(), &viewer().caller).await.map(drop);
    assert!(
        matches!(stale, Err(Refusal::ReauthenticationNeeded)),
        "{stale:?}"
    );
}

#[tokio::test]
async fn everyone_sees_their_own_record_and_no_other() {
    let kit = belonging(2, 105);
    let list = async |actor: Option<Actor>| {
        let filter = Filter {
            actor,
            ..Filter::default()
        };
        let (deps, size) = (kit.read_audit(), PageSize::default());
        read_audit::list(&deps, &viewer(), &filter, None, size).await
    };
    assert!(list(Some(Actor::User(VIEWER))).await.is_ok());
    for other in [
        None,
        Some(Actor::User(OWNER)),
        Some(Actor::ApiKey(builders::CLIENT)),
    ] {
        let got = list(other).await.map(drop);
        assert!(matches!(got, Err(Refusal::Forbidden(_))), "{got:?}");
    }
}
