//! Golden shares, and deterministic stand-ins for the tokens of their links; those protect nothing.

use vault_domain::api_key::Label;
use vault_domain::id::{AssetId, ShareId};
use vault_domain::member::Actor;
use vault_domain::network::Networks;
use vault_domain::ports::ShareTokens;
use vault_domain::secret::SecretText;
use vault_domain::share::{Share, ShareClaims};
use vault_domain::token::{Digest, Grant, MediaToken};
use vault_domain::usecase::manage_shares::NewShare;

use crate::Kit;
use crate::builders;
use crate::clock::GOLDEN_NOW;
use crate::crypto::{FakeHasher, Shared, sha256};

/// The golden share.
pub const SHARE: ShareId = ShareId::from_octets([0xa1; 16]);
/// The password of shares that have one.
pub const SHARE_PASSWORD: &str = "open sesame";

/// Tokens `rvs_<asset>.<share>.<tag>`.
#[derive(Debug, Default)]
pub struct FakeShareTokens(pub Shared);

fn tag(body: &str) -> String {
    data_encoding::HEXLOWER.encode(&sha256(&[b"share", body.as_bytes()])[..16])
}

impl ShareTokens for FakeShareTokens {
    fn issue(&self, claims: &ShareClaims) -> SecretText {
        let body = format!("{}.{}", claims.asset, claims.share);
        let text = format!("rvs_{body}.{}", tag(&body));
        self.0.ledger.note(text.as_bytes());
        SecretText::new(text)
    }
    fn open(&self, text: &str) -> Option<ShareClaims> {
        let (body, mac) = text.strip_prefix("rvs_")?.rsplit_once('.')?;
        let (asset, share) = body.split_once('.')?;
        (mac == tag(body)).then_some(ShareClaims {
            asset: AssetId::parse(asset).ok()?,
            share: ShareId::parse(share).ok()?,
        })
    }
}

/// The golden share: of the golden asset, by its owner, without any bound.
pub fn share() -> Share {
    Share {
        id: SHARE,
        org: builders::ORG,
        asset: builders::ASSET,
        name: Label::parse("For review").expect("a golden name"),
        expires_at: None,
        max_views: None,
        first_play: None,
        password: None,
        networks: Networks::everywhere(),
        created_by: Actor::User(builders::OWNER),
        created_at: GOLDEN_NOW,
        asked: Digest([0xa2; 32]),
        version: 1,
        views: 0,
        first_played: None,
        revoked_at: None,
    }
}

/// What the golden share is asked for with.
pub fn new_share() -> NewShare {
    NewShare {
        name: share().name,
        expires_at: None,
        max_views: None,
        first_play: None,
        password: None,
        networks: Networks::everywhere(),
        idempotency: None,
    }
}

impl Kit {
    /// Plants the golden share, changed; the token of its link.
    pub fn plant_share(&self, change: impl FnOnce(&mut Share)) -> SecretText {
        let mut planted = share();
        change(&mut planted);
        let token = self.share_tokens.issue(&planted.claims());
        let key = (planted.asset, planted.id);
        self.cloud.with(|s| s.shares.insert(key, planted));
        token
    }

    /// The token of a share's link.
    pub fn share_tokens_of(&self, share: &Share) -> SecretText {
        self.share_tokens.issue(&share.claims())
    }

    /// Plants the golden share with the golden password; the token of its link.
    pub fn plant_guarded_share(&self) -> SecretText {
        self.plant_share(|share| share.password = Some(FakeHasher::hash_of(SHARE_PASSWORD)))
    }

    /// Plants the grant of a media token that the golden share was traded for.
    pub fn plant_shared_grant(&self, token: &MediaToken) -> Grant {
        self.plant_grant(token, |grant| {
            grant.subject = share().subject();
            grant.max_views = 1;
        })
    }
}
