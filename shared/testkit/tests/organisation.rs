//! Who may do what in an organisation, and what ends with it.

use futures_util::FutureExt as _;
use vault_domain::credential::{Role, User};
use vault_domain::error::Refusal;
use vault_domain::id::{OrgId, SessionId, UserId};
use vault_domain::mail::MailOrder;
use vault_domain::member::{Invitation, Membership, Subject};
use vault_domain::ports::RefreshTokens as _;
use vault_domain::secret::SecretText;
use vault_domain::time::{Lifetime, Timestamp};
use vault_domain::token::{Action, Caller, REAUTHENTICATION_SECONDS, RefreshClaims, Session};
use vault_domain::usecase::organisation::{self, Invite, PageSize, Wish, Wishes};
use vault_domain::usecase::{deliver_key, exchange, refresh};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, KEY, ORG, OWNER, VIEWER};
use vault_testkit::clock::GOLDEN_NOW;

fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("fakes never wait")
}

/// A member of a role who is signed in, with ids of a number.
fn member(kit: &Kit, number: u8, role: Role) -> Caller {
    let (user, session) = (
        UserId::from_octets([number; 16]),
        SessionId::from_octets([number; 16]),
    );
    let known = User {
        id: user,
        email: builders::email(&format!("m{number}@example.org")),
        ..builders::user()
    };
    kit.plant_member(known, role);
    let session = Session {
        id: session,
        user,
        ..builders::session(&format!("refresh {number}"))
    };
    kit.cloud.with(|s| {
        s.sessions.insert(session.id, session.clone());
        if role == Role::Owner {
            s.organisations.get_mut(&ORG).unwrap().owners += 1;
        }
    });
    Caller {
        subject: session.subject(),
        role,
        ..builders::caller()
    }
}

const fn user_of(caller: &Caller) -> UserId {
    match caller.subject {
        Subject::Person { user, .. } => user,
        Subject::ApiKey(_) => OWNER,
    }
}

fn change(
    kit: &Kit,
    caller: &Caller,
    user: UserId,
    wish: Wish,
) -> Result<Option<Membership>, Refusal> {
    now(organisation::change(
        &kit.organisation(),
        caller,
        user,
        wish,
    ))
}

fn place(kit: &Kit, user: UserId) -> Option<Membership> {
    kit.cloud.with(|s| s.memberships.get(&(ORG, user)).copied())
}

const ROLES: [Role; 4] = [Role::Owner, Role::Admin, Role::Editor, Role::Viewer];

#[test]
fn everyone_changes_whom_the_table_lets_them_change_and_nobody_else() {
    let mut wishes = vec![Wish::Disable, Wish::Enable, Wish::EndSessions, Wish::Remove];
    wishes.extend(ROLES.map(Wish::Role));
    for role in ROLES {
        for target in ROLES {
            for wish in &wishes {
                let kit = Kit::with_users(1);
                let (caller, other) = (member(&kit, 1, role), member(&kit, 2, target));
                let before = kit.cloud.snapshot();
                let done = change(&kit, &caller, user_of(&other), *wish);
                let manages = match role {
                    Role::Owner => true,
                    Role::Admin => target != Role::Owner && *wish != Wish::Role(Role::Owner),
                    Role::Editor | Role::Viewer => false,
                };
                let what = format!("{role:?} {wish:?} of {target:?}: {done:?}");
                assert_eq!(done.is_ok(), manages, "{what}");
                if !manages {
                    assert!(matches!(done, Err(Refusal::Forbidden(_))), "{what}");
                    assert_eq!(kit.cloud.snapshot(), before, "{what}");
                }
            }
        }
    }
}

#[test]
fn nobody_raises_themselves() {
    for role in [Role::Admin, Role::Editor, Role::Viewer] {
        let kit = Kit::with_users(1);
        let caller = member(&kit, 1, role);
        let raised = change(&kit, &caller, user_of(&caller), Wish::Role(Role::Owner));
        assert!(matches!(raised, Err(Refusal::Forbidden(_))), "{raised:?}");
    }
}

