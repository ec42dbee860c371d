//! What we sign and hash, checked by Python's `cryptography`, `PyJWT` and bcrypt: not by the code that made it.

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use serde_json::json;
    use vault_tests::films::SHORT;
    use vault_tests::{Http, api, cloud, people, python, sdk};

    #[test]
    fn our_cloudfront_signatures_verify() {
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        let view = owner.view(&asset);
        let input = json!({
            "url": view.segments[0].url,
            "pem": cloud().url_signing_public_pem,
            "key_pair_id": cloud().url_signing_key_id,
            "resource": format!("{}/media/{asset}/", cloud().media_url),
        });
        assert_eq!(python::run("cloudfront.py", &input.to_string()), "ok");
    }

    #[test]
    fn our_access_tokens_verify_against_the_public_keys() {
        let owner = people::owner();
        let jwks = Http::default()
            .get(&api::url("/.well-known/jwks.json"))
            .expect(200)
            .json();
        let input = json!({
            "token": owner.access,
            "jwks": jwks,
            "issuer": cloud().output("TokenIssuer"),
            "audience": "urn:reelvault:api",
            "subject": owner.user,
            "organisation": owner.organisation,
        });
        assert_eq!(python::run("access_token.py", &input.to_string()), "ok");
    }

    #[test]
    fn our_password_hashes_verify() {
        let owner = people::owner();
        let get = sdk::sdk()
            .dynamodb()
            .get_item()
            .table_name(cloud().output("UsersTable"));
        let get = get.key("pk", AttributeValue::S(format!("user#{}", owner.user)));
        let found = sdk::block_on(get.send()).unwrap();
        let hash = found.item().unwrap()["hash"].as_s().unwrap();
        let input = json!({ "password": owner.password, "hash": hash });
        assert_eq!(python::run("password.py", &input.to_string()), "ok");
    }
}
