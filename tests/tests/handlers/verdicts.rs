//! Verdicts about malware as they come to process-upload, hostile ones too: the sample, told of a film that is there.

use serde_json::{Value, json};
use vault_boot::event::Invocation;
use vault_boot::wiring::process_upload::Deps;
use vault_domain::asset::{AssetState, source_key};
use vault_domain::ports::Clock as _;
use vault_domain::usecase::process_upload as packaging;
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, ORG};

const BUCKET: &str = "reelvault-uploads";
const UPLOADS: &str = "arn:aws:sqs:us-east-1:111122223333:reelvault-process";
const VERDICTS: &str = "arn:aws:sqs:us-east-1:111122223333:reelvault-verdicts";

fn arrived() -> Kit {
    let kit = Kit::with_users(1);
    let film = builders::film(1_000);
    kit.plant_arrived(builders::new_asset(&film), film);
    kit
}

/// The event of a sample, of the film that is there.
fn event(kit: &Kit, sample: &str) -> Value {
    let batch: Value = serde_json::from_str(sample).unwrap();
    let body = batch["Records"][0]["body"].as_str().unwrap();
    let mut event: Value = serde_json::from_str(body).unwrap();
    let key = source_key(ORG, ASSET);
    let etag = kit.cloud.with(|s| s.uploads.objects[&key].etag.clone());
    let object = &mut event["detail"]["s3ObjectDetails"];
    object["objectKey"] = json!(key);
    object["eTag"] = json!(etag.trim_matches('"'));
    object["versionId"] = json!("v1");
    event
}

fn clean(kit: &Kit) -> Value {
    event(
        kit,
        include_str!("../../../events/process-upload.clean.json"),
    )
}

/// Was it taken from this queue? What was not comes again, and ends among the dead letters.
async fn taken(kit: &Kit, scanned: bool, queue: &str, body: &str) -> bool {
    let cloud = kit.cloud.clone();
    let deps = Deps {
        process: packaging::Deps {
            scans: scanned.then_some(cloud as _),
            ..kit.process_upload()
        },
        manifests: kit.cloud.clone(),
        subtitles: kit.cloud.clone(),
        files: kit.cloud.clone(),
        hashing: kit.hashing.clone(),
        bucket: BUCKET.to_owned(),
        verdicts: scanned.then(|| VERDICTS.to_owned()),
        max_receive_count: 5,
    };
    let payload =
        json!({ "Records": [{ "messageId": "m-1", "body": body, "eventSourceARN": queue }] });
    let invocation = Invocation {
        payload,
        deadline: kit.clock.now().plus(900),
        request_id: "r-1".to_owned(),
    };
    let answer = process_upload::handle(&deps, invocation).await.unwrap();
    answer == json!({ "batchItemFailures": [] })
}

fn state(kit: &Kit) -> AssetState {
    kit.cloud.with(|s| s.assets[&ASSET].state)
}

fn object_created() -> String {
    let detail =
        json!({ "bucket": { "name": BUCKET }, "object": { "key": source_key(ORG, ASSET) } });
    json!({ "detail-type": "Object Created", "detail": detail }).to_string()
}

#[tokio::test]
async fn a_film_waits_for_the_verdict_of_the_sample_and_is_ready_or_failed_by_it() {
    for (sample, ends) in [
        (
            include_str!("../../../events/process-upload.clean.json"),
            AssetState::Ready,
        ),
        (
            include_str!("../../../events/process-upload.threat.json"),
            AssetState::Failed,
        ),
        (
            include_str!("../../../events/process-upload.unscanned.json"),
            AssetState::Failed,
        ),
    ] {
        let kit = arrived();
        assert!(taken(&kit, true, UPLOADS, &object_created()).await);
        assert_eq!(state(&kit), AssetState::Uploaded, "it waits");
        let told = event(&kit, sample).to_string();
        assert!(taken(&kit, true, VERDICTS, &told).await);
        assert_eq!(state(&kit), ends);
        assert!(taken(&kit, true, VERDICTS, &told).await, "and again");
        assert_eq!(state(&kit), ends);
    }
}

