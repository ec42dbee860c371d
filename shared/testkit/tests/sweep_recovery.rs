//! The crash-point sweep over one-time links: ordering, sending, and what they do.

use vault_domain::link::LinkToken;
use vault_domain::mail::{MailOrder, NoticeKind};
use vault_domain::ports::LinkTokens as _;
use vault_domain::usecase::recover_account::{
    Acceptance, Forgotten, NewSecret, accept, forgot, reset, verify,
};
use vault_domain::usecase::{bootstrap_owner, send_mail};
use vault_testkit::Kit;
use vault_testkit::builders::{self, EMAIL, INVITATION, ORG, OWNER, RESET, VERIFY};
use vault_testkit::sweep::{Answer, Scenario, answer};

/// A link that took effect is used: whoever repeats because the reply was lost is told so, and finds it done.
const USED: &str = "refused: the link is unknown, used or expired; ask for a new one";

const NEW: &str = "seven unrelated things";

async fn send(kit: &Kit, order: MailOrder) -> Answer {
    match send_mail::run(&kit.send_mail(), order).await {
        Ok(done) => Ok(format!("{done:?}")),
        Err(error) => Err(error.to_string()),
    }
}

fn unverified() -> Kit {
    let kit = Kit::with_users(1);
    let owner = vault_domain::credential::User {
        verified: false,
        ..builders::user()
    };
    kit.cloud.with(|s| s.users.insert(OWNER, owner));
    kit
}

fn invited() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_invitation("new@example.org");
    kit
}

#[test]
fn asking_for_a_link_survives_every_cut() {
    Scenario::new(
        "forgot",
        || Kit::with_users(1),
        async |kit: &Kit, _| {
            let wish = Forgotten {
                email: builders::email(EMAIL),
                address: [203, 0, 113, 9].into(),
            };
            let asked = forgot(&kit.recover_account(), wish).await;
            answer(asked, |()| "taken".to_owned())
        },
    )
    // A request that was cut off stays taken until the window ends: the limit must err on that side.
    .without(&["limits"])
    .hold();
}

/// A name, a world, an order.
type Case = (&'static str, fn() -> Kit, MailOrder);

#[test]
fn every_mail_is_sent_with_one_link_at_every_cut() {
    let (user, email) = (OWNER, builders::email(EMAIL));
    let orders: [Case; 4] = [
        (
            "send a reset",
            || Kit::with_users(1),
            MailOrder::PasswordReset {
                request: [1; 16],
                email: email.clone(),
                requested_from: None,
            },
        ),
        (
            "send an invitation",
            || {
                let kit = invited();
                kit.cloud.with(|s| s.links.clear());
                kit
            },
            MailOrder::Invitation {
                org: ORG,
                invitation: INVITATION,
                attempt: 1,
            },
        ),
        (
            "send a verification",
            unverified,
            MailOrder::VerifyAddress {
                user,
                email,
                request: [2; 16],
            },
        ),
        (
            "send a notice",
            || Kit::with_users(1),
            MailOrder::Notice {
                user,
                what: NoticeKind::NewDevice,
                at: vault_testkit::clock::GOLDEN_NOW,
            },
        ),
    ];
    for (name, build, order) in orders {
        let attempt = async |kit: &Kit, _| send(kit, order.clone()).await;
        Scenario::new(name, build, attempt).hold();
    }
}

#[test]
fn a_reset_survives_every_cut() {
    Scenario::new(
        "reset",
        || {
            let kit = Kit::with_users(1);
            kit.plant_reset();
            kit
        },
        async |kit: &Kit, _| {
            let wish = NewSecret {
                token: kit.link_tokens.token(&RESET),
                password: builders::password(NEW),
                source: builders::source(),
            };
            let done = reset(&kit.recover_account(), wish).await;
            answer(done, |()| "set".to_owned())
        },
    )
    .or(USED)
    // The notice of it can be lost: a change that took place is not called back for a mail about it.
    .without(&["mail_orders"])
    .hold();
}

async fn join(kit: &Kit, token: LinkToken) -> Answer {
    let wish = Acceptance {
        token,
        password: Some(builders::password(NEW)),
        source: builders::source(),
    };
    let joined = accept(&kit.recover_account(), wish).await;
    answer(joined, |place| format!("{:?} in {}", place.role, place.org))
}

#[test]
fn an_acceptance_survives_every_cut() {
    Scenario::new("accept", invited, async |kit: &Kit, _| {
        let request = vault_domain::link::LinkRequest::Invitation(INVITATION, 1);
        join(kit, kit.link_tokens.token(&request)).await
    })
    .or(USED)
    .hold();
}

#[test]
fn a_verification_survives_every_cut() {
    Scenario::new(
        "verify",
        || {
            let kit = unverified();
            kit.plant_verification();
            kit
        },
        async |kit: &Kit, _| {
            let token = kit.link_tokens.token(&VERIFY);
            let done = verify(&kit.recover_account(), &token).await;
            answer(done, |()| "verified".to_owned())
        },
    )
    .or(USED)
    .hold();
}

#[test]
fn a_bootstrap_by_mail_survives_every_cut() {
    use bootstrap_owner::Handover;
    for handover in [Handover::Link, Handover::PasswordOnceVerified] {
        let attempt = async |kit: &Kit, _| {
            let command = bootstrap_owner::Command {
                organisation: builders::organisation().name,
                email: builders::email(EMAIL),
                renew: true,
                handover,
            };
            let outcome = bootstrap_owner::run(&kit.bootstrap_owner(), command).await;
            answer(outcome, |owner| {
                format!("a password is told: {}", owner.password.is_some())
            })
        };
        Scenario::new("bootstrap by mail", || Kit::new(1), attempt).hold();
    }
}
