//! Deterministic stand-ins for the tokens of links and the judge of passwords; they protect nothing.

use vault_domain::link::{LinkRequest, LinkToken};
use vault_domain::password::{Context, Password, PasswordPolicy, Weakness};
use vault_domain::ports::LinkTokens;

use crate::crypto::{Shared, sha256};

/// Tokens from SHA-256 of the request.
#[derive(Debug, Default)]
pub struct FakeLinkTokens(pub Shared);

impl LinkTokens for FakeLinkTokens {
    fn token(&self, request: &LinkRequest) -> LinkToken {
        let token = LinkToken::of(&sha256(&[b"link", &request.octets()]));
        self.0.ledger.note(token.secret().expose().as_bytes());
        token
    }
}

/// Finds nothing but what contains a word of the context.
#[derive(Debug, Clone, Copy, Default)]
pub struct FakePolicy;

impl PasswordPolicy for FakePolicy {
    fn weakness(&self, password: &Password, context: &Context) -> Option<Weakness> {
        let lower = password.expose().to_lowercase();
        let mut words = context.words().iter();
        words
            .any(|word| lower.contains(word.as_str()))
            .then_some(Weakness::Context)
    }
}
