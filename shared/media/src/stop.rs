//! Why the next sample cannot be told.

use vault_domain::packaging::{PackageFault, Step};

use crate::fault::Outcome;
use crate::mp4::rows::Away;

/// Why the next sample cannot be told.
pub(crate) enum Stop {
    Fault(PackageFault),
    /// These octets of the index have to be read first.
    Away(Away),
}

impl Stop {
    /// What the driver is told.
    pub(crate) fn step(self) -> Outcome<Step> {
        match self {
            Self::Fault(fault) => Err(fault),
            Self::Away(Away { offset, len, .. }) => Ok(Step::Read { offset, len }),
        }
    }
}

impl From<PackageFault> for Stop {
    fn from(fault: PackageFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Away> for Stop {
    fn from(away: Away) -> Self {
        Self::Away(away)
    }
}
