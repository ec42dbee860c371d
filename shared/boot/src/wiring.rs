//! Which adapters stand behind each function's ports. One file a function, one feature a function.

#[cfg(feature = "authorize-download")]
pub mod authorize_download;
#[cfg(feature = "authorize-playback")]
pub mod authorize_playback;
#[cfg(feature = "bootstrap-owner")]
pub mod bootstrap_owner;
#[cfg(feature = "login")]
mod challenge;
#[cfg(feature = "convert-film")]
pub mod convert_film;
#[cfg(feature = "deliver-key")]
pub mod deliver_key;
#[cfg(feature = "deliver-playlist")]
pub mod deliver_playlist;
#[cfg(feature = "deliver-preview")]
pub mod deliver_preview;
#[cfg(feature = "deliver-webhooks")]
pub mod deliver_webhooks;
#[cfg(feature = "erase-account")]
pub mod erase_account;
#[cfg(feature = "exchange-share")]
pub mod exchange_share;
#[cfg(feature = "export-audit")]
pub mod export_audit;
#[cfg(feature = "factors")]
mod factors;
#[cfg(feature = "finalize-upload")]
pub mod finalize_upload;
#[cfg(feature = "policies")]
mod gated;
#[cfg(feature = "login")]
pub mod login;
#[cfg(feature = "manage-access")]
pub mod manage_access;
#[cfg(feature = "manage-account")]
pub mod manage_account;
#[cfg(feature = "manage-api-keys")]
pub mod manage_api_keys;
#[cfg(feature = "manage-assets")]
pub mod manage_assets;
#[cfg(feature = "manage-deletion")]
pub mod manage_deletion;
#[cfg(feature = "manage-organisation")]
pub mod manage_organisation;
#[cfg(feature = "manage-shares")]
pub mod manage_shares;
#[cfg(feature = "manage-webhooks")]
pub mod manage_webhooks;
#[cfg(feature = "mint-token")]
pub mod mint_token;
#[cfg(any(feature = "process-upload", feature = "convert-film"))]
mod packaging;
#[cfg(feature = "presign-upload")]
pub mod presign_upload;
#[cfg(feature = "process-upload")]
pub mod process_upload;
#[cfg(feature = "read-audit")]
pub mod read_audit;
#[cfg(feature = "recover-account")]
pub mod recover_account;
#[cfg(feature = "rewrap-keys")]
pub mod rewrap_keys;
#[cfg(feature = "rotate-secret")]
pub mod rotate_secret;
#[cfg(feature = "seal-audit")]
pub mod seal_audit;
#[cfg(feature = "send-mail")]
pub mod send_mail;
#[cfg(feature = "set-quota")]
pub mod set_quota;
#[cfg(feature = "sweep-assets")]
pub mod sweep_assets;
#[cfg(feature = "withdraw-asset")]
pub mod withdraw_asset;

#[cfg(feature = "dynamodb")]
mod parts {
    use std::sync::Arc;

    use vault_aws::Sdk;
    use vault_crypto::access::JwtVerifier;
    use vault_domain::ports::AccessVerifier;

    use crate::config::Env;

    /// The SDK's shared configuration; what it lacks is a fault of the environment.
    pub(super) fn sdk(env: &Env<'_>) -> Option<Arc<Sdk>> {
        Sdk::from_lookup(env.lookup())
            .map(Arc::new)
            .map_err(|error| env.note(error))
            .ok()
    }

