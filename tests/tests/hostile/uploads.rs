//! Uploads that lie about their size or their checksum: at S3's door, and where S3 could not know.

use serde_json::{Value, json};
use vault_tests::api::refused;
use vault_tests::films::{LARGE, SHORT};
use vault_tests::upload::{announcement, with_checksum};
use vault_tests::{Person, cloud, people, sdk, wait};

fn source_key(person: &Person, asset: &str) -> String {
    format!("uploads/{}/{asset}/source", person.organisation)
}

/// Puts octets under an upload's key as somebody with rights to the bucket could: past the signed URL.
fn smuggle(person: &Person, asset: &str, octets: &[u8]) {
    let put = sdk::sdk()
        .s3()
        .put_object()
        .bucket(cloud().output("UploadsBucket"))
        .key(source_key(person, asset));
    sdk::block_on(put.body(octets.to_vec().into()).send()).expect("a PUT");
}

/// Finalize refuses the lie, now and when it is asked again.
fn lie_is_found(owner: &Person, asset: &str) {
    let first = owner.api.finalize(&owner.access, asset);
    // The packager may have removed the bytes between two looks of this request.
    assert!(
        matches!(
            first.shown().as_str(),
            "422 upload_mismatch" | "409 upload_incomplete"
        ),
        "{}",
        first.text()
    );
    owner.settled(asset);
    refused(
        &owner.api.finalize(&owner.access, asset),
        422,
        "upload_mismatch",
    );
}

