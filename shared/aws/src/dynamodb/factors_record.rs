//! Second factors in and out of their record, `factors#<user>` in the table of users.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use vault_domain::factor::{FactorSet, RecoveryCodes, Sealed, Step, TotpState, UsedCode};
use vault_domain::id::{SessionId, UserId};
use vault_domain::passkey::{CredentialId, Passkey, PasskeyName};
use vault_domain::token::Digest;

use super::record::{Corrupt, Fields, Item, PK, flag, item, number, octets, put_some, text, time};

pub(super) fn pk(user: UserId) -> String {
    format!("factors#{user}")
}

pub(super) fn to_item(set: &FactorSet) -> Item {
    let mut record = item([
        (PK, text(pk(set.user))),
        ("version", number(set.version)),
        ("recovery", AttributeValue::M(recovery_item(&set.recovery))),
        (
            "passkeys",
            list(
                set.passkeys
                    .iter()
                    .map(|p| AttributeValue::M(passkey_item(p))),
            ),
        ),
    ]);
    for (name, totp) in [("totp", &set.totp), ("pending", &set.pending)] {
        let totp = totp.as_ref().map(|totp| AttributeValue::M(totp_item(totp)));
        put_some(&mut record, name, totp);
    }
    record
}

pub(super) fn from_item(item: &Item) -> Result<FactorSet, Corrupt> {
    let fields = Fields(item);
    let totp = |name| match map(fields, name) {
        None if fields.has(name) => Err(Corrupt(name)),
        found => found.map(totp).transpose(),
    };
    let passkeys = values(fields, "passkeys")?.iter().map(|value| match value {
        AttributeValue::M(one) => passkey(one),
        _ => Err(Corrupt("passkeys")),
    });
    Ok(FactorSet {
        user: fields.parsed(PK, |pk| UserId::parse(pk.strip_prefix("factors#")?).ok())?,
        version: fields.number("version")?,
        totp: totp("totp")?,
        pending: totp("pending")?,
        recovery: recovery(map(fields, "recovery").ok_or(Corrupt("recovery"))?)?,
        passkeys: passkeys.collect::<Result<_, _>>()?,
    })
}

fn list(values: impl Iterator<Item = AttributeValue>) -> AttributeValue {
    AttributeValue::L(values.collect())
}

fn map<'a>(fields: Fields<'a>, name: &str) -> Option<&'a HashMap<String, AttributeValue>> {
    match fields.0.get(name) {
        Some(AttributeValue::M(map)) => Some(map),
        _ => None,
    }
}

fn values<'a>(fields: Fields<'a>, name: &'static str) -> Result<&'a [AttributeValue], Corrupt> {
    match fields.0.get(name) {
        Some(AttributeValue::L(values)) => Ok(values),
        _ => Err(Corrupt(name)),
    }
}

/// Octets of any number.
fn blob(fields: Fields<'_>, name: &'static str) -> Result<Vec<u8>, Corrupt> {
    match fields.0.get(name) {
        Some(AttributeValue::B(blob)) => Ok(blob.as_ref().to_vec()),
        _ => Err(Corrupt(name)),
    }
}

fn totp_item(totp: &TotpState) -> Item {
    let mut record = item([
        ("key_version", text(&totp.sealed.key_version)),
        ("nonce", octets(&totp.sealed.nonce)),
        (
            "sealed",
            AttributeValue::B(Blob::new(totp.sealed.octets.clone())),
        ),
        ("confirmed", flag(totp.confirmed)),
    ]);
    put_some(&mut record, "step", totp.last_step.map(|s| number(s.0)));
    let session = totp.last_session.map(|id| text(id.to_string()));
    put_some(&mut record, "session", session);
    put_some(&mut record, "confirmed_at", totp.confirmed_at.map(time));
    record
}

fn totp(item: &Item) -> Result<TotpState, Corrupt> {
    let fields = Fields(item);
    Ok(TotpState {
        sealed: Sealed {
            key_version: fields.text("key_version")?.to_owned(),
            nonce: fields.octets("nonce")?,
            octets: blob(fields, "sealed")?,
        },
        confirmed: fields.flag("confirmed")?,
        last_step: fields.optional("step", Fields::number)?.map(Step),
        last_session: fields.optional("session", session)?,
        confirmed_at: fields.optional("confirmed_at", Fields::time)?,
    })
}

fn session(fields: Fields<'_>, name: &'static str) -> Result<SessionId, Corrupt> {
    fields.parsed(name, |text| SessionId::parse(text).ok())
}

fn recovery_item(codes: &RecoveryCodes) -> Item {
    let unused = codes.unused.iter().map(|digest| text(digest.hex()));
    let mut record = item([("unused", list(unused))]);
    if let Some(last) = codes.last {
        record.extend(item([
            ("last", text(last.code.hex())),
            ("session", text(last.session.to_string())),
            ("used_at", time(last.used_at)),
        ]));
    }
    record
}

