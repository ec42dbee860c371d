//! Golden secrets that rotate, and master keys of several versions.

use vault_domain::id::{AssetId, KeyId, PackageId};
use vault_domain::playback::WrappedKey;
use vault_domain::ports::{KeyWrap, MasterRing, Stored};
use vault_domain::rotation::Kind;
use vault_domain::secret::ContentKey;
use vault_domain::time::Timestamp;

use crate::cloud::KeptSecret;
use crate::crypto::{FakeKeyWrap, Shared};
use crate::kit::Kit;

/// The version in which golden secrets begin.
pub const FIRST_VERSION: &str = "11111111-1111-1111-1111-111111111111";

/// The ARN of the golden secret of a kind.
pub fn secret_arn(kind: Kind) -> String {
    format!(
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:{}-a1B2c3",
        kind.as_str()
    )
}

/// [`FakeKeyWrap`] under one of several versions; `0` was taken out.
#[derive(Debug)]
pub struct FakeMasters {
    wrap: FakeKeyWrap,
    current: String,
    since: Timestamp,
    next: Option<String>,
}

impl FakeMasters {
    /// Master keys of which `current` is that since a moment.
    pub fn new(shared: Shared, current: &str, since: Timestamp, next: Option<&str>) -> Self {
        Self {
            wrap: FakeKeyWrap(shared),
            current: current.to_owned(),
            since,
            next: next.map(str::to_owned),
        }
    }
}

impl KeyWrap for FakeMasters {
    fn wrap(
        &self,
        key: &ContentKey,
        asset: AssetId,
        id: KeyId,
        package: PackageId,
        nonce: [u8; 12],
    ) -> Stored<WrappedKey> {
        let under = (self.current.as_str(), nonce);
        self.wrap.wrap_under(under, key, asset, id, package)
    }
    fn unwrap(&self, wrapped: &WrappedKey) -> Stored<ContentKey> {
        self.wrap.unwrap(wrapped)
    }
}

impl MasterRing for FakeMasters {
    fn current(&self) -> (&str, Timestamp) {
        (&self.current, self.since)
    }
    fn is_old(&self, version: &str) -> bool {
        version != self.current && self.next.as_deref() != Some(version)
    }
}

impl Kit {
    /// Plants a secret that never turned, under its golden ARN.
    pub fn plant_secret(&self, kind: Kind) {
        let text = format!(r#"{{"current":"1","1":"{}"}}"#, "a".repeat(64));
        let secret = KeptSecret::of(FIRST_VERSION, text);
        self.cloud
            .with(|s| s.secrets.insert(secret_arn(kind), secret));
    }
}
