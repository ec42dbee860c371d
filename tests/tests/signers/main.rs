//! What we sign and hash, checked by Python's `cryptography`, `PyJWT`, bcrypt, pyotp and botocore and by
//! `@aws-sdk/cloudfront-signer`: not by the code that made it.

#[cfg(test)]
mod peers;
#[cfg(test)]
mod totp;
#[cfg(test)]
mod webhook;

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
    use vault_crypto::password::Bcrypt;
    use vault_domain::credential::{Password, PasswordHash};
    use vault_domain::ports::{AccessTokens as _, PasswordHasher as _, UrlSigner as _};
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

    /// As [`our_cloudfront_signatures_verify`], of what cookies say in the place of a query.
    #[test]
    fn our_signed_cookies_verify() {
        let owner = people::owner();
        let asset = owner.ready(SHORT);
        let view = owner.carried(&asset, "cookies");
        let signed = view.cookies.iter().filter_map(|[name, value, _]| {
            let name = name.strip_prefix("CloudFront-")?;
            Some(format!("{name}={value}"))
        });
        let input = json!({
            "url": format!("{}?{}", view.segments()[0].url, signed.collect::<Vec<_>>().join("&")),
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

    /// Hashes of the same password that Python made: of cost 10, of cost 12, and of an older mark.
    fn foreign_hashes(password: &str) -> Vec<PasswordHash> {
        let made = python::run(
            "password_make.py",
            &json!({ "password": password }).to_string(),
        );
        let made: Vec<String> = serde_json::from_str(&made).unwrap();
        made.into_iter().map(PasswordHash).collect()
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
    fn we_read_the_hashes_of_others() {
        let hasher = Bcrypt::new(std::sync::Arc::new(SystemEntropy));
        let text = "möwen über dem steinbruch";
        let right = Password::parse(text.to_owned()).unwrap();
        let wrong = Password::parse(text.to_uppercase()).unwrap();
        for (hash, cost) in foreign_hashes(text).iter().zip([10, 12, 10]) {
            assert_eq!(hash.cost(), Some(cost));
            assert!(hasher.verify(&right, Some(hash)).unwrap());
            assert!(!hasher.verify(&wrong, Some(hash)).unwrap());
        }
    }

    #[test]
    fn a_hash_of_a_lower_cost_is_upgraded_at_the_next_login_and_no_sooner() {
        let owner = people::owner();
        let pk = format!("user#{}", owner.user);
        let old = foreign_hashes(&owner.password).remove(0);
        let attribute = AttributeValue::S(old.0.clone());
        sdk::set("UsersTable", &pk, "hash", attribute);
        owner
            .api
            .login(&owner.email, "not the password")
            .expect(401);
        assert_eq!(stored_hash(&owner.user), old.0);
        owner.api.login(&owner.email, &owner.password).expect(200);
        let upgraded = stored_hash(&owner.user);
        assert!(upgraded.starts_with("$2b$12$"), "{}", &upgraded[..7]);
        owner.api.login(&owner.email, &owner.password).expect(200);
        assert_eq!(stored_hash(&owner.user), upgraded, "once");
        owner.api.refresh(&owner.refresh).expect(200);
    }

    fn stored_hash(user: &str) -> String {
        let get = sdk::sdk()
            .dynamodb()
            .get_item()
            .table_name(cloud().output("UsersTable"));
        let get = get.key("pk", AttributeValue::S(format!("user#{user}")));
        let found = sdk::block_on(get.send()).unwrap();
        found.item().unwrap()["hash"].as_s().unwrap().clone()
    }

    #[test]
    fn our_password_hashes_verify() {
        let owner = people::owner();
        let hash = stored_hash(&owner.user);
        let input = json!({ "password": owner.password, "hash": hash });
        assert_eq!(python::run("password.py", &input.to_string()), "ok");
    }
}
