//! Shares as records: partition key the asset, sort key the share's id.

use vault_domain::api_key::Label;
use vault_domain::credential::PasswordHash;
use vault_domain::id::{AssetId, OrgId, ShareId};
use vault_domain::member::Actor;
use vault_domain::network::Networks;
use vault_domain::share::{FirstPlay, MaxViews, Share};
use vault_domain::time::Timestamp;
use vault_domain::token::Digest;

use super::TTL;
use super::record::{Corrupt, Fields, Item, PK, SK, item, number, put_some, text, time};

/// Seconds that a share's record outlives it: for a month people see in the list what was shared.
pub(super) const SLACK: u64 = 30 * 86_400;

/// Key of a share.
pub(super) fn key(asset: AssetId, id: ShareId) -> Item {
    item([(PK, text(asset.to_string())), (SK, text(id.to_string()))])
}

/// When the record may vanish; never while the share stands without an end.
pub(super) fn vanishes_at(share: &Share) -> Option<Timestamp> {
    let over = share.revoked_at.or(share.expires_at);
    over.map(|over| over.plus(SLACK))
}

pub(super) fn to_item(share: &Share) -> Item {
    let mut record = key(share.asset, share.id);
    record.extend(item([
        ("org", text(share.org.to_string())),
        ("name", text(share.name.as_str())),
        ("networks", text(share.networks.to_string())),
        ("created_by", text(share.created_by.to_string())),
        ("created_at", time(share.created_at)),
        ("asked", text(share.asked.hex())),
        ("version", number(share.version)),
        ("views", number(share.views)),
    ]));
    let most = share.max_views.map(|most| number(most.count()));
    let window = share.first_play.map(|window| number(window.seconds()));
    let password = share.password.as_ref().map(|hash| text(&hash.0));
    for (name, value) in [
        ("ends_at", share.expires_at.map(time)),
        ("max_views", most),
        ("first_play", window),
        ("password", password),
        ("first_played", share.first_played.map(time)),
        // Conditions cannot add: what they compare with is written out.
        ("play_until", share.play_until().map(time)),
        ("revoked_at", share.revoked_at.map(time)),
        (TTL, vanishes_at(share).map(time)),
    ] {
        put_some(&mut record, name, value);
    }
    record
}

pub(super) fn from_item(item: &Item) -> Result<Share, Corrupt> {
    let fields = Fields(item);
    let most = fields.optional("max_views", |fields, name| {
        MaxViews::parse(fields.number(name)?).map_err(|_| Corrupt(name))
    })?;
    let window = fields.optional("first_play", |fields, name| {
        FirstPlay::parse(fields.number(name)?).map_err(|_| Corrupt(name))
    })?;
    let password = fields.optional("password", |fields, name| {
        Ok(PasswordHash(fields.text(name)?.to_owned()))
    })?;
    Ok(Share {
        id: fields.parsed(SK, |text| ShareId::parse(text).ok())?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        asset: fields.parsed(PK, |text| AssetId::parse(text).ok())?,
        name: fields.parsed("name", Label::stored)?,
        expires_at: fields.optional("ends_at", Fields::time)?,
        max_views: most,
        first_play: window,
        password,
        networks: fields.parsed("networks", |text| Networks::parse(text).ok())?,
        created_by: fields.parsed("created_by", |text| Actor::parse(text).ok())?,
        created_at: fields.time("created_at")?,
        asked: fields.parsed("asked", Digest::from_hex)?,
        version: fields.number("version")?,
        views: fields.number("views")?,
        first_played: fields.optional("first_played", Fields::time)?,
        revoked_at: fields.optional("revoked_at", Fields::time)?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::record::checks::reads_back;
    use super::*;

    pub(in crate::dynamodb) fn share() -> Share {
        Share {
            id: ShareId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            asset: AssetId::from_octets([3; 16]),
            name: Label::parse("For review").unwrap(),
            expires_at: Some(Timestamp(1_000)),
            max_views: Some(MaxViews::parse(5).unwrap()),
            first_play: Some(FirstPlay::parse(60).unwrap()),
            password: Some(PasswordHash("$2b$12$x".to_owned())),
            networks: Networks::parse("192.0.2.0/24 2001:db8::/32").unwrap(),
            created_by: Actor::Share(ShareId::from_octets([4; 16])),
            created_at: Timestamp(5),
            asked: Digest([6; 32]),
            version: 7,
            views: 8,
            first_played: Some(Timestamp(9)),
            revoked_at: Some(Timestamp(10)),
        }
    }

    #[test]
    fn a_share_reads_back_and_a_broken_one_is_corrupt() {
        let required = [
            PK,
            SK,
            "org",
            "name",
            "networks",
            "created_by",
            "created_at",
            "asked",
            "version",
            "views",
        ];
        reads_back(&share(), &to_item(&share()), from_item, &required);
        let bare = Share {
            expires_at: None,
            max_views: None,
            first_play: None,
            password: None,
            networks: Networks::everywhere(),
            first_played: None,
            revoked_at: None,
            ..share()
        };
        let written = to_item(&bare);
        assert!(!written.contains_key(TTL), "what stands is kept");
        reads_back(&bare, &written, from_item, &required);
    }

    #[test]
    fn a_bound_that_does_not_read_is_no_missing_bound() {
        for bound in [
            "ends_at",
            "max_views",
            "first_play",
            "password",
            "revoked_at",
        ] {
            let mut item = to_item(&share());
            item.insert(bound.to_owned(), super::super::record::flag(true));
            assert_eq!(from_item(&item).unwrap_err().0, bound);
        }
    }

    #[test]
    fn the_record_outlives_what_ended_it_by_a_month() {
        let item = to_item(&share());
        assert_eq!(Fields(&item).time(TTL), Ok(Timestamp(10 + SLACK)));
        assert_eq!(Fields(&item).time("play_until"), Ok(Timestamp(69)));
    }
}
