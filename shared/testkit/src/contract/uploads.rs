//! The uploads bucket, with a client that follows the signed URLs.

use vault_domain::asset::{ChecksumAlgorithm, NewAsset};
use vault_domain::ports::{Completion, UploadedPart, Uploads, WantedPart};

use super::Put;
use crate::builders;
use crate::cloud::checksum_of;
use crate::entropy::SeedNote;
use crate::sample::Sample;

/// S3's least part.
const PART: u64 = 5 << 20;

/// Single PUTs and multipart uploads: sizes and checksums that lie are refused, the rest reads back.
pub async fn uploads_contract(port: &dyn Uploads, put: Put<'_>, seed: u64) {
    let _note = SeedNote(seed);
    let sample = Sample::new(seed);
    nothing_there(port, &sample).await;
    one_put(port, put, &sample).await;
    lies_at_the_door(port, put, &sample).await;
    parts(port, put, &sample).await;
    parts_that_lie(port, put, &sample).await;
    for kind in [ChecksumAlgorithm::Sha256, ChecksumAlgorithm::Crc64Nvme] {
        checksums_of_parts(port, put, &sample, kind).await;
    }
    abortion(port, put, &sample).await;
}

async fn nothing_there(port: &dyn Uploads, sample: &Sample) {
    let new = sample.new_asset(&builders::film(1_000));
    assert_eq!(port.head(&new).await.expect("head"), None);
    assert_eq!(
        port.find_multipart(&new).await.expect("find_multipart"),
        None
    );
    assert!(
        port.read(&new, "\"none\"", 0, 10).await.is_err(),
        "nothing to read"
    );
    port.delete(&new)
        .await
        .expect("deleting what is not there is fine");
}

async fn one_put(port: &dyn Uploads, put: Put<'_>, sample: &Sample) {
    let film = builders::film(10_000);
    let plain = NewAsset {
        checksum: None,
        ..sample.new_asset(&film)
    };
    let crc = NewAsset {
        checksum: Some(builders::checksum(ChecksumAlgorithm::Crc64Nvme, &film)),
        ..sample.new_asset(&film)
    };
    for new in [plain, crc, sample.new_asset(&film)] {
        let slot = port.presign_object(&new).await.expect("presign_object");
        assert_eq!((slot.number, slot.size), (1, 10_000));
        put(slot, film.clone()).await.expect("the client's PUT");
        let head = port.head(&new).await.expect("head").expect("the object");
        assert_eq!(head.size, 10_000);
        if let Some(announced) = &new.checksum {
            assert_eq!(
                head.checksum.as_ref(),
                Some(&announced.value),
                "{:?}",
                announced.algorithm
            );
        }
        let read = async |offset, len| port.read(&new, &head.etag, offset, len).await;
        assert_eq!(read(0, 10_000).await.expect("read"), film);
        assert_eq!(read(1_234, 77).await.expect("read"), film[1_234..1_311]);
        assert_eq!(read(9_999, 1).await.expect("read"), film[9_999..]);
        assert!(read(10_000, 1).await.is_err(), "beyond the end");
        let other = port
            .read(&new, "\"00000000000000000000000000000000\"", 0, 1)
            .await;
        assert!(other.is_err(), "just the object of this ETag");
        port.delete(&new).await.expect("delete");
        port.delete(&new).await.expect("deleting again is fine");
        assert_eq!(port.head(&new).await.expect("head"), None);
    }
}

async fn lies_at_the_door(port: &dyn Uploads, put: Put<'_>, sample: &Sample) {
    let film = builders::film(1_000);
    let new = sample.new_asset(&film);
    let mut changed = film.clone();
    changed[500] ^= 1;
    for lie in [builders::film(999), builders::film(1_001), changed] {
        let slot = port.presign_object(&new).await.expect("presign_object");
        let status = put(slot, lie)
            .await
            .expect_err("S3 refuses another size or checksum");
        assert!((400..500).contains(&status), "{status}");
        assert_eq!(
            port.head(&new).await.expect("head"),
            None,
            "nothing was stored"
        );
    }
}

