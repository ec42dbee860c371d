//! Codes of random secrets at random times, and the URI that enrols them.

use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};
use vault_crypto::entropy::SystemEntropy;
use vault_crypto::totp::HmacTotp;
use vault_domain::credential::Email;
use vault_domain::factor::{Issuer, Step, Totp as _, TotpSecret, otpauth_uri};
use vault_domain::ports::Entropy as _;
use vault_domain::time::Timestamp;
use vault_tests::python;

/// A moment before the year 2106, in which every clock of 32 bits ends.
fn moment() -> u64 {
    let mut octets = [0; 4];
    SystemEntropy.fill(&mut octets).unwrap();
    u32::from_be_bytes(octets).into()
}

fn enrolment(issuer: &str, account: &str) -> Value {
    let secret = TotpSecret::random(&SystemEntropy).unwrap();
    let (issuer, account) = (
        Issuer::parse(issuer).unwrap(),
        Email::parse(account).unwrap(),
    );
    let codes = (0..20).map(|_| {
        let time = moment();
        let code = HmacTotp.code(&secret, Step::at(Timestamp(time))).unwrap();
        json!({ "time": time, "code": code.expose() })
    });
    json!({
        "secret": BASE32_NOPAD.encode(secret.expose()),
        "codes": codes.collect::<Vec<_>>(),
        "issuer": issuer.as_str(),
        "account": account.as_str(),
        "uri": otpauth_uri(&issuer, &account, &secret).expose(),
    })
}

#[test]
fn our_codes_and_enrolments_are_those_of_pyotp_and_oathtool() {
    let names = [
        ("Reelvault", "ada@example.org"),
        ("Reelvault Söhne", "ada.lovelace_1-2~3@example.org"),
        ("Kino & Söhne, 100 %?", "ada+films#1%=/@example.org"),
    ];
    let enrolments: Vec<_> = names
        .iter()
        .map(|(issuer, account)| enrolment(issuer, account))
        .collect();
    let input = json!({ "enrolments": enrolments });
    let told = python::run("totp.py", &input.to_string());
    println!("{told}");
    assert!(told.starts_with("ok"), "{told}");
}
