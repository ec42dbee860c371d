//! Who may manage an organisation's people and API keys. Who may do what with assets is decided by policies: see
//! [`crate::access`].

mod people;

pub use people::{
    may_appoint, may_change_organisation, may_end_support, may_grant_support, may_invite,
    may_manage, may_see_members,
};

use crate::credential::Role;

/// May this caller make, rotate and revoke API keys, and look into the organisation's tokens?
pub const fn may_administer(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin)
}
