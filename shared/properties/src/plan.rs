//! Any sizes as a part plan: what is planned is within S3's limits and covers the object exactly, whoever cuts.

use vault_domain::asset::{
    LEAST_PART_OCTETS, MAX_OBJECT_OCTETS, MAX_PART_OCTETS, MAX_PARTS, PartPlan, parse_source_key,
    source_key,
};

/// The plans of an object of `size` octets, by whoever cuts, in parts of `part_size` if they are chosen; and a key of S3.
///
/// # Panics
/// It is not so.
pub fn holds(size: u64, part_size: u64, key: &str) {
    for plan in [
        PartPlan::of(size),
        PartPlan::in_one(size),
        PartPlan::in_parts(size),
        PartPlan::in_parts_of(size, part_size),
    ] {
        let Ok(plan) = plan else {
            continue;
        };
        assert!((1..=MAX_OBJECT_OCTETS).contains(&size));
        assert_eq!(plan.size, size);
        let parts = u64::from(plan.parts);
        assert!((1..=MAX_PARTS).contains(&parts), "{plan:?}");
        assert!(
            parts * plan.part_size >= size,
            "nothing is left over: {plan:?}"
        );
        assert!(
            (parts - 1) * plan.part_size < size,
            "no part is empty: {plan:?}"
        );
        assert!(plan.part_size <= MAX_PART_OCTETS, "{plan:?}");
        assert!(
            parts == 1 || plan.part_size >= LEAST_PART_OCTETS,
            "{plan:?}"
        );
        assert!(plan.multipart || parts == 1, "{plan:?}");
    }
    if let Some((org, asset)) = parse_source_key(key) {
        assert_eq!(source_key(org, asset), key, "one spelling of a key");
    }
}