#[tokio::test]
async fn a_verdict_from_where_functions_may_write_clears_nothing_nor_does_one_that_nobody_waits_for()
 {
    let kit = arrived();
    let told = clean(&kit).to_string();
    for queue in [
        "",
        UPLOADS,
        "arn:aws:sqs:us-east-1:444455556666:reelvault-verdicts",
    ] {
        assert!(!taken(&kit, true, queue, &told).await, "{queue}");
    }
    for queue in [UPLOADS, VERDICTS] {
        assert!(
            !taken(&kit, false, queue, &told).await,
            "{queue}: unscanned"
        );
    }
    // Nor is anything else taken from the queue of verdicts: an order, an object.
    let order =
        json!({ "v": 1, "kind": "package", "org": ORG.to_string(), "asset": ASSET.to_string() });
    for body in [object_created(), order.to_string()] {
        assert!(!taken(&kit, true, VERDICTS, &body).await, "{body}");
    }
    assert_eq!(state(&kit), AssetState::Uploading);
    assert_eq!(kit.cloud.snapshot().audit, [], "nothing happened");
}

#[tokio::test]
async fn a_verdict_of_another_bucket_key_version_or_etag_is_passed_over_and_a_broken_one_is_kept_for_a_person()
 {
    let key = source_key(ORG, ASSET);
    for (path, value, passed_over) in [
        ("/detail/s3ObjectDetails/bucketName", json!("another"), true),
        (
            "/detail/s3ObjectDetails/objectKey",
            json!(format!("{key}/x")),
            true,
        ),
        (
            "/detail/s3ObjectDetails/objectKey",
            json!(format!("/{key}")),
            true,
        ),
        (
            "/detail/s3ObjectDetails/objectKey",
            json!("uploads/../source"),
            true,
        ),
        (
            "/detail/s3ObjectDetails/objectKey",
            json!(key.replace("source", "renditions/pkg-720-1.mp4")),
            true,
        ),
        ("/detail/s3ObjectDetails/versionId", json!("v2"), true),
        ("/detail/s3ObjectDetails/eTag", json!("0"), true),
        ("/detail/s3ObjectDetails/versionId", json!("null"), false),
        (
            "/detail/s3ObjectDetails/versionId",
            json!("v".repeat(2_000)),
            false,
        ),
        ("/detail/s3ObjectDetails/versionId", json!(["v1"]), false),
        ("/detail/scanStatus", json!("SKIPPED"), false),
        (
            "/detail/scanResultDetails/scanResultStatus",
            json!("no_threats_found"),
            false,
        ),
        (
            "/detail/scanResultDetails/threats",
            json!([{ "name": "EICAR" }]),
            false,
        ),
        ("/detail/scanResultDetails/threats", json!("EICAR"), false),
        ("/source", json!("com.example.guardduty"), false),
        (
            "/detail-type",
            json!("GuardDuty Malware Protection Post Scan Action Failed"),
            false,
        ),
    ] {
        let kit = arrived();
        let mut told = clean(&kit);
        *told.pointer_mut(path).unwrap() = value.clone();
        let taken = taken(&kit, true, VERDICTS, &told.to_string()).await;
        assert_eq!(taken, passed_over, "{path} {value}");
        let asset = kit.cloud.with(|s| s.assets[&ASSET].clone());
        assert_eq!(
            (asset.state, asset.scan),
            (AssetState::Uploading, None),
            "{path} {value}"
        );
    }
    let kit = arrived();
    let deep = "[".repeat(10_000);
    for body in ["", "null", "\u{0}", &deep, &"x".repeat(262_144)] {
        assert!(!taken(&kit, true, VERDICTS, body).await);
    }
}

#[test]
fn a_function_that_is_not_told_whether_films_wait_does_not_start() {
    use vault_boot::Env;
    use vault_boot::wiring::{authorize_download, convert_film, process_upload};
    let faults = |value: Option<&'static str>, wire: &dyn Fn(&Env<'_>)| {
        let lookup = move |name: &str| match name {
            "MALWARE_SCAN" => value.map(str::to_owned),
            _ => None,
        };
        let env = Env::new(&lookup);
        wire(&env);
        env.finish().unwrap_err().to_string()
    };
    let wires: [&dyn Fn(&Env<'_>); 3] = [
        &|env| drop(process_upload::wire(env)),
        &|env| drop(convert_film::wire(env)),
        &|env| drop(authorize_download::wire(env)),
    ];
    for wire in wires {
        for wrong in [None, Some(""), Some("true"), Some("GuardDuty"), Some("off")] {
            let told = faults(wrong, wire);
            assert!(told.contains("MALWARE_SCAN"), "{wrong:?}: {told}");
        }
        for right in ["none", "guardduty"] {
            assert!(!faults(Some(right), wire).contains("MALWARE_SCAN"));
        }
    }
    for missing in ["VERDICT_QUEUE_ARN", "RETENTION_TABLE"] {
        let told = faults(Some("guardduty"), wires[0]);
        assert!(told.contains(missing), "{told}");
    }
}
