use std::sync::{Arc, Mutex};

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use vault_domain::asset::{Checksum, MediaType, PartPlan, Title};
use vault_domain::id::{AssetId, OrgId, UserId};
use vault_domain::time::Timestamp;

use super::*;
use crate::replay::Replay;

pub(in crate::s3) fn announced(size: u64) -> NewAsset {
    NewAsset {
        id: AssetId::from_octets([1; 16]),
        org: OrgId::from_octets([2; 16]),
        owner: vault_domain::member::Actor::User(UserId::from_octets([3; 16])),
        title: Title::parse("A film").unwrap(),
        media_type: MediaType::parse("video/mp4").unwrap(),
        plan: PartPlan::of(size).unwrap(),
        checksum: None,
        created_at: Timestamp(1),
    }
}

fn with_crc(size: u64) -> NewAsset {
    let checksum = Some(Checksum::parse("crc64nvme", "AAAAAAAAAAA=").unwrap());
    NewAsset {
        checksum,
        ..announced(size)
    }
}

fn uploads(replay: &Replay) -> S3Uploads {
    S3Uploads::new(super::super::client(&replay.config(), false), "uploads")
}

fn parts() -> Vec<UploadedPart> {
    let part = |number| UploadedPart {
        number,
        etag: format!("\"{number}\""),
        checksum: None,
    };
    vec![part(1), part(2)]
}

fn error(code: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>why</Message></Error>")
}

#[tokio::test]
async fn an_error_in_a_reply_of_200_is_no_completion() {
    let replay = Replay::of(&[(200, &error("InternalError"))]);
    let result = uploads(&replay)
        .complete(&announced(9), "mp", &parts())
        .await;
    assert!(result.is_err(), "{result:?}");
}

#[tokio::test]
async fn a_completion_is_refused_gone_or_unknown_by_its_code() {
    for code in REFUSALS {
        let replay = Replay::of(&[(400, &error(code))]);
        let result = uploads(&replay)
            .complete(&announced(9), "mp", &parts())
            .await;
        assert_eq!(result.unwrap(), Completion::Refused(format!("{code}: why")));
    }
    let replay = Replay::of(&[(404, &error("NoSuchUpload"))]);
    let result = uploads(&replay)
        .complete(&announced(9), "mp", &parts())
        .await;
    assert_eq!(result.unwrap(), Completion::NoSuchUpload);
    let replay = Replay::of(&[(403, &error("AccessDenied"))]);
    let result = uploads(&replay)
        .complete(&announced(9), "mp", &parts())
        .await;
    assert!(result.is_err());
}

/// Time that passes as soon as somebody waits for it, and how long they would have.
#[derive(Debug, Clone, Default)]
struct Hurried(Arc<Mutex<Vec<Duration>>>);

impl AsyncSleep for Hurried {
    fn sleep(&self, duration: Duration) -> Sleep {
        self.0.lock().unwrap().push(duration);
        Sleep::new(std::future::ready(()))
    }
}

#[tokio::test]
async fn a_completion_that_takes_longer_than_a_request_may_is_under_way_and_asked_for_once() {
    let (replay, hurried) = (Replay::silent(), Hurried::default());
    let sleep = SharedAsyncSleep::new(hurried.clone());
    let config = replay.config().into_builder().sleep_impl(sleep).build();
    let result = S3Uploads::new(super::super::client(&config, false), "uploads")
        .complete(&announced(9), "mp", &parts())
        .await;
    assert_eq!(result.unwrap(), Completion::UnderWay);
    assert_eq!(replay.count(), 1);
    assert!(hurried.0.lock().unwrap().contains(&COMPLETES_WITHIN));
}

#[tokio::test]
async fn an_announced_crc_is_of_the_whole_object_from_creation_to_completion() {
    let created =
        "<InitiateMultipartUploadResult><UploadId>mp</UploadId></InitiateMultipartUploadResult>";
    let completed = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>";
    let replay = Replay::of(&[(200, created), (200, completed)]);
    let asset = with_crc(20 << 20);
    assert_eq!(
        uploads(&replay).create_multipart(&asset).await.unwrap(),
        "mp"
    );
    let done = uploads(&replay).complete(&asset, "mp", &parts()).await;
    assert_eq!(done.unwrap(), Completion::Completed);
    let header = |index, name| replay.header(index, name);
    assert_eq!(
        header(0, "x-amz-checksum-algorithm").as_deref(),
        Some("CRC64NVME")
    );
    assert_eq!(
        header(1, "x-amz-checksum-crc64nvme").as_deref(),
        Some("AAAAAAAAAAA=")
    );
    for index in 0..2 {
        assert_eq!(
            header(index, "x-amz-checksum-type").as_deref(),
            Some("FULL_OBJECT")
        );
    }
    let size = (20 << 20).to_string();
    assert_eq!(header(1, "x-amz-mp-object-size"), Some(size));
}

