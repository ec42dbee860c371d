//! The golden operator, a member of its staff, and what the golden owner granted to support.

use vault_domain::credential::{Role, User};
use vault_domain::id::{OrgId, SessionId, SupportId, UserId};
use vault_domain::member::{Account, Membership, OrgName, Organisation, Subject};
use vault_domain::support::{Staff, SupportGrant, SupportLevel, SupportPurpose};
use vault_domain::token::{Caller, Session};

use crate::Kit;
use crate::builders;
use crate::clock::GOLDEN_NOW;

/// The organisation whose members are the operator's staff.
pub const OPERATOR: OrgId = OrgId::from_octets([0xb1; 16]);
/// A member of the staff.
pub const HELPER: UserId = UserId::from_octets([0xb2; 16]);
/// Their login session, by a second factor.
pub const HELPER_SESSION: SessionId = SessionId::from_octets([0xb3; 16]);
/// The golden grant.
pub const SUPPORT: SupportId = SupportId::from_octets([0xb4; 16]);
/// The helper's address.
pub const HELPER_EMAIL: &str = "hal@operator.example";

/// The golden grant: the owner of the golden organisation lets support look and watch, for an hour.
pub fn support_grant() -> SupportGrant {
    SupportGrant {
        id: SUPPORT,
        org: builders::ORG,
        to: OPERATOR,
        purpose: SupportPurpose::parse("Ticket 7").expect("a golden purpose"),
        level: SupportLevel::Watch,
        granted_by: builders::OWNER,
        granted_at: GOLDEN_NOW,
        expires_at: GOLDEN_NOW.plus(3_600),
        ended_at: None,
        used_by: Vec::new(),
    }
}

/// The helper, by their session and the golden grant.
pub const fn staff() -> Staff {
    Staff {
        user: HELPER,
        session: HELPER_SESSION,
        support: SUPPORT,
        granted_by: builders::OWNER,
    }
}

/// The helper at home.
pub fn helper() -> Caller {
    Caller {
        subject: Subject::Person {
            user: HELPER,
            session: HELPER_SESSION,
        },
        org: OPERATOR,
        role: Role::Viewer,
        ..builders::caller()
    }
}

/// The helper in the golden organisation.
pub fn support_caller(level: SupportLevel) -> Caller {
    Caller {
        subject: Subject::Support(staff()),
        org: builders::ORG,
        role: Role::Viewer,
        scopes: level.scopes(),
    }
}

/// The operator's organisation.
pub fn operator() -> Organisation {
    Organisation {
        id: OPERATOR,
        name: OrgName::parse("Operator").expect("a golden name"),
        ..builders::organisation()
    }
}

impl Kit {
    /// Plants the operator and the helper, signed in. The helper is no more than a viewer there.
    pub fn plant_staff(&self) {
        let user = User {
            id: HELPER,
            email: builders::email(HELPER_EMAIL),
            ..builders::user()
        };
        let account = Account {
            orgs: vec![OPERATOR],
            second_factor: true,
            ..builders::account(HELPER)
        };
        let place = Membership {
            org: OPERATOR,
            ..builders::membership(HELPER, Role::Viewer)
        };
        let session = Session {
            id: HELPER_SESSION,
            user: HELPER,
            org: OPERATOR,
            second_factor: true,
            ..builders::session("the helper's refresh token")
        };
        self.cloud.with(|s| {
            s.operator = Some(OPERATOR);
            s.organisations.insert(OPERATOR, operator());
            s.users.insert(HELPER, user);
            s.accounts.insert(HELPER, account);
            s.memberships.insert((OPERATOR, HELPER), place);
            s.sessions.insert(HELPER_SESSION, session);
        });
    }

    /// Plants the golden grant, changed.
    pub fn plant_support(&self, change: impl FnOnce(&mut SupportGrant)) -> SupportGrant {
        let mut grant = support_grant();
        change(&mut grant);
        let key = (grant.org, grant.id);
        self.cloud.with(|s| s.supports.insert(key, grant.clone()));
        grant
    }
}
