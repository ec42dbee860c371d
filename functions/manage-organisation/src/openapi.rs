//! What describes the routes.

use vault_http::openapi::{Operation, Section};
use vault_http::problem::Code;
use vault_http::shape;

use crate::invitations::{All, Body as NewInvitation, Revoked, Told as Invitation};
use crate::members::{Body as NewRole, Changed, Page};
use crate::settings::{Body as Settings, Ended, Left, Told as Organisation};
use crate::spread::Rule as SpreadRule;
use crate::support::{
    All as SupportGrants, Body as NewSupport, Ended as SupportEnded, Told as SupportGrant,
};
use crate::usage::Told as Usage;

shape! {
    /// What is granted to support, as RFC 8707 wants it named.
    Resource = {
        "type": "string", "description": "What support trades for a token (RFC 8707).",
        "pattern": "^urn:reelvault:support:org_[a-z2-7]{25}[aeimquy4]:sup_[a-z2-7]{25}[aeimquy4]$",
    };
}

/// The routes of this function.
pub fn section() -> Section {
    let operations = [of_itself(), of_members(), of_invitations(), of_support()].concat();
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
            "GET /v1/organisation/spread",
            "getSpreadRule",
            "What is a sign that a view was passed on",
        )
        .replies::<SpreadRule>(200, "As it is"),
        Operation::new(
            "PUT /v1/organisation/spread",
            "setSpreadRule",
            "Says what is a sign that a view was passed on, and what becomes of it; open views keep their rule",
        )
        .takes::<SpreadRule>()
        .replies::<SpreadRule>(200, "As it is now")
        .refuses(&[Code::ReauthenticationNeeded]),
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

fn of_support() -> Vec<Operation> {
    vec![
        Operation::new(
            "GET /v1/organisation/support",
            "listSupportGrants",
            "What support was granted, and who came",
        )
        .replies::<SupportGrants<'static>>(200, "What stands, then what is over"),
        Operation::new(
            "POST /v1/organisation/support",
            "grantSupport",
            "Lets the operator's support in, for a purpose and a time",
        )
        .idempotent()
        .takes::<NewSupport>()
        .replies::<SupportGrant<'static>>(201, "What is granted")
        .refuses(&[
            Code::ReauthenticationNeeded,
            Code::Conflict,
            Code::LimitReached,
        ]),
        Operation::new(
            "DELETE /v1/organisation/support/{support_id}",
            "endSupport",
            "Shows support out, at once",
        )
        .replies::<SupportEnded>(200, "It is over"),
    ]
}
