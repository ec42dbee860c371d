//! A verdict about malware: GuardDuty's event of the scan of an object, as EventBridge brings it (Amazon GuardDuty User
//! Guide, "Monitoring S3 object scans with Amazon EventBridge", section "S3 object scan result":
//! <https://docs.aws.amazon.com/guardduty/latest/ug/monitor-with-eventbridge-s3-malware-protection.html>).
//!
//! What is not wholly as it is described there is no verdict: the film waits on, and a person looks at the message.

use serde::Deserialize;
use vault_domain::scan::{Finding, SourceVersion, Threats, Unscanned};

use crate::object::Object;

const SOURCE: &str = "aws.guardduty";
const DETAIL_TYPE: &str = "GuardDuty Malware Protection Object Scan Result";

#[derive(Deserialize)]
struct Event {
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    scan_status: Status,
    resource_type: String,
    s3_object_details: Details,
    scan_result_details: Outcome,
}

/// Whether it looked.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Completed,
    Skipped,
    Failed,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    bucket_name: String,
    object_key: String,
    e_tag: String,
    version_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    scan_result_status: Result,
    #[serde(default)]
    threats: Option<Vec<Threat>>,
}

/// What it says ("Monitoring S3 object scans in Malware Protection for S3", the same guide).
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Result {
    NoThreatsFound,
    ThreatsFound,
    Unsupported,
    AccessDenied,
    Failed,
}

#[derive(Deserialize)]
struct Threat {
    #[serde(default)]
    name: String,
}

/// What was found in an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Where it is.
    pub object: Object,
    /// Which of all that were ever there.
    pub about: SourceVersion,
    /// What was found.
    pub finding: Finding,
}

/// The verdict in the body of a message.
pub fn told(body: &str) -> Option<Verdict> {
    let event: Event = serde_json::from_str(body).ok()?;
    let detail = event.detail;
    let is_ours = event.source == SOURCE && event.detail_type == DETAIL_TYPE;
    if !is_ours || detail.resource_type != "S3_OBJECT" {
        return None;
    }
    let details = detail.s3_object_details;
    Some(Verdict {
        about: SourceVersion::parse(&details.version_id, &details.e_tag).ok()?,
        object: Object {
            bucket: details.bucket_name,
            key: details.object_key,
        },
        finding: finding(detail.scan_status, &detail.scan_result_details)?,
    })
}

