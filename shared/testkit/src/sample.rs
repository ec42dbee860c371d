//! Golden values with random ids, for stores that are not empty.

use vault_domain::api_key::ApiKey;
use vault_domain::asset::NewAsset;
use vault_domain::credential::{Role, User};
use vault_domain::download::Download;
use vault_domain::id::{
    ApiKeyId, AssetId, DownloadId, InvitationId, KeyId, OrgId, PackageId, PlaybackId, SessionId,
    UserId,
};
use vault_domain::member::{Account, Actor, Invitation, Membership, Organisation};
use vault_domain::playback::{PlaybackSession, WrappedKey};
use vault_domain::ports::NewOwner;
use vault_domain::time::Timestamp;
use vault_domain::token::{Digest, Grant, Session};

use crate::builders::{self, download, email, grant, media_token, playback, session};
use crate::entropy::SeededEntropy;

/// When what is stored for a while ends: far ahead of any real clock, since real stores remove what is over.
pub const FAR_AHEAD: Timestamp = Timestamp(4_000_000_000);

/// Golden values with random ids: each call gives others, each seed its own.
#[derive(Debug)]
pub struct Sample(pub SeededEntropy);

impl Sample {
    /// Samples of a seed.
    pub fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }
    /// An id of any kind.
    pub fn id<T>(&self, of: impl Fn([u8; 16]) -> T) -> T {
        of(self.0.octets())
    }
    /// A digest.
    pub fn digest(&self) -> Digest {
        Digest(self.0.octets())
    }
    /// A package id.
    pub fn package(&self) -> PackageId {
        PackageId::from_octets(self.0.octets())
    }
    /// An asset's id.
    pub fn asset(&self) -> AssetId {
        AssetId::from_octets(self.0.octets())
    }
    /// An owner of an organisation of their own.
    pub fn owner(&self) -> NewOwner {
        let user = UserId::from_octets(self.0.octets());
        let org = OrgId::from_octets(self.0.octets());
        NewOwner {
            organisation: Organisation {
                id: org,
                ..builders::organisation()
            },
            user: User {
                id: user,
                email: email(&format!("{user}@example.org")),
                ..builders::user()
            },
            account: Account {
                orgs: vec![org],
                ..builders::account(user)
            },
            membership: Membership {
                org,
                ..builders::membership(user, Role::Owner)
            },
        }
    }
    /// An owner's invitation of an address that nobody else has.
    pub fn invitation_of(&self, owner: &NewOwner) -> Invitation {
        let id = InvitationId::from_octets(self.0.octets());
        Invitation {
            id,
            org: owner.organisation.id,
            expires_at: FAR_AHEAD,
            invited_by: Actor::User(owner.user.id),
            ..builders::invitation(&format!("{id}@example.org"))
        }
    }
    /// Someone of a role in the organisation of `of`, and the owner of an organisation that is theirs alone.
    pub fn colleague(&self, of: &NewOwner, role: Role) -> NewOwner {
        let own = self.owner();
        NewOwner {
            account: Account {
                orgs: vec![own.organisation.id, of.organisation.id],
                ..own.account
            },
            membership: Membership {
                org: of.organisation.id,
                role,
                ..own.membership
            },
            ..own
        }
    }
    /// A login session of an owner.
    pub fn session_of(&self, owner: &NewOwner) -> Session {
        Session {
            user: owner.user.id,
            org: owner.organisation.id,
            ..self.session()
        }
    }
    /// An API key of an organisation.
    pub fn api_key(&self, org: OrgId) -> ApiKey {
        ApiKey {
            id: ApiKeyId::from_octets(self.0.octets()),
            org,
            active: self.digest(),
            created_by: UserId::from_octets(self.0.octets()),
            ..builders::api_key()
        }
    }
    /// An announcement of these octets in one PUT.
    pub fn new_asset(&self, film: &[u8]) -> NewAsset {
        NewAsset {
            id: AssetId::from_octets(self.0.octets()),
            org: OrgId::from_octets(self.0.octets()),
            owner: Actor::User(UserId::from_octets(self.0.octets())),
            ..builders::new_asset(film)
        }
    }
    /// An announcement of these octets in parts.
    pub fn new_multipart_asset(&self, film: &[u8], part_size: u64) -> NewAsset {
        let NewAsset { id, org, owner, .. } = self.new_asset(film);
        NewAsset {
            id,
            org,
            owner,
            ..builders::new_multipart_asset(film, part_size)
        }
    }
    /// A media token of one view, for an asset.
    pub fn grant(&self, asset: AssetId) -> Grant {
        Grant {
            digest: self.digest(),
            asset,
            expires_at: FAR_AHEAD,
            ..grant(&media_token(1))
        }
    }
    /// A playback session of a grant.
    pub fn playback(&self, grant: &Grant) -> PlaybackSession {
        PlaybackSession {
            id: PlaybackId::from_octets(self.0.octets()),
            asset: grant.asset,
            package: self.package(),
            grant: grant.digest,
            subject: grant.subject,
            org: grant.org,
            expires_at: FAR_AHEAD,
            ..playback()
        }
    }
    /// A download of a grant.
    pub fn download(&self, grant: &Grant) -> Download {
        Download {
            id: DownloadId::from_octets(self.0.octets()),
            asset: grant.asset,
            grant: grant.digest,
            subject: grant.subject,
            org: grant.org,
            expires_at: FAR_AHEAD,
            ..download()
        }
    }
    /// A login session.
    pub fn session(&self) -> Session {
        Session {
            id: SessionId::from_octets(self.0.octets()),
            user: UserId::from_octets(self.0.octets()),
            org: OrgId::from_octets(self.0.octets()),
            nonce: self.0.octets(),
            active: self.digest(),
            expires_at: FAR_AHEAD,
            ..session("")
        }
    }
    /// A wrapped key of a package; what it seals is noise.
    pub fn wrapped_key(&self, asset: AssetId, package: PackageId) -> WrappedKey {
        WrappedKey {
            asset,
            key: KeyId::from_octets(self.0.octets()),
            package,
            master: "1".to_owned(),
            nonce: self.0.octets(),
            sealed: self.0.octets(),
        }
    }
}