#[test]
fn a_role_of_the_token_that_was_taken_away_counts_for_nothing() {
    let kit = Kit::with_users(1);
    let admin = member(&kit, 1, Role::Admin);
    let viewer = Wish::Role(Role::Viewer);
    change(&kit, &builders::caller(), user_of(&admin), viewer).unwrap();
    let done = change(&kit, &admin, VIEWER, Wish::Disable);
    assert!(matches!(done, Err(Refusal::Forbidden(_))), "{done:?}");
}

#[test]
fn someone_of_another_organisation_does_not_exist() {
    let kit = Kit::with_users(1);
    let (elsewhere, stranger) = (OrgId::from_octets([9; 16]), UserId::from_octets([9; 16]));
    let place = Membership {
        org: elsewhere,
        ..builders::membership(stranger, Role::Viewer)
    };
    kit.cloud
        .with(|s| s.memberships.insert((elsewhere, stranger), place));
    for wish in [Wish::Remove, Wish::Disable, Wish::Role(Role::Editor)] {
        let done = change(&kit, &builders::caller(), stranger, wish);
        assert!(matches!(done, Err(Refusal::NotFound("member"))), "{done:?}");
    }
    let listed = now(organisation::list(
        &kit.organisation(),
        &builders::caller(),
        None,
        PageSize::default(),
    ));
    assert_eq!(listed.unwrap().members.len(), 2, "nor is it listed");
}

#[test]
fn a_change_needs_a_recent_proof_and_a_session_that_is_not_over() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    kit.clock.advance(REAUTHENTICATION_SECONDS + 1);
    let deps = kit.organisation();
    let wishes = Wishes {
        require_second_factor: Some(false),
        ..Wishes::default()
    };
    let late = [
        change(&kit, &caller, VIEWER, Wish::Disable).map(|_| ()),
        now(organisation::leave(&deps, &caller)),
        now(organisation::settle(&deps, &caller, &wishes)).map(|_| ()),
        now(organisation::end_sessions(&deps, &caller)),
    ];
    for done in late {
        assert!(
            matches!(done, Err(Refusal::ReauthenticationNeeded)),
            "{done:?}"
        );
    }
    assert!(
        now(organisation::show(&deps, &caller)).is_ok(),
        "looking needs none"
    );
    let session = builders::SESSION;
    kit.cloud
        .with(|s| s.sessions.get_mut(&session).unwrap().revoked = true);
    let over = now(organisation::show(&deps, &caller));
    assert!(
        matches!(over, Err(Refusal::InvalidToken { .. })),
        "{over:?}"
    );
}

#[test]
fn an_api_key_manages_nobody() {
    let kit = Kit::with_users(1);
    let key = Caller {
        subject: Subject::ApiKey(vault_domain::id::ApiKeyId::from_octets([1; 16])),
        ..builders::caller()
    };
    let done = change(&kit, &key, VIEWER, Wish::Disable);
    assert!(matches!(done, Err(Refusal::Forbidden(_))), "{done:?}");
}

#[test]
fn the_last_owner_stays_one_whatever_they_try() {
    let kit = Kit::with_users(1);
    let (caller, before) = (builders::caller(), kit.cloud.snapshot());
    for wish in [Wish::Role(Role::Admin), Wish::Disable, Wish::Remove] {
        let done = change(&kit, &caller, OWNER, wish);
        assert!(matches!(done, Err(Refusal::Conflict(_))), "{done:?}");
    }
    let left = now(organisation::leave(&kit.organisation(), &caller));
    assert!(matches!(left, Err(Refusal::Conflict(_))), "{left:?}");
    assert_eq!(kit.cloud.snapshot(), before);
    let second = member(&kit, 1, Role::Owner);
    now(organisation::leave(&kit.organisation(), &caller)).unwrap();
    assert_eq!(place(&kit, OWNER), None);
    let done = change(&kit, &second, user_of(&second), Wish::Disable);
    assert!(matches!(done, Err(Refusal::Conflict(_))), "{done:?}");
}

