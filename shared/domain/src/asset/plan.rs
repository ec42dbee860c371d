//! The plan by which the bytes of an upload are cut, within S3's limits (Amazon S3 User Guide, "Amazon S3 multipart upload
//! limits").

use serde::{Deserialize, Serialize};

use super::ChecksumAlgorithm;
use crate::error::Malformed;

/// S3's largest object: 48.8 TiB as 10,000 parts of 5 GiB.
pub const MAX_OBJECT_OCTETS: u64 = MAX_PARTS * MAX_PART_OCTETS;
/// S3's largest part: 5 GiB. One PUT takes no more either.
pub const MAX_PART_OCTETS: u64 = 5 << 30;
/// S3's smallest part but the last: 5 MiB.
pub const LEAST_PART_OCTETS: u64 = 5 << 20;
/// S3's most parts of one upload.
pub const MAX_PARTS: u64 = 10_000;
/// The size up to which one PUT serves, and the smallest part that we plan.
pub const PART_OCTETS: u64 = 8 << 20;
/// How many parts are signed in one reply.
pub const SIGNED_PAGE: u32 = 100;

/// How the bytes of one upload are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartPlan {
    /// Octets in all.
    pub size: u64,
    /// Octets of every part but the last.
    pub part_size: u64,
    /// How many parts.
    pub parts: u32,
    /// Is it a multipart upload, of one part perhaps? Else it is a single PUT.
    pub multipart: bool,
    /// In which algorithm the client gives a checksum of every part, if it does.
    pub checksums: Option<ChecksumAlgorithm>,
}

impl PartPlan {
    /// Our plan for an object of `size` octets: a single PUT of at most 8 MiB, or whole MiB parts, at least 8 MiB, at most
    /// 10,000 of them.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty or larger than S3 takes.
    pub fn of(size: u64) -> Result<Self, Malformed> {
        let mebibyte = 1 << 20;
        let part_size = least_part(checked(size)?).next_multiple_of(mebibyte);
        let part_size = part_size.max(PART_OCTETS);
        let multipart = size > part_size;
        Self::cut(size, part_size, multipart)
    }

    /// A single PUT, of whatever size S3 takes in one.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty or larger than that.
    pub fn in_one(size: u64) -> Result<Self, Malformed> {
        let malformed = Malformed {
            field: "size",
            expected: "1 octet to 5 GiB for a single PUT",
        };
        if checked(size)? > MAX_PART_OCTETS {
            return Err(malformed);
        }
        Self::cut(size, size.max(PART_OCTETS), false)
    }

    /// Our plan, as a multipart upload also where it is of one part.
    ///
    /// # Errors
    /// [`Malformed`] when it is empty or larger than S3 takes.
    pub fn in_parts(size: u64) -> Result<Self, Malformed> {
        Ok(Self {
            multipart: true,
            ..Self::of(size)?
        })
    }

    /// The plan of a client that cuts by itself, always a multipart upload.
    ///
    /// # Errors
    /// [`Malformed`] when S3 takes no object of that size, no parts of that size, or not as many of them.
    pub fn in_parts_of(size: u64, part_size: u64) -> Result<Self, Malformed> {
        if !(LEAST_PART_OCTETS..=MAX_PART_OCTETS).contains(&part_size) {
            return Err(PART_SIZE);
        }
        Self::cut(checked(size)?, part_size, true)
    }

    /// The plan of Uppy, which cuts by itself: parts of 5 MiB, or of a ten-thousandth, rounded up (`@uppy/aws-s3` 5 and 6,
    /// where `getChunkSize` is not given).
    ///
    /// # Errors
    /// [`Malformed`] when it is empty or larger than S3 takes.
    pub fn of_uppy(size: u64) -> Result<Self, Malformed> {
        let part_size = least_part(checked(size)?).max(LEAST_PART_OCTETS);
        Self::cut(size, part_size, true)
    }

    fn cut(size: u64, part_size: u64, multipart: bool) -> Result<Self, Malformed> {
        let parts = size.div_ceil(part_size);
        let parts = u32::try_from(parts).map_err(|_| PART_SIZE)?;
        let plan = Self {
            size,
            part_size,
            parts,
            multipart,
            checksums: None,
        };
        let fits = u64::from(parts) <= MAX_PARTS;
        fits.then_some(plan).ok_or(PART_SIZE)
    }

    /// The same, with a checksum of every part.
    ///
    /// # Errors
    /// [`Malformed`] of a single PUT, which has one of the whole.
    pub fn with_checksums(self, algorithm: ChecksumAlgorithm) -> Result<Self, Malformed> {
        let malformed = Malformed {
            field: "part_checksums",
            expected: "a multipart upload; of a single PUT give the `checksum`",
        };
        let checksums = Some(algorithm);
        let plan = Self { checksums, ..self };
        self.multipart.then_some(plan).ok_or(malformed)
    }

    /// Octets of part `number`, counted from 1; `None` beyond the plan.
    pub fn octets_of(&self, number: u32) -> Option<u64> {
        if number == 0 || number > self.parts {
            return None;
        }
        let before = u64::from(number - 1) * self.part_size;
        Some(self.part_size.min(self.size - before))
    }
}

const PART_SIZE: Malformed = Malformed {
    field: "part_size",
    expected: "5 MiB to 5 GiB, and no more than 10,000 parts of it",
};

