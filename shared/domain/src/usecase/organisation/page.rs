//! Pages of members. A cursor names the last member of a page, and holds in one organisation alone.

use crate::error::Malformed;
use crate::id::{OrgId, UserId};
use crate::page;
use crate::ports::{Hashing, Listed};

/// A page of members, and what asks for the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersPage {
    /// In the order of their ids.
    pub members: Vec<Listed>,
    /// None at the end.
    pub cursor: Option<String>,
}

/// The cursor after a member.
pub(super) fn cursor(hashing: &dyn Hashing, org: OrgId, last: UserId) -> String {
    page::cursor(hashing, &["members", &org.to_string()], last.octets())
}

/// Reads a cursor of this organisation.
pub(super) fn after(hashing: &dyn Hashing, org: OrgId, text: &str) -> Result<UserId, Malformed> {
    let place = page::place(hashing, &["members", &org.to_string()], text, 16)?;
    let id = place.try_into().map_err(|_| page::BAD_CURSOR)?;
    Ok(UserId::from_octets(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Digest;

    /// Mixes every octet in; no more is asked of it here.
    struct Mix;

    impl Hashing for Mix {
        fn sha256(&self, octets: &[u8]) -> Digest {
            let mut digest = [7_u8; 32];
            for (at, octet) in octets.iter().enumerate() {
                let mixed = digest[at % 32].wrapping_mul(31).wrapping_add(*octet);
                digest[at % 32] = mixed;
                digest[(at + 16) % 32] ^= mixed;
            }
            Digest(digest)
        }
    }

    #[test]
    fn a_cursor_reads_back_in_its_own_organisation_alone() {
        let (org, other) = (OrgId::from_octets([1; 16]), OrgId::from_octets([2; 16]));
        let last = UserId::from_octets([3; 16]);
        let text = cursor(&Mix, org, last);
        assert_eq!(after(&Mix, org, &text), Ok(last));
        assert!(after(&Mix, other, &text).is_err());
        let mut changed = text.clone().into_bytes();
        for at in 0..changed.len() {
            let kept = changed[at];
            changed[at] = if kept == b'A' { b'B' } else { b'A' };
            let changed_text = String::from_utf8(changed.clone()).unwrap();
            assert!(after(&Mix, org, &changed_text).is_err(), "{changed_text}");
            changed[at] = kept;
        }
        for bad in ["", "x", "usr_aaaaaaaaaaaaaaaaaaaaaaaaaa", &text[1..]] {
            assert!(after(&Mix, org, bad).is_err(), "{bad}");
        }
    }
}
