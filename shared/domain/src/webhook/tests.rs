use super::*;
use crate::audit::{Author, Details, Event, Record, Source};
use crate::id::{AssetId, DeliveryId, PlaybackId, RecordId};
use crate::ports::Hashing;
use crate::token::Digest;

/// Not SHA-256, but of all octets.
struct Sum;

impl Hashing for Sum {
    fn sha256(&self, octets: &[u8]) -> Digest {
        let mut digest = [0_u8; 32];
        let mut sum = 7_u8;
        for (at, octet) in octets.iter().enumerate() {
            sum = sum.wrapping_mul(31).wrapping_add(*octet);
            digest[at % 8] ^= sum;
        }
        Digest(digest)
    }
}

fn record(event: Event) -> Record {
    Record {
        id: RecordId::from_octets([1; 16]),
        org: OrgId::from_octets([2; 16]),
        at: Timestamp(1_614_265_330),
        event,
        author: Author::System,
        target: "ast_x".to_owned(),
        asset: Some(AssetId::from_octets([3; 16])),
        verdict: None,
        source: Source::default(),
        details: Details::none(),
    }
}

fn webhook() -> Webhook {
    Webhook {
        id: WebhookId::from_octets([4; 16]),
        org: OrgId::from_octets([2; 16]),
        name: Label::parse("CI").unwrap(),
        url: WebhookUrl::parse("https://example.org/", Reach::Public).unwrap(),
        topics: Topics::default(),
        disabled: None,
        key: key(1),
        previous: None,
        created_by: UserId::from_octets([5; 16]),
        created_at: Timestamp(10),
    }
}

fn key(nonce: u8) -> SigningKey {
    SigningKey {
        version: "1".to_owned(),
        nonce: [nonce; 16],
    }
}

fn order(round: u32) -> DeliveryOrder {
    let record = record(Event::AssetFailed).with("code", "not_a_film");
    DeliveryOrder {
        org: record.org,
        webhook: webhook().id,
        delivery: DeliveryId::of(&Sum, webhook().id, record.id, record.at),
        round,
        notice: Notice::of(&record).unwrap(),
    }
}

#[test]
fn whatever_is_told_has_a_message_of_a_golden_form_and_nothing_else_has_one() {
    let told = Event::ALL.iter().filter_map(|event| {
        let record = record(*event).with("code", "c").with("title", "hush");
        let view = PlaybackId::from_octets([6; 16]);
        let record = record.with("view", view).with("networks", "192.0.2.0/24");
        let notice = Notice::of(&record)?;
        Some(notice.payload(record.org, webhook().id))
    });
    let told: Vec<_> = told.collect();
    insta::assert_snapshot!(told.join("\n"));
    let test = Notice {
        topic: Topic::Test,
        asset: None,
        ..order(0).notice
    };
    insta::assert_snapshot!(test.payload(webhook().org, webhook().id));
}

#[test]
fn what_is_found_after_an_asset_was_erased_is_no_change() {
    let erased = record(Event::AssetErased);
    assert!(Notice::of(&erased).is_some());
    assert_eq!(Notice::of(&erased.with("late", true)), None);
}

#[test]
fn an_order_has_a_golden_form_and_reads_back_from_it() {
    let orders = [
        order(0),
        DeliveryOrder {
            notice: Notice {
                topic: Topic::Asset(Event::ViewSpread),
                code: None,
                view: Some(PlaybackId::from_octets([6; 16])),
                ..order(0).notice
            },
            ..order(0)
        },
        DeliveryOrder {
            notice: Notice {
                topic: Topic::Test,
                asset: None,
                code: None,
                ..order(3).notice
            },
            ..order(3)
        },
    ];
    let lines = orders
        .each_ref()
        .map(|order| serde_json::to_string(order).unwrap());
    insta::assert_snapshot!(lines.join("\n"));
    for (order, line) in orders.iter().zip(&lines) {
        assert_eq!(serde_json::from_str::<DeliveryOrder>(line).unwrap(), *order);
        for bad in [
            line.replace("\"v\":1", "\"v\":2"),
            line.replace("\"v\":1,", ""),
            line.replace("\"v\":1", "\"v\":1,\"url\":\"x\""),
            line.replace("\"event\":\"", "\"event\":\"view.opened"),
            line.replace("whk_", "apk_"),
        ] {
            assert!(
                serde_json::from_str::<DeliveryOrder>(&bad).is_err(),
                "{bad}"
            );
        }
    }
}

#[test]
fn a_message_has_one_id_for_an_endpoint_and_later_ones_have_greater() {
    let (a, b) = (
        RecordId::from_octets([1; 16]),
        RecordId::from_octets([2; 16]),
    );
    let (one, two) = (webhook().id, WebhookId::from_octets([9; 16]));
    let id = |webhook, record, at| DeliveryId::of(&Sum, webhook, record, Timestamp(at));
    assert_eq!(id(one, a, 5), id(one, a, 5));
    assert_ne!(id(one, a, 5), id(one, b, 5));
    assert_ne!(id(one, a, 5), id(two, a, 5));
    assert!(id(one, b, 5) < id(one, a, 6) && id(one, a, 5) < id(one, b, 6));
    assert!(id(one, a, 255) < id(one, a, 256));
}