    /// The verifier of access tokens: public keys only, no call.
    #[cfg_attr(
        not(any(
            feature = "manage-access",
            feature = "manage-account",
            feature = "manage-api-keys",
            feature = "manage-assets",
            feature = "erase-account",
            feature = "manage-deletion",
            feature = "manage-shares",
            feature = "manage-webhooks",
            feature = "read-audit",
            feature = "mint-token",
            feature = "presign-upload",
            feature = "finalize-upload",
            feature = "withdraw-asset",
            feature = "manage-organisation"
        )),
        expect(
            dead_code,
            reason = "only functions that take access tokens verify them"
        )
    )]
    pub(super) fn verifier(env: &Env<'_>) -> Option<Arc<dyn AccessVerifier>> {
        let (jwks, issuer) = (env.text("TOKEN_JWKS"), env.text("TOKEN_ISSUER"));
        let made = JwtVerifier::new(&jwks, &issuer);
        let made = made.map_err(|fault| env.note(format!("TOKEN_JWKS: {fault}")));
        made.ok()
            .map(|verifier| Arc::new(verifier) as Arc<dyn AccessVerifier>)
    }

    /// The tables in which standing is read.
    #[cfg(any(
        feature = "policies",
        feature = "deliver-playlist",
        feature = "deliver-preview",
        feature = "deliver-key",
        feature = "manage-account",
        feature = "manage-api-keys",
        feature = "manage-organisation",
        feature = "manage-webhooks",
        feature = "erase-account",
        feature = "read-audit"
    ))]
    pub(super) fn standing(env: &Env<'_>) -> vault_aws::dynamodb::StandingTables {
        vault_aws::dynamodb::StandingTables {
            members: env.text("MEMBERS_TABLE"),
            sessions: env.text("SESSIONS_TABLE"),
            clients: env.text("CLIENTS_TABLE"),
            shares: None,
            support: None,
        }
    }

    /// The organisation whose members are the operator's staff. A stack without support says so: `none`.
    #[cfg(any(
        feature = "authorize-playback",
        feature = "deliver-key",
        feature = "deliver-playlist",
        feature = "deliver-preview",
        feature = "manage-assets",
        feature = "manage-organisation",
        feature = "mint-token",
        feature = "read-audit"
    ))]
    pub(super) fn support(env: &Env<'_>) -> Option<vault_domain::id::OrgId> {
        env.parsed("SUPPORT_ORGANISATION", vault_domain::support::operator)
    }

    /// [`standing`], of support too.
    #[cfg(any(
        feature = "manage-assets",
        feature = "mint-token",
        feature = "read-audit"
    ))]
    pub(super) fn supported_standing(env: &Env<'_>) -> vault_aws::dynamodb::StandingTables {
        vault_aws::dynamodb::StandingTables {
            support: support(env),
            ..standing(env)
        }
    }

    /// [`standing`], of those who hold the link of a share too, and of support.
    #[cfg(any(
        feature = "authorize-playback",
        feature = "deliver-playlist",
        feature = "deliver-preview",
        feature = "deliver-key"
    ))]
    pub(super) fn shared_standing(env: &Env<'_>) -> vault_aws::dynamodb::StandingTables {
        vault_aws::dynamodb::StandingTables {
            shares: Some(env.text("SHARES_TABLE")),
            support: support(env),
            ..standing(env)
        }
    }

    /// How much an organisation may use where the operator did not say otherwise.
    #[cfg(any(
        feature = "manage-deletion",
        feature = "manage-organisation",
        feature = "presign-upload",
        feature = "process-upload",
        feature = "convert-film"
    ))]
    pub(super) fn quota(env: &Env<'_>) -> vault_domain::quota::Quota {
        let most = |name: &str| env.number(name, 0..=vault_domain::quota::MAX_QUOTA);
        vault_domain::quota::Quota {
            assets: most("DEFAULT_MAX_ASSETS"),
            bytes: most("DEFAULT_MAX_BYTES"),
            minutes: most("DEFAULT_MAX_MINUTES"),
            uploads: most("DEFAULT_MAX_UPLOADS"),
            film: vault_domain::quota::FilmLimits {
                bytes: most("DEFAULT_MAX_FILM_BYTES"),
                minutes: most("DEFAULT_MAX_FILM_MINUTES"),
                long_side: most("DEFAULT_MAX_FILM_LONG_SIDE"),
                short_side: most("DEFAULT_MAX_FILM_SHORT_SIDE"),
            },
        }
    }

    /// Do films wait for a verdict about malware? Nobody who does not say it has it either way.
    #[cfg(any(
        feature = "process-upload",
        feature = "convert-film",
        feature = "authorize-download"
    ))]
    pub(super) fn waits_for_verdicts(env: &Env<'_>) -> bool {
        env.parsed("MALWARE_SCAN", |text| match text {
            "none" => Ok(false),
            "guardduty" => Ok(true),
            other => Err(format!(
                "MALWARE_SCAN: expected none or guardduty, found {other:?}"
            )),
        })
    }

    /// How far endpoints of webhooks may be: on AWS never further than the public internet, whatever the stack says, for what
    /// a function can reach beside that is its own credentials.
    #[cfg(any(feature = "manage-webhooks", feature = "deliver-webhooks"))]
    pub(super) fn reach(env: &Env<'_>, sdk: Option<&Sdk>) -> vault_domain::webhook::Reach {
        use vault_domain::webhook::Reach;
        let reach = env.parsed("WEBHOOK_REACH", Reach::parse);
        if reach == Reach::Anywhere && !sdk.is_some_and(Sdk::is_local) {
            env.note("WEBHOOK_REACH must be public on AWS");
            return Reach::Public;
        }
        reach
    }

    /// A versioned secret.
    #[cfg(feature = "secrets")]
    pub(super) async fn ring(
        sdk: &Sdk,
        id: &str,
    ) -> vault_domain::ports::Stored<vault_crypto::Keyring> {
        let secret = vault_aws::secrets::secret(&sdk.secrets(), id).await?;
        vault_crypto::Keyring::parse(&secret).map_err(|fault| refused("secret", fault))
    }

    /// A secret whose content is not what it should be.
    #[cfg(feature = "secrets")]
    pub(super) fn refused(
        operation: &'static str,
        fault: vault_crypto::KeyFault,
    ) -> vault_domain::ports::StoreError {
        vault_domain::ports::StoreError::new(operation, fault)
    }

    /// What a wiring whose configuration has faults leaves behind: the start stops before it is asked.
    pub(super) fn unwired() -> vault_domain::ports::StoreError {
        vault_domain::ports::StoreError::new("wiring", "the configuration is not whole")
    }
}