fn checked(size: u64) -> Result<u64, Malformed> {
    let malformed = Malformed {
        field: "size",
        expected: "1 octet to 48.8 TiB (10,000 parts of 5 GiB)",
    };
    let taken = (1..=MAX_OBJECT_OCTETS).contains(&size);
    taken.then_some(size).ok_or(malformed)
}

/// The smallest parts of which 10,000 hold all of it.
const fn least_part(size: u64) -> u64 {
    size.div_ceil(MAX_PARTS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What S3 asks of every plan, whoever made it.
    fn holds(plan: &PartPlan, size: u64) {
        assert_eq!(plan.size, size);
        assert!((1..=MAX_PARTS).contains(&u64::from(plan.parts)), "{plan:?}");
        assert!(plan.part_size <= MAX_PART_OCTETS, "{plan:?}");
        assert!(plan.part_size >= LEAST_PART_OCTETS, "{plan:?}");
        assert!(plan.multipart || plan.parts == 1, "{plan:?}");
        let last = plan.octets_of(plan.parts).unwrap();
        assert!((1..=plan.part_size).contains(&last), "{plan:?}");
        let before = u64::from(plan.parts - 1) * plan.part_size;
        assert_eq!(before + last, size);
        if plan.parts > 1 {
            assert_eq!(plan.octets_of(1), Some(plan.part_size));
            assert_eq!(plan.octets_of(plan.parts - 1), Some(plan.part_size));
        }
        assert_eq!(plan.octets_of(0), None);
        assert_eq!(plan.octets_of(plan.parts + 1), None);
    }

    /// Sizes of every order of magnitude.
    fn sizes() -> impl Strategy<Value = u64> {
        let powers = (0..=45_u32).prop_flat_map(|power| 1..=1_u64 << power);
        let near = (1..=10_000_u64, 0..=2_u64).prop_map(|(parts, off)| parts * PART_OCTETS + off);
        let last = (0..=1_000_u64).prop_map(|short| MAX_OBJECT_OCTETS - short);
        prop_oneof![powers, near, last]
    }

    proptest! {
        #[test]
        fn our_plan_holds_within_the_limits_of_s3(size in sizes()) {
            let plan = PartPlan::of(size).unwrap();
            holds(&plan, size);
            prop_assert_eq!(plan.multipart, plan.parts > 1);
            prop_assert_eq!(plan.part_size % (1 << 20), 0);
        }

        #[test]
        fn one_put_or_parts_hold_where_they_are_asked_for(size in sizes()) {
            let parts = PartPlan::in_parts(size).unwrap();
            holds(&parts, size);
            prop_assert!(parts.multipart);
            let one = PartPlan::in_one(size);
            prop_assert_eq!(one.is_ok(), size <= MAX_PART_OCTETS);
            if let Ok(one) = one {
                holds(&one, size);
                prop_assert_eq!((one.parts, one.multipart), (1, false));
            }
        }

        #[test]
        fn the_plan_of_uppy_holds_within_the_limits_of_s3(size in sizes()) {
            let plan = PartPlan::of_uppy(size).unwrap();
            holds(&plan, size);
            prop_assert!(plan.multipart);
            prop_assert_eq!(plan.part_size, size.div_ceil(10_000).max(5 << 20));
        }

        #[test]
        fn a_plan_of_the_client_holds_or_is_refused(size in sizes(), part_size in sizes()) {
            let takes = (LEAST_PART_OCTETS..=MAX_PART_OCTETS).contains(&part_size)
                && size.div_ceil(part_size) <= MAX_PARTS;
            let plan = PartPlan::in_parts_of(size, part_size);
            prop_assert_eq!(plan.is_ok(), takes);
            if let Ok(plan) = plan {
                holds(&plan, size);
                prop_assert!(plan.multipart);
                prop_assert_eq!(plan.part_size, part_size);
            }
        }
    }

    #[test]
    fn the_edges_are_where_s3_has_them() {
        let plan = PartPlan::of(MAX_OBJECT_OCTETS).unwrap();
        assert_eq!((plan.parts, plan.part_size), (10_000, 5 << 30));
        assert_eq!(PartPlan::of_uppy(MAX_OBJECT_OCTETS), Ok(plan));
        assert_eq!(MAX_OBJECT_OCTETS, 53_687_091_200_000);
        for plan in [
            PartPlan::of,
            PartPlan::in_one,
            PartPlan::in_parts,
            PartPlan::of_uppy,
        ] {
            for size in [0, MAX_OBJECT_OCTETS + 1, u64::MAX] {
                assert_eq!(plan(size).unwrap_err().field, "size");
            }
        }
        assert!(!PartPlan::of(PART_OCTETS).unwrap().multipart);
        assert_eq!(PartPlan::of(PART_OCTETS + 1).unwrap().parts, 2);
        let least = LEAST_PART_OCTETS;
        assert_eq!(PartPlan::in_parts_of(1, least).unwrap().parts, 1);
        for part_size in [0, least - 1, MAX_PART_OCTETS + 1] {
            assert_eq!(PartPlan::in_parts_of(1, part_size), Err(PART_SIZE));
        }
        assert!(PartPlan::in_parts_of(10_000 * least, least).is_ok());
        assert_eq!(
            PartPlan::in_parts_of(10_000 * least + 1, least),
            Err(PART_SIZE)
        );
    }
}
