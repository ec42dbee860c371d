//! Organisations, their members and their invitations.

use std::sync::Arc;

use vault_aws::dynamodb::{
    DynamoInvitations, DynamoLimits, DynamoMembers, DynamoOrganisations, DynamoRecords,
    DynamoSpreadRules, DynamoStandings, DynamoSupport, DynamoUsage, StandingTables,
};
use vault_aws::sqs::SqsMailQueue;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_domain::id::OrgId;
use vault_domain::ports::AccessVerifier;
use vault_domain::quota::Quota;
use vault_domain::usecase::organisation;

use super::parts::{quota, sdk, standing, support, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What managing an organisation needs.
pub struct Deps {
    /// The use cases.
    pub organisation: organisation::Deps,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
}

#[derive(Clone)]
struct Config {
    users: String,
    standing: StandingTables,
    limits: String,
    queue: String,
    audit: String,
    support: Option<OrgId>,
    usage: String,
    quota: Quota,
}

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let config = Config {
        users: env.text("USERS_TABLE"),
        standing: standing(env),
        limits: env.text("LIMITS_TABLE"),
        queue: env.text("MAIL_QUEUE_URL"),
        audit: env.text("AUDIT_TABLE"),
        support: support(env),
        usage: env.text("USAGE_TABLE"),
        quota: quota(env),
    };
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (config, sdk, verifier) = (config.clone(), sdk.clone(), verifier.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let (dynamodb, members) = (sdk.dynamodb(), config.standing.members.clone());
            let of = || dynamodb.clone();
            let records = DynamoRecords::new(of(), config.audit);
            let users = Some(config.users.clone());
            let supports = DynamoSupport::new(of(), &members, users, records.clone());
            let standings = DynamoStandings::new(of(), config.standing);
            Ok(Deps {
                organisation: organisation::Deps {
                    standings: Arc::new(standings.with_spread()),
                    spreads: Arc::new(DynamoSpreadRules::new(&members, records.clone())),
                    members: Arc::new(DynamoMembers::new(of(), &members)),
                    organisations: Arc::new(DynamoOrganisations::new(
                        of(),
                        config.users,
                        &members,
                        records,
                    )),
                    invitations: Arc::new(DynamoInvitations::new(of(), members)),
                    supports: Arc::new(supports),
                    support: config.support,
                    limits: Arc::new(DynamoLimits::new(of(), config.limits)),
                    mail: Arc::new(SqsMailQueue::new(sdk.sqs(), config.queue)),
                    hashing: Arc::new(Sha256),
                    clock: Arc::new(SystemClock),
                    entropy: Arc::new(SystemEntropy),
                    usages: Arc::new(DynamoUsage::new(of(), config.usage)),
                    quota: config.quota,
                },
                verifier: verifier.ok_or_else(unwired)?,
            })
        }
    })
}
