//! Edit lists (ISO/IEC 14496-12 §8.6.6): when a track starts, and what of it is shown.

use crate::bytes::Bytes;
use crate::fault::{Outcome, damaged, unsupported_feature};
use crate::mp4::boxes::Node;

/// What the edit list of one track comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Edit {
    /// Silence or blankness before the track starts, in ticks of the film's clock.
    pub(crate) delay: u64,
    /// Composition time that is shown first, in ticks of the track's clock.
    pub(crate) from: i64,
    /// How much is shown, in ticks of the film's clock; `None` is all.
    pub(crate) length: Option<u64>,
}

impl Edit {
    pub(crate) fn parse(trak: &Node<'_>) -> Outcome<Self> {
        let list = match trak.find(*b"edts")? {
            Some(edts) => edts.find(*b"elst")?,
            None => None,
        };
        match list {
            Some(list) => read(list.bytes()),
            None => Ok(Self::default()),
        }
    }
}

fn read(mut bytes: Bytes<'_>) -> Outcome<Edit> {
    let short = || damaged("its edit list is cut off");
    let wide = bytes.u32().ok_or_else(short)? >> 24 == 1;
    let count = bytes.u32().ok_or_else(short)?;
    let mut edit = Edit::default();
    let mut shown = false;
    for _ in 0..count {
        let (length, from, rate) = entry(&mut bytes, wide).ok_or_else(short)?;
        match from {
            -1 if shown => {}
            -1 => edit.delay = edit.delay.checked_add(length).ok_or_else(short)?,
            0.. if shown || rate != 0x0001_0000 => return Err(edited()),
            0.. => {
                shown = true;
                edit.from = from;
                edit.length = (length > 0).then_some(length);
            }
            _ => return Err(damaged("its edit list names a time before the beginning")),
        }
    }
    if count > 0 && !shown {
        return Err(damaged("its edit list shows nothing"));
    }
    Ok(edit)
}

fn entry(bytes: &mut Bytes<'_>, wide: bool) -> Option<(u64, i64, u32)> {
    let (length, from) = if wide {
        (bytes.u64()?, bytes.i64()?)
    } else {
        (u64::from(bytes.u32()?), i64::from(bytes.i32()?))
    };
    Some((length, from, bytes.u32()?))
}

fn edited() -> vault_domain::packaging::PackageFault {
    unsupported_feature(
        "edits_not_supported",
        "The film consists of several cuts or changes its speed by an edit list, without having been exported as one piece",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u32, i32, u32)]) -> Result<Edit, &'static str> {
        let mut raw = vec![0; 4];
        raw.extend_from_slice(&u32::try_from(entries.len()).expect("few").to_be_bytes());
        for (length, from, rate) in entries {
            raw.extend_from_slice(&length.to_be_bytes());
            raw.extend_from_slice(&from.to_be_bytes());
            raw.extend_from_slice(&rate.to_be_bytes());
        }
        read(Bytes::new(&raw)).map_err(|fault| fault.code)
    }

    #[test]
    fn a_delay_and_one_cut_are_taken() {
        let edit = list(&[(500, -1, 0x1_0000), (0, 1024, 0x1_0000)]);
        assert_eq!(
            edit,
            Ok(Edit {
                delay: 500,
                from: 1024,
                length: None
            })
        );
        let edit = list(&[(9000, 1024, 0x1_0000)]);
        assert_eq!(
            edit,
            Ok(Edit {
                delay: 0,
                from: 1024,
                length: Some(9000)
            })
        );
    }

    #[test]
    fn several_cuts_slow_motion_and_nonsense_are_refused() {
        assert_eq!(
            list(&[(5, 0, 0x1_0000), (5, 9, 0x1_0000)]),
            Err("edits_not_supported")
        );
        assert_eq!(list(&[(5, 0, 0x8000)]), Err("edits_not_supported"));
        assert_eq!(list(&[(5, -2, 0x1_0000)]), Err("damaged_film"));
        assert_eq!(list(&[(5, -1, 0x1_0000)]), Err("damaged_film"));
        assert!(
            matches!(read(Bytes::new(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])), Err(fault) if fault.code == "damaged_film")
        );
    }
}
