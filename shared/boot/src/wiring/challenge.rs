//! The challenge of those who try too often: none, or a verifier over HTTP.

use std::sync::Arc;

use vault_aws::Sdk;
use vault_aws::challenge::SiteVerify;
use vault_domain::challenge::{ChallengeVerifier, NoChallenge};
use vault_domain::ports::{StoreError, Stored};
use vault_domain::secret::SecretText;

use crate::Env;

/// What the environment says of it.
#[derive(Clone)]
pub(super) enum Challenge {
    /// Nobody is asked for a proof.
    None,
    /// Proofs are checked at this URL with the secret of this name.
    Site { url: String, secret: String },
}

impl Challenge {
    /// `CHALLENGE_VERIFY_URL` must be there: `none`, or the URL that proofs are posted to, and then
    /// `CHALLENGE_SECRET` names the site's secret.
    pub(super) fn read(env: &Env<'_>) -> Self {
        let url = env.text("CHALLENGE_VERIFY_URL");
        if url == "none" || url.is_empty() {
            return Self::None;
        }
        // The URL alone can be judged now; the secret is fetched when it is first needed.
        if let Err(fault) = SiteVerify::new(&url, SecretText::new("unknown yet".to_owned())) {
            env.note(format!("CHALLENGE_VERIFY_URL: {fault}"));
        }
        let secret = env.text("CHALLENGE_SECRET");
        Self::Site { url, secret }
    }

    pub(super) async fn verifier(&self, sdk: &Sdk) -> Stored<Arc<dyn ChallengeVerifier>> {
        match self {
            Self::None => Ok(Arc::new(NoChallenge)),
            Self::Site { url, secret } => {
                let secret = vault_aws::secrets::secret(&sdk.secrets(), secret).await?;
                let site = SiteVerify::new(url, secret);
                Ok(Arc::new(
                    site.map_err(|fault| StoreError::new("challenge", fault))?,
                ))
            }
        }
    }
}
