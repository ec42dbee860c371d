//! Identifiers: a type prefix and 128 random bits in lower-case base 32 (RFC 4648, no padding),
//! for example `ast_mzxw6ytboi7777777777777774`. They name things; knowing one grants nothing.

use data_encoding::{BASE32_NOPAD, Encoding, Specification};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::LazyLock;

use crate::error::Malformed;
use crate::ports::{Entropy, StoreError};

static LOWER: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    // The alphabet is a constant that the unit tests cover; the fallback only differs in case.
    spec.encoding().unwrap_or(BASE32_NOPAD)
});

/// Characters of 128 bits in base 32.
const ENCODED: usize = 26;

pub(crate) fn encode128(octets: &[u8; 16]) -> String {
    LOWER.encode(octets)
}

pub(crate) fn decode128(text: &str) -> Option<[u8; 16]> {
    if text.len() != ENCODED {
        return None;
    }
    LOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The prefix that tells this kind of identifier from the others.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier of 128 random bits.
            ///
            /// # Errors
            /// The source of randomness failed.
            pub fn random(entropy: &dyn Entropy) -> Result<Self, StoreError> {
                let mut octets = [0; 16];
                entropy.fill(&mut octets)?;
                Ok(Self(octets))
            }

            /// An identifier from its 128 bits.
            pub const fn from_octets(octets: [u8; 16]) -> Self {
                Self(octets)
            }

            /// The 128 bits.
            pub const fn octets(&self) -> &[u8; 16] {
                &self.0
            }

            /// Parses the prefix and exactly 26 characters of lower-case base 32.
            ///
            /// # Errors
            /// [`Malformed`] for anything else: path separators, upper case, other kinds of id.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                text.strip_prefix(Self::PREFIX)
                    .and_then(decode128)
                    .map(Self)
                    .ok_or(Malformed {
                        field: stringify!($name),
                        expected: concat!("`", $prefix, "` and 26 characters of a-z and 2-7"),
                    })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}{}", Self::PREFIX, encode128(&self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}")
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::schema::id(Self::PREFIX)
            }
        }
    };
}

id!(
    /// An organisation: the tenant that owns users and assets.
    OrgId, "org_"
);
id!(
    /// A person; they may belong to several organisations.
    UserId, "usr_"
);
id!(
    /// An invitation into an organisation.
    InvitationId, "inv_"
);
id!(
    /// A film, lesson or recording.
    AssetId, "ast_"
);
id!(
    /// Subtitles that were brought beside a film: each time others.
    TextId, "txt_"
);

impl TextId {
    /// The 26 characters behind the prefix: what the names of its files have.
    pub fn code(&self) -> String {
        encode128(self.octets())
    }

    /// Reads [`TextId::code`].
    pub fn of_code(code: &str) -> Option<Self> {
        decode128(code).map(Self)
    }
}

impl Serialize for TextId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TextId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}
id!(
    /// A login session: the family of refresh tokens that descends from one login.
    SessionId, "ses_"
);
id!(
    /// One run of the packager over an asset; each run has its own segments and keys.
    PackageId, "pkg_"
);
id!(
    /// An API key: an OAuth client of an organisation.
    ApiKeyId, "apk_"
);
id!(
    /// A content key.
    KeyId, "key_"
);
id!(
    /// A playback session: one authorized view.
    PlaybackId, "plb_"
);
id!(
    /// A download: what a media token was spent on.
    DownloadId, "dwn_"
);
id!(
    /// A record of something that was done.
    RecordId, "rec_"
);
id!(
    /// A collection of assets.
    CollectionId, "col_"
);
id!(
    /// A space: collections that access is granted to together.
    SpaceId, "spc_"
);
id!(
    /// A group of people.
    GroupId, "grp_"
);
id!(
    /// A share of an asset: a named, revocable link for people without an account.
    ShareId, "shr_"
);
id!(
    /// What an owner granted to the operator's support.
    SupportId, "sup_"
);
id!(
    /// An endpoint that is told of changes.
    WebhookId, "whk_"
);
id!(
    /// What one endpoint is told of one change: a webhook's message. Of later changes it is greater.
    DeliveryId, "msg_"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = AssetId::from_octets([7; 16]);
        assert_eq!(AssetId::parse(&id.to_string()), Ok(id));
        assert_eq!(id.to_string().len(), 4 + ENCODED);
    }

    #[test]
    fn an_id_refuses_other_kinds_paths_case_and_slack_bits() {
        let good = AssetId::from_octets([0xff; 16]).to_string();
        let upper = good.to_uppercase();
        let slack = format!("{}{}", &good[..good.len() - 1], '7');
        let user = UserId::from_octets([1; 16]).to_string();
        for bad in [
            "",
            "ast_",
            "ast_../../../../etc/passwd",
            "ast_\0",
            &upper,
            &user,
            &slack,
        ] {
            assert!(AssetId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
