//! The crash-point sweep over changes of an organisation, of its members and of its invitations.

use vault_domain::credential::Role;
use vault_domain::member::OrgName;
use vault_domain::token::Caller;
use vault_domain::usecase::organisation::{self, Invite, Wish, Wishes};
use vault_testkit::Kit;
use vault_testkit::builders::{self, INVITATION, ORG, VIEWER};
use vault_testkit::sweep::{Answer, Scenario, answer};

/// Left out of ends where people are invited: attempts of a request that was cut off stay taken until the window ends
/// (the limit must err on that side).
const TAKEN: &[&str] = &["limits"];

async fn change(kit: &Kit, wish: Wish) -> Answer {
    let (deps, caller) = (kit.organisation(), builders::caller());
    let done = organisation::change(&deps, &builders::ask_of(caller), VIEWER, wish).await;
    answer(done, |place| match place {
        Some(place) => format!("{} active {}", place.role.as_str(), place.active),
        None => "removed".to_owned(),
    })
}

#[test]
fn changes_of_a_member_survive_every_cut() {
    for wish in [
        Wish::Role(Role::Editor),
        Wish::Role(Role::Owner),
        Wish::Disable,
        Wish::EndSessions,
    ] {
        Scenario::new(
            "a change of a member",
            || Kit::with_users(1),
            async |kit: &Kit, _| change(kit, wish).await,
        )
        .hold();
    }
}

#[test]
fn enabling_survives_every_cut() {
    Scenario::new(
        "enable",
        || {
            let kit = Kit::with_users(1);
            kit.cloud.with(|s| {
                s.memberships.get_mut(&(ORG, VIEWER)).unwrap().active = false;
            });
            kit
        },
        async |kit: &Kit, _| change(kit, Wish::Enable).await,
    )
    .hold();
}

#[test]
fn a_removal_survives_every_cut() {
    Scenario::new(
        "remove",
        || Kit::with_users(1),
        async |kit: &Kit, _| change(kit, Wish::Remove).await,
    )
    // They are gone: whoever repeats it does not find them.
    .or("refused: there is no such member")
    .hold();
}

#[test]
fn leaving_survives_every_cut() {
    Scenario::new(
        "leave",
        || Kit::with_users(1),
        async |kit: &Kit, _| {
            let viewer = Caller {
                subject: builders::viewer_subject(),
                role: Role::Viewer,
                ..builders::caller()
            };
            let left = organisation::leave(&kit.organisation(), &builders::ask_of(viewer)).await;
            answer(left, |()| "left".to_owned())
        },
    )
    // Whoever has left is nobody here.
    .or("refused: the access token is not valid: its session is over")
    .hold();
}

#[test]
fn settings_survive_every_cut() {
    Scenario::new(
        "settle",
        || {
            let kit = Kit::with_users(1);
            kit.cloud.with(|s| {
                let session = s.sessions.get_mut(&builders::SESSION).unwrap();
                session.second_factor = true;
            });
            kit
        },
        async |kit: &Kit, _| {
            let wishes = Wishes {
                name: OrgName::parse("Renamed").ok(),
                require_second_factor: Some(true),
            };
            let (deps, caller) = (kit.organisation(), builders::caller());
            let done = organisation::settle(&deps, &builders::ask_of(caller), &wishes).await;
            answer(done, |shown| shown.organisation.name.as_str().to_owned())
        },
    )
    .hold();
}

async fn invite(kit: &Kit, key: Option<&str>) -> Answer {
    let wish = Invite {
        email: builders::email("new@example.org"),
        role: Role::Editor,
        idempotency: key.map(builders::idempotency_key),
    };
    let (deps, caller) = (kit.organisation(), builders::caller());
    let invited = organisation::invite(&deps, &builders::ask_of(caller), &wish).await;
    answer(invited, |i| format!("{} {}", i.role.as_str(), i.attempt))
}

#[test]
fn an_invitation_under_a_key_survives_every_cut() {
    Scenario::new(
        "invite",
        || Kit::with_users(1),
        async |kit: &Kit, _| invite(kit, Some("one-and-the-same")).await,
    )
    .without(TAKEN)
    .hold();
}

#[test]
fn inviting_again_under_a_key_survives_every_cut() {
    Scenario::new(
        "invite again",
        || {
            let kit = Kit::with_users(1);
            let before = builders::invitation("new@example.org");
            kit.cloud
                .with(|s| s.invitations.insert((ORG, INVITATION), before));
            kit
        },
        async |kit: &Kit, _| invite(kit, Some("one-and-the-same")).await,
    )
    .without(TAKEN)
    .hold();
}

#[test]
fn taking_an_invitation_back_survives_every_cut() {
    Scenario::new(
        "revoke",
        || {
            let kit = Kit::with_users(1);
            let before = builders::invitation("new@example.org");
            kit.cloud
                .with(|s| s.invitations.insert((ORG, INVITATION), before));
            kit
        },
        async |kit: &Kit, _| {
            let (deps, caller) = (kit.organisation(), builders::caller());
            let done = organisation::revoke(&deps, &builders::ask_of(caller), INVITATION).await;
            answer(done, |()| "revoked".to_owned())
        },
    )
    // It is gone: whoever repeats it does not find it.
    .or("refused: there is no such invitation")
    .hold();
}
