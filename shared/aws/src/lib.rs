//! The domain's ports over AWS. Each service is a feature, so a function links only what it calls.
//!
//! | feature | adapter | port |
//! | --- | --- | --- |
//! | `dynamodb` | [`dynamodb::DynamoUsers`] | `Users` |
//! | | [`dynamodb::DynamoDirectory`] | `Directory` |
//! | | [`dynamodb::DynamoMembers`] | `Members` |
//! | | [`dynamodb::DynamoStandings`] | `Standings` |
//! | | [`dynamodb::DynamoClients`] | `Clients` |
//! | | [`dynamodb::DynamoInvitations`] | `Invitations` |
//! | | [`dynamodb::DynamoOrganisations`] | `Organisations` |
//! | | [`dynamodb::DynamoLinks`] | `Links` |
//! | | [`dynamodb::DynamoRecovery`] | `Recovery` |
//! | | [`dynamodb::DynamoLimits`] | `Limits` |
//! | | [`dynamodb::DynamoSessions`] | `Sessions` |
//! | | [`dynamodb::DynamoGrants`] | `Grants` |
//! | | [`dynamodb::DynamoViews`] | `Views` |
//! | | [`dynamodb::DynamoDownloads`] | `Downloads` |
//! | | [`dynamodb::DynamoPlaylistReads`] | `PlaylistReads` |
//! | | [`dynamodb::DynamoKeyReads`] | `KeyReads` |
//! | | [`dynamodb::DynamoAssets`] | `Assets` |
//! | | [`dynamodb::DynamoContentKeys`] | `ContentKeys` |
//! | | [`dynamodb::DynamoRewraps`] | `Rewraps` |
//! | | [`dynamodb::DynamoAudit`] | `AuditLog`, `AuditChain`, `AuditExports` |
//! | | [`dynamodb::DynamoRecords`] | `Records` |
//! | | [`dynamodb::DynamoAccess`] | `Containers`, `AccessChanges`, `Groups` |
//! | | [`dynamodb::DynamoWebhooks`] | `Webhooks`, `Deliveries` |
//! | `s3` | [`s3::S3Uploads`] | `Uploads`, `FileUrls`, `RenditionFiles` |
//! | | [`s3::S3Media`] | `MediaWrites`, `MediaReads` |
//! | | [`s3::S3AuditArchive`] | `AuditArchive` |
//! | `secrets` | [`secrets::secret`] | |
//! | | [`secrets::RotatingSecrets`] | `SecretVersions` |
//! | `cloudfront` | [`cloudfront::CloudFrontDistribution`] | `Distribution` |
//! | `challenge` | [`challenge::SiteVerify`] | `ChallengeVerifier` |
//! | `webhooks` | [`webhooks::HttpPoster`] | `WebhookPoster` |
//! | `sqs` | [`sqs::SqsMailQueue`], [`sqs::SqsConversions`] | `MailQueue`, `Conversions` |
//! | | [`sqs::SqsWebhookQueue`] | `WebhookQueue` |
//! | `ses` | [`ses::SesMailSender`] | `MailSender` |
//!
//! [`Sdk`] makes the clients, each when it is first asked for.

#[cfg(feature = "challenge")]
pub mod challenge;
#[cfg(feature = "cloudfront")]
pub mod cloudfront;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "sdk")]
mod sdk;
#[cfg(feature = "secrets")]
pub mod secrets;
#[cfg(feature = "ses")]
pub mod ses;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(feature = "webhooks")]
pub mod webhooks;

#[cfg(feature = "sdk")]
pub use sdk::{MissingEnvironment, Sdk};

#[cfg(all(
    test,
    any(
        feature = "dynamodb",
        feature = "s3",
        feature = "secrets",
        feature = "cloudfront",
        feature = "sqs",
        feature = "ses"
    )
))]
mod replay;
