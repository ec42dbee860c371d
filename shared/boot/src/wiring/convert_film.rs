//! Converting.

use std::sync::Arc;

use vault_aws::sqs::SqsConversions;
use vault_crypto::preview::SealedPreviews;
use vault_domain::ports::Conversions;
use vault_domain::usecase::convert_film;
use vault_transcode::FfmpegWorkshop;

use super::packaging::Packaging;
use super::parts::{sdk, unwired};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What converting needs.
pub struct Deps {
    /// The use case.
    pub convert: convert_film::Deps,
    /// How often SQS hands a message out before it goes to the dead-letter queue.
    pub max_receive_count: u32,
}

/// Where Lambda lets a function write (AWS Lambda Developer Guide, "Configure ephemeral storage").
const SCRATCH: &str = "/tmp/reelvault";

/// Reads the configuration.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let packaging = Packaging::of(env);
    let ffmpeg = env.text("FFMPEG");
    if !ffmpeg.starts_with('/') {
        env.note(format!(
            "FFMPEG: expected the path of a program, found {ffmpeg:?}: without it nothing is converted"
        ));
    }
    let queue = env.text("CONVERSION_QUEUE_URL");
    let max_source = env.number("CONVERT_MAX_BYTES", 1..=10_000_000_000);
    let keep_files = env.flag("KEEP_RENDITIONS");
    let sdk = sdk(env);
    Lazy::new(move || {
        let (packaging, sdk) = (packaging.clone(), sdk.clone());
        let (ffmpeg, queue) = (ffmpeg.clone(), queue.clone());
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let max_receive_count = packaging.max_receive_count;
            let orders: Arc<dyn Conversions> = Arc::new(SqsConversions::new(sdk.sqs(), queue));
            let manifests = Arc::new(packaging.manifests(&sdk));
            let ladders = Arc::new(packaging.assets(&sdk));
            let previews = ladders.clone();
            let files = Arc::new(packaging.files(&sdk));
            let workshop = FfmpegWorkshop::new(ffmpeg, SCRATCH, Arc::new(SystemClock));
            Ok(Deps {
                convert: convert_film::Deps {
                    process: packaging.deps(&sdk, None, Some(orders.clone())).await?,
                    workshop: Arc::new(workshop),
                    max_source,
                    preview_files: manifests.clone(),
                    manifests,
                    ladders,
                    orders,
                    files,
                    keep_files,
                    previews,
                    seal: Arc::new(SealedPreviews),
                },
                max_receive_count,
            })
        }
    })
}