fn is_gone(person: &Person, asset: &str) {
    let left = sdk::objects("UploadsBucket", &source_key(person, asset));
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn s3_takes_no_other_size_checksum_type_or_place() {
    let owner = people::owner();
    let octets = SHORT.octets();
    let slot = owner.announce(&with_checksum(octets.len(), &octets));
    let part = &slot.parts[0];
    assert_eq!(part.put(&octets[..octets.len() - 1]).status, 403, "shorter");
    assert_eq!(
        part.put(&[&octets[..], b"x"].concat()).status,
        403,
        "longer"
    );
    let mut changed = octets.clone();
    changed[1_000] ^= 1;
    assert_eq!(part.put(&changed).status, 400, "of another checksum");
    for name in part.headers.keys() {
        let mut other = part.clone();
        other.headers.insert(name.clone(), "text/html".to_owned());
        assert!(
            (400..500).contains(&other.put(&octets).status),
            "another {name}"
        );
        other.headers.remove(name);
        assert!((400..500).contains(&other.put(&octets).status), "no {name}");
    }
    let mut elsewhere = part.clone();
    elsewhere.url = part
        .url
        .replace(&slot.asset_id, "ast_aaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_eq!(elsewhere.put(&octets).status, 403, "another asset");
    is_gone(&owner, &slot.asset_id);
    refused(
        &owner.api.finalize(&owner.access, &slot.asset_id),
        409,
        "upload_incomplete",
    );
    // None of it spoilt the upload.
    part.put(&octets).expect(200);
    owner.api.finalize(&owner.access, &slot.asset_id);
    assert_eq!(owner.settled(&slot.asset_id)["state"], "ready");
}

#[test]
fn an_object_of_another_size_is_refused_and_removed() {
    let owner = people::owner();
    let slot = owner.announce(&announcement(1_000));
    smuggle(&owner, &slot.asset_id, &[7; 999]);
    lie_is_found(&owner, &slot.asset_id);
    is_gone(&owner, &slot.asset_id);
    let status = owner.settled(&slot.asset_id);
    assert_eq!(
        (&status["state"], &status["code"]),
        (&"failed".into(), &"size_mismatch".into()),
        "{status}"
    );
}

#[test]
fn an_object_of_another_checksum_is_refused_and_removed() {
    let owner = people::owner();
    let octets = SHORT.octets();
    let slot = owner.announce(&with_checksum(octets.len(), b"other octets"));
    smuggle(&owner, &slot.asset_id, &octets);
    lie_is_found(&owner, &slot.asset_id);
    is_gone(&owner, &slot.asset_id);
    assert_eq!(owner.settled(&slot.asset_id)["code"], "checksum_mismatch");
}

#[test]
fn a_lie_that_nobody_finalizes_is_found_by_the_packager() {
    let owner = people::owner();
    let slot = owner.announce(&announcement(1_000));
    smuggle(&owner, &slot.asset_id, &[7; 1_001]);
    assert_eq!(owner.settled(&slot.asset_id)["code"], "size_mismatch");
    wait::until("the removal", vault_tests::upload::PACKAGING, || {
        sdk::objects("UploadsBucket", &source_key(&owner, &slot.asset_id))
            .is_empty()
            .then_some(())
    });
}

#[test]
fn parts_that_are_missing_or_not_what_s3_holds_complete_nothing() {
    let owner = people::owner();
    let (asset, parts) = owner.send(&LARGE.octets());
    let path = format!("/v1/uploads/{asset}/finalize");
    let list = parts["parts"].as_array().unwrap();
    let forged = json!({ "number": 1, "etag": format!("\"{}\"", "0".repeat(32)) });
    let lists: [Vec<Value>; 6] = [
        vec![],
        list[1..].to_vec(),
        [&list[..], &list[..1]].concat(),
        [&list[..1], &list[..1], &list[2..]].concat(),
        [&[forged], &list[1..]].concat(),
        list.iter()
            .map(|part| json!({ "number": part["number"], "etag": "<x>&\"\u{0}" }))
            .collect(),
    ];
    for parts in lists {
        let reply = owner
            .api
            .post(&path, Some(&owner.access), &json!({ "parts": parts }));
        assert!(
            matches!(
                reply.shown().as_str(),
                "409 upload_incomplete" | "400 malformed"
            ),
            "{parts:?}: {}",
            reply.text()
        );
    }
    assert_eq!(
        owner.api.status(&owner.access, &asset).json()["state"],
        "uploading"
    );
    owner
        .api
        .post(&path, Some(&owner.access), &parts)
        .expect(202);
    assert_eq!(owner.settled(&asset)["state"], "ready");
}

#[test]
fn parts_whose_whole_has_another_checksum_complete_nothing() {
    let owner = people::owner();
    let octets = LARGE.octets();
    let mut wish = announcement(octets.len());
    wish["checksum"] = json!({ "algorithm": "crc64nvme", "value": "AAAAAAAAAAA=" });
    let slot = owner.announce(&wish);
    let parts = slot.parts.iter().zip(octets.chunks(8 << 20)).map(|(part, octets)| {
        json!({ "number": part.number, "etag": part.put(octets).expect(200).header("etag").expect("an ETag") })
    });
    let parts = json!({ "parts": parts.collect::<Vec<_>>() });
    let path = format!("/v1/uploads/{}/finalize", slot.asset_id);
    refused(
        &owner.api.post(&path, Some(&owner.access), &parts),
        409,
        "upload_incomplete",
    );
    refused(
        &owner.api.finalize(&owner.access, &slot.asset_id),
        409,
        "upload_incomplete",
    );
    is_gone(&owner, &slot.asset_id);
}

#[test]
fn a_part_of_another_checksum_is_refused_at_the_door() {
    use vault_domain::ports::Hashing as _;
    let owner = people::owner();
    let octets = LARGE.octets();
    let mut wish = announcement(octets.len());
    wish["part_checksums"] = json!("sha256");
    let slot = owner.announce(&wish);
    assert!(slot.parts.is_empty(), "nothing can be signed yet");
    let path = format!("/v1/uploads/{}/parts", slot.asset_id);
    let sign = |body: &Value| owner.api.post(&path, Some(&owner.access), body);
    refused(&sign(&json!({ "part_numbers": [1] })), 400, "malformed");
    let chunks: Vec<&[u8]> = octets.chunks(8 << 20).collect();
    for (number, octets) in (1_u32..).zip(chunks) {
        let digest = vault_crypto::entropy::Sha256.sha256(octets).0;
        let part = json!({ "number": number, "checksum": data_encoding::BASE64.encode(&digest) });
        let signed = sign(&json!({ "parts": [part] })).expect(200).json();
        let signed: vault_tests::upload::Slot = serde_json::from_value(signed).unwrap();
        let mut changed = octets.to_vec();
        changed[7] ^= 1;
        assert_eq!(signed.parts[0].put(&changed).status, 400, "part {number}");
        let mut other = signed.parts[0].clone();
        other.headers.remove("x-amz-checksum-sha256");
        assert!((400..500).contains(&other.put(&changed).status), "without");
        signed.parts[0].put(octets).expect(200);
    }
    let held = owner.api.get(&path, &owner.access).expect(200).json();
    assert!(held["parts"][0]["checksum"].is_string(), "{held}");
    let finalize = format!("/v1/uploads/{}/finalize", slot.asset_id);
    let mut parts = held["parts"].clone();
    for part in parts.as_array_mut().unwrap() {
        part.as_object_mut().unwrap().remove("size");
    }
    let mut forged = parts.clone();
    forged[1]["checksum"] = forged[0]["checksum"].clone();
    let complete = |parts: Value| {
        let body = json!({ "parts": parts });
        owner.api.post(&finalize, Some(&owner.access), &body)
    };
    refused(&complete(forged), 409, "upload_incomplete");
    let told = complete(parts);
    assert!(matches!(told.status, 200 | 202), "{}", told.text());
    assert_eq!(owner.settled(&slot.asset_id)["state"], "ready");
}

#[test]
fn a_part_of_another_size_is_refused_at_the_door() {
    let owner = people::owner();
    let slot = owner.announce(&announcement((8 << 20) + 10));
    assert_eq!(slot.parts[1].put(b"eleven byte").status, 403);
    slot.parts[1].put(b"ten octets").expect(200);
    refused(
        &owner.api.finalize(&owner.access, &slot.asset_id),
        409,
        "upload_incomplete",
    );
}
