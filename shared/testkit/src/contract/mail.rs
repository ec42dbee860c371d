//! The queue of mail orders.

use std::net::{IpAddr, Ipv6Addr};

use futures_util::future::{BoxFuture, join_all};
use vault_domain::id::{InvitationId, OrgId, UserId};
use vault_domain::mail::{MailOrder, MailQueue, NoticeKind};

use crate::builders::email;
use crate::clock::GOLDEN_NOW;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// The bodies that a receive of the queue hands out, once more those of before or not; it waits by itself until
/// there are some (SQS: `WaitTimeSeconds`).
pub type Receive<'a> = &'a (dyn Fn() -> BoxFuture<'static, Vec<MailOrder>> + Send + Sync);

/// Receives after which an order that did not come is lost.
const PATIENCE: usize = 50;

/// Mail orders: each is handed out at least once with all its fields, whatever else is in the queue.
pub async fn mail_queue_contract(port: &dyn MailQueue, receive: Receive<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let orders = orders(&Sample::new(seed));
    for left in join_all(orders.iter().map(|order| port.order(order))).await {
        left.expect("order");
    }
    port.order(&orders[0])
        .await
        .expect("ordering again is fine");
    let mut missing = orders;
    for _ in 0..PATIENCE {
        for received in receive().await {
            missing.retain(|order| *order != received);
        }
        if missing.is_empty() {
            break;
        }
    }
    assert!(missing.is_empty(), "never handed out: {missing:?}");
}

/// One of every form, with random ids.
fn orders(sample: &Sample) -> Vec<MailOrder> {
    let user = UserId::from_octets(sample.0.octets());
    let email = email(&format!("{user}@example.org"));
    let mut orders = vec![
        MailOrder::Invitation {
            org: OrgId::from_octets(sample.0.octets()),
            invitation: InvitationId::from_octets(sample.0.octets()),
            attempt: u32::MAX,
        },
        MailOrder::VerifyAddress {
            user,
            email: email.clone(),
            request: sample.0.octets(),
        },
    ];
    let addresses = [
        Some(IpAddr::from([203, 0, 113, 9])),
        Some(Ipv6Addr::from(sample.0.octets::<16>()).into()),
        None,
    ];
    orders.extend(addresses.map(|requested_from| MailOrder::PasswordReset {
        request: sample.0.octets(),
        email: email.clone(),
        requested_from,
    }));
    let notice = |what| MailOrder::Notice {
        user,
        what,
        at: GOLDEN_NOW,
    };
    orders.extend(NoticeKind::ALL.map(notice));
    orders
}
