//! What stands before everything that is done with assets.

use std::sync::Arc;

use vault_aws::Sdk;
use vault_aws::dynamodb::{
    AccessTables, DynamoAccess, DynamoAssets, DynamoLimits, DynamoRecords, DynamoStandings,
    StandingTables,
};
use vault_crypto::entropy::SystemEntropy;
use vault_domain::usecase::gate::Gate;
use vault_policy::CedarPolicies;

use super::parts::standing;
use crate::Env;
use crate::clock::SystemClock;

/// Names of the tables that are decided by, and of the one that records what was decided.
#[derive(Clone)]
pub(super) struct Gated {
    standing: StandingTables,
    access: AccessTables,
    audit: String,
    limits: String,
    spread: bool,
}

impl Gated {
    #[cfg(any(
        feature = "authorize-download",
        feature = "finalize-upload",
        feature = "manage-access",
        feature = "manage-deletion",
        feature = "manage-shares",
        feature = "presign-upload",
        feature = "withdraw-asset"
    ))]
    pub(super) fn of(env: &Env<'_>) -> Self {
        Self::by(standing(env), env)
    }

    /// [`Self::of`], where whoever holds the link of a share stands too, and support; and it is known by which rule views are
    /// looked at.
    #[cfg(feature = "authorize-playback")]
    pub(super) fn watched(env: &Env<'_>) -> Self {
        Self {
            spread: true,
            ..Self::by(super::parts::shared_standing(env), env)
        }
    }

    /// [`Self::of`], where support stands too.
    #[cfg(any(feature = "manage-assets", feature = "mint-token"))]
    pub(super) fn supported(env: &Env<'_>) -> Self {
        Self::by(super::parts::supported_standing(env), env)
    }

    fn by(standing: StandingTables, env: &Env<'_>) -> Self {
        Self {
            access: AccessTables {
                access: env.text("ACCESS_TABLE"),
                assets: env.text("ASSETS_TABLE"),
                members: standing.members.clone(),
            },
            standing,
            audit: env.text("AUDIT_TABLE"),
            limits: env.text("LIMITS_TABLE"),
            spread: false,
        }
    }

    /// Name of the table of assets.
    pub(super) fn assets_table(&self) -> &str {
        &self.access.assets
    }

    /// Names of the tables in which standing is read.
    #[cfg(any(feature = "mint-token", feature = "manage-deletion"))]
    pub(super) const fn standing(&self) -> &StandingTables {
        &self.standing
    }

    pub(super) fn records(&self, sdk: &Sdk) -> DynamoRecords {
        DynamoRecords::new(sdk.dynamodb(), &self.audit)
    }

    pub(super) fn access(&self, sdk: &Sdk) -> DynamoAccess {
        DynamoAccess::new(sdk.dynamodb(), self.access.clone(), self.records(sdk))
    }

    pub(super) fn assets(&self, sdk: &Sdk) -> DynamoAssets {
        DynamoAssets::new(sdk.dynamodb(), self.assets_table(), self.records(sdk))
    }

    pub(super) fn gate(&self, sdk: &Sdk) -> Gate {
        let standings = DynamoStandings::new(sdk.dynamodb(), self.standing.clone());
        let standings = if self.spread {
            standings.with_spread()
        } else {
            standings
        };
        Gate {
            standings: Arc::new(standings),
            containers: Arc::new(self.access(sdk)),
            policies: Arc::new(CedarPolicies),
            records: Arc::new(self.records(sdk)),
            limits: Arc::new(DynamoLimits::new(sdk.dynamodb(), &self.limits)),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        }
    }
}
