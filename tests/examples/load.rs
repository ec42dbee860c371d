//! Viewers that watch at once: `cargo xtask load --viewers 500 --minutes 10`.
//!
//! Each opens a view with a place of its own among the streams that are counted, reads its playlists, fetches a key a
//! period, which renews the place, and the playlists anew every five minutes, as a player does that was reloaded. Any answer that
//! is no success ends the run. What the functions hold in memory is read when all views are open, and at the end.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a tool of the bench: its figures are what it is for"
)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use vault_tests::films::SHORT;
use vault_tests::view::View;
use vault_tests::{Http, Person, people, wait};

/// Requests that are on their way at once.
const WORKERS: usize = 8;
/// Seconds between two keys of a viewer.
const PERIOD: Duration = Duration::from_mins(1);
/// Keys between two readings of the playlists.
const RELOAD: usize = 5;

/// When somebody asks for something next: the earliest first.
type Due = Reverse<(Instant, usize)>;

struct Viewer {
    http: Http,
    view: View,
    keys: usize,
}

/// How long each kind of request took, in milliseconds.
type Times = BTreeMap<&'static str, Vec<f64>>;

fn main() {
    let number = |name: &str, usual: usize| {
        let mut words = std::env::args().skip_while(|word| word != name);
        words
            .nth(1)
            .map_or(usual, |text| text.parse().expect("a number"))
    };
    let (viewers, minutes) = (number("--viewers", 500), number("--minutes", 10));
    let owner = people::owner();
    let asset = owner.ready(SHORT);
    let times = Mutex::new(Times::new());
    let all = opened(&owner, &asset, viewers, &times);
    println!("{viewers} views are open");
    let before = memory();
    let length = Duration::from_mins(minutes as u64);
    watched(all, length, &times);
    let after = memory();
    told(&times.into_inner().unwrap_or_else(PoisonError::into_inner));
    grown(&before, &after);
}

fn timed<T>(times: &Mutex<Times>, what: &'static str, act: impl FnOnce() -> T) -> T {
    let start = wait::now();
    let done = act();
    let took = start.elapsed().as_secs_f64() * 1_000.0;
    let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
    times.entry(what).or_default().push(took);
    done
}

/// As many views as there are viewers, each with a token and a place of its own.
fn opened(owner: &Person, asset: &str, viewers: usize, times: &Mutex<Times>) -> Vec<Viewer> {
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::Relaxed) < viewers {
                    let token = timed(times, "a media token", || {
                        let counted = [("max_streams", "1")];
                        owner
                            .api
                            .exchange(&owner.access, asset, &counted)
                            .expect(200)
                    });
                    let token = token.field("access_token");
                    let opened = timed(times, "opening a view", || {
                        owner.api.open(&token, asset).expect(201)
                    });
                    let view = timed(times, "two playlists", || {
                        View::read(&opened.field("playlist_url"))
                    });
                    let http = Http::default();
                    let viewer = Viewer {
                        http,
                        view,
                        keys: 0,
                    };
                    all.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(viewer);
                }
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Everybody watches, their keys spread over the period.
fn watched(viewers: Vec<Viewer>, length: Duration, times: &Mutex<Times>) {
    let start = wait::now();
    let count = u32::try_from(viewers.len()).expect("a number of viewers");
    let due: BinaryHeap<Due> = (0..viewers.len())
        .zip(0_u32..)
        .map(|(viewer, at)| Reverse((start + PERIOD * at / count, viewer)))
        .collect();
    let due = Mutex::new(due);
    let viewers: Vec<_> = viewers.into_iter().map(Mutex::new).collect();
    let take = || due.lock().unwrap_or_else(PoisonError::into_inner).pop();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(Reverse((at, who))) = take() {
                    if at > start + length {
                        continue;
                    }
                    paused(at.saturating_duration_since(wait::now()));
                    asked(
                        &mut viewers[who].lock().unwrap_or_else(PoisonError::into_inner),
                        times,
                    );
                    let next = Reverse((at + PERIOD, who));
                    due.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(next);
                }
            });
        }
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "viewers wait for the next key period"
)]
fn paused(time: Duration) {
    std::thread::sleep(time);
}

fn asked(viewer: &mut Viewer, times: &Mutex<Times>) {
    let keys = viewer.view.keys();
    let url = keys[viewer.keys % keys.len()];
    timed(times, "a key", || {
        let key = viewer.http.get(url).expect(200);
        assert_eq!(key.body.len(), 16);
    });
    viewer.keys += 1;
    if viewer.keys.is_multiple_of(RELOAD) {
        timed(times, "two playlists", || View::read(&viewer.view.playlist));
    }
}

fn told(times: &Times) {
    println!("| request | count | median, ms | 99 %, ms |\n| --- | --- | --- | --- |");
    for (what, times) in times {
        let mut all = times.clone();
        all.sort_by(f64::total_cmp);
        let at = |part: usize| all.get(all.len() * part / 100).copied().unwrap_or_default();
        println!("| {what} | {} | {:.1} | {:.1} |", all.len(), at(50), at(99));
    }
}

/// Resident memory of the functions' processes by name: how many there are, and the largest in KiB (proc(5)).
fn memory() -> BTreeMap<String, (usize, u64)> {
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
        let status = read("status");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok());
        let (count, most) = found.entry(name.to_owned()).or_insert((0, 0));
        *count += 1;
        *most = resident.unwrap_or(0).max(*most);
    }
    found
}

fn grown(before: &BTreeMap<String, (usize, u64)>, after: &BTreeMap<String, (usize, u64)>) {
    println!(
        "| function | processes | largest at the start, KiB | at the end, KiB |\n| --- | --- | --- | --- |"
    );
    for (name, (count, most)) in after {
        let (_, least) = before.get(name).copied().unwrap_or_default();
        println!("| {name} | {count} | {least} | {most} |");
    }
}
