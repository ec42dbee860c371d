//! Secrets Manager: reading secrets, and the versions of those that rotate.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueError;
use aws_sdk_secretsmanager::operation::update_secret_version_stage::UpdateSecretVersionStageError;
use vault_domain::ports::{Change, SecretVersions, Stages, StoreError, Stored};
use vault_domain::secret::SecretText;

/// The label of the version that is read.
const CURRENT: &str = "AWSCURRENT";
/// The label of the version that a rotation is making.
const PENDING: &str = "AWSPENDING";

/// The current text of the secret of this ARN or name; its JSON is the caller's to parse.
///
/// # Errors
/// [`StoreError`] when it cannot be read or is binary.
pub async fn secret(client: &Client, id: &str) -> Stored<SecretText> {
    let request = client.get_secret_value().secret_id(id);
    let output = request.version_stage(CURRENT).send().await;
    let output = output.map_err(|error| StoreError::new("secrets.get", error))?;
    let text = output.secret_string;
    text.map(SecretText::new)
        .ok_or_else(|| StoreError::new("secrets.get", "the secret is not a text"))
}

/// Secrets as a rotation function sees them: a version is named by the `ClientRequestToken` of its rotation, and is what its
/// staging labels say (AWS Secrets Manager User Guide, "Rotation by Lambda function" and "Lambda rotation functions").
#[derive(Debug, Clone)]
pub struct RotatingSecrets(Client);

impl RotatingSecrets {
    /// The secrets of this client's account.
    pub const fn new(client: Client) -> Self {
        Self(client)
    }

    /// Moves or takes away a label. Not applied unless it is where it is taken from: Secrets Manager refuses to move `AWSCURRENT`
    /// from a version that does not have it (API Reference, `UpdateSecretVersionStage`).
    async fn label(
        &self,
        (operation, label): (&'static str, &str),
        secret: &str,
        from: &str,
        to: Option<&str>,
    ) -> Stored<Change> {
        let request = self.0.update_secret_version_stage().secret_id(secret);
        let request = request.version_stage(label).remove_from_version_id(from);
        let sent = request
            .set_move_to_version_id(to.map(str::to_owned))
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Change::Applied);
        };
        match error.as_service_error() {
            Some(UpdateSecretVersionStageError::InvalidParameterException(_)) => {
                Ok(Change::NotApplied)
            }
            _ => Err(StoreError::new(operation, error)),
        }
    }
}

#[async_trait]
impl SecretVersions for RotatingSecrets {
    async fn stages(&self, secret: &str) -> Stored<Stages> {
        let sent = self.0.describe_secret().secret_id(secret).send().await;
        let output = sent.map_err(|error| StoreError::new("secrets.stages", error))?;
        let versions = output.version_ids_to_stages.unwrap_or_default();
        let labelled = |label: &str| {
            let mut named = versions.iter();
            let found = named.find(|(_, labels)| labels.iter().any(|known| known == label));
            found.map(|(version, _)| version.clone())
        };
        Ok(Stages {
            rotates: output.rotation_enabled.unwrap_or_default(),
            current: labelled(CURRENT),
            pending: labelled(PENDING),
        })
    }

    async fn text(&self, secret: &str, version: &str) -> Stored<Option<SecretText>> {
        let request = self.0.get_secret_value().secret_id(secret);
        match request.version_id(version).send().await {
            Ok(output) => Ok(output.secret_string.map(SecretText::new)),
            // A version that a rotation announced has no value before it is put.
            Err(error) => match error.as_service_error() {
                Some(GetSecretValueError::ResourceNotFoundException(_)) => Ok(None),
                _ => Err(StoreError::new("secrets.version", error)),
            },
        }
    }

    async fn put_pending(&self, secret: &str, version: &str, text: &SecretText) -> Stored<Change> {
        let request = self.0.put_secret_value().secret_id(secret);
        let sent = request
            .client_request_token(version)
            .secret_string(text.expose())
            .version_stages(PENDING)
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Change::Applied);
        };
        match error.as_service_error() {
            Some(PutSecretValueError::ResourceExistsException(_)) => Ok(Change::NotApplied),
            _ => Err(StoreError::new("secrets.put", error)),
        }
    }

    async fn promote(&self, secret: &str, from: &str, to: &str) -> Stored<Change> {
        let move_it = ("secrets.promote", CURRENT);
        self.label(move_it, secret, from, Some(to)).await
    }

    async fn abandon(&self, secret: &str, version: &str) -> Stored<Change> {
        let take = ("secrets.abandon", PENDING);
        self.label(take, secret, version, None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Replay;

    fn secrets(answers: &[(u16, &str)]) -> (RotatingSecrets, Replay) {
        let replay = Replay::of(answers);
        (RotatingSecrets::new(Client::new(&replay.config())), replay)
    }

    #[tokio::test]
    async fn labels_say_which_version_is_which() {
        let told = r#"{"ARN":"a","RotationEnabled":true,
            "VersionIdsToStages":{"v1":["AWSCURRENT"],"v2":["AWSPENDING"],"v0":["AWSPREVIOUS"]}}"#;
        let (secrets, _) = secrets(&[(200, told)]);
        let stages = secrets.stages("a").await.unwrap();
        let (rotates, current, pending) = (true, Some("v1".to_owned()), Some("v2".to_owned()));
        let expected = Stages {
            rotates,
            current,
            pending,
        };
        assert_eq!(stages, expected);
    }

    #[tokio::test]
    async fn a_version_without_a_value_has_no_text_and_one_with_another_is_not_overwritten() {
        let (secrets, replay) = secrets(&[
            (400, r#"{"__type":"ResourceNotFoundException"}"#),
            (400, r#"{"__type":"ResourceExistsException"}"#),
            (400, r#"{"__type":"AccessDeniedException"}"#),
        ]);
        assert!(secrets.text("a", "v2").await.unwrap().is_none());
        let text = SecretText::new("{}".to_owned());
        let put = secrets.put_pending("a", "v2", &text).await.unwrap();
        assert_eq!(put, Change::NotApplied);
        assert!(replay.body(1).contains(r#""VersionStages":["AWSPENDING"]"#));
        assert!(secrets.text("a", "v2").await.is_err());
    }

    #[tokio::test]
    async fn a_label_moves_only_from_where_it_is() {
        let (secrets, replay) = secrets(&[
            (200, "{}"),
            (400, r#"{"__type":"InvalidParameterException"}"#),
            (400, r#"{"__type":"InternalServiceError"}"#),
        ]);
        let promoted = secrets.promote("a", "v1", "v2").await.unwrap();
        assert_eq!(promoted, Change::Applied);
        let asked: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
        let expected = serde_json::json!({ "SecretId": "a", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": "v1", "MoveToVersionId": "v2" });
        assert_eq!(asked, expected);
        let again = secrets.promote("a", "v1", "v2").await.unwrap();
        assert_eq!(again, Change::NotApplied);
        assert!(secrets.abandon("a", "v2").await.is_err());
    }
}