#[test]
fn a_requirement_of_second_factors_is_made_by_whoever_has_shown_one() {
    let kit = Kit::with_users(1);
    let (deps, caller) = (kit.organisation(), builders::caller());
    let strict = Wishes {
        require_second_factor: Some(true),
        ..Wishes::default()
    };
    let weak = now(organisation::settle(&deps, &caller, &strict));
    assert!(matches!(weak, Err(Refusal::Forbidden(_))), "{weak:?}");
    let session = builders::SESSION;
    kit.cloud
        .with(|s| s.sessions.get_mut(&session).unwrap().second_factor = true);
    let made = now(organisation::settle(&deps, &caller, &strict)).unwrap();
    assert!(made.organisation.require_second_factor);
    let viewer = Caller {
        subject: builders::viewer_subject(),
        ..caller
    };
    let over = now(organisation::show(&deps, &viewer));
    assert!(
        matches!(over, Err(Refusal::InvalidToken { .. })),
        "{over:?}"
    );
}

#[test]
fn only_owners_change_the_organisation() {
    for role in [Role::Admin, Role::Editor, Role::Viewer] {
        let kit = Kit::with_users(1);
        let (deps, caller) = (kit.organisation(), member(&kit, 1, role));
        let done = now(organisation::settle(&deps, &caller, &Wishes::default()));
        assert!(matches!(done, Err(Refusal::Forbidden(_))), "{role:?}");
        let done = now(organisation::end_sessions(&deps, &caller));
        assert!(matches!(done, Err(Refusal::Forbidden(_))), "{role:?}");
        let shown = now(organisation::show(&deps, &caller)).unwrap();
        assert_eq!(shown.role, role, "everyone sees it");
    }
}

#[test]
fn pages_of_members_go_on_where_the_last_one_ended_in_their_organisation_alone() {
    let kit = Kit::with_users(1);
    for number in 1..=5 {
        member(&kit, number, Role::Viewer);
    }
    let (deps, caller) = (kit.organisation(), builders::caller());
    let two = PageSize::parse("2").unwrap();
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = now(organisation::list(&deps, &caller, cursor.as_deref(), two)).unwrap();
        seen.extend(
            page.members
                .into_iter()
                .map(|listed| listed.membership.user),
        );
        let Some(next) = page.cursor else { break };
        cursor = Some(next);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 7);
    let page = now(organisation::list(&deps, &caller, None, two)).unwrap();
    let own = page.cursor.unwrap();
    let elsewhere = OrgId::from_octets([9; 16]);
    kit.cloud.with(|s| {
        let place = Membership {
            org: elsewhere,
            ..builders::membership(OWNER, Role::Owner)
        };
        s.memberships.insert((elsewhere, OWNER), place);
        let other = vault_domain::member::Organisation {
            id: elsewhere,
            ..builders::organisation()
        };
        s.organisations.insert(elsewhere, other);
        s.sessions.get_mut(&builders::SESSION).unwrap().org = elsewhere;
    });
    let caller = Caller {
        org: elsewhere,
        ..caller
    };
    for bad in [own.as_str(), "", "x", "AAAA"] {
        let listed = now(organisation::list(&deps, &caller, Some(bad), two));
        assert!(
            matches!(listed, Err(Refusal::Malformed(_))),
            "{bad}: {listed:?}"
        );
    }
}

/// A viewer who watches: what they hold.
struct Watching {
    kit: Kit,
    refresh: SecretText,
    ticket: SecretText,
}

fn watching() -> Watching {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    let ticket = kit.plant_playback();
    let claims = RefreshClaims {
        session: builders::VIEWER_SESSION,
        generation: 1,
        nonce: [3; 16],
    };
    let refresh = kit.refresh_tokens.issue(&claims);
    kit.cloud.with(|s| {
        let session = s.sessions.get_mut(&builders::VIEWER_SESSION).unwrap();
        session.nonce = claims.nonce;
        session.active = builders::session(refresh.expose()).active;
    });
    Watching {
        kit,
        refresh,
        ticket,
    }
}

impl Watching {
    fn refreshes(&self) -> bool {
        now(refresh::run(&self.kit.refresh(), &self.refresh)).is_ok()
    }
    fn exchanges(&self) -> bool {
        let command = exchange::Command {
            caller: Caller {
                subject: builders::viewer_subject(),
                role: Role::Viewer,
                ..builders::caller()
            },
            asset: ASSET,
            action: Action::Play,
            lifetime: Lifetime::parse(300, exchange::LIFETIMES, "").unwrap(),
            max_views: exchange::Views::parse(1).unwrap(),
        };
        now(exchange::run(&self.kit.exchange(), command)).is_ok()
    }
    fn gets_a_key(&self) -> bool {
        let deps = self.kit.deliver_key();
        let command = deliver_key::Command {
            asset: ASSET,
            key: KEY,
            ticket: Some(self.ticket.expose().to_owned()),
        };
        now(deliver_key::run(&deps, command)).is_ok()
    }
    fn goes_on(&self) -> [bool; 3] {
        [self.refreshes(), self.exchanges(), self.gets_a_key()]
    }
}

