//! A playback session as a record.

use vault_domain::bounds::{Lease, MaxStreams};
use vault_domain::id::{AssetId, OrgId, PackageId, PlaybackId};
use vault_domain::member::Subject;
use vault_domain::playback::{Before, PlaybackSession, UrlSignature};
use vault_domain::spread::{Trail, Watch};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::record::{Corrupt, Fields, Item, PK, flag, item, number, put_some, text, time};
use super::{TTL, TTL_SLACK, bounds_record, spread_record};

pub(super) fn to_item(session: &PlaybackSession) -> Item {
    let mut item = item([
        (PK, text(session.id.to_string())),
        ("asset", text(session.asset.to_string())),
        ("package", text(session.package.to_string())),
        ("grant", text(session.grant.hex())),
        ("subject", text(session.subject.to_string())),
        ("org", text(session.org.to_string())),
        ("policy", text(&session.signature.policy)),
        ("signature", text(&session.signature.signature)),
        ("key_pair_id", text(&session.signature.key_pair_id)),
        ("opened_at", time(session.opened_at)),
        ("ends_at", time(session.expires_at)),
        ("revoked", flag(session.revoked)),
        (TTL, time(kept_until(session).plus(TTL_SLACK))),
    ]);
    bounds_record::put(&mut item, &session.bounds);
    let device = session.device.map(|own| text(own.hex()));
    put_some(&mut item, "device", device);
    if let Some(lease) = &session.lease {
        item.insert("lease_of".to_owned(), text(lease.of.hex()));
        item.insert("lease_most".to_owned(), number(lease.most.count()));
        item.insert("lease_seconds".to_owned(), number(lease.seconds));
        item.insert(LEASE_UNTIL.to_owned(), time(lease.until));
    }
    put_some(&mut item, REFRESH_UNTIL, session.refresh_until.map(time));
    if let Some(Before {
        expires_at,
        signature,
    }) = &session.before
    {
        item.insert(BEFORE_ENDS_AT.to_owned(), time(*expires_at));
        item.insert("before_policy".to_owned(), text(&signature.policy));
        item.insert("before_signature".to_owned(), text(&signature.signature));
        item.insert(
            "before_key_pair_id".to_owned(),
            text(&signature.key_pair_id),
        );
    }
    if let Some(Watch { rule, trail }) = &session.watch {
        item.extend(spread_record::attributes(rule));
        item.insert(TRAIL.to_owned(), text(trail.to_string()));
        put_some(&mut item, SPREAD_AT, trail.raised().map(time));
    }
    item
}

/// Where its keys went.
pub(super) const TRAIL: &str = "trail";
/// When that was a sign.
pub(super) const SPREAD_AT: &str = "spread_at";

fn watch(fields: Fields<'_>, name: &'static str) -> Result<Watch, Corrupt> {
    let raised = fields.optional(SPREAD_AT, Fields::time)?;
    Ok(Watch {
        trail: fields.parsed(name, Trail::parse)?.with_raised(raised),
        rule: spread_record::rule(fields)?,
    })
}

/// Until when it may be refreshed.
const REFRESH_UNTIL: &str = "refresh_until";
/// When its URLs end that it was told in before its last refresh.
const BEFORE_ENDS_AT: &str = "before_ends_at";

/// One that is over may be refreshed.
fn kept_until(session: &PlaybackSession) -> Timestamp {
    session
        .refresh_until
        .map_or(session.expires_at, |until| until.max(session.expires_at))
}

fn signature(fields: Fields<'_>, names: [&'static str; 3]) -> Result<UrlSignature, Corrupt> {
    let [policy, signature, key_pair_id] = names.map(|name| fields.text(name).map(str::to_owned));
    Ok(UrlSignature {
        policy: policy?,
        signature: signature?,
        key_pair_id: key_pair_id?,
    })
}

fn before(fields: Fields<'_>, name: &'static str) -> Result<Before, Corrupt> {
    let names = ["before_policy", "before_signature", "before_key_pair_id"];
    Ok(Before {
        expires_at: fields.time(name)?,
        signature: signature(fields, names)?,
    })
}

/// Until when its place is safe.
pub(super) const LEASE_UNTIL: &str = "lease_until";

fn lease(fields: Fields<'_>) -> Result<Option<Lease>, Corrupt> {
    let of = |fields: Fields<'_>, name| {
        let most = fields.number("lease_most")?;
        Ok(Lease {
            of: fields.parsed(name, Digest::from_hex)?,
            most: MaxStreams::parse(most).map_err(|_| Corrupt("lease_most"))?,
            seconds: fields.number("lease_seconds")?,
            until: fields.time(LEASE_UNTIL)?,
        })
    };
    fields.optional("lease_of", of)
}