#[tokio::test]
async fn checksums_of_parts_are_composite_and_told_from_creation_to_completion() {
    let created =
        "<InitiateMultipartUploadResult><UploadId>mp</UploadId></InitiateMultipartUploadResult>";
    let listed = "<ListPartsResult><Part><PartNumber>1</PartNumber><ETag>\"1\"</ETag><Size>9</Size>\
         <ChecksumSHA256>sum</ChecksumSHA256></Part></ListPartsResult>";
    let completed = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>";
    let replay = Replay::of(&[(200, created), (200, listed), (200, completed)]);
    let plan = PartPlan::of_uppy(9).unwrap();
    let plan = plan.with_checksums(ChecksumAlgorithm::Sha256).unwrap();
    let asset = NewAsset {
        plan,
        ..announced(9)
    };
    let uploads = uploads(&replay);
    uploads.create_multipart(&asset).await.unwrap();
    let header = |name| replay.header(0, name);
    assert_eq!(
        header("x-amz-checksum-algorithm").as_deref(),
        Some("SHA256")
    );
    assert_eq!(header("x-amz-checksum-type").as_deref(), Some("COMPOSITE"));
    let parts = uploads.list_parts(&asset, "mp").await.unwrap().unwrap();
    assert_eq!(parts[0].checksum.as_deref(), Some("sum"));
    let done = uploads.complete(&asset, "mp", &parts).await;
    assert_eq!(done.unwrap(), Completion::Completed);
    assert!(
        replay
            .body(2)
            .contains("<ChecksumSHA256>sum</ChecksumSHA256>")
    );
}

#[tokio::test]
async fn an_upload_without_checksum_asks_for_none() {
    let created =
        "<InitiateMultipartUploadResult><UploadId>mp</UploadId></InitiateMultipartUploadResult>";
    let replay = Replay::of(&[(200, created)]);
    uploads(&replay)
        .create_multipart(&announced(9))
        .await
        .unwrap();
    assert_eq!(replay.header(0, "x-amz-checksum-algorithm"), None);
}

#[tokio::test]
async fn parts_are_read_page_by_page_or_all_of_them() {
    let page = |number: u32, more: bool| {
        format!(
            "<ListPartsResult><IsTruncated>{more}</IsTruncated><Part><PartNumber>{number}</PartNumber>\
             <ETag>\"{number}\"</ETag><Size>{number}0</Size></Part></ListPartsResult>"
        )
    };
    let pages = [(200, page(1, true)), (200, page(2, false))];
    let pages = [&pages[0], &pages[1]].map(|(status, page)| (*status, page.as_str()));
    let replay = Replay::of(&pages);
    let listed = uploads(&replay).list_parts(&announced(9), "mp").await;
    assert_eq!(listed.unwrap(), Some(parts()));
    assert!(!replay.uri(0).contains("part-number-marker"));
    assert!(replay.uri(1).contains("part-number-marker=1"));
    let replay = Replay::of(&pages[..1]);
    let held = uploads(&replay).held_parts(&announced(9), "mp", 7).await;
    let held = held.unwrap().unwrap();
    assert_eq!((held.parts[0].size, held.more), (10, true));
    assert!(replay.uri(0).contains("part-number-marker=7"));
}

#[tokio::test]
async fn a_page_that_promises_more_and_brings_nothing_is_the_last() {
    let empty = "<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>";
    let replay = Replay::of(&[(200, empty), (404, &error("NoSuchUpload"))]);
    let uploads = uploads(&replay);
    let listed = uploads.list_parts(&announced(9), "mp").await.unwrap();
    assert_eq!(listed, Some(Vec::new()));
    let gone = uploads.held_parts(&announced(9), "mp", 0).await.unwrap();
    assert_eq!(gone, None);
}

#[tokio::test]
async fn a_read_asks_for_one_version_and_takes_no_other_length() {
    let replay = Replay::of(&[(206, "abc"), (206, "ab"), (206, "abcd"), (412, "")]);
    let uploads = uploads(&replay);
    let asset = announced(9);
    assert_eq!(uploads.read(&asset, "\"e\"", 4, 3).await.unwrap(), b"abc");
    assert_eq!(replay.header(0, "range").as_deref(), Some("bytes=4-6"));
    assert_eq!(replay.header(0, "if-match").as_deref(), Some("\"e\""));
    for _ in 0..3 {
        assert!(uploads.read(&asset, "\"e\"", 4, 3).await.is_err());
    }
    assert!(uploads.read(&asset, "\"e\"", u64::MAX, 3).await.is_err());
    assert_eq!(uploads.read(&asset, "\"e\"", 9, 0).await.unwrap(), b"");
}

#[tokio::test]
async fn an_object_that_is_not_there_is_none_and_one_that_may_not_be_seen_is_an_error() {
    let replay = Replay::of(&[(404, ""), (403, "")]);
    let uploads = uploads(&replay);
    assert_eq!(uploads.head(&announced(9)).await.unwrap(), None);
    assert!(uploads.head(&announced(9)).await.is_err());
    assert_eq!(
        replay.header(0, "x-amz-checksum-mode").as_deref(),
        Some("ENABLED")
    );
}
