//! What describes the routes.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;

use crate::invitations::{All, Body as NewInvitation, Revoked, Told as Invitation};
use crate::members::{Body as NewRole, Changed, Page};
use crate::settings::{Body as Settings, Ended, Left, Told as Organisation};
use crate::usage::Told as Usage;

/// The routes of this function.
pub fn section() -> Section {
    let operations = [of_itself(), of_members(), of_invitations()].concat();
    Section::new(
        "Organisation",
        "The organisation of the access token.",
        operations,
    )
}

fn of_itself() -> Vec<Operation> {
    vec![
        Operation::new(
            "GET /v1/organisation",
            "getOrganisation",
            "The organisation",
        )
        .replies::<Organisation<'static>>(200, "As it is")
        .refuses(&[Code::NotFound]),
        Operation::new(
            "GET /v1/organisation/usage",
            "getUsage",
            "What the organisation uses, and how much it may",
        )
        .replies::<Usage>(200, "As it is"),
        Operation::new(
            "POST /v1/organisation",
            "changeOrganisation",
            "Its name, and what it requires",
        )
        .takes::<Settings>()
        .replies::<Organisation<'static>>(200, "As it is now")
        .refuses(CHANGED),
        Operation::new(
            "POST /v1/organisation/leave",
            "leaveOrganisation",
            "Ends the caller's membership",
        )
        .replies::<Left>(200, "They belong there no more")
        .refuses(CHANGED),
        Operation::new(
            "POST /v1/organisation/end-sessions",
            "endSessions",
            "Ends the sessions of everyone in the organisation",
        )
        .replies::<Ended>(200, "They are over")
        .refuses(CHANGED),
    ]
}

fn of_members() -> Vec<Operation> {
    let change = |route, id, summary| {
        Operation::new(route, id, summary)
            .replies::<Changed>(200, "As it is now")
            .refuses(CHANGED)
    };
    vec![
        Operation::new(
            "GET /v1/organisation/members",
            "listMembers",
            "Who belongs there",
        )
        .query(&["limit", "cursor"])
        .replies::<Page<'static>>(200, "A page"),
        change(
            "POST /v1/organisation/members/{user_id}/role",
            "changeRole",
            "Gives a member another role",
        )
        .takes::<NewRole>(),
        change(
            "POST /v1/organisation/members/{user_id}/disable",
            "disableMember",
            "Shuts a member out",
        ),
        change(
            "POST /v1/organisation/members/{user_id}/enable",
            "enableMember",
            "Lets a member in again",
        ),
        change(
            "POST /v1/organisation/members/{user_id}/end-sessions",
            "endSessionsOfMember",
            "Ends a member's sessions",
        ),
        change(
            "POST /v1/organisation/members/{user_id}/remove",
            "removeMember",
            "Ends a membership",
        ),
    ]
}

/// A recent proof; the last owner, who stays; someone of another organisation.
const CHANGED: &[Code] = &[Code::ReauthenticationNeeded, Code::Conflict, Code::NotFound];

fn of_invitations() -> Vec<Operation> {
    vec![
        Operation::new(
            "GET /v1/organisation/invitations",
            "listInvitations",
            "Who is invited",
        )
        .replies::<All<'static>>(200, "The open ones"),
        Operation::new(
            "POST /v1/organisation/invitations",
            "invite",
            "Mails someone a link into the organisation",
        )
        .idempotent()
        .takes::<NewInvitation>()
        .replies::<Invitation<'static>>(201, "The invitation")
        .refuses(CHANGED)
        .refuses(&[Code::LimitReached, Code::Throttled]),
        Operation::new(
            "POST /v1/organisation/invitations/{invitation_id}/revoke",
            "revokeInvitation",
            "Has a link work no more",
        )
        .replies::<Revoked>(200, "It is over")
        .refuses(CHANGED),
    ]
}