/// Clean is what was looked at, to the end, with nothing found and nothing named. What contradicts itself is none.
fn finding(status: Status, outcome: &Outcome) -> Option<Finding> {
    let threats = outcome.threats.as_deref().unwrap_or_default();
    Some(match (status, outcome.scan_result_status) {
        (Status::Completed, Result::NoThreatsFound) if threats.is_empty() => Finding::Clean,
        (_, Result::ThreatsFound) => Finding::Threat(Threats::of(
            threats.iter().map(|threat| threat.name.as_str()),
        )),
        (Status::Skipped, Result::Unsupported) => Finding::Unscanned(Unscanned::Unsupported),
        (Status::Skipped, Result::AccessDenied) => Finding::Unscanned(Unscanned::AccessDenied),
        (Status::Failed, Result::Failed) => Finding::Unscanned(Unscanned::Failed),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::{Value, json};

    fn event() -> Value {
        let text = include_str!("../../../events/process-upload.clean.json");
        let batch: Value = serde_json::from_str(text).unwrap();
        serde_json::from_str(batch["Records"][0]["body"].as_str().unwrap()).unwrap()
    }

    fn found(status: &str, result: &str, threats: &Value) -> Option<Finding> {
        let mut event = event();
        event["detail"]["scanStatus"] = json!(status);
        event["detail"]["scanResultDetails"] =
            json!({ "scanResultStatus": result, "threats": threats });
        told(&event.to_string()).map(|verdict| verdict.finding)
    }

    #[test]
    fn the_sample_is_a_clean_source_of_our_bucket() {
        let verdict = told(&event().to_string()).unwrap();
        assert_eq!(verdict.finding, Finding::Clean);
        assert!(verdict.object.source("reelvault-uploads").is_some());
        assert_eq!(verdict.about.etag(), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn each_result_is_what_it_says_and_what_contradicts_itself_is_none() {
        let (none, named) = (json!(null), json!([{ "name": "EICAR-Test-File" }]));
        let threat = Finding::Threat(Threats::of(["EICAR-Test-File"]));
        let unscanned = Finding::Unscanned;
        for (status, result, threats, finding) in [
            ("COMPLETED", "NO_THREATS_FOUND", &none, Some(Finding::Clean)),
            (
                "COMPLETED",
                "NO_THREATS_FOUND",
                &json!([]),
                Some(Finding::Clean),
            ),
            ("COMPLETED", "NO_THREATS_FOUND", &named, None),
            ("SKIPPED", "NO_THREATS_FOUND", &none, None),
            ("FAILED", "NO_THREATS_FOUND", &none, None),
            ("COMPLETED", "THREATS_FOUND", &named, Some(threat.clone())),
            ("SKIPPED", "THREATS_FOUND", &named, Some(threat)),
            (
                "SKIPPED",
                "UNSUPPORTED",
                &none,
                Some(unscanned(Unscanned::Unsupported)),
            ),
            (
                "SKIPPED",
                "ACCESS_DENIED",
                &none,
                Some(unscanned(Unscanned::AccessDenied)),
            ),
            (
                "FAILED",
                "FAILED",
                &none,
                Some(unscanned(Unscanned::Failed)),
            ),
            ("COMPLETED", "FAILED", &none, None),
            ("COMPLETED", "CLEAN", &none, None),
            ("RUNNING", "NO_THREATS_FOUND", &none, None),
        ] {
            assert_eq!(
                found(status, result, threats),
                finding,
                "{status} {result} {threats}"
            );
        }
        let nameless = found("COMPLETED", "THREATS_FOUND", &none);
        assert_eq!(nameless, Some(Finding::Threat(Threats::of([]))));
    }

    #[test]
    fn what_lacks_a_part_or_is_of_somebody_else_is_no_verdict() {
        for (path, value) in [
            ("/source", json!("aws.s3")),
            ("/source", json!("our.guardduty")),
            ("/detail-type", json!("GuardDuty Finding")),
            ("/detail/resourceType", json!("EC2_INSTANCE")),
            ("/detail/s3ObjectDetails/versionId", json!("null")),
            ("/detail/s3ObjectDetails/versionId", json!("")),
            ("/detail/s3ObjectDetails/versionId", json!(null)),
            ("/detail/s3ObjectDetails/eTag", json!("")),
            ("/detail/s3ObjectDetails/eTag", json!({ "a": 1 })),
            ("/detail/s3ObjectDetails/objectKey", json!(null)),
            ("/detail/s3ObjectDetails", json!([])),
            ("/detail/scanResultDetails", json!(null)),
            ("/detail", json!("NO_THREATS_FOUND")),
        ] {
            let mut event = event();
            *event.pointer_mut(path).unwrap() = value.clone();
            assert_eq!(told(&event.to_string()), None, "{path} {value}");
        }
        for body in ["", "{}", "[]", "null"] {
            assert_eq!(told(body), None, "{body}");
        }
    }

    /// The body of a sample, with one character more or one less, anywhere.
    fn damaged(sample: &str) -> impl Iterator<Item = String> {
        let batch: Value = serde_json::from_str(sample).unwrap();
        let body = batch["Records"][0]["body"].as_str().unwrap().to_owned();
        (0..body.len()).flat_map(move |at| {
            let (before, rest) = body.split_at(at);
            let (octet, after) = rest.split_at(1);
            let more = [
                "\"", "{", "]", ",", "\\", "0", "_", "\u{e9}", "\u{0}", octet,
            ];
            let more = more.map(|other| format!("{before}{other}{octet}{after}"));
            let left_out = format!("{before}{after}");
            more.into_iter().chain([left_out]).collect::<Vec<_>>()
        })
    }

    #[test]
    fn no_damage_to_another_verdict_makes_it_a_clearance_nor_moves_one_to_our_source_of_another_name()
     {
        for sample in [
            include_str!("../../../events/process-upload.threat.json"),
            include_str!("../../../events/process-upload.unscanned.json"),
        ] {
            for body in damaged(sample) {
                let told = told(&body).map(|verdict| verdict.finding);
                assert_ne!(told, Some(Finding::Clean), "{body}");
            }
        }
        let whole = told(&event().to_string()).unwrap();
        let ours = whole.object.source("reelvault-uploads");
        for body in damaged(include_str!("../../../events/process-upload.clean.json")) {
            let Some(verdict) = told(&body) else { continue };
            // What is still read is whole: of our bucket and a source, or of nothing.
            let source = verdict.object.source("reelvault-uploads");
            assert!(source.is_none() || source == ours, "{body}");
        }
    }
}
