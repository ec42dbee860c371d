//! What is to be looked at, and when.

use crate::id::{AssetId, OrgId};
use crate::time::Timestamp;

/// Parts in which that is kept, so that no single one takes all writes.
pub const DUE_PARTS: u8 = 4;

/// What there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// An asset: to be erased, or looked at once more after it was.
    Asset(AssetId),
    /// An organisation whose rules delete by age.
    Organisation,
    /// An asset whose source waits for a verdict about malware, and how often it had been reopened when it began to.
    Verdict(AssetId, u8),
}

/// Something to look at from a moment on. There is at most one of each duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// From when on.
    pub at: Timestamp,
    /// Of which organisation.
    pub org: OrgId,
    /// What.
    pub duty: Duty,
}

impl Due {
    /// An asset.
    pub const fn asset(org: OrgId, id: AssetId, at: Timestamp) -> Self {
        let duty = Duty::Asset(id);
        Self { at, org, duty }
    }
    /// An organisation.
    pub const fn organisation(org: OrgId, at: Timestamp) -> Self {
        let duty = Duty::Organisation;
        Self { at, org, duty }
    }
    /// The end of an asset's wait for a verdict.
    pub const fn verdict((org, id, reopened): (OrgId, AssetId, u8), at: Timestamp) -> Self {
        let duty = Duty::Verdict(id, reopened);
        Self { at, org, duty }
    }
    /// In which part it is kept.
    pub fn part(&self) -> u8 {
        match self.duty {
            Duty::Asset(id) | Duty::Verdict(id, _) => due_part(id.octets()),
            Duty::Organisation => due_part(self.org.octets()),
        }
    }
}

/// The part of an id.
pub fn due_part(octets: &[u8; 16]) -> u8 {
    octets[0] % DUE_PARTS
}
