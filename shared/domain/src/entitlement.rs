//! Who may do what in their own organisation: both the role and the scopes must admit it. Another
//! organisation's assets do not exist for them.

mod people;

pub use people::{may_appoint, may_change_organisation, may_invite, may_manage, may_see_members};

use crate::api_key::Scope;
use crate::asset::Asset;
use crate::credential::Role;
use crate::token::{Action, Caller};

/// May this caller bring in films?
pub const fn may_upload(caller: &Caller) -> bool {
    edits(caller.role) && caller.scopes.contains(Scope::Upload)
}

/// Does this asset exist for the caller?
pub fn sees(caller: &Caller, asset: &Asset) -> bool {
    caller.org == asset.announced.org
}

/// May this caller look at how an asset stands?
pub const fn may_read(caller: &Caller) -> bool {
    caller.scopes.contains(Scope::Read)
}

/// May this caller hold a media token for the action? A copy outlives every revocation: not for viewers.
pub const fn may(caller: &Caller, action: Action) -> bool {
    match action {
        Action::Play => caller.scopes.contains(Scope::Play),
        Action::Download => may_keep_copies(caller.role) && caller.scopes.contains(Scope::Download),
    }
}

/// May someone of this role keep copies of films?
pub const fn may_keep_copies(role: Role) -> bool {
    edits(role)
}

/// May this caller go on with the asset's upload?
pub fn may_finish_upload(caller: &Caller, asset: &Asset) -> bool {
    may_upload(caller) && disposes(caller, asset)
}

/// May this caller take the asset back? Editors may withdraw what they brought in themselves.
pub fn may_withdraw(caller: &Caller, asset: &Asset) -> bool {
    caller.scopes.contains(Scope::Withdraw) && disposes(caller, asset)
}

/// May this caller change what is said of the asset? Editors may of what they brought in themselves.
pub fn may_edit(caller: &Caller, asset: &Asset) -> bool {
    caller.scopes.contains(Scope::Edit) && disposes(caller, asset)
}

/// May this caller make, rotate and revoke API keys, and look into the organisation's tokens?
pub const fn may_administer(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin)
}

const fn edits(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin | Role::Editor)
}

/// Is the asset the caller's to decide on: their own, or as an admin anyone's of the organisation?
fn disposes(caller: &Caller, asset: &Asset) -> bool {
    let own = caller.subject.actor() == asset.announced.owner;
    sees(caller, asset) && edits(caller.role) && (own || !matches!(caller.role, Role::Editor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::Scopes;
    use crate::id::{ApiKeyId, OrgId};
    use crate::member::Subject;

    /// Role × scope: what a caller of just that role and scope may do without an asset at hand.
    #[test]
    fn both_the_role_and_the_scope_must_admit_it() {
        let roles = [Role::Owner, Role::Admin, Role::Editor, Role::Viewer];
        for (role, scope) in roles.into_iter().flat_map(|r| Scope::ALL.map(|s| (r, s))) {
            let caller = Caller {
                subject: Subject::ApiKey(ApiKeyId::from_octets([1; 16])),
                org: OrgId::from_octets([2; 16]),
                role,
                scopes: Scopes::only(scope),
            };
            let edits = role != Role::Viewer;
            assert_eq!(may_upload(&caller), edits && scope == Scope::Upload);
            assert_eq!(may_read(&caller), scope == Scope::Read);
            assert_eq!(may(&caller, Action::Play), scope == Scope::Play);
            let download = may(&caller, Action::Download);
            assert_eq!(download, edits && scope == Scope::Download);
        }
    }
}
