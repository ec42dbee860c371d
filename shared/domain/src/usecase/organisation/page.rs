//! Pages of members. A cursor names the last member of a page, and holds in one organisation alone.

use crate::error::Malformed;
use crate::id::{OrgId, UserId};
use crate::ports::{Hashing, Listed};

/// A page of members, and what asks for the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersPage {
    /// In the order of their ids.
    pub members: Vec<Listed>,
    /// None at the end.
    pub cursor: Option<String>,
}

/// Octets of the check.
const CHECK: usize = 16;

/// The cursor after a member: their id and a check over it and the organisation, in base64url. It is no secret and
/// grants nothing: it says where to go on in the list of the organisation that the caller's token is for.
pub(super) fn cursor(hashing: &dyn Hashing, org: OrgId, last: UserId) -> String {
    let mut octets = last.octets().to_vec();
    octets.extend_from_slice(&check(hashing, org, last));
    data_encoding::BASE64URL_NOPAD.encode(&octets)
}

/// Reads a cursor of this organisation.
pub(super) fn after(hashing: &dyn Hashing, org: OrgId, text: &str) -> Result<UserId, Malformed> {
    let malformed = Malformed {
        field: "cursor",
        expected: "the `cursor` of an earlier page of this organisation",
    };
    let octets = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes());
    let octets: [u8; 16 + CHECK] = octets
        .ok()
        .and_then(|octets| octets.try_into().ok())
        .ok_or(malformed)?;
    let mut id = [0; 16];
    id.copy_from_slice(&octets[..16]);
    let last = UserId::from_octets(id);
    if octets[16..] == check(hashing, org, last) {
        Ok(last)
    } else {
        Err(malformed)
    }
}

fn check(hashing: &dyn Hashing, org: OrgId, last: UserId) -> [u8; CHECK] {
    let mut input = b"cursor of members\0".to_vec();
    input.extend_from_slice(org.octets());
    input.extend_from_slice(last.octets());
    let mut check = [0; CHECK];
    check.copy_from_slice(&hashing.sha256(&input).0[..CHECK]);
    check
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
