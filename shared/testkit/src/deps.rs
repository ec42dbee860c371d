//! The `Deps` of every use case over a [`Kit`].

use std::sync::Arc;

use vault_domain::delivery::Offered;
use vault_domain::factor::Issuer;
use vault_domain::rotation::Kind;
use vault_domain::time::Timestamp;
use vault_domain::usecase::{
    access, account, ask_ladder, authorize_download, authorize_playback, begin_upload,
    bootstrap_owner, client, convert_film, deletion, deliver_key, deliver_playlist,
    deliver_preview, deliver_webhook, enter_support, erase_account, exchange, exchange_share,
    export_audit, finalize_upload, gate, guard, introspect, library, login, manage_api_keys,
    manage_shares, manage_webhooks, organisation, process_upload, proof, read_audit,
    recover_account, refresh, revoke_token, rewrap_keys, rotate_secret, seal_audit, seal_subtitles,
    second_factor, send_mail, set_quota, sweep_assets, tell_webhooks, withdraw_asset,
};
use vault_domain::webhook::Reach;
use vault_policy::CedarPolicies;

use crate::builders;
use crate::kit::Kit;
use crate::link::FakePolicy;
use crate::rotation::{FakeMasters, secret_arn};

/// The `Deps` of the use cases.
impl Kit {
    /// Of [`login`].
    pub fn login(&self) -> login::Deps {
        login::Deps {
            users: self.cloud.clone(),
            members: self.cloud.clone(),
            guard: self.guard(),
            sessions: self.cloud.clone(),
            hasher: self.hasher.clone(),
            hashing: self.hashing.clone(),
            access: self.access.clone(),
            refresh: self.refresh_tokens.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            factors: self.cloud.clone(),
            accounts: self.cloud.clone(),
            challenges: self.challenges.clone(),
        }
    }
    /// Of [`proof`].
    pub fn proof(&self) -> proof::Deps {
        proof::Deps {
            factors: self.cloud.clone(),
            ceremonies: self.cloud.clone(),
            passkeys: self.passkeys.clone(),
            totp: self.totp.clone(),
            sealing: self.sealing.clone(),
            limits: self.cloud.clone(),
            hashing: self.hashing.clone(),
            mail: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`second_factor`], and of signing in by a passkey alone.
    pub fn second_factor(&self) -> second_factor::Deps {
        second_factor::Deps {
            proof: self.proof(),
            challenges: self.challenges.clone(),
            users: self.cloud.clone(),
            members: self.cloud.clone(),
            sessions: self.cloud.clone(),
            access: self.access.clone(),
            refresh: self.refresh_tokens.clone(),
        }
    }
    /// Of [`account`].
    pub fn account(&self) -> account::Deps {
        account::Deps {
            proof: self.proof(),
            standings: self.cloud.clone(),
            challenges: self.challenges.clone(),
            users: self.cloud.clone(),
            members: self.cloud.clone(),
            accounts: self.cloud.clone(),
            sessions: self.cloud.clone(),
            hasher: self.hasher.clone(),
            policy: Arc::new(FakePolicy),
            qr: self.qr.clone(),
            issuer: Issuer::parse("Golden").expect("a golden name"),
        }
    }
    /// Of everything that is done with assets.
    pub fn gate(&self) -> gate::Gate {
        gate::Gate {
            standings: self.cloud.clone(),
            containers: self.cloud.clone(),
            policies: Arc::new(CedarPolicies),
            records: self.cloud.clone(),
            limits: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`access`].
    pub fn access(&self) -> access::Deps {
        access::Deps {
            gate: self.gate(),
            assets: self.cloud.clone(),
            containers: self.cloud.clone(),
            changes: self.cloud.clone(),
            groups: self.cloud.clone(),
            hashing: self.hashing.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// What guards a sign-in.
    pub fn guard(&self) -> guard::Guard {
        guard::Guard {
            limits: self.cloud.clone(),
            hashing: self.hashing.clone(),
            devices: self.devices.clone(),
            challenge: self.challenge.clone(),
        }
    }
    /// Of [`refresh`].
    pub fn refresh(&self) -> refresh::Deps {
        refresh::Deps {
            members: self.cloud.clone(),
            sessions: self.cloud.clone(),
            hashing: self.hashing.clone(),
            access: self.access.clone(),
            refresh: self.refresh_tokens.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`client`].
    pub fn client(&self) -> client::Deps {
        client::Deps {
            clients: self.cloud.clone(),
            limits: self.cloud.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
        }
    }
    /// Of [`revoke_token`].
    pub fn revoke_token(&self) -> revoke_token::Deps {
        revoke_token::Deps {
            sessions: self.cloud.clone(),
            refresh: self.refresh_tokens.clone(),
            verifier: self.access.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`introspect`].
    pub fn introspect(&self) -> introspect::Deps {
        introspect::Deps {
            standings: self.cloud.clone(),
            sessions: self.cloud.clone(),
            grants: self.cloud.clone(),
            hashing: self.hashing.clone(),
            refresh: self.refresh_tokens.clone(),
            verifier: self.access.clone(),
            clock: self.clock.clone(),
        }
    }
    /// Of [`library`].
    pub fn library(&self) -> library::Deps {
        library::Deps {
            gate: self.gate(),
            containers: self.cloud.clone(),
            assets: self.cloud.clone(),
            library: self.cloud.clone(),
            hashing: self.hashing.clone(),
        }
    }
    /// Of [`seal_audit`].
    pub fn seal_audit(&self) -> seal_audit::Deps {
        seal_audit::Deps {
            chain: self.cloud.clone(),
            hashing: self.hashing.clone(),
            webhooks: tell_webhooks::Deps {
                webhooks: self.cloud.clone(),
                queue: self.cloud.clone(),
                hashing: self.hashing.clone(),
            },
            clock: self.clock.clone(),
        }
    }
    /// Of [`deliver_webhook`].
    pub fn deliver_webhook(&self) -> deliver_webhook::Deps {
        deliver_webhook::Deps {
            webhooks: self.cloud.clone(),
            deliveries: self.cloud.clone(),
            secrets: self.webhook_secrets.clone(),
            poster: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            reach: Reach::Public,
        }
    }
    /// Of [`manage_webhooks`].
    pub fn manage_webhooks(&self) -> manage_webhooks::Deps {
        manage_webhooks::Deps {
            standings: self.cloud.clone(),
            webhooks: self.cloud.clone(),
            deliveries: self.cloud.clone(),
            queue: self.cloud.clone(),
            secrets: self.webhook_secrets.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`erase_account`].
    pub fn erase_account(&self) -> erase_account::Deps {
        erase_account::Deps {
            standings: self.cloud.clone(),
            users: self.cloud.clone(),
            members: self.cloud.clone(),
            organisations: self.cloud.clone(),
            sessions: self.cloud.clone(),
            erasures: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`read_audit`].
    pub fn read_audit(&self) -> read_audit::Deps {
        read_audit::Deps {
            standings: self.cloud.clone(),
            log: self.cloud.clone(),
            hashing: self.hashing.clone(),
            records: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`export_audit`].
    pub fn export_audit(&self) -> export_audit::Deps {
        export_audit::Deps {
            exports: self.cloud.clone(),
            archive: self.cloud.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
        }
    }
    /// Of [`manage_api_keys`].
    pub fn manage_api_keys(&self) -> manage_api_keys::Deps {
        manage_api_keys::Deps {
            standings: self.cloud.clone(),
            clients: self.cloud.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`exchange`].
    pub fn exchange(&self) -> exchange::Deps {
        exchange::Deps {
            gate: self.gate(),
            assets: self.cloud.clone(),
            grants: self.cloud.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`manage_shares`].
    pub fn manage_shares(&self) -> manage_shares::Deps {
        manage_shares::Deps {
            gate: self.gate(),
            assets: self.cloud.clone(),
            shares: self.cloud.clone(),
            tokens: self.share_tokens.clone(),
            hasher: self.hasher.clone(),
            hashing: self.hashing.clone(),
            entropy: self.entropy.clone(),
            pages: builders::pages(),
        }
    }
    /// Of [`exchange_share`].
    pub fn exchange_share(&self) -> exchange_share::Deps {
        exchange_share::Deps {
            shares: self.cloud.clone(),
            tokens: self.share_tokens.clone(),
            limits: self.cloud.clone(),
            hasher: self.hasher.clone(),
            hashing: self.hashing.clone(),
            records: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`begin_upload`].
    pub fn begin_upload(&self) -> begin_upload::Deps {
        begin_upload::Deps {
            gate: self.gate(),
            assets: self.cloud.clone(),
            uploads: self.cloud.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            quota: builders::QUOTA,
        }
    }
    /// Of [`finalize_upload`].
    pub fn finalize_upload(&self) -> finalize_upload::Deps {
        finalize_upload::Deps {
            gate: self.gate(),
            assets: self.cloud.clone(),
            uploads: self.cloud.clone(),
            ends: self.cloud.clone(),
        }
    }
    /// Of [`process_upload`].
    pub fn process_upload(&self) -> process_upload::Deps {
        process_upload::Deps {
            assets: self.cloud.clone(),
            uploads: self.cloud.clone(),
            keys: self.cloud.clone(),
            media: self.cloud.clone(),
            wrap: self.wrap.clone(),
            packager: self.packager.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            plan: self.plan,
            usages: self.cloud.clone(),
            quota: builders::QUOTA,
            conversions: Some(self.cloud.clone()),
            ladder: None,
            previews: None,
            texts: self.cloud.clone(),
            scans: None,
        }
    }
    /// Of [`convert_film`]: sources of up to a million octets.
    pub fn convert_film(&self) -> convert_film::Deps {
        convert_film::Deps {
            process: process_upload::Deps {
                conversions: None,
                ..self.process_upload()
            },
            manifests: self.cloud.clone(),
            ladders: self.cloud.clone(),
            orders: self.cloud.clone(),
            workshop: self.workshop.clone(),
            max_source: 1_000_000,
            files: self.cloud.clone(),
            keep_files: true,
            previews: self.cloud.clone(),
            preview_files: self.cloud.clone(),
            seal: self.seal.clone(),
        }
    }
    /// Of [`seal_subtitles`].
    pub fn seal_subtitles<'a>(
        &self,
        packaging: &'a process_upload::Deps,
    ) -> seal_subtitles::Deps<'a> {
        seal_subtitles::Deps {
            packaging,
            manifests: self.cloud.clone(),
            subtitles: self.cloud.clone(),
            files: self.cloud.clone(),
            hashing: self.hashing.clone(),
        }
    }
    /// Of [`ask_ladder`].
    pub fn ask_ladder(&self) -> ask_ladder::Deps {
        ask_ladder::Deps {
            library: self.library(),
            ladders: self.cloud.clone(),
            orders: Some(self.cloud.clone()),
        }
    }
    /// Of [`authorize_playback`].
    pub fn authorize_playback(&self) -> authorize_playback::Deps {
        authorize_playback::Deps {
            views: self.cloud.clone(),
            gate: self.gate(),
            hashing: self.hashing.clone(),
            signer: self.signer.clone(),
            tickets: self.tickets.clone(),
            refreshes: self.refreshes.clone(),
            path_tokens: self.path_tokens.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            media_base: builders::MEDIA_BASE.to_owned(),
            session_seconds: 3_600,
            refresh_seconds: builders::REFRESH_SECONDS,
            offered: Offered::all(),
            lease_seconds: 90,
        }
    }
    /// Of [`authorize_download`]: through the distribution, since the golden film is small.
    pub fn authorize_download(&self) -> authorize_download::Deps {
        authorize_download::Deps {
            downloads: self.cloud.clone(),
            gate: self.gate(),
            hashing: self.hashing.clone(),
            signer: self.signer.clone(),
            files: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            plan: authorize_download::Plan {
                media_base: builders::MEDIA_BASE.to_owned(),
                url_seconds: 21_600,
                via_cloudfront_below: 20_000_000_000,
                scanned: false,
            },
        }
    }
    /// Of [`deliver_playlist`].
    pub fn deliver_playlist(&self) -> deliver_playlist::Deps {
        deliver_playlist::Deps {
            reads: self.cloud.clone(),
            media: self.cloud.clone(),
            tickets: self.tickets.clone(),
            clock: self.clock.clone(),
            media_base: builders::MEDIA_BASE.to_owned(),
        }
    }
    /// Of [`deliver_key`].
    pub fn deliver_key(&self) -> deliver_key::Deps {
        deliver_key::Deps {
            reads: self.cloud.clone(),
            leases: self.cloud.clone(),
            trails: self.cloud.clone(),
            wrap: self.wrap.clone(),
            tickets: self.tickets.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`deliver_preview`].
    pub fn deliver_preview(&self) -> deliver_preview::Deps {
        deliver_preview::Deps {
            reads: self.cloud.clone(),
            files: self.cloud.clone(),
            wrap: self.wrap.clone(),
            seal: self.seal.clone(),
            tickets: self.tickets.clone(),
            clock: self.clock.clone(),
        }
    }
    /// Of [`withdraw_asset`].
    pub fn withdraw_asset(&self) -> withdraw_asset::Deps {
        withdraw_asset::Deps {
            gate: self.gate(),
            assets: self.cloud.clone(),
            distribution: self.cloud.clone(),
        }
    }
    /// Of [`deletion`].
    pub fn deletion(&self) -> deletion::Deps {
        deletion::Deps {
            gate: self.gate(),
            assets: self.cloud.clone(),
            deletions: self.cloud.clone(),
            retentions: self.cloud.clone(),
            rules: self.cloud.clone(),
            distribution: self.cloud.clone(),
            quota: builders::QUOTA,
        }
    }
    /// Of [`set_quota`].
    pub fn set_quota(&self) -> set_quota::Deps {
        set_quota::Deps {
            quotas: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`rotate_secret`].
    pub fn rotate_secret(&self) -> rotate_secret::Deps {
        rotate_secret::Deps {
            secrets: Kind::ALL.map(|kind| (secret_arn(kind), kind)).into(),
            versions: self.cloud.clone(),
            rewraps: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`rewrap_keys`], where `1` always was the master key.
    pub fn rewrap_keys(&self) -> rewrap_keys::Deps {
        self.rewrap_keys_under("1", Timestamp(0), None)
    }
    /// Of [`rewrap_keys`], where this version is the master key since then.
    pub fn rewrap_keys_under(
        &self,
        current: &str,
        since: Timestamp,
        next: Option<&str>,
    ) -> rewrap_keys::Deps {
        let masters = FakeMasters::new(self.wrap.0.clone(), current, since, next);
        rewrap_keys::Deps {
            rewraps: self.cloud.clone(),
            wrap: Arc::new(masters),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`sweep_assets`].
    pub fn sweep_assets(&self) -> sweep_assets::Deps {
        sweep_assets::Deps {
            dues: self.cloud.clone(),
            assets: self.cloud.clone(),
            deletions: self.cloud.clone(),
            erasures: self.cloud.clone(),
            abandonments: self.cloud.clone(),
            retentions: self.cloud.clone(),
            scans: self.cloud.clone(),
            keys: self.cloud.clone(),
            media: self.cloud.clone(),
            sources: self.cloud.clone(),
            shares: self.cloud.clone(),
            records: self.cloud.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`organisation`].
    pub fn organisation(&self) -> organisation::Deps {
        organisation::Deps {
            standings: self.cloud.clone(),
            members: self.cloud.clone(),
            organisations: self.cloud.clone(),
            invitations: self.cloud.clone(),
            supports: self.cloud.clone(),
            spreads: self.cloud.clone(),
            support: self.cloud.with(|s| s.operator),
            limits: self.cloud.clone(),
            mail: self.cloud.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            usages: self.cloud.clone(),
            quota: builders::QUOTA,
        }
    }
    /// Of [`enter_support`].
    pub fn enter_support(&self) -> enter_support::Deps {
        enter_support::Deps {
            standings: self.cloud.clone(),
            supports: self.cloud.clone(),
            support: self.cloud.with(|s| s.operator),
            access: self.access.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`bootstrap_owner`].
    pub fn bootstrap_owner(&self) -> bootstrap_owner::Deps {
        bootstrap_owner::Deps {
            directory: self.cloud.clone(),
            mail: self.cloud.clone(),
            hasher: self.hasher.clone(),
            entropy: self.entropy.clone(),
            clock: self.clock.clone(),
        }
    }
    /// Of [`recover_account`].
    pub fn recover_account(&self) -> recover_account::Deps {
        recover_account::Deps {
            users: self.cloud.clone(),
            members: self.cloud.clone(),
            invitations: self.cloud.clone(),
            links: self.cloud.clone(),
            recovery: self.cloud.clone(),
            limits: self.cloud.clone(),
            mail: self.cloud.clone(),
            hasher: self.hasher.clone(),
            policy: self.policy.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`send_mail`].
    pub fn send_mail(&self) -> send_mail::Deps {
        send_mail::Deps {
            users: self.cloud.clone(),
            members: self.cloud.clone(),
            invitations: self.cloud.clone(),
            links: self.cloud.clone(),
            tokens: self.link_tokens.clone(),
            hashing: self.hashing.clone(),
            sender: self.cloud.clone(),
            clock: self.clock.clone(),
            pages: builders::pages(),
        }
    }
}
