//! Any text as an address, password, id, ticket or token: nothing forged passes, nothing panics.

use std::sync::LazyLock;

use vault_crypto::Keyring;
use vault_crypto::mac::{RefreshMac, TicketMac};
use vault_domain::credential::{Email, Password};
use vault_domain::id::{AssetId, KeyId};
use vault_domain::ports::{RefreshTokens as _, Tickets as _};
use vault_domain::secret::SecretText;
use vault_domain::token::MediaToken;

struct Macs {
    tickets: TicketMac,
    refresh: RefreshMac,
}

static MACS: LazyLock<Macs> = LazyLock::new(|| {
    let secret = SecretText::new(format!(r#"{{"current":"1","1":"{}"}}"#, "k".repeat(64)));
    let ring = Keyring::parse(&secret).expect("a key ring");
    Macs {
        tickets: TicketMac::new(&ring).expect("a key"),
        refresh: RefreshMac::new(&ring).expect("a key"),
    }
});

/// Nothing forged passes, and what is read is written the same.
///
/// # Panics
/// It is not so.
pub fn holds(text: &str) {
    assert!(MACS.tickets.open(text).is_none(), "a forged ticket");
    assert!(MACS.refresh.open(text).is_none(), "a forged refresh token");
    drop(MediaToken::parse(text));
    if let Ok(id) = AssetId::parse(text) {
        assert_eq!(id.to_string(), text, "one spelling of an id");
    }
    if let Ok(id) = KeyId::parse(text) {
        assert_eq!(id.to_string(), text, "one spelling of an id");
    }
    if let Ok(email) = Email::parse(text) {
        let again = Email::parse(email.as_str()).expect("its own form");
        assert_eq!(again.as_str(), email.as_str());
    }
    if let Ok(password) = Password::parse(text.to_owned()) {
        assert!((1..=72).contains(&password.expose().len()));
    }
}