/// The part with these octets, with its checksum where the plan has them.
fn wanted_part(new: &NewAsset, number: u32, octets: &[u8]) -> WantedPart {
    let kind = new.plan.checksums;
    WantedPart {
        number,
        checksum: kind.map(|kind| builders::checksum(kind, octets)),
    }
}

/// Begins a multipart upload and PUTs all parts of the film; its id and its parts.
pub async fn begin_in_parts(
    port: &dyn Uploads,
    put: Put<'_>,
    new: &NewAsset,
    film: &[u8],
) -> (String, Vec<UploadedPart>) {
    let multipart = port.create_multipart(new).await.expect("create_multipart");
    let step = usize::try_from(new.plan.part_size).expect("parts that fit into memory");
    let wanted = (1..).zip(film.chunks(step));
    let wanted = wanted.map(|(number, octets)| wanted_part(new, number, octets));
    let wanted: Vec<_> = wanted.collect();
    let signed = port
        .presign_parts(new, &multipart, &wanted)
        .await
        .expect("presign_parts");
    let mut parts = Vec::new();
    for (part, octets) in signed.into_iter().zip(film.chunks(step)) {
        let number = part.number;
        assert_eq!(Some(part.size), new.plan.octets_of(number));
        let etag = put(part, octets.to_vec())
            .await
            .expect("the client's PUT of a part");
        parts.push(UploadedPart {
            number,
            etag,
            checksum: wanted_part(new, number, octets)
                .checksum
                .map(|sum| sum.value),
        });
    }
    (multipart, parts)
}

/// `ETag`s with and without quotes are the same.
fn bare(parts: &[UploadedPart]) -> Vec<(u32, &str)> {
    parts
        .iter()
        .map(|p| (p.number, p.etag.trim_matches('"')))
        .collect()
}

async fn parts(port: &dyn Uploads, put: Put<'_>, sample: &Sample) {
    let film = builders::film((5 << 20) + 1_000);
    let new = sample.new_multipart_asset(&film, PART);
    let (multipart, parts) = begin_in_parts(port, put, &new, &film).await;
    let found = port.find_multipart(&new).await.expect("find_multipart");
    assert_eq!(
        found.as_ref(),
        Some(&multipart),
        "the upload that is under way"
    );
    let neighbour = sample.new_multipart_asset(&film, PART);
    assert_eq!(
        port.find_multipart(&neighbour)
            .await
            .expect("find_multipart"),
        None
    );

    let again = port
        .presign_parts(&new, &multipart, &[wanted_part(&new, 2, &film[5 << 20..])])
        .await
        .expect("presign_parts");
    for part in again {
        let short = put(part, film[..10].to_vec()).await;
        assert!(short.is_err(), "a part of another size is refused");
    }
    let listed = port.list_parts(&new, &multipart).await.expect("list_parts");
    let listed = listed.expect("the upload is under way");
    assert_eq!(bare(&listed), bare(&parts));
    let behind = async |number| {
        let held = port.held_parts(&new, &multipart, number).await;
        held.expect("held_parts").expect("it is under way")
    };
    let (all, last) = (behind(0).await, behind(1).await);
    assert!(!all.more && !last.more, "one page holds them");
    let sizes: Vec<u64> = all.parts.iter().map(|held| held.size).collect();
    assert_eq!(sizes, [PART, 1_000]);
    assert_eq!(last.parts, all.parts[1..]);
    assert_eq!(behind(2).await.parts, []);

    let complete = async |parts| {
        port.complete(&new, &multipart, parts)
            .await
            .expect("complete")
    };
    assert_eq!(complete(&listed).await, Completion::Completed);
    let head = port.head(&new).await.expect("head").expect("the object");
    assert_eq!(head.size, new.plan.size);
    assert_eq!(
        head.checksum,
        new.checksum.as_ref().map(|c| c.value.clone())
    );
    let seam = port
        .read(&new, &head.etag, PART - 10, 20)
        .await
        .expect("read");
    assert_eq!(seam, film[(5 << 20) - 10..(5 << 20) + 10]);
    assert_eq!(
        complete(&listed).await,
        Completion::NoSuchUpload,
        "completed before"
    );
    let gone = port.list_parts(&new, &multipart).await.expect("list_parts");
    assert_eq!(gone, None);
    assert_eq!(
        port.find_multipart(&new).await.expect("find_multipart"),
        None
    );
    port.abort_multipart(&new, &multipart)
        .await
        .expect("aborting what is over is fine");
    assert!(
        port.head(&new).await.expect("head").is_some(),
        "the object stays"
    );
    port.delete(&new).await.expect("delete");
}