#[test]
fn whoever_watches_goes_on_until_something_ends_it() {
    assert_eq!(watching().goes_on(), [true, true, true]);
}

#[test]
fn a_member_who_is_disabled_removed_or_sent_out_refreshes_exchanges_and_watches_no_more() {
    for wish in [Wish::Disable, Wish::Remove, Wish::EndSessions] {
        let held = watching();
        change(&held.kit, &builders::caller(), VIEWER, wish).unwrap();
        assert_eq!(held.goes_on(), [false, false, false], "{wish:?}");
    }
    let held = watching();
    let deps = held.kit.organisation();
    now(organisation::end_sessions(&deps, &builders::caller())).unwrap();
    assert_eq!(held.goes_on(), [false, false, false], "everyone's");
}

#[test]
fn whoever_is_disabled_and_enabled_again_signs_in_anew() {
    let held = watching();
    for wish in [Wish::Disable, Wish::Enable] {
        change(&held.kit, &builders::caller(), VIEWER, wish).unwrap();
    }
    assert!(place(&held.kit, VIEWER).unwrap().active);
    assert_eq!(
        held.goes_on(),
        [false, false, false],
        "old sessions stay over"
    );
    held.kit.cloud.with(|s| {
        let session = s.sessions.get_mut(&builders::VIEWER_SESSION).unwrap();
        session.opened_at = Timestamp(session.opened_at.0 + 1);
    });
    assert_eq!(
        held.goes_on(),
        [true, true, true],
        "a session that came after"
    );
}

#[test]
fn whoever_leaves_is_out_at_once() {
    let held = watching();
    let viewer = Caller {
        subject: builders::viewer_subject(),
        role: Role::Viewer,
        ..builders::caller()
    };
    now(organisation::leave(&held.kit.organisation(), &viewer)).unwrap();
    assert_eq!(held.goes_on(), [false, false, false]);
    let orgs = held.kit.cloud.with(|s| s.accounts[&VIEWER].orgs.clone());
    assert_eq!(orgs, []);
}

fn invite(
    kit: &Kit,
    caller: &Caller,
    email: &str,
    key: Option<&str>,
) -> Result<Invitation, Refusal> {
    let wish = Invite {
        email: builders::email(email),
        role: Role::Viewer,
        idempotency: key.map(builders::idempotency_key),
    };
    now(organisation::invite(&kit.organisation(), caller, &wish))
}

fn open(kit: &Kit) -> Vec<Invitation> {
    now(organisation::invitations(
        &kit.organisation(),
        &builders::caller(),
    ))
    .unwrap()
}

fn orders(kit: &Kit) -> Vec<MailOrder> {
    kit.cloud.with(|s| s.mail_orders.clone())
}

#[test]
fn an_invitation_is_told_by_mail_and_listed_until_it_expires() {
    let kit = Kit::with_users(1);
    let invitation = invite(&kit, &builders::caller(), "new@example.org", None).unwrap();
    let told = MailOrder::Invitation {
        org: ORG,
        invitation: invitation.id,
        attempt: 1,
    };
    assert_eq!(orders(&kit), [told]);
    assert_eq!(open(&kit), [invitation]);
    kit.clock.advance(vault_domain::mail::INVITATION_SECONDS);
    let now = GOLDEN_NOW.plus(vault_domain::mail::INVITATION_SECONDS);
    kit.cloud.with(|s| {
        let session = s.sessions.get_mut(&builders::SESSION).unwrap();
        (session.authenticated_at, session.rotated_at) = (now, now);
    });
    assert_eq!(open(&kit), []);
    invite(&kit, &builders::caller(), "other@example.org", None).unwrap();
    let left = kit.cloud.with(|s| s.invitations.len());
    assert_eq!(left, 1, "what is over is swept up");
}

