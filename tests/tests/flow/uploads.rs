//! Uploads that are repeated, interrupted, or told of in another order.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use vault_tests::api::{refused, url};
use vault_tests::films::{Film, LARGE, SHORT};
use vault_tests::upload::{PACKAGING, Slot, announcement, with_checksum};
use vault_tests::{Person, Reply, Request, cloud, people, sdk, wait};

fn announce_named(person: &Person, key: &str, wish: &Value) -> Reply {
    let request = Request::new("POST", &url("/v1/uploads"))
        .bearer(&person.access)
        .header("idempotency-key", key);
    person
        .api
        .http
        .send(&request.body("application/json", wish.to_string()))
}

#[test]
fn a_slot_says_where_and_what_to_put() {
    let owner = people::owner();
    let reply = owner
        .api
        .post("/v1/uploads", Some(&owner.access), &announcement(1_000))
        .expect(201);
    let slot = reply.json();
    assert_eq!(
        (&slot["kind"], &slot["part_count"], &slot["size"]),
        (&"single".into(), &1.into(), &1_000.into())
    );
    assert_eq!(
        reply.header("location"),
        Some(format!("/v1/uploads/{}", slot["asset_id"].as_str().unwrap()).as_str())
    );
    let headers = slot["parts"][0]["headers"].as_object().unwrap();
    let names: Vec<_> = headers.keys().collect();
    assert_eq!(
        names,
        ["content-type", "if-none-match"],
        "what is signed and no more"
    );
    let expires = slot["expires_at"].as_u64().unwrap();
    let now = vault_tests::wait::epoch();
    assert!((now + 3_500..=now + 3_700).contains(&expires), "{expires}");
    let status = owner
        .api
        .status(&owner.access, slot["asset_id"].as_str().unwrap())
        .expect(200)
        .json();
    assert_eq!(
        (&status["state"], &status["title"]),
        (&"uploading".into(), &"A film".into())
    );
}

#[test]
fn a_repeated_announcement_is_the_same_upload_and_another_under_its_name_is_not() {
    let owner = people::owner();
    let octets = SHORT.octets();
    let wish = announcement(octets.len());
    let (first, again) = (
        announce_named(&owner, "k1", &wish).expect(201),
        announce_named(&owner, "k1", &wish).expect(201),
    );
    assert_eq!(first.field("asset_id"), again.field("asset_id"));
    refused(
        &announce_named(&owner, "k1", &announcement(octets.len() + 1)),
        422,
        "idempotency_mismatch",
    );
    assert_ne!(
        announce_named(&owner, "k2", &wish)
            .expect(201)
            .field("asset_id"),
        first.field("asset_id")
    );
    let slot: Slot = serde_json::from_value(again.json()).unwrap();
    slot.parts[0].put(&octets).expect(200);
    owner.api.finalize(&owner.access, &slot.asset_id);
    refused(&announce_named(&owner, "k1", &wish), 409, "wrong_state");
}

#[test]
fn a_film_with_its_checksum_is_taken_once() {
    let owner = people::owner();
    let octets = SHORT.octets();
    let slot = owner.announce(&with_checksum(octets.len(), &octets));
    slot.parts[0].put(&octets).expect(200);
    // What arrived is not replaced.
    assert_eq!(slot.parts[0].put(&octets).shown(), "412 PreconditionFailed");
    owner.api.finalize(&owner.access, &slot.asset_id);
    assert_eq!(owner.settled(&slot.asset_id)["state"], "ready");
}