#[test]
fn an_endpoint_hears_what_it_chose_from_when_it_was_made_on_while_it_is_on() {
    let notice = order(0).notice;
    let mut endpoint = webhook();
    assert!(endpoint.hears(&notice));
    endpoint.topics = Topics::parse(["asset.ready"]).unwrap();
    assert!(!endpoint.hears(&notice));
    endpoint.topics = Topics::parse(["asset.ready", "asset.failed"]).unwrap();
    assert!(endpoint.hears(&notice));
    endpoint.created_at = notice.at.plus(1);
    assert!(!endpoint.hears(&notice));
    endpoint.created_at = notice.at;
    endpoint.disabled = Some((Timestamp(1), Because::Asked));
    assert!(!endpoint.hears(&notice));
    for bad in ["", "view.opened", "webhook.test", "asset.*"] {
        assert!(Topics::parse([bad]).is_err(), "{bad}");
    }
}

#[test]
fn after_a_rotation_both_secrets_sign_for_a_day() {
    let (now, day) = (Timestamp(100), OVERLAP_SECONDS);
    let once = webhook().rotated(key(2), now);
    let signs = |webhook: &Webhook, at| {
        let keys = webhook.keys(at).map(|key| key.nonce[0]);
        keys.collect::<Vec<_>>()
    };
    assert_eq!(signs(&webhook(), now), [1]);
    assert_eq!(signs(&once, now.plus(day - 1)), [2, 1]);
    assert_eq!(signs(&once, now.plus(day)), [2]);
    let twice = once.rotated(key(3), now.plus(1));
    assert_eq!(signs(&twice, now.plus(1)), [3, 2], "never more than two");
}

#[test]
fn a_delivery_is_tried_until_it_is_there_gone_or_has_been_tried_enough() {
    let (order, now) = (order(0), Timestamp(1_000));
    let try_after =
        |before: Option<&Delivery>, verdict| Delivery::after(&order, before, verdict, now);
    let good = try_after(None, Verdict::Answered(204));
    assert_eq!((good.state, good.tries), (DeliveryState::Delivered, 1));
    assert_eq!((good.status, good.reason.as_deref()), (Some(204), None));
    let gone = try_after(None, Verdict::Answered(410));
    assert_eq!(
        (gone.state, gone.reason.as_deref()),
        (DeliveryState::Dead, Some("gone"))
    );
    let mut last = try_after(None, Verdict::Unreachable("timeout"));
    while last.state == DeliveryState::Waiting {
        let next = last.next_at.unwrap();
        assert!(next > now && next.since(now) <= LONGEST_WAIT);
        last = try_after(Some(&last), Verdict::Answered(302));
    }
    assert_eq!(
        (last.state, last.tries, last.next_at),
        (DeliveryState::Dead, TRIES, None)
    );
    assert_eq!(
        (last.status, last.reason.as_deref()),
        (Some(302), Some("redirected"))
    );
    assert_eq!(last.replayed().round, 1);
    assert_eq!(last.replayed().delivery, last.id, "the same message");
}

#[test]
fn a_message_is_signed_over_its_id_its_time_and_its_body() {
    assert_eq!(
        signed_content(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            Timestamp(1_614_265_330),
            "{}"
        ),
        "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{}"
    );
    let id = order(0).delivery;
    let signed = Signed::of(id, Timestamp(1), "{}".to_owned(), &[[0; 32], [255; 32]]);
    assert_eq!(
        signed.signature,
        "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v1,//////////////////////////////////////////8="
    );
    let secret = WebhookSecret::new([7; 32]);
    let text = secret.text();
    assert_eq!(
        text.expose(),
        "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
    );
    assert!(!format!("{secret:?}{text:?}").contains("Bwc"));
}

#[test]
fn a_roll_holds_ten_and_no_more() {
    let mut roll = Roll::default();
    for number in 0..10 {
        let id = WebhookId::from_octets([number; 16]);
        roll = roll.with(Webhook { id, ..webhook() }).unwrap();
    }
    assert_eq!((roll.version, roll.webhooks.len()), (10, MAX_WEBHOOKS));
    assert_eq!(roll.clone().with(webhook()), None);
    let id = WebhookId::from_octets([3; 16]);
    let off = roll.clone().with_disabled(id, Timestamp(9), Because::Gone);
    let off = off.unwrap();
    assert_eq!(
        off.find(id).unwrap().disabled,
        Some((Timestamp(9), Because::Gone))
    );
    assert_eq!(
        off.clone()
            .with_disabled(id, Timestamp(10), Because::Failing),
        None
    );
    let fewer = off.without(id);
    assert_eq!((fewer.version, fewer.find(id)), (12, None));
    assert!(fewer.with(webhook()).is_some());
}
