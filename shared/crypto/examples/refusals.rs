//! What it costs in CPU time to refuse what is forged (Linux): `cargo run --release -p vault-crypto --example refusals`.
//! All of it happens before any call to AWS.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use vault_crypto::access::{JwtIssuer, JwtVerifier};
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::jwks::public_jwks;
use vault_crypto::keyring::Keyring;
use vault_crypto::mac::{ShareMac, TicketMac};
use vault_domain::api_key::Scopes;
use vault_domain::credential::Role;
use vault_domain::id::{AssetId, OrgId, PlaybackId, SessionId, ShareId, UserId};
use vault_domain::member::Subject;
use vault_domain::playback::Ticket;
use vault_domain::ports::{AccessTokens as _, AccessVerifier as _, ShareTokens as _, Tickets as _};
use vault_domain::secret::SecretText;
use vault_domain::share::ShareClaims;
use vault_domain::time::Timestamp;
use vault_domain::token::Caller;

const ORG: OrgId = OrgId::from_octets([1; 16]);
const ASSET: AssetId = AssetId::from_octets([2; 16]);
const VIEWER: Subject = Subject::Person {
    user: UserId::from_octets([3; 16]),
    session: SessionId::from_octets([4; 16]),
};
const NOW: Timestamp = Timestamp(1_800_000_000);
const ISSUER: &str = "https://api.example.org";
const TIMES: u32 = 20_000;

fn ring(material: &[u8]) -> Result<Keyring, Box<dyn Error>> {
    let text = format!(r#"{{"current":"1","1":"{}"}}"#, STANDARD.encode(material));
    Ok(Keyring::parse(&SecretText::new(text))?)
}

/// CPU time of this process, which has one thread (Linux, proc(5): `schedstat`).
fn cpu() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds = text.split(' ').next().ok_or("no figure")?;
    Ok(nanoseconds.parse()?)
}

/// The text with its last letter but one changed: genuine but for the MAC, or the signature.
fn forged(genuine: &str) -> String {
    let (head, tail) = genuine.split_at(genuine.len() - 2);
    let letter = if tail.starts_with('A') { 'B' } else { 'A' };
    format!("{head}{letter}{}", &tail[1..])
}

#[expect(clippy::print_stdout, reason = "the figures are what this tool is for")]
fn told(what: &str, is_taken: impl Fn(&str) -> bool, text: &str) -> Result<(), Box<dyn Error>> {
    let begun = cpu()?;
    for _ in 0..TIMES {
        assert!(!is_taken(black_box(text)), "{what} is taken");
    }
    let each = Duration::from_nanos(cpu()?.saturating_sub(begun)) / TIMES;
    println!("{what}: {each:?}");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let macs = ring(&[7; 64])?;
    let tickets = TicketMac::new(&macs)?;
    let ticket = tickets.issue(&Ticket {
        playback: PlaybackId::from_octets([5; 16]),
        asset: ASSET,
        org: ORG,
        subject: VIEWER,
        expires_at: NOW,
    });
    let is_ticket = |text: &str| tickets.open(text).is_some();
    assert!(is_ticket(ticket.expose()), "the genuine one");
    told("a forged ticket", is_ticket, &forged(ticket.expose()))?;
    told(
        "a ticket of another length",
        is_ticket,
        &ticket.expose()[1..],
    )?;
    told(
        "10,000 letters for a ticket",
        is_ticket,
        &"A".repeat(10_000),
    )?;

    let shares = ShareMac::new(&macs)?;
    let share = ShareId::from_octets([6; 16]);
    let link = shares.issue(&ShareClaims {
        asset: ASSET,
        share,
    });
    let is_link = |text: &str| shares.open(text).is_some();
    assert!(is_link(link.expose()), "the genuine one");
    told("a forged share", is_link, &forged(link.expose()))?;

    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
    let signing = ring(pair.to_pkcs8v1()?.as_ref())?;
    let issuer = JwtIssuer::new(&signing, ISSUER.to_owned(), Arc::new(SystemEntropy))?;
    let caller = Caller {
        subject: VIEWER,
        org: ORG,
        role: Role::Viewer,
        scopes: Scopes::all(),
    };
    let access = issuer.issue(&caller, NOW, 600)?;
    let verifier = JwtVerifier::new(&public_jwks(&signing)?, ISSUER)?;
    let is_access = |text: &str| verifier.verify(text, NOW).is_some();
    assert!(is_access(access.expose()), "the genuine one");
    told(
        "an access token with another signature",
        is_access,
        &forged(access.expose()),
    )?;
    let unsigned = access.expose().rsplit_once('.').ok_or("no signature")?.0;
    told(
        "an access token without a signature",
        is_access,
        &format!("{unsigned}."),
    )
}
