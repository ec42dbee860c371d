//! Cursors: where to go on in a list. One holds for the organisation and the filter that it was given for.

use crate::error::Malformed;
use crate::id::{AssetId, OrgId};
use crate::library::{Filter, Place};
use crate::ports::Hashing;
use crate::time::Timestamp;

const MALFORMED: Malformed = Malformed {
    field: "cursor",
    expected: "the `cursor` of an earlier page of this list",
};
/// Octets of the check.
const CHECK: usize = 16;
/// Octets before a title.
const FIXED: usize = CHECK + 16 + 8;
/// Characters of the longest cursor: with a folded title of 900 octets.
const LONGEST: usize = (FIXED + 900).div_ceil(3) * 4;

/// The cursor after a place: a check, the asset's id and time, and its folded title if titles are listed. It is no
/// secret and grants nothing: whatever it says, the list is that of the caller's organisation.
pub(super) fn write(hashing: &dyn Hashing, org: OrgId, filter: &Filter, last: &Place) -> String {
    let place = octets(filter, last);
    let mut cursor = check(hashing, org, filter, &place).to_vec();
    cursor.extend_from_slice(&place);
    data_encoding::BASE64URL_NOPAD.encode(&cursor)
}

/// Reads a cursor of this list.
pub(super) fn read(
    hashing: &dyn Hashing,
    org: OrgId,
    filter: &Filter,
    text: &str,
) -> Result<Place, Malformed> {
    let octets = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes());
    let octets = octets.ok().filter(|_| text.len() <= LONGEST);
    let octets = octets.ok_or(MALFORMED)?;
    let (own, place) = octets.split_at_checked(CHECK).ok_or(MALFORMED)?;
    if own != check(hashing, org, filter, place) {
        return Err(MALFORMED);
    }
    let (id, rest) = place.split_first_chunk::<16>().ok_or(MALFORMED)?;
    let (at, title) = rest.split_first_chunk::<8>().ok_or(MALFORMED)?;
    let folded = String::from_utf8(title.to_vec()).map_err(|_| MALFORMED)?;
    // Anyone can make the check: a place outside the list would be an error of the store.
    let within = match &filter.title {
        Some(prefix) => folded.starts_with(prefix.as_str()),
        None => folded.is_empty(),
    };
    within.then_some(()).ok_or(MALFORMED)?;
    Ok(Place {
        id: AssetId::from_octets(*id),
        created_at: Timestamp(u64::from_be_bytes(*at)),
        folded,
    })
}

fn octets(filter: &Filter, place: &Place) -> Vec<u8> {
    let mut octets = place.id.octets().to_vec();
    octets.extend_from_slice(&place.created_at.0.to_be_bytes());
    if filter.title.is_some() {
        octets.extend_from_slice(place.folded.as_bytes());
    }
    octets
}

fn check(hashing: &dyn Hashing, org: OrgId, filter: &Filter, place: &[u8]) -> [u8; CHECK] {
    let mut input = b"cursor of the library\0".to_vec();
    let title = filter.title.as_ref();
    let fields = [
        org.to_string(),
        filter.state.map_or_else(String::new, |s| s.to_string()),
        filter.owner.map_or_else(String::new, |o| o.to_string()),
        title.map_or_else(String::new, |title| title.as_str().to_owned()),
    ];
    for field in fields {
        input.extend_from_slice(&(field.len() as u64).to_be_bytes());
        input.extend_from_slice(field.as_bytes());
    }
    input.extend_from_slice(place);
    let digest = hashing.sha256(&input).0;
    std::array::from_fn(|octet| digest[octet])
}
