//! What may be done about a member's place, and what it makes of it.

use super::Membership;
use crate::credential::Role;
use crate::time::Timestamp;

/// Something to be done about a member's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberChange {
    /// Another role.
    Role(Role),
    /// They may not come in any more; their sessions opened before this moment are over for good.
    Disable(Timestamp),
    /// They may come in again, by signing in anew.
    Enable,
    /// Their sessions opened before this moment are over; they may sign in again.
    EndSessions(Timestamp),
    /// They are no member any more.
    Remove,
}

/// What a change makes of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It is so already.
    Same,
    /// This place.
    Place(Membership),
    /// None.
    Gone,
}

impl Membership {
    /// Does the place count among the organisation's active owners?
    pub fn is_active_owner(&self) -> bool {
        self.active && self.role == Role::Owner
    }

    /// What a change makes of this place.
    #[must_use]
    pub fn after(&self, change: MemberChange) -> After {
        let next = match change {
            MemberChange::Role(role) => Self { role, ..*self },
            // Who is disabled already has lost their sessions already.
            MemberChange::Disable(_) if !self.active => *self,
            MemberChange::Disable(from) => Self {
                active: false,
                sessions_from: self.sessions_from.max(from),
                ..*self
            },
            MemberChange::Enable => Self {
                active: true,
                ..*self
            },
            MemberChange::EndSessions(from) => Self {
                sessions_from: self.sessions_from.max(from),
                ..*self
            },
            MemberChange::Remove => return After::Gone,
        };
        if next == *self {
            After::Same
        } else {
            After::Place(next)
        }
    }
}

impl After {
    /// What becomes of the number of active owners.
    pub fn owners(&self, before: &Membership) -> OwnersChange {
        let after = match self {
            Self::Same => before.is_active_owner(),
            Self::Place(place) => place.is_active_owner(),
            Self::Gone => false,
        };
        match (before.is_active_owner(), after) {
            (true, false) => OwnersChange::OneFewer,
            (false, true) => OwnersChange::OneMore,
            _ => OwnersChange::AsMany,
        }
    }
}

/// What becomes of the number of an organisation's active owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnersChange {
    /// There must be another one.
    OneFewer,
    /// Nothing.
    AsMany,
    /// It grows.
    OneMore,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{OrgId, UserId};

    fn place(role: Role, active: bool) -> Membership {
        Membership {
            org: OrgId::from_octets([1; 16]),
            user: UserId::from_octets([2; 16]),
            role,
            active,
            since: Timestamp(10),
            sessions_from: Timestamp(20),
        }
    }

    #[test]
    fn a_change_that_was_made_is_the_same_place() {
        let changes = [
            MemberChange::Role(Role::Editor),
            MemberChange::Disable(Timestamp(30)),
            MemberChange::EndSessions(Timestamp(30)),
        ];
        for change in changes {
            let After::Place(next) = place(Role::Viewer, true).after(change) else {
                unreachable!("{change:?} changes something");
            };
            assert_eq!(next.after(change), After::Same, "{change:?}");
        }
        let active = place(Role::Viewer, true);
        assert_eq!(active.after(MemberChange::Enable), After::Same);
        assert_eq!(active.after(MemberChange::Remove), After::Gone);
    }

    #[test]
    fn whoever_is_disabled_and_enabled_again_has_lost_their_sessions() {
        let disabled = place(Role::Viewer, true).after(MemberChange::Disable(Timestamp(30)));
        let After::Place(disabled) = disabled else {
            unreachable!("it changes something");
        };
        let After::Place(enabled) = disabled.after(MemberChange::Enable) else {
            unreachable!("it changes something");
        };
        assert_eq!((enabled.active, enabled.sessions_from.0), (true, 30));
    }

    #[test]
    fn sessions_that_are_over_stay_over() {
        let earlier = MemberChange::EndSessions(Timestamp(5));
        assert_eq!(place(Role::Owner, true).after(earlier), After::Same);
    }

    #[test]
    fn only_active_owners_count() {
        use OwnersChange::{AsMany, OneFewer, OneMore};
        let (remove, enable) = (MemberChange::Remove, MemberChange::Enable);
        let disable = MemberChange::Disable(Timestamp(30));
        for (role, active, change, expected) in [
            (Role::Owner, true, remove, OneFewer),
            (Role::Owner, false, remove, AsMany),
            (Role::Admin, true, remove, AsMany),
            (Role::Owner, true, disable, OneFewer),
            (Role::Owner, false, disable, AsMany),
            (Role::Owner, false, enable, OneMore),
            (Role::Admin, false, enable, AsMany),
            (
                Role::Owner,
                true,
                MemberChange::Role(Role::Viewer),
                OneFewer,
            ),
            (Role::Owner, false, MemberChange::Role(Role::Viewer), AsMany),
            (Role::Admin, true, MemberChange::Role(Role::Owner), OneMore),
            (Role::Admin, false, MemberChange::Role(Role::Owner), AsMany),
            (
                Role::Owner,
                true,
                MemberChange::EndSessions(Timestamp(30)),
                AsMany,
            ),
        ] {
            let before = place(role, active);
            let owners = before.after(change).owners(&before);
            assert_eq!(owners, expected, "{role:?} active {active} {change:?}");
        }
    }
}