async fn parts_that_lie(port: &dyn Uploads, put: Put<'_>, sample: &Sample) {
    let film = builders::film((5 << 20) + 1_000);
    let mut new = sample.new_multipart_asset(&film, PART);
    // Announced: the checksum of other octets.
    let other = checksum_of(ChecksumAlgorithm::Crc64Nvme, b"other octets");
    if let Some(checksum) = &mut new.checksum {
        checksum.value = other;
    }
    let (multipart, parts) = begin_in_parts(port, put, &new, &film).await;
    let mut forged = parts.clone();
    forged[0].etag = format!("\"{}\"", "0".repeat(32));
    for wrong in [&forged, &parts] {
        let refused = port
            .complete(&new, &multipart, wrong)
            .await
            .expect("complete");
        assert!(matches!(refused, Completion::Refused(_)), "{refused:?}");
        assert_eq!(
            port.head(&new).await.expect("head"),
            None,
            "nothing became an object"
        );
    }
    port.abort_multipart(&new, &multipart)
        .await
        .expect("abort_multipart");
}

async fn checksums_of_parts(
    port: &dyn Uploads,
    put: Put<'_>,
    sample: &Sample,
    kind: ChecksumAlgorithm,
) {
    let film = builders::film((5 << 20) + 1_000);
    let new = sample.new_multipart_asset(&film, PART);
    let new = NewAsset {
        plan: new.plan.with_checksums(kind).expect("a multipart plan"),
        checksum: None,
        ..new
    };
    let (multipart, parts) = begin_in_parts(port, put, &new, &film).await;
    let other = [&film[(5 << 20) + 1..], &[7]].concat();
    let wanted = wanted_part(&new, 2, &film[5 << 20..]);
    let signed = port.presign_parts(&new, &multipart, &[wanted]).await;
    for part in signed.expect("presign_parts") {
        let lie = put(part, other.clone()).await;
        assert!(lie.is_err(), "S3 refuses octets of another checksum");
    }
    let held = port.list_parts(&new, &multipart).await.expect("list_parts");
    let held = held.expect("the upload is under way");
    let sums = |parts: &[UploadedPart]| -> Vec<Option<String>> {
        parts.iter().map(|part| part.checksum.clone()).collect()
    };
    assert_eq!(sums(&held), sums(&parts), "{kind:?}");
    let done = port.complete(&new, &multipart, &held).await;
    assert_eq!(done.expect("complete"), Completion::Completed);
    assert!(port.head(&new).await.expect("head").is_some());
    port.delete(&new).await.expect("delete");
}

async fn abortion(port: &dyn Uploads, put: Put<'_>, sample: &Sample) {
    let film = builders::film((5 << 20) + 1_000);
    let new = sample.new_multipart_asset(&film, PART);
    let (multipart, parts) = begin_in_parts(port, put, &new, &film).await;
    port.abort_multipart(&new, &multipart)
        .await
        .expect("abort_multipart");
    port.abort_multipart(&new, &multipart)
        .await
        .expect("aborting again is fine");
    assert_eq!(
        port.list_parts(&new, &multipart).await.expect("list_parts"),
        None
    );
    assert_eq!(
        port.find_multipart(&new).await.expect("find_multipart"),
        None
    );
    let complete = port
        .complete(&new, &multipart, &parts)
        .await
        .expect("complete");
    assert_eq!(complete, Completion::NoSuchUpload);
}
