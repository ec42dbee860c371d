//! Where to go on in a list of records. A cursor holds for the organisation and the filter that it was given for.

use crate::audit::{Filter, Place};
use crate::error::Malformed;
use crate::id::{OrgId, RecordId};
use crate::page::{self, BAD_CURSOR};
use crate::ports::Hashing;
use crate::time::Timestamp;

/// Octets of a place: an id and a time.
const LONGEST: usize = 16 + 8;

/// The cursor after a place: the record's id and time.
pub(super) fn write(hashing: &dyn Hashing, org: OrgId, filter: &Filter, last: &Place) -> String {
    let mut place = last.id.octets().to_vec();
    place.extend_from_slice(&last.at.0.to_be_bytes());
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
    let (id, at) = place.split_first_chunk::<16>().ok_or(BAD_CURSOR)?;
    let at = at.try_into().map_err(|_| BAD_CURSOR)?;
    let place = Place {
        id: RecordId::from_octets(*id),
        at: Timestamp(u64::from_be_bytes(at)),
    };
    // Anyone can make the check: a place outside the list would be an error of the store.
    let within = filter.span.holds(place.at);
    within.then_some(place).ok_or(BAD_CURSOR)
}

/// What tells this list from any other.
fn with_list<T>(org: OrgId, filter: &Filter, work: impl FnOnce(&[&str]) -> T) -> T {
    let event = filter.event.map_or("", |event| event.as_str());
    let actor = filter.actor.map_or_else(String::new, |a| a.to_string());
    let asset = filter.asset.map_or_else(String::new, |a| a.to_string());
    let (from, to) = (filter.span.from().0, filter.span.to().0);
    let span = format!("{from}-{to}");
    work(&["audit", &org.to_string(), event, &actor, &asset, &span])
}
