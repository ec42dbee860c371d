//! Who may do what with whose place in an organisation.

use crate::credential::Role;

/// May this role see who belongs to the organisation, and whom it invited?
pub const fn may_see_members(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin)
}

/// May this role change the place of someone of the role `target`: their role, whether they may come in, their
/// sessions, whether they belong? Admins manage everyone but owners.
pub const fn may_manage(role: Role, target: Role) -> bool {
    match role {
        Role::Owner => true,
        Role::Admin => !matches!(target, Role::Owner),
        Role::Editor | Role::Viewer => false,
    }
}

/// May this role make someone a `new`? Nobody raises anyone, themselves included, above themselves.
pub const fn may_appoint(role: Role, new: Role) -> bool {
    may_manage(role, new)
}

/// May this role invite someone as a `new`? A mail makes nobody an owner: owners are made of members.
pub const fn may_invite(role: Role, new: Role) -> bool {
    may_appoint(role, new) && !matches!(new, Role::Owner)
}

/// May this role change the organisation itself?
pub const fn may_change_organisation(role: Role) -> bool {
    matches!(role, Role::Owner)
}

/// May this role let the operator's support in?
pub const fn may_grant_support(role: Role) -> bool {
    matches!(role, Role::Owner)
}

/// May this role see whom support was granted to, and end it? A door is closed by more people than open it.
pub const fn may_end_support(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Role; 4] = [Role::Owner, Role::Admin, Role::Editor, Role::Viewer];

    /// `y` or `n` for owner, admin, editor, viewer.
    fn row(ask: impl Fn(Role) -> bool) -> String {
        ALL.map(|role| if ask(role) { 'y' } else { 'n' })
            .iter()
            .collect()
    }

    #[test]
    fn who_manages_whom_is_this_table() {
        for (role, manages, appoints, invites) in [
            (Role::Owner, "yyyy", "yyyy", "nyyy"),
            (Role::Admin, "nyyy", "nyyy", "nyyy"),
            (Role::Editor, "nnnn", "nnnn", "nnnn"),
            (Role::Viewer, "nnnn", "nnnn", "nnnn"),
        ] {
            assert_eq!(row(|other| may_manage(role, other)), manages, "{role:?}");
            assert_eq!(row(|other| may_appoint(role, other)), appoints, "{role:?}");
            assert_eq!(row(|other| may_invite(role, other)), invites, "{role:?}");
        }
        assert_eq!(row(may_see_members), "yynn");
        assert_eq!(row(may_change_organisation), "ynnn");
        assert_eq!(row(may_grant_support), "ynnn");
        assert_eq!(row(may_end_support), "yynn");
    }
}