pub(super) fn from_item(item: &Item) -> Result<PlaybackSession, Corrupt> {
    let fields = Fields(item);
    Ok(PlaybackSession {
        id: fields.parsed(PK, |text| PlaybackId::parse(text).ok())?,
        asset: fields.parsed("asset", |text| AssetId::parse(text).ok())?,
        package: fields.parsed("package", |text| PackageId::parse(text).ok())?,
        grant: fields.parsed("grant", Digest::from_hex)?,
        subject: fields.parsed("subject", Subject::parse)?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        signature: signature(fields, ["policy", "signature", "key_pair_id"])?,
        opened_at: fields.time("opened_at")?,
        expires_at: fields.time("ends_at")?,
        revoked: fields.flag("revoked")?,
        bounds: bounds_record::read(fields)?,
        device: fields.optional("device", |fields, name| {
            fields.parsed(name, Digest::from_hex)
        })?,
        lease: lease(fields)?,
        refresh_until: fields.optional(REFRESH_UNTIL, Fields::time)?,
        before: fields.optional(BEFORE_ENDS_AT, before)?,
        watch: fields.optional(TRAIL, watch)?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use vault_domain::bounds::Bounds;
    use vault_domain::id::{SessionId, UserId};
    use vault_domain::spread::{OnSpread, SpreadRule};

    use super::super::record::checks::reads_back;
    use super::*;

    pub(in crate::dynamodb) fn session() -> PlaybackSession {
        PlaybackSession {
            id: PlaybackId::from_octets([1; 16]),
            asset: AssetId::from_octets([2; 16]),
            package: PackageId::from_octets([3; 16]),
            grant: Digest([4; 32]),
            subject: Subject::Person {
                user: UserId::from_octets([5; 16]),
                session: SessionId::from_octets([9; 16]),
            },
            org: OrgId::from_octets([6; 16]),
            signature: UrlSignature {
                policy: "p~_".to_owned(),
                signature: "s".to_owned(),
                key_pair_id: "K1".to_owned(),
            },
            opened_at: Timestamp(7),
            expires_at: Timestamp(8),
            revoked: false,
            bounds: Bounds::default(),
            device: None,
            lease: None,
            refresh_until: None,
            before: None,
            watch: None,
        }
    }

    pub(in crate::dynamodb) fn watched() -> Watch {
        let rule = SpreadRule::parse(OnSpread::Revoke, (3, 2), 300).unwrap();
        let trail = Trail::parse("?2001:db8:1::/48@7 192.0.2.0/24@8").unwrap();
        Watch {
            rule,
            trail: trail.with_raised(Some(Timestamp(8))),
        }
    }

    pub(in crate::dynamodb) fn bounded() -> PlaybackSession {
        PlaybackSession {
            bounds: bounds_record::tests::bounds(),
            device: Some(Digest([11; 32])),
            lease: Some(Lease {
                of: Digest([12; 32]),
                most: MaxStreams::parse(2).unwrap(),
                seconds: 90,
                until: Timestamp(97),
            }),
            refresh_until: Some(Timestamp(9)),
            watch: Some(watched()),
            before: Some(Before {
                expires_at: Timestamp(6),
                signature: UrlSignature {
                    policy: "before".to_owned(),
                    ..session().signature
                },
            }),
            ..session()
        }
    }

    #[test]
    fn a_playback_session_reads_back_and_a_broken_one_is_corrupt() {
        let written = to_item(&session());
        let mut required: Vec<&str> = written.keys().map(String::as_str).collect();
        required.retain(|name| *name != TTL);
        reads_back(&session(), &written, from_item, &required);
        let lease = ["lease_most", "lease_seconds", LEASE_UNTIL];
        required.extend(lease);
        required.extend(["before_policy", "before_signature", "before_key_pair_id"]);
        required.extend(spread_record::NAMES);
        reads_back(&bounded(), &to_item(&bounded()), from_item, &required);
    }

    #[test]
    fn the_record_outlives_the_session_by_a_day() {
        let item = to_item(&session());
        assert_eq!(Fields(&item).time(TTL), Ok(Timestamp(8 + 86_400)));
        assert_eq!(Fields(&item).time("ends_at"), Ok(Timestamp(8)));
        let refreshed = to_item(&bounded());
        assert_eq!(Fields(&refreshed).time(TTL), Ok(Timestamp(9 + 86_400)));
    }
}
