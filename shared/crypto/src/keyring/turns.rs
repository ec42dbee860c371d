//! Rings turn while functions use what they read of them up to an hour ago: nobody refuses what another just made.

use proptest::prelude::*;
use vault_domain::id::{ApiKeyId, AssetId, OrgId, PlaybackId};
use vault_domain::member::Subject;
use vault_domain::playback::Ticket;
use vault_domain::ports::Tickets as _;
use vault_domain::rotation::{Kind, Next, OVERLAP, PENDING, USABLE};

use super::*;
use crate::mac::TicketMac;

const DAY: u64 = 86_400;

fn ticket() -> Ticket {
    Ticket {
        playback: PlaybackId::from_octets([1; 16]),
        asset: AssetId::from_octets([2; 16]),
        org: OrgId::from_octets([5; 16]),
        subject: Subject::ApiKey(ApiKeyId::from_octets([8; 16])),
        expires_at: Timestamp(1_800_000_000),
    }
}

/// The secret's texts, each with the moment from which it was in force.
fn history(turns: &[(u64, u64)]) -> Vec<(u64, String)> {
    let first = format!(r#"{{"current":"1","1":"{}"}}"#, "a".repeat(64));
    let mut texts = vec![(0, first)];
    let mut now = DAY;
    for (number, (wait, pending)) in turns.iter().enumerate() {
        now += wait;
        let last = SecretText::new(texts.last().unwrap().1.clone());
        let next = Next {
            now: Timestamp(now),
            material: SecretText::new(format!("{number:064}")),
            unused: false,
        };
        let (ring, _) = Ring::parse(&last)
            .unwrap()
            .turned(Kind::PlaybackMac.keep(), next);
        // It takes effect a while after it was made, and the next turn begins behind that.
        now += pending;
        texts.push((now, ring.text().expose().to_owned()));
    }
    texts
}

fn in_force(texts: &[(u64, String)], at: u64) -> TicketMac {
    let (_, text) = texts.iter().rfind(|(from, _)| *from <= at).unwrap();
    let ring = Keyring::parse(&SecretText::new(text.clone())).unwrap();
    TicketMac::new(&ring).unwrap()
}

proptest! {
    #[test]
    fn what_one_function_makes_every_other_one_takes_whatever_they_read_and_when(
        turns in prop::collection::vec((1..3 * DAY, 0..=PENDING), 1..12),
        soon in any::<bool>(),
        (made, lives) in (0..=1_000_u64, 0..=DAY),
        (signer, verifier) in (0..=USABLE, 0..=USABLE),
    ) {
        // Rotations that are asked for again and again within the overlap, too.
        let turns: Vec<_> = turns.into_iter().map(|(wait, pending)| {
            (if soon { wait % OVERLAP + 1 } else { wait }, pending)
        }).collect();
        let texts = history(&turns);
        let end = texts.last().unwrap().0 + DAY;
        let made = DAY + (end - DAY) * made / 1_000;
        let token = in_force(&texts, made - signer).issue(&ticket());
        let checked = made + lives;
        let taken = in_force(&texts, checked - verifier).open(token.expose());
        prop_assert_eq!(taken, Some(ticket()));
    }
}

#[test]
fn a_key_that_were_used_at_once_would_be_refused_by_whoever_read_the_ring_before() {
    let (old, new) = ("a".repeat(64), "b".repeat(64));
    let before = format!(r#"{{"current":"1","1":"{old}"}}"#);
    let after = format!(r#"{{"current":"2","1":"{old}","2":"{new}"}}"#);
    let texts = [(0, before), (10, after)];
    let token = in_force(&texts, 10).issue(&ticket());
    assert_eq!(in_force(&texts, 9).open(token.expose()), None);
}
