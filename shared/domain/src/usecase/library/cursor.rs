//! Where to go on in a list of the library. A cursor holds for the organisation and the filter that it was given for.

use crate::error::Malformed;
use crate::id::{AssetId, OrgId};
use crate::library::{Filter, MAX_FOLDED, Place};
use crate::page::{self, BAD_CURSOR};
use crate::ports::Hashing;
use crate::time::Timestamp;

/// Octets of the longest place: an id, a time, and a folded title.
const LONGEST: usize = 16 + 8 + MAX_FOLDED;

/// The cursor after a place: the asset's id and time, and its folded title if titles are listed.
pub(super) fn write(hashing: &dyn Hashing, org: OrgId, filter: &Filter, last: &Place) -> String {
    let mut place = last.id.octets().to_vec();
    place.extend_from_slice(&last.created_at.0.to_be_bytes());
    if filter.title.is_some() {
        place.extend_from_slice(last.folded.as_bytes());
    }
    with_list(org, filter, |list| page::cursor(hashing, list, &place))
}

/// Reads a cursor of this list.
pub(super) fn read(
    hashing: &dyn Hashing,
    org: OrgId,
    filter: &Filter,
    text: &str,
) -> Result<Place, Malformed> {
    let place = with_list(org, filter, |list| {
        page::place(hashing, list, text, LONGEST)
    })?;
    let (id, rest) = place.split_first_chunk::<16>().ok_or(BAD_CURSOR)?;
    let (at, title) = rest.split_first_chunk::<8>().ok_or(BAD_CURSOR)?;
    let folded = String::from_utf8(title.to_vec()).map_err(|_| BAD_CURSOR)?;
    // Anyone can make the check: a place outside the list would be an error of the store.
    let within = match &filter.title {
        Some(prefix) => folded.starts_with(prefix.as_str()),
        None => folded.is_empty(),
    };
    within.then_some(()).ok_or(BAD_CURSOR)?;
    Ok(Place {
        id: AssetId::from_octets(*id),
        created_at: Timestamp(u64::from_be_bytes(*at)),
        folded,
    })
}

/// What tells this list from any other.
fn with_list<T>(org: OrgId, filter: &Filter, work: impl FnOnce(&[&str]) -> T) -> T {
    let state = filter.state.map_or_else(String::new, |s| s.to_string());
    let owner = filter.owner.map_or_else(String::new, |o| o.to_string());
    let title = filter.title.as_ref().map_or("", |title| title.as_str());
    let collection = filter
        .collection
        .map_or_else(String::new, |c| c.to_string());
    let org = org.to_string();
    let mut list = vec!["library", &org, &state, &owner, title, &collection];
    list.extend(filter.deleted.then_some("deleted"));
    work(&list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Digest;

    /// Something like a digest, which anyone can make: so they can of SHA-256.
    struct Sum;

    impl Hashing for Sum {
        fn sha256(&self, octets: &[u8]) -> Digest {
            let mut sum = [7_u8; 32];
            for (at, octet) in octets.iter().enumerate() {
                let slot = &mut sum[at % 32];
                *slot = slot.wrapping_mul(31).wrapping_add(*octet);
            }
            Digest(sum)
        }
    }

    #[test]
    fn a_cursor_whose_check_was_made_anew_leads_nowhere_outside_its_list() {
        let org = OrgId::from_octets([1; 16]);
        let titled = Filter {
            title: crate::library::TitlePrefix::parse("Re").ok(),
            ..Filter::default()
        };
        assert!(titled.title.is_some());
        let forged = |filter: &Filter, behind: &[u8]| {
            let place = [&[2; 16][..], &9_u64.to_be_bytes(), behind].concat();
            let text = with_list(org, filter, |list| page::cursor(&Sum, list, &place));
            read(&Sum, org, filter, &text)
        };
        let within = forged(&titled, b"reel").expect("a place of the list");
        assert_eq!((within.created_at, &*within.folded), (Timestamp(9), "reel"));
        let long = [b'r'; MAX_FOLDED + 1];
        for outside in [&b"zebra"[..], b"", b"r", b"re\xff", &long] {
            assert_eq!(forged(&titled, outside), Err(BAD_CURSOR));
        }
        assert!(forged(&Filter::default(), b"").is_ok());
        assert_eq!(forged(&Filter::default(), b"reel"), Err(BAD_CURSOR));
        for short in [&[][..], &[2; 16], &[2; 23]] {
            let text = with_list(org, &titled, |list| page::cursor(&Sum, list, short));
            assert_eq!(read(&Sum, org, &titled, &text), Err(BAD_CURSOR));
        }
    }
}
