//! Packaging.

use std::sync::Arc;

use vault_aws::sqs::SqsConversions;
use vault_crypto::entropy::Sha256;
use vault_domain::ports::{Conversions, Hashing, MediaReads, SubtitlesChanges, TextFiles};
use vault_domain::usecase::{process_upload, seal_subtitles};

use super::packaging::Packaging;
use super::parts::{sdk, unwired};
use crate::{Env, Lazy};

/// What packaging needs.
pub struct Deps {
    /// The use case.
    pub process: process_upload::Deps,
    /// What the playlists need of films.
    pub manifests: Arc<dyn MediaReads>,
    /// The subtitles of assets.
    pub subtitles: Arc<dyn SubtitlesChanges>,
    /// Where texts are until they are sealed.
    pub files: Arc<dyn TextFiles>,
    /// Derives IVs.
    pub hashing: Arc<dyn Hashing>,
    /// The uploads bucket: events of others are not ours.
    pub bucket: String,
    /// The queue of verdicts about malware, by its ARN; none where films wait for none. From elsewhere no verdict is taken.
    pub verdicts: Option<String>,
    /// How often SQS hands a message out before it goes to the dead-letter queue.
    pub max_receive_count: u32,
}

impl Deps {
    /// What sealing subtitles needs.
    pub fn sealing(&self) -> seal_subtitles::Deps<'_> {
        seal_subtitles::Deps {
            packaging: &self.process,
            manifests: self.manifests.clone(),
            subtitles: self.subtitles.clone(),
            files: self.files.clone(),
            hashing: self.hashing.clone(),
        }
    }
}

/// Reads the configuration. A stack that converts nothing says so: `CONVERSION_QUEUE_URL` is `none`; and one whose films wait
/// for no verdict about malware: `MALWARE_SCAN` is `none`.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let (packaging, queue) = (Packaging::of(env), env.text("CONVERSION_QUEUE_URL"));
    let verdicts = env.text("VERDICT_QUEUE_ARN");
    let sdk = sdk(env);
    Lazy::new(move || {
        let (packaging, queue) = (packaging.clone(), queue.clone());
        let verdicts = packaging.scanned.then(|| verdicts.clone());
        let sdk = sdk.clone();
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let conversions = (queue != "none").then(|| SqsConversions::new(sdk.sqs(), queue));
            let conversions = conversions.map(|queue| Arc::new(queue) as Arc<dyn Conversions>);
            let (bucket, max_receive_count) =
                (packaging.uploads.clone(), packaging.max_receive_count);
            Ok(Deps {
                manifests: Arc::new(packaging.manifests(&sdk)),
                subtitles: Arc::new(packaging.assets(&sdk)),
                files: Arc::new(packaging.files(&sdk)),
                hashing: Arc::new(Sha256),
                process: packaging
                    .deps(&sdk, conversions.clone(), conversions)
                    .await?,
                bucket,
                verdicts,
                max_receive_count,
            })
        }
    })
}