#[test]
fn inviting_again_voids_the_link_before_and_sends_another() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    let first = invite(&kit, &caller, "new@example.org", None).unwrap();
    let second = invite(&kit, &caller, " NEW@example.org", None).unwrap();
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert_eq!(open(&kit), [second], "one of an address");
    let links: Vec<_> = orders(&kit);
    assert!(links.len() == 2 && links[0] != links[1], "{links:?}");
}

#[test]
fn a_request_of_the_same_name_sends_no_other_link_and_another_wish_is_told_from_it() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    let first = invite(&kit, &caller, "new@example.org", Some("k")).unwrap();
    let again = invite(&kit, &caller, "new@example.org", Some("k")).unwrap();
    assert_eq!(first, again);
    assert!(orders(&kit).iter().all(|order| *order == orders(&kit)[0]));
    let other = invite(&kit, &caller, "other@example.org", Some("k"));
    assert!(
        matches!(other, Err(Refusal::IdempotencyMismatch)),
        "{other:?}"
    );
    let admin = member(&kit, 1, Role::Admin);
    let theirs = invite(&kit, &admin, "other@example.org", Some("k")).unwrap();
    assert_ne!(theirs.id, first.id, "a name is its caller's own");
}

#[test]
fn a_member_is_not_invited_and_nobody_is_as_an_owner() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    let known = invite(&kit, &caller, "vic@example.org", None);
    assert!(matches!(known, Err(Refusal::Conflict(_))), "{known:?}");
    for (caller, role, may) in [
        (caller, Role::Owner, false),
        (caller, Role::Admin, true),
        (member(&kit, 1, Role::Admin), Role::Owner, false),
        (member(&kit, 2, Role::Admin), Role::Admin, true),
        (member(&kit, 3, Role::Editor), Role::Viewer, false),
        (member(&kit, 4, Role::Viewer), Role::Viewer, false),
    ] {
        let wish = Invite {
            email: builders::email("new@example.org"),
            role,
            idempotency: None,
        };
        let invited = now(organisation::invite(&kit.organisation(), &caller, &wish));
        assert_eq!(invited.is_ok(), may, "{:?} {role:?}", caller.role);
        assert!(may || matches!(invited, Err(Refusal::Forbidden(_))));
    }
}

#[test]
fn the_hundred_and_first_invitation_waits_for_room() {
    let kit = Kit::with_users(1);
    let caller = builders::caller();
    let mut last = None;
    for number in 0..100 {
        // Fifty an hour.
        if number == 50 {
            let late = invite(&kit, &caller, "late@example.org", None);
            assert!(matches!(late, Err(Refusal::Throttled { .. })), "{late:?}");
            kit.clock.advance(3_600);
            kit.cloud.with(|s| {
                let session = s.sessions.get_mut(&builders::SESSION).unwrap();
                session.authenticated_at = GOLDEN_NOW.plus(3_600);
            });
        }
        let email = format!("n{number}@example.org");
        last = Some(invite(&kit, &caller, &email, None).unwrap());
    }
    kit.cloud.with(|s| s.limits.clear());
    let full = invite(&kit, &caller, "late@example.org", None);
    assert!(matches!(full, Err(Refusal::LimitReached(_))), "{full:?}");
    invite(&kit, &caller, "n7@example.org", None).expect("again, in its own place");
    let deps = kit.organisation();
    now(organisation::revoke(&deps, &caller, last.unwrap().id)).unwrap();
    invite(&kit, &caller, "late@example.org", None).expect("there is room");
    assert_eq!(open(&kit).len(), 100);
}

#[test]
fn an_invitation_of_another_organisation_is_not_there_to_be_taken_back() {
    let kit = Kit::with_users(1);
    let elsewhere = OrgId::from_octets([9; 16]);
    let theirs = Invitation {
        org: elsewhere,
        ..builders::invitation("new@example.org")
    };
    kit.cloud
        .with(|s| s.invitations.insert((elsewhere, theirs.id), theirs.clone()));
    let deps = kit.organisation();
    let revoked = now(organisation::revoke(&deps, &builders::caller(), theirs.id));
    assert!(
        matches!(revoked, Err(Refusal::NotFound("invitation"))),
        "{revoked:?}"
    );
    assert_eq!(open(&kit), []);
}
