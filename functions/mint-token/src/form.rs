//! The form of the token endpoint.

use std::str::FromStr;

use vault_domain::audit::Source;
use vault_domain::error::{Malformed, Refusal};
use vault_domain::id::{AssetId, OrgId, SupportId};
use vault_domain::ports::AccessVerifier;
use vault_domain::support::SUPPORT_RESOURCE;
use vault_domain::time::{Lifetime, Timestamp};
use vault_domain::token::Action;
use vault_domain::usecase::Ask;
use vault_domain::usecase::enter_support;
use vault_domain::usecase::exchange::{Command, DEFAULT_LIFETIME, LIFETIMES, Views};

use crate::MEDIA_TOKEN;

/// RFC 8693 §3.
pub(crate) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Assets as RFC 8707 resources.
const RESOURCE: &str = "urn:reelvault:asset:";

pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) const fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// RFC 6749 §3.2: a parameter without a value is as if it were left out.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(known, _)| known == name);
        field
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn required(
        &self,
        field: &'static str,
        expected: &'static str,
    ) -> Result<&str, Malformed> {
        self.get(field).ok_or(Malformed { field, expected })
    }

    /// Is another access token asked for, and no media token?
    pub(crate) fn is_for_support(&self) -> bool {
        self.get("requested_token_type") == Some(ACCESS_TOKEN)
    }

    pub(crate) fn support(
        &self,
        verifier: &dyn AccessVerifier,
        now: Timestamp,
        source: Source,
    ) -> Result<enter_support::Command, Refusal> {
        let ask = self.subject(verifier, now, source)?;
        let expected = "what the owner was told: urn:reelvault:support:, an organisation's id, a colon and a grant's id";
        let named = self.required("resource", expected)?;
        let named = named.strip_prefix(SUPPORT_RESOURCE);
        let parse = |(org, support): (&str, &str)| {
            OrgId::parse(org).ok().zip(SupportId::parse(support).ok())
        };
        let named = named.and_then(|rest| rest.split_once(':')).and_then(parse);
        let (org, support) = named.ok_or(Malformed {
            field: "resource",
            expected,
        })?;
        Ok(enter_support::Command { ask, org, support })
    }

    fn subject(
        &self,
        verifier: &dyn AccessVerifier,
        now: Timestamp,
        source: Source,
    ) -> Result<Ask, Refusal> {
        self.only(
            "subject_token_type",
            ACCESS_TOKEN,
            "the token type of an access token",
        )?;
        let subject = self.required("subject_token", "an access token")?;
        let caller = verifier.verify(subject, now).ok_or(Refusal::InvalidToken {
            what: "access token",
            why: "it is forged, expired or for another audience",
        })?;
        Ok(Ask { caller, source })
    }

    pub(crate) fn exchange(
        &self,
        verifier: &dyn AccessVerifier,
        now: Timestamp,
        source: Source,
    ) -> Result<Command, Refusal> {
        if self.get("requested_token_type").is_some() {
            self.only(
                "requested_token_type",
                MEDIA_TOKEN,
                "the token type of a media token, or of an access token for support",
            )?;
        }
        let ask = self.subject(verifier, now, source)?;
        let expected = "urn:reelvault:asset: and an asset's id";
        let asset = self
            .required("resource", expected)?
            .strip_prefix(RESOURCE)
            .and_then(|id| AssetId::parse(id).ok())
            .ok_or(Malformed {
                field: "resource",
                expected,
            })?;
        Ok(Command {
            ask,
            asset,
            action: Action::parse(self.get("scope").unwrap_or("play"))?,
            lifetime: self.lifetime()?,
            max_views: Views::parse(self.number("max_views", "1 to 1000")?.unwrap_or(1))?,
            bounds: self.bounds()?,
        })
    }

    fn lifetime(&self) -> Result<Lifetime, Malformed> {
        let expected = "1 to 86400 seconds";
        let seconds = self
            .number::<u32>("lifetime", expected)?
            .map_or(DEFAULT_LIFETIME, u64::from);
        Lifetime::parse(seconds, LIFETIMES, expected)
    }

    pub(crate) fn number<T: FromStr>(
        &self,
        field: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, Malformed> {
        let parse = |text: &str| text.parse().map_err(|_| Malformed { field, expected });
        self.get(field).map(parse).transpose()
    }

    fn only(
        &self,
        field: &'static str,
        value: &str,
        expected: &'static str,
    ) -> Result<(), Malformed> {
        match self.required(field, expected)? {
            given if given == value => Ok(()),
            _ => Err(Malformed { field, expected }),
        }
    }
}