#[test]
fn parts_can_be_signed_again_sent_again_and_in_any_order() {
    let owner = people::owner();
    let octets = LARGE.octets();
    let slot = owner.announce(&announcement(octets.len()));
    assert_eq!(slot.kind, "multipart");
    let path = format!("/v1/uploads/{}/parts", slot.asset_id);
    let numbers: Vec<u32> = (1..=slot.part_count).rev().collect();
    let again = owner
        .api
        .post(
            &path,
            Some(&owner.access),
            &json!({ "part_numbers": numbers }),
        )
        .expect(200);
    let again: Slot = serde_json::from_value(again.json()).unwrap();
    let chunks: Vec<&[u8]> = octets.chunks(8 << 20).collect();
    slot.parts[0].put(chunks[0]).expect(200);
    let sent = again.parts.iter().map(|part| {
        let stored = part.put(chunks[part.number as usize - 1]).expect(200);
        json!({ "number": part.number, "etag": stored.header("etag").unwrap() })
    });
    let sent: Vec<_> = sent.collect();
    assert_eq!(sent[0]["number"], slot.part_count, "the last comes first");
    let finalize = format!("/v1/uploads/{}/finalize", slot.asset_id);
    let told = owner
        .api
        .post(&finalize, Some(&owner.access), &json!({ "parts": sent }));
    assert!(matches!(told.status, 200 | 202), "{}", told.text());
    assert_eq!(owner.settled(&slot.asset_id)["state"], "ready");
    refused(
        &owner
            .api
            .post(&path, Some(&owner.access), &json!({ "part_numbers": [1] })),
        409,
        "wrong_state",
    );
}

#[test]
fn numbers_of_parts_outside_the_plan_are_refused() {
    let owner = people::owner();
    let slot = owner.announce(&announcement(20 << 20));
    let path = format!("/v1/uploads/{}/parts", slot.asset_id);
    for numbers in [
        json!([]),
        json!([0]),
        json!([4]),
        json!([1, 4]),
        json!(vec![1; 101]),
    ] {
        let reply = owner.api.post(
            &path,
            Some(&owner.access),
            &json!({ "part_numbers": numbers }),
        );
        refused(&reply, 400, "malformed");
    }
    for numbers in [
        json!([-1]),
        json!(["1"]),
        json!([4_294_967_296_u64]),
        json!(1),
    ] {
        let reply = owner.api.post(
            &path,
            Some(&owner.access),
            &json!({ "part_numbers": numbers }),
        );
        refused(&reply, 400, "malformed");
    }
}

fn give_up(person: &Person, path: &str) -> Reply {
    let request = Request::new("DELETE", &url(path)).bearer(&person.access);
    person.api.http.send(&request)
}

#[test]
fn an_upload_goes_on_where_it_was_by_what_s3_holds() {
    let owner = people::owner();
    let octets = LARGE.octets();
    let slot = owner.announce(&announcement(octets.len()));
    let chunks: Vec<&[u8]> = octets.chunks(8 << 20).collect();
    slot.parts[1].put(chunks[1]).expect(200);
    let path = format!("/v1/uploads/{}/parts", slot.asset_id);
    let held = |after: &str| owner.api.get(&format!("{path}{after}"), &owner.access);
    let told = held("").expect(200).json();
    assert_eq!(
        (&told["part_size"], &told["part_count"]),
        (&json!(8 << 20), &json!(slot.part_count))
    );
    assert_eq!(told["parts"][0]["number"], 2);
    assert_eq!(told["parts"][0]["size"], chunks[1].len());
    assert!(told["parts"][1].is_null() && told["next"].is_null());
    let behind = held("?after=2").expect(200).json();
    assert_eq!(behind["parts"], json!([]));
    refused(&held("?after=x"), 400, "malformed");
    let stranger = people::owner();
    let asked = stranger.api.get(&path, &stranger.access);
    refused(&asked, 404, "not_found");
    for (part, chunk) in slot
        .parts
        .iter()
        .zip(&chunks)
        .filter(|(p, _)| p.number != 2)
    {
        part.put(chunk).expect(200);
    }
    owner.finish(&slot.asset_id);
    assert_eq!(owner.settled(&slot.asset_id)["state"], "ready");
    refused(&held(""), 409, "wrong_state");
}

