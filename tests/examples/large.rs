//! A film of many gigabytes, most of them nothing: `cargo xtask load --upload 10`.
//!
//! It is announced, sent in signed parts, finalized, packaged and played. The CPU time and memory of every function is told:
//! none of them can have carried the film, nor have held it.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool of the bench: its figures are what it is for"
)]

use std::collections::BTreeMap;

use serde_json::json;
use vault_tests::films::SHORT;
use vault_tests::upload::{Part, Slot, announcement};
use vault_tests::{Http, Person, people, wait};

/// Parts that are signed at a time.
const PAGE: usize = 100;
/// Ticks of `/proc/<pid>/stat` in a second: the same on every Linux.
const TICKS: f64 = 100.0;
/// CPU seconds that all functions may take: for their starts, requests and the packaging of the small film,
const MOST_SECONDS: f64 = 5.0;
/// and for each gigabyte. Whoever took in the octets from a socket would need several times that.
const SECONDS_A_GIGABYTE: f64 = 0.05;
/// Memory of any process.
const MOST_KIB: u64 = 128 << 10;

fn main() {
    let gigabytes: u32 = std::env::args()
        .nth(1)
        .map_or(10, |text| text.parse().expect("gigabytes"));
    let film = padded(&SHORT.octets(), gigabytes as usize * 1_000_000_000);
    let owner = people::owner();
    let before = used();
    let start = wait::now();
    let slot = owner.announce(&announcement(film.len()));
    println!("{} octets in {} parts", film.len(), slot.part_count);
    let sent = send(&owner, &slot, &film);
    let told = owner.api.finalize(&owner.access, &slot.asset_id);
    assert!(
        matches!(told.status, 200 | 202),
        "{} {}",
        told.status,
        told.text()
    );
    println!(
        "sent and finalized in {:.0} s, {sent} requests for signatures",
        start.elapsed().as_secs_f64()
    );
    let status = owner.settled(&slot.asset_id);
    assert_eq!(status["state"], "ready", "{status}");
    println!("packaged after {:.0} s", start.elapsed().as_secs_f64());
    played(&owner, &slot.asset_id);
    let (seconds, peak) = told_of(&before, &used());
    let most = MOST_SECONDS + SECONDS_A_GIGABYTE * f64::from(gigabytes);
    assert!(
        seconds < most,
        "{seconds} CPU seconds: who carried the film?"
    );
    assert!(peak < MOST_KIB, "{peak} KiB: who holds the film?");
}

/// The film with so many octets in all: a box of free space behind it (ISO/IEC 14496-12 §8.1.2) with a 64-bit size.
///
/// The memory of it is the kernel's page of zeros until it is written to.
fn padded(film: &[u8], size: usize) -> Vec<u8> {
    let mut octets = vec![0; size];
    octets[..film.len()].copy_from_slice(film);
    let free = u64::try_from(size - film.len()).expect("a size");
    let head = [&1_u32.to_be_bytes()[..], b"free", &free.to_be_bytes()].concat();
    octets[film.len()..film.len() + head.len()].copy_from_slice(&head);
    octets
}

/// Sends all parts, signed a page at a time; how many requests for signatures that took.
fn send(owner: &Person, slot: &Slot, film: &[u8]) -> usize {
    let count = usize::try_from(slot.part_count).expect("a count");
    let (mut parts, mut requests, mut offset) = (slot.parts.clone(), 1, 0);
    loop {
        for part in &parts {
            let end = offset + usize::try_from(part.size).expect("a size");
            part.put(&film[offset..end]).expect(200);
            offset = end;
        }
        let next = parts.last().map_or(count, |part| {
            usize::try_from(part.number).expect("a number")
        });
        if next >= count {
            assert_eq!(offset, film.len(), "every octet has its part");
            return requests;
        }
        let numbers: Vec<usize> = (next + 1..=count.min(next + PAGE)).collect();
        let path = format!("/v1/uploads/{}/parts", slot.asset_id);
        let wish = json!({ "part_numbers": numbers });
        let signed = owner
            .api
            .post(&path, Some(&owner.access), &wish)
            .expect(200)
            .json();
        parts = serde_json::from_value::<Vec<Part>>(signed["parts"].clone()).expect("parts");
        requests += 1;
    }
}

fn played(owner: &Person, asset: &str) {
    let view = owner.view(asset);
    let keys = view.keys();
    let key = keys.first().expect("a key");
    assert_eq!(Http::default().get(key).expect(200).body.len(), 16);
}

/// CPU seconds of each function's processes so far, and the largest peak of resident memory in KiB (proc(5)).
fn used() -> BTreeMap<String, (f64, u64)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").expect("Linux").flatten() {
        let read =
            |name: &str| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        let environment = read("environ");
        let mut variables = environment.split('\0');
        let Some(name) = variables.find_map(|text| text.strip_prefix("AWS_LAMBDA_FUNCTION_NAME="))
        else {
            continue;
        };
        let stat = read("stat");
        // Behind the name in brackets the state is the first field, user and system time are the 12th and 13th.
        let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let ticks = fields
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u32>().ok());
        let seconds = f64::from(ticks.sum::<u32>()) / TICKS;
        let status = read("status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok());
        let own = found.entry(name.to_owned()).or_insert((0.0, 0));
        own.0 += seconds;
        own.1 = own.1.max(peak.unwrap_or_default());
    }
    found
}

/// Tells what each function used; the seconds in all, and the largest peak.
fn told_of(
    before: &BTreeMap<String, (f64, u64)>,
    after: &BTreeMap<String, (f64, u64)>,
) -> (f64, u64) {
    println!("| function | CPU seconds | peak, KiB |\n| --- | --- | --- |");
    let mut all = (0.0, 0);
    for (name, (now, peak)) in after {
        let was = before.get(name).map_or(0.0, |own| own.0);
        println!("| {name} | {:.2} | {peak} |", now - was);
        all = (all.0 + now - was, all.1.max(*peak));
    }
    all
}
