//! Secrets Manager, for reading.

use aws_sdk_secretsmanager::Client;
use vault_domain::ports::{StoreError, Stored};
use vault_domain::secret::SecretText;

/// The current text of the secret of this ARN or name; its JSON is the caller's to parse.
///
/// # Errors
/// [`StoreError`] when it cannot be read or is binary.
pub async fn secret(client: &Client, id: &str) -> Stored<SecretText> {
    let output = client.get_secret_value().secret_id(id).send().await;
    let output = output.map_err(|error| StoreError::new("secrets.get", error))?;
    let text = output.secret_string;
    text.map(SecretText::new)
        .ok_or_else(|| StoreError::new("secrets.get", "the secret is not a text"))
}
