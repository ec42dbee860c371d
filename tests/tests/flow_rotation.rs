//! Secrets turn in the middle of a view, by Secrets Manager's own four steps. Apart from the rest, which compares URLs that a turn
//! changes.

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_secretsmanager::types::RotationRulesType;
    use serde_json::{Value, json};
    use vault_domain::rotation::OVERLAP;
    use vault_tests::films::SHORT;
    use vault_tests::view::View;
    use vault_tests::{Http, cloud, people, sdk, wait};

    /// Seconds after which every function of this cloud has read its secrets anew (`SecretsFreshSeconds`), and one.
    const LEARNT: u64 = 6;
    const LIMIT: Duration = Duration::from_mins(1);

    fn ring(secret: &str) -> Value {
        serde_json::from_str(&sdk::secret(cloud().output(secret))).expect("a ring")
    }

    /// Asks Secrets Manager to rotate; it calls the function, step by step, before it answers.
    fn rotate(secret: &str) -> Value {
        let rules = RotationRulesType::builder().automatically_after_days(90);
        let asked = sdk::sdk()
            .secrets()
            .rotate_secret()
            .secret_id(cloud().output(secret))
            .rotation_lambda_arn(cloud().output("RotateSecretFunction"))
            .rotation_rules(rules.build())
            .send();
        sdk::block_on(asked).expect("a rotation");
        ring(secret)
    }

    /// Puts the ring in force as if its last turn had been long ago.
    fn age(secret: &str, mut ring: Value) {
        for since in ring["rotation"]["since"]
            .as_object_mut()
            .expect("times")
            .values_mut()
        {
            *since = json!(since.as_u64().expect("a time") - 2 * OVERLAP);
        }
        put(secret, &ring);
    }

    /// Puts a ring in force by hand.
    fn put(secret: &str, ring: &Value) {
        let put = sdk::sdk().secrets().put_secret_value();
        let put = put.secret_id(cloud().output(secret));
        sdk::block_on(put.secret_string(ring.to_string()).send()).expect("a version");
    }

    /// Until every function has read its secrets anew.
    fn learnt() {
        let at = wait::epoch();
        wait::until("every function has read its secrets", LIMIT, || {
            (wait::epoch() > at + LEARNT).then_some(())
        });
    }

    /// What all keys of a view are; each must come.
    fn keys(view: &View) -> Vec<Vec<u8>> {
        let keys = view.keys().into_iter();
        keys.map(|url| Http::default().get(url).expect(200).body)
            .collect()
    }

    /// Under which version of the master key the keys of an asset are.
    fn masters(asset: &str) -> Vec<String> {
        let query = sdk::sdk().dynamodb().query();
        let query = query
            .table_name(cloud().output("KeysTable"))
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(
                ":pk",
                aws_sdk_dynamodb::types::AttributeValue::S(asset.to_owned()),
            );
        let found = sdk::block_on(query.send()).expect("a query");
        let master = |item: &std::collections::HashMap<_, _>| {
            let master: &aws_sdk_dynamodb::types::AttributeValue = &item["master"];
            master.as_s().expect("a text").clone()
        };
        found.items().iter().map(master).collect()
    }

    #[test]
    fn secrets_turn_in_the_middle_of_a_view_and_no_key_fails_to_come() {
        let secrets = ["PlaybackMacSecretArn", "MasterKeySecretArn"];
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        let view = owner.view(&asset);
        let before = keys(&view);
        assert!(!before.is_empty() && before.iter().all(|key| key.len() == 16));

        // The first turn publishes, and one that comes too soon changes nothing.
        let published = secrets.map(|secret| {
            // As a ring that never turned, whatever runs of before on this cloud did to it.
            let mut was = ring(secret);
            was.as_object_mut().expect("an object").remove("rotation");
            put(secret, &was);
            let is = rotate(secret);
            assert_eq!(is["current"], was["current"]);
            assert!(is["rotation"]["next"].is_string(), "{secret}");
            assert_eq!(rotate(secret), is, "{secret}: not known for long enough");
            is
        });
        for (secret, ring) in secrets.into_iter().zip(&published) {
            age(secret, ring.clone());
        }
        assert_eq!(keys(&view), before);
        learnt();

        // The second puts them in force.
        let promoted = secrets.map(rotate);
        for (was, is) in published.iter().zip(&promoted) {
            let old = was["current"].as_str().expect("a name");
            assert_eq!(is["current"], was["rotation"]["next"]);
            assert_eq!(is[old], was[old], "what is under it goes on");
        }
        let current = promoted[0]["current"].as_str().expect("a name");
        wait::until("a view whose ticket is under the new key", LIMIT, || {
            // Whichever function knows the new key and whichever does not yet: nobody is refused.
            let new = owner.view(&asset);
            assert_eq!(keys(&new), before);
            assert_eq!(keys(&view), before);
            assert_eq!(keys(&View::read(&view.playlist)), before);
            let under = new.ticket().split('.').next();
            (under == Some(current)).then_some(())
        });

        // Keys follow the master key, and are the same.
        let master = &promoted[1]["current"];
        let report = wait::until("a whole pass over all keys", LIMIT, || {
            let told = sdk::invoke("RewrapKeysFunction", &json!({})).json();
            (told["finished"] == true && told["master"] == *master).then_some(told)
        });
        assert!(report["seen"].as_u64().is_some_and(|seen| seen > 0));
        let master = master.as_str().expect("a name");
        assert!(masters(&asset).iter().all(|under| under == master));
        assert_eq!(keys(&view), before);
        assert_eq!(keys(&owner.view(&asset)), before);
        // Films that come now are under the new one from the start.
        let another = owner.ready(SHORT);
        assert!(masters(&another).iter().all(|under| under == master));
        assert_eq!(keys(&owner.view(&another)).len(), before.len());

        // The old one goes; nothing is under it.
        let mut without = promoted[1].clone();
        let old = published[1]["current"].as_str().expect("a name");
        let there = without.as_object_mut().and_then(|ring| ring.remove(old));
        assert!(there.is_some());
        put(secrets[1], &without);
        learnt();
        assert_eq!(keys(&view), before);
        assert_eq!(keys(&owner.view(&asset)), before);
    }

    #[test]
    fn what_secrets_manager_did_not_ask_for_is_refused_and_says_nothing_of_a_secret() {
        let arn = cloud().output("PlaybackMacSecretArn");
        let before = ring("PlaybackMacSecretArn");
        let foreign = cloud().output("PathMacSecretArn");
        for (secret, step) in [
            (arn, "createSecret"),
            (arn, "finishSecret"),
            (arn, "dropSecret"),
            (foreign, "createSecret"),
        ] {
            let order =
                json!({ "Step": step, "SecretId": secret, "ClientRequestToken": "0".repeat(36) });
            let reply = sdk::invoke("RotateSecretFunction", &order);
            let told = reply.json();
            assert!(told["errorMessage"].is_string(), "{step}: {}", reply.text());
            for material in before.as_object().expect("an object").values() {
                let material = material.as_str().filter(|text| text.len() > 30);
                assert!(material.is_none_or(|text| !reply.text().contains(text)));
            }
        }
    }
}
