//! Films wait for GuardDuty's verdict, which is replayed through its queue: LocalStack's open edition has no GuardDuty. The
//! functions are set up here as `MalwareScan: guardduty` sets them up, so this runs apart from the rest.

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use vault_tests::films::SHORT;
    use vault_tests::lambda::{Feed, Variable};
    use vault_tests::{Person, cloud, logs, people, queue, sdk, wait};

    const LIMIT: Duration = Duration::from_mins(1);

    /// Waits until the packager came to this about the asset so often.
    fn came_to(asset: &str, outcome: &str, count: usize) {
        wait::until(&format!("{outcome} of {asset}"), LIMIT, || {
            let lines = logs::lines_with(&[asset]);
            let told = lines.iter();
            let told = told.filter(|line| line.contains("processed") && line.contains(outcome));
            (told.count() >= count).then_some(())
        });
    }

    fn key(owner: &Person, asset: &str) -> String {
        format!("uploads/{}/{asset}/source", owner.organisation)
    }

    /// The sample, of the object that is there.
    fn verdict(owner: &Person, asset: &str, sample: &str) -> Value {
        let batch: Value = serde_json::from_str(sample).expect("a sample");
        let body = batch["Records"][0]["body"].as_str().expect("a body");
        let mut event: Value = serde_json::from_str(body).expect("an event");
        let key = key(owner, asset);
        let head = sdk::sdk().s3().head_object();
        let head = head.bucket(cloud().output("UploadsBucket")).key(&key);
        let head = sdk::block_on(head.send()).expect("the object");
        let details = &mut event["detail"]["s3ObjectDetails"];
        details["bucketName"] = json!(cloud().output("UploadsBucket"));
        details["objectKey"] = json!(key);
        details["versionId"] = json!(head.version_id().expect("a version"));
        details["eTag"] = json!(head.e_tag().expect("an ETag").trim_matches('"'));
        event
    }

    fn told(event: &Value) {
        queue::send_to("VerdictQueueUrl", &event.to_string());
    }

    fn state(owner: &Person, asset: &str) -> Value {
        owner.api.status(&owner.access, asset).expect(200).json()["state"].clone()
    }

    #[test]
    fn a_film_waits_for_the_verdict_about_just_its_file() {
        let _functions = [
            "ProcessUploadFunction",
            "ConvertFilmFunction",
            "AuthorizeDownloadFunction",
        ]
        .map(|output| Variable::set(output, "MALWARE_SCAN", "guardduty"));
        let _feed = Feed::on("-verdicts");
        let owner = people::owner();
        let (clean, infected) = (
            include_str!("../../events/process-upload.clean.json"),
            include_str!("../../events/process-upload.threat.json"),
        );

        let asset = owner.upload(&SHORT.octets());
        came_to(&asset, "Awaited", 1);
        assert_eq!(state(&owner, &asset), "uploaded");
        let mut other = verdict(&owner, &asset, clean);
        other["detail"]["s3ObjectDetails"]["versionId"] = json!("another");
        told(&other);
        came_to(&asset, "Nothing", 1);
        assert_eq!(state(&owner, &asset), "uploaded");
        let made = sdk::objects("MediaBucket", &format!("media/{asset}/"));
        assert_eq!(made, [""; 0], "nothing is made of it");
        let good = verdict(&owner, &asset, clean);
        told(&good);
        assert_eq!(owner.settled(&asset)["state"], "ready");
        told(&good);
        came_to(&asset, "Nothing", 2);
        owner.view(&asset).segments[0].opened();

        let asset = owner.upload(&SHORT.octets());
        came_to(&asset, "Awaited", 1);
        told(&verdict(&owner, &asset, infected));
        let failed = owner.settled(&asset);
        assert_eq!(failed["code"], "malware_found", "{failed}");
        let left = sdk::objects("UploadsBucket", &key(&owner, &asset));
        assert_eq!(left, [""; 0], "its file is gone");
    }
}
