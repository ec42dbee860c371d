//! What we sign and hash, checked by Python's `cryptography`, `PyJWT` and bcrypt: not by the code that made it.

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
    use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use aws_sdk_dynamodb::types::AttributeValue;
    use data_encoding::BASE64;
    use serde_json::json;
    use vault_crypto::Keyring;
    use vault_crypto::access::JwtIssuer;
    use vault_crypto::cloudfront::PolicySigner;
    use vault_crypto::entropy::SystemEntropy;
    use vault_crypto::jwks::public_jwks;
    use vault_domain::ports::{AccessTokens as _, UrlSigner as _};
    use vault_domain::secret::SecretText;
    use vault_domain::time::Timestamp;
    use vault_tests::films::SHORT;
    use vault_tests::{Http, api, cloud, people, python, sdk, wait};

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

    /// For those whose players or policies need RSA; the stack of the tests signs with ECDSA.
    #[test]
    fn our_rsa_signatures_verify() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
        let secret = json!({ "current": "2", "2": BASE64.encode(private.as_ref()) });
        let ring = Keyring::parse(&SecretText::new(secret.to_string())).unwrap();
        let signer = PolicySigner::new(&ring, "2", "K2RSA".to_owned()).unwrap();
        let base = "https://media.example.org/media/ast_a/";
        let signature = signer
            .sign(&format!("{base}pkg_p/*"), Timestamp(wait::epoch() + 600))
            .unwrap();
        let input = json!({
            "url": format!("{base}pkg_p/00000.ts?{}", signature.query()),
            "der": BASE64.encode(public.as_ref()),
            "key_pair_id": "K2RSA",
            "resource": base,
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

    /// Before, during and after: a resource server that keeps what it read, and one that starts anew.
    #[test]
    fn a_rotation_of_the_signing_keys_is_followed() {
        let key = || {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            BASE64.encode(pair.to_pkcs8v1().unwrap().as_ref())
        };
        let (old, new) = (key(), key());
        let ring = |secret: serde_json::Value| {
            Keyring::parse(&SecretText::new(secret.to_string())).unwrap()
        };
        let before = ring(json!({ "current": "1", "1": old }));
        let during = ring(json!({ "current": "2", "1": old, "2": new }));
        let after = ring(json!({ "current": "2", "2": new }));
        let caller = vault_testkit::builders::caller();
        let token = |ring: &Keyring| {
            let issuer = JwtIssuer::new(ring, "urn:test".to_owned(), Arc::new(SystemEntropy));
            let token = issuer
                .unwrap()
                .issue(&caller, Timestamp(wait::epoch()), 600);
            token.unwrap().expose().to_owned()
        };
        let input = json!({
            "before": public_jwks(&before).unwrap(),
            "during": public_jwks(&during).unwrap(),
            "after": public_jwks(&after).unwrap(),
            "old": token(&before),
            "new": token(&during),
            "issuer": "urn:test",
            "audience": "urn:reelvault:api",
            "subject": caller.subject.actor().to_string(),
        });
        assert_eq!(python::run("rotation.py", &input.to_string()), "ok");
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