fn recovery(item: &Item) -> Result<RecoveryCodes, Corrupt> {
    let fields = Fields(item);
    let digest = |fields: Fields<'_>, name| fields.parsed(name, Digest::from_hex);
    let last = fields.optional("last", digest)?;
    Ok(RecoveryCodes {
        unused: fields.texts("unused", Digest::from_hex)?,
        last: last
            .map(|code| {
                Ok(UsedCode {
                    code,
                    session: session(fields, "session")?,
                    used_at: fields.time("used_at")?,
                })
            })
            .transpose()?,
    })
}

fn passkey_item(passkey: &Passkey) -> Item {
    let mut record = item([
        ("credential", text(passkey.credential.to_string())),
        (
            "public_key",
            AttributeValue::B(Blob::new(passkey.public_key.clone())),
        ),
        ("sign_count", number(passkey.sign_count)),
        ("backup_eligible", flag(passkey.backup_eligible)),
        ("backed_up", flag(passkey.backed_up)),
        ("transports", list(passkey.transports.iter().map(text))),
        ("name", text(passkey.name.as_str())),
        ("created_at", time(passkey.created_at)),
    ]);
    put_some(&mut record, "last_used", passkey.last_used.map(time));
    record
}

fn passkey(item: &Item) -> Result<Passkey, Corrupt> {
    let fields = Fields(item);
    Ok(Passkey {
        credential: fields.parsed("credential", |text| CredentialId::parse(text).ok())?,
        public_key: blob(fields, "public_key")?,
        sign_count: fields.number("sign_count")?,
        backup_eligible: fields.flag("backup_eligible")?,
        backed_up: fields.flag("backed_up")?,
        transports: fields.texts("transports", |text| Some(text.to_owned()))?,
        name: fields.parsed("name", PasskeyName::stored)?,
        created_at: fields.time("created_at")?,
        last_used: fields.optional("last_used", Fields::time)?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    fn app(step: Option<u64>) -> TotpState {
        TotpState {
            sealed: Sealed {
                key_version: "2".to_owned(),
                nonce: [7; 12],
                octets: vec![8; 36],
            },
            confirmed: step.is_some(),
            last_step: step.map(Step),
            last_session: step.map(|_| SessionId::from_octets([3; 16])),
            confirmed_at: step.map(|_| Timestamp(9)),
        }
    }

    /// Everything at once.
    pub(in crate::dynamodb) fn full() -> FactorSet {
        let passkey = Passkey {
            credential: CredentialId::from_octets(vec![4; 20]).unwrap(),
            public_key: vec![5; 77],
            sign_count: 6,
            backup_eligible: true,
            backed_up: false,
            transports: vec!["internal".to_owned(), "usb".to_owned()],
            name: PasskeyName::parse("Phone").unwrap(),
            created_at: Timestamp(10),
            last_used: Some(Timestamp(11)),
        };
        FactorSet {
            user: UserId::from_octets([1; 16]),
            version: 4,
            totp: Some(app(Some(100))),
            pending: Some(app(None)),
            recovery: RecoveryCodes {
                unused: vec![Digest([1; 32]), Digest([2; 32])],
                last: Some(UsedCode {
                    code: Digest([3; 32]),
                    session: SessionId::from_octets([3; 16]),
                    used_at: Timestamp(12),
                }),
            },
            passkeys: vec![
                passkey.clone(),
                Passkey {
                    last_used: None,
                    ..passkey
                },
            ],
        }
    }

    #[test]
    fn a_set_reads_back_and_a_broken_one_is_corrupt() {
        let required = [PK, "version", "recovery", "passkeys"];
        reads_back(&full(), &to_item(&full()), from_item, &required);
        let bare = FactorSet::none(full().user);
        reads_back(&bare, &to_item(&bare), from_item, &required);
    }

    #[test]
    fn what_is_broken_inside_is_corrupt_and_never_taken_for_no_factor() {
        for (name, inside) in [
            ("totp", "sealed"),
            ("totp", "nonce"),
            ("totp", "confirmed"),
            ("pending", "key_version"),
            ("recovery", "unused"),
            ("recovery", "session"),
            ("recovery", "used_at"),
        ] {
            let mut record = to_item(&full());
            let Some(AttributeValue::M(map)) = record.get_mut(name) else {
                panic!("{name} is no map");
            };
            map.remove(inside).unwrap();
            assert_eq!(from_item(&record), Err(Corrupt(inside)), "{name}");
        }
        for name in ["totp", "pending"] {
            let mut record = to_item(&full());
            record.insert(name.to_owned(), text("x"));
            assert_eq!(from_item(&record), Err(Corrupt(name)));
        }
        for one in passkey_item(&full().passkeys[0]).keys() {
            let mut broken = passkey_item(&full().passkeys[0]);
            broken.insert(one.clone(), AttributeValue::Ss(vec!["x".to_owned()]));
            assert!(passkey(&broken).is_err(), "{one}");
        }
    }
}
