//! The `Deps` of every use case over a [`Kit`].

use vault_domain::usecase::{
    authorize_playback, begin_upload, bootstrap_owner, client, deliver_key, deliver_playlist,
    exchange, finalize_upload, introspect, login, manage_api_keys, process_upload, refresh,
    revoke_token, withdraw_asset,
};

use crate::builders;
use crate::kit::Kit;

/// The `Deps` of the use cases.
impl Kit {
    /// Of [`login`].
    pub fn login(&self) -> login::Deps {
        login::Deps {
            users: self.cloud.clone(),
            members: self.cloud.clone(),
            limits: self.cloud.clone(),
            sessions: self.cloud.clone(),
            hasher: self.hasher.clone(),
            hashing: self.hashing.clone(),
            access: self.access.clone(),
            refresh: self.refresh_tokens.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
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
        }
    }
    /// Of [`introspect`].
    pub fn introspect(&self) -> introspect::Deps {
        introspect::Deps {
            standings: self.cloud.clone(),
            sessions: self.cloud.clone(),
            hashing: self.hashing.clone(),
            refresh: self.refresh_tokens.clone(),
            verifier: self.access.clone(),
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
            standings: self.cloud.clone(),
            assets: self.cloud.clone(),
            grants: self.cloud.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`begin_upload`].
    pub fn begin_upload(&self) -> begin_upload::Deps {
        begin_upload::Deps {
            assets: self.cloud.clone(),
            uploads: self.cloud.clone(),
            hashing: self.hashing.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
    /// Of [`finalize_upload`].
    pub fn finalize_upload(&self) -> finalize_upload::Deps {
        finalize_upload::Deps {
            assets: self.cloud.clone(),
            uploads: self.cloud.clone(),
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
        }
    }
    /// Of [`authorize_playback`].
    pub fn authorize_playback(&self) -> authorize_playback::Deps {
        authorize_playback::Deps {
            views: self.cloud.clone(),
            standings: self.cloud.clone(),
            hashing: self.hashing.clone(),
            signer: self.signer.clone(),
            tickets: self.tickets.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            media_base: builders::MEDIA_BASE.to_owned(),
            session_seconds: 3_600,
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
            wrap: self.wrap.clone(),
            tickets: self.tickets.clone(),
            clock: self.clock.clone(),
        }
    }
    /// Of [`withdraw_asset`].
    pub fn withdraw_asset(&self) -> withdraw_asset::Deps {
        withdraw_asset::Deps {
            assets: self.cloud.clone(),
            distribution: self.cloud.clone(),
        }
    }
    /// Of [`bootstrap_owner`].
    pub fn bootstrap_owner(&self) -> bootstrap_owner::Deps {
        bootstrap_owner::Deps {
            directory: self.cloud.clone(),
            hasher: self.hasher.clone(),
            entropy: self.entropy.clone(),
            clock: self.clock.clone(),
        }
    }
}