#[test]
fn an_upload_that_is_given_up_is_gone_and_frees_its_place() {
    let owner = people::owner();
    let octets = LARGE.octets();
    let slot = owner.announce(&announcement(octets.len()));
    slot.parts[0].put(&octets[..8 << 20]).expect(200);
    let path = format!("/v1/uploads/{}", slot.asset_id);
    for _ in 0..2 {
        let told = give_up(&owner, &path).expect(200).json();
        assert_eq!(
            (&told["state"], &told["code"]),
            (&json!("failed"), &json!("cancelled"))
        );
    }
    let prefix = format!("uploads/{}/{}/", owner.organisation, slot.asset_id);
    assert!(sdk::multiparts("UploadsBucket", &prefix).is_empty());
    assert_eq!(slot.parts[1].put(&octets[8 << 20..16 << 20]).status, 404);
    let usage = owner.api.get("/v1/organisation/usage", &owner.access);
    let usage = usage.expect(200).json();
    assert_eq!(usage["uploads"]["used"], 0, "{usage}");
    assert_eq!(usage["bytes"]["used"], 0, "{usage}");
    let parts = format!("{path}/parts");
    let again = owner
        .api
        .post(&parts, Some(&owner.access), &json!({ "part_numbers": [1] }));
    refused(&again, 409, "wrong_state");
    // What comes by an old URL is removed when S3 tells of it.
    let late = owner.announce(&announcement(1_000));
    let path = format!("/v1/uploads/{}", late.asset_id);
    give_up(&owner, &path).expect(200);
    late.parts[0].put(&[7; 1_000]).expect(200);
    let prefix = format!("uploads/{}/{}/", owner.organisation, late.asset_id);
    wait::until("the removal", PACKAGING, || {
        let left = sdk::objects("UploadsBucket", &prefix);
        left.is_empty().then_some(())
    });
}

/// Runs an example as its head says; the asset that it brought in.
fn example(owner: &Person, program: &str, film: Film) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut command = match program.strip_suffix(".py") {
        Some(_) => Command::new(examples.join("../tests/signers/run.sh")),
        None => Command::new("sh"),
    };
    let output = command
        .arg(examples.join(program))
        .arg(film.path())
        .env("REELVAULT_API", &cloud().api_url)
        .env("REELVAULT_TOKEN", &owner.access)
        .env("NO_PROXY", "127.0.0.1,localhost")
        .output()
        .expect("a program");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {complaint}");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    told["asset_id"].as_str().unwrap().to_owned()
}

#[test]
fn the_examples_bring_films_in() {
    let owner = people::owner();
    for (program, film) in [
        ("upload.sh", SHORT),
        ("upload.sh", LARGE),
        ("upload.py", SHORT),
        ("upload.py", LARGE),
    ] {
        let asset = example(&owner, program, film);
        assert_eq!(owner.settled(&asset)["state"], "ready", "{program}");
    }
}

#[test]
fn a_client_that_cuts_by_itself_says_so() {
    let owner = people::owner();
    let wish = |extra: Value| {
        let mut wish = announcement(12_000_000);
        let more = extra.as_object().unwrap().clone();
        wish.as_object_mut().unwrap().extend(more);
        owner.api.post("/v1/uploads", Some(&owner.access), &wish)
    };
    let slot = wish(json!({ "part_size": 5 << 20 })).expect(201).json();
    assert_eq!(
        (&slot["kind"], &slot["part_count"]),
        (&json!("multipart"), &json!(3))
    );
    let slot = wish(json!({ "kind": "single" })).expect(201).json();
    assert_eq!(
        (&slot["kind"], &slot["part_count"]),
        (&json!("single"), &json!(1))
    );
    for wrong in [
        json!({ "part_size": (5 << 20) - 1 }),
        json!({ "kind": "single", "part_size": 5 << 20 }),
        json!({ "kind": "several" }),
    ] {
        refused(&wish(wrong), 400, "malformed");
    }
}

#[test]
fn a_film_whose_client_never_finalizes_is_packaged_all_the_same() {
    let owner = people::owner();
    let (asset, parts) = owner.send(&SHORT.octets());
    assert_eq!(owner.settled(&asset)["state"], "ready");
    let path = format!("/v1/uploads/{asset}/finalize");
    for _ in 0..2 {
        let told = owner
            .api
            .post(&path, Some(&owner.access), &parts)
            .expect(200);
        assert_eq!(told.json()["state"], "ready");
    }
}
