//! Bounds of a media token, in its record and in those of its views. What is not bounded has no attribute.

use vault_domain::bounds::{Bounds, MaxStreams, Viewer, WebOrigins};
use vault_domain::network::Networks;
use vault_domain::share::FirstPlay;

use super::record::{Corrupt, Fields, Item, flag, number, put_some, text, time};

const NOT_BEFORE: &str = "not_before";
const FIRST_PLAY: &str = "first_play";
const NETWORKS: &str = "networks";
const ORIGINS: &str = "origins";
const ONE_DEVICE: &str = "one_device";
const MAX_STREAMS: &str = "max_streams";
const VIEWER: &str = "viewer";

pub(super) fn put(item: &mut Item, bounds: &Bounds) {
    let first_play = bounds.first_play.map(|window| number(window.seconds()));
    let networks = bounds
        .networks
        .is_bounded()
        .then(|| text(bounds.networks.to_string()));
    let origins = (!bounds.origins.is_empty()).then(|| text(bounds.origins.to_string()));
    let max_streams = bounds.max_streams.map(|most| number(most.count()));
    let viewer = bounds.viewer.as_ref().map(|own| text(own.as_str()));
    put_some(item, NOT_BEFORE, bounds.not_before.map(time));
    put_some(item, FIRST_PLAY, first_play);
    put_some(item, NETWORKS, networks);
    put_some(item, ORIGINS, origins);
    put_some(item, ONE_DEVICE, bounds.one_device.then(|| flag(true)));
    put_some(item, MAX_STREAMS, max_streams);
    put_some(item, VIEWER, viewer);
}

/// Reads bounds. One that is there and does not read is corrupt, never none.
pub(super) fn read(fields: Fields<'_>) -> Result<Bounds, Corrupt> {
    let first_play = fields.optional(FIRST_PLAY, |fields, name| {
        FirstPlay::parse(fields.number(name)?).map_err(|_| Corrupt(name))
    });
    let networks = fields.optional(NETWORKS, |fields, name| {
        fields.parsed(name, |text| Networks::parse(text).ok())
    });
    let origins = fields.optional(ORIGINS, |fields, name| {
        fields.parsed(name, |text| WebOrigins::parse(text).ok())
    });
    let max_streams = fields.optional(MAX_STREAMS, |fields, name| {
        MaxStreams::parse(fields.number(name)?).map_err(|_| Corrupt(name))
    });
    let viewer = fields.optional(VIEWER, |fields, name| {
        fields.parsed(name, |text| Viewer::parse(text).ok())
    });
    Ok(Bounds {
        not_before: fields.optional(NOT_BEFORE, Fields::time)?,
        first_play: first_play?,
        networks: networks?.unwrap_or_default(),
        origins: origins?.unwrap_or_default(),
        one_device: fields
            .optional(ONE_DEVICE, Fields::flag)?
            .unwrap_or_default(),
        max_streams: max_streams?,
        viewer: viewer?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use vault_domain::time::Timestamp;

    use super::*;

    pub(in crate::dynamodb) fn bounds() -> Bounds {
        Bounds {
            not_before: Some(Timestamp(1)),
            first_play: FirstPlay::parse(60).ok(),
            networks: Networks::parse("192.0.2.0/24 2001:db8::/32").unwrap(),
            origins: WebOrigins::parse("https://a.test https://b.test").unwrap(),
            one_device: true,
            max_streams: MaxStreams::parse(2).ok(),
            viewer: Viewer::parse("user-7").ok(),
        }
    }

    #[test]
    fn bounds_read_back_and_none_leave_no_trace() {
        let mut item = Item::new();
        put(&mut item, &Bounds::default());
        assert!(item.is_empty());
        assert_eq!(read(Fields(&item)), Ok(Bounds::default()));
        put(&mut item, &bounds());
        assert_eq!(item.len(), 7);
        assert_eq!(read(Fields(&item)), Ok(bounds()));
    }

    #[test]
    fn a_bound_that_does_not_read_is_corrupt_and_never_none() {
        let mut whole = Item::new();
        put(&mut whole, &bounds());
        for name in [
            NOT_BEFORE,
            FIRST_PLAY,
            NETWORKS,
            ORIGINS,
            ONE_DEVICE,
            MAX_STREAMS,
            VIEWER,
        ] {
            for bad in [text("\u{e9}"), number(0_u64), flag(false)] {
                let mut item = whole.clone();
                item.insert(name.to_owned(), bad.clone());
                // These two are values of their kinds, and say something else.
                let fits =
                    (name == ONE_DEVICE && bad.is_bool()) || (name == NOT_BEFORE && bad.is_n());
                assert_eq!(read(Fields(&item)).is_err(), !fits, "{name}: {bad:?}");
            }
        }
    }
}
