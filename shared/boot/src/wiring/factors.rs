//! What every function that proves second factors shares.

use std::sync::Arc;

use vault_aws::Sdk;
use vault_aws::dynamodb::{DynamoCeremonies, DynamoFactors, DynamoLimits, DynamoRecords};
use vault_aws::sqs::SqsMailQueue;
use vault_crypto::entropy::{Sha256, SystemEntropy};
use vault_crypto::passkey::Webauthn;
use vault_crypto::totp::{FactorKeys, HmacTotp};
use vault_domain::passkey::RelyingParty;
use vault_domain::ports::Stored;
use vault_domain::usecase::proof;

use super::parts::{refused, ring};
use crate::Env;
use crate::clock::SystemClock;

/// Names of tables, queue and secret.
#[derive(Clone)]
pub(super) struct Factors {
    users: String,
    members: String,
    links: String,
    pub(super) limits: String,
    queue: String,
    secret: String,
    audit: String,
}

impl Factors {
    /// Reads the configuration.
    pub(super) fn read(env: &Env<'_>) -> Self {
        Self {
            users: env.text("USERS_TABLE"),
            members: env.text("MEMBERS_TABLE"),
            links: env.text("LINKS_TABLE"),
            limits: env.text("LIMITS_TABLE"),
            queue: env.text("MAIL_QUEUE_URL"),
            secret: env.text("FACTOR_SECRET"),
            audit: env.text("AUDIT_TABLE"),
        }
    }

    /// Proves and changes factors.
    pub(super) async fn proof(self, sdk: &Sdk, party: RelyingParty) -> Stored<proof::Deps> {
        let keys = ring(sdk, &self.secret).await?;
        let keys = FactorKeys::new(&keys).map_err(|fault| refused("factor secret", fault))?;
        let dynamodb = sdk.dynamodb();
        let records = DynamoRecords::new(dynamodb.clone(), self.audit);
        let factors = DynamoFactors::new(dynamodb.clone(), self.users, self.members, records);
        Ok(proof::Deps {
            factors: Arc::new(factors),
            ceremonies: Arc::new(DynamoCeremonies::new(dynamodb.clone(), self.links)),
            passkeys: Arc::new(Webauthn::new(party)),
            totp: Arc::new(HmacTotp),
            sealing: Arc::new(keys),
            limits: Arc::new(DynamoLimits::new(dynamodb, self.limits)),
            hashing: Arc::new(Sha256),
            mail: Arc::new(SqsMailQueue::new(sdk.sqs(), self.queue)),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
        })
    }
}

/// Whose passkeys these are: the domain that the stack names, or the host of the first page that may call us. Of
/// the pages, those on this domain or under it may use them.
pub(super) fn relying_party(env: &Env<'_>) -> Option<RelyingParty> {
    let domain = env.parsed("PASSKEY_DOMAIN", |text| {
        Ok::<_, std::convert::Infallible>(text.to_owned())
    });
    let origins = env.text("ALLOWED_ORIGINS");
    party(&domain, &origins).or_else(|| {
        env.note("PASSKEY_DOMAIN must be the domain of a page in ALLOWED_ORIGINS, or one above it");
        None
    })
}

fn party(domain: &str, origins: &str) -> Option<RelyingParty> {
    let origins: Vec<&str> = origins.split(',').map(str::trim).collect();
    let domain = if domain.is_empty() {
        host(origins.first()?)?
    } else {
        domain
    };
    let of = |origins: &[&str]| RelyingParty::parse(domain, "Reelvault", origins).ok();
    let ours = origins.into_iter().filter(|origin| of(&[origin]).is_some());
    of(&ours.collect::<Vec<_>>())
}

/// A browser's passkeys know the loopback by its name alone.
fn host(origin: &str) -> Option<&str> {
    let (_, authority) = origin.split_once("://")?;
    let host = authority.split(':').next()?;
    Some(if host == "127.0.0.1" {
        "localhost"
    } else {
        host
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_of_the_named_domain_or_of_the_first_page() {
        let both = "https://app.example.org,https://other.test";
        for (domain, origins, id, yes, no) in [
            (
                "",
                both,
                "app.example.org",
                "https://app.example.org",
                "https://other.test",
            ),
            (
                "example.org",
                both,
                "example.org",
                "https://app.example.org",
                "https://other.test",
            ),
            (
                "",
                "http://127.0.0.1:4567",
                "localhost",
                "http://127.0.0.1:4567",
                "http://127.0.0.1",
            ),
        ] {
            let party = party(domain, origins).unwrap();
            assert_eq!(party.id(), id);
            assert!(party.expects(yes) && !party.expects(no), "{id}");
        }
        for (domain, origins) in [("example.com", both), ("", ""), ("", "https://10.0.0.1")] {
            assert_eq!(party(domain, origins), None, "{domain} {origins}");
        }
    }
}
