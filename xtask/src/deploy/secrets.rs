//! The two secrets that an operator makes before the first deployment.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Parameters;
use crate::aws::Aws;
use crate::keys::{KeyPair, jwks_of};

/// The secrets' names and the public halves.
pub(crate) struct Signing {
    pub(crate) token_secret_arn: String,
    pub(crate) token_jwks: String,
    pub(crate) url_secret_arn: String,
    pub(crate) url_public_pem: String,
}

impl Signing {
    pub(crate) const TOKEN_SECRET: &str = "reelvault/token-signing";
    pub(crate) const URL_SECRET: &str = "reelvault/url-signing";

    /// Makes the secrets, or takes those that are there.
    pub(crate) fn ensure(aws: &Aws) -> Result<Self> {
        let token = ensure_secret(aws, Self::TOKEN_SECRET, |pair| pair.to_secret(&pair.id()))?;
        let url = ensure_secret(aws, Self::URL_SECRET, |pair| pair.to_secret("1"))?;
        Self::of(token, url)
    }

    /// From the secrets' ARNs and texts.
    pub(crate) fn of(
        (token_secret_arn, token): (String, String),
        (url_secret_arn, url): (String, String),
    ) -> Result<Self> {
        Ok(Self {
            token_secret_arn,
            token_jwks: jwks_of(&token)?,
            url_secret_arn,
            url_public_pem: KeyPair::from_secret(&url)?.public_pem()?,
        })
    }

    /// The template's parameters for them.
    pub(crate) fn parameters(&self) -> Parameters {
        let given = [
            ("TokenSigningSecretArn", &self.token_secret_arn),
            ("TokenJwks", &self.token_jwks),
            ("UrlSigningSecretArn", &self.url_secret_arn),
            ("UrlSigningPublicKeyPem", &self.url_public_pem),
        ];
        given
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }
}

fn ensure_secret(
    aws: &Aws,
    name: &str,
    text: fn(&KeyPair) -> Result<String>,
) -> Result<(String, String)> {
    let call = |operation: &str, body: &Value| {
        aws.json(
            "secretsmanager",
            &format!("secretsmanager.{operation}"),
            body,
        )
    };
    let arn = |answer: &Value| {
        answer["ARN"]
            .as_str()
            .map(str::to_owned)
            .context("a secret without an ARN")
    };
    if let Ok(found) = call("GetSecretValue", &json!({ "SecretId": name })) {
        let text = found["SecretString"]
            .as_str()
            .context("a secret without a text")?;
        return Ok((arn(&found)?, text.to_owned()));
    }
    let pair = KeyPair::generate();
    let text = text(&pair)?;
    // A token of its own makes a repeated call the same call.
    let token = format!("{:0<36}", pair.id());
    let made = call(
        "CreateSecret",
        &json!({ "Name": name, "SecretString": text, "ClientRequestToken": token }),
    )?;
    Ok((arn(&made)?, text))
}
