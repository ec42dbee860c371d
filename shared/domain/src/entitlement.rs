//! Who may do what in their own organisation. Another organisation's assets do not exist for them.

use crate::asset::Asset;
use crate::credential::Role;
use crate::token::{Action, Caller};

/// May this caller bring in films?
pub const fn may_upload(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin | Role::Editor)
}

/// Does this asset exist for the caller?
pub fn sees(caller: &Caller, asset: &Asset) -> bool {
    caller.org == asset.announced.org
}

/// May this role hold a media token for the action? A copy outlives every revocation: not for viewers.
pub const fn may(role: Role, action: Action) -> bool {
    match action {
        Action::Play => true,
        Action::Download => matches!(role, Role::Owner | Role::Admin | Role::Editor),
    }
}

/// May this caller go on with the asset's upload?
pub fn may_finish_upload(caller: &Caller, asset: &Asset) -> bool {
    sees(caller, asset)
        && may_upload(caller.role)
        && (caller.subject.actor() == asset.announced.owner || !matches!(caller.role, Role::Editor))
}

/// May this caller take the asset back? Editors may withdraw what they brought in themselves.
pub fn may_withdraw(caller: &Caller, asset: &Asset) -> bool {
    may_finish_upload(caller, asset)
}
