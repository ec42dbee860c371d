//! The library.

use std::sync::Arc;

use vault_aws::dynamodb::DynamoLibrary;
use vault_aws::s3::S3Uploads;
use vault_aws::sqs::{SqsConversions, SqsPackagings};
use vault_crypto::entropy::Sha256;
use vault_domain::ports::{
    AccessVerifier, Clock, Conversions, Packagings, PreviewChanges, Reopenings, SubtitlesChanges,
    TextFiles,
};
use vault_domain::usecase::{ask_ladder, library};

use super::gated::Gated;
use super::parts::{sdk, unwired, verifier};
use crate::clock::SystemClock;
use crate::{Env, Lazy};

/// What the library needs.
pub struct Deps {
    /// The use cases.
    pub assets: ask_ladder::Deps,
    /// The previews of films.
    pub previews: Arc<dyn PreviewChanges>,
    /// Failed films that are had back to be packaged.
    pub reopenings: Arc<dyn Reopenings>,
    /// The subtitles of assets.
    pub subtitles: Arc<dyn SubtitlesChanges>,
    /// Where texts are until they are sealed.
    pub texts: Arc<dyn TextFiles>,
    /// Where packaging is ordered.
    pub packagings: Arc<dyn Packagings>,
    /// Checks access tokens.
    pub verifier: Arc<dyn AccessVerifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Reads the configuration. A stack that converts nothing says so: `CONVERSION_QUEUE_URL` is `none`.
pub fn wire(env: &Env<'_>) -> Lazy<Deps> {
    let gated = Gated::supported(env);
    let queue = env.text("CONVERSION_QUEUE_URL");
    let packaging = env.text("PROCESS_QUEUE_URL");
    let uploads = env.text("UPLOADS_BUCKET");
    let (sdk, verifier) = (sdk(env), verifier(env));
    Lazy::new(move || {
        let (gated, sdk, verifier) = (gated.clone(), sdk.clone(), verifier.clone());
        let (queue, packaging) = (queue.clone(), packaging.clone());
        let uploads = uploads.clone();
        async move {
            let sdk = sdk.ok_or_else(unwired)?;
            let (assets, records) = (gated.assets_table(), gated.records(&sdk));
            let library = DynamoLibrary::new(sdk.dynamodb(), assets, records);
            let orders = (queue != "none").then(|| SqsConversions::new(sdk.sqs(), queue));
            let library = library::Deps {
                gate: gated.gate(&sdk),
                assets: Arc::new(gated.assets(&sdk)),
                containers: Arc::new(gated.access(&sdk)),
                library: Arc::new(library),
                hashing: Arc::new(Sha256),
            };
            Ok(Deps {
                previews: Arc::new(gated.assets(&sdk)),
                reopenings: Arc::new(gated.assets(&sdk)),
                subtitles: Arc::new(gated.assets(&sdk)),
                texts: Arc::new(S3Uploads::new(sdk.s3(), uploads)),
                packagings: Arc::new(SqsPackagings::new(sdk.sqs(), packaging)),
                assets: ask_ladder::Deps {
                    library,
                    ladders: Arc::new(gated.assets(&sdk)),
                    orders: orders.map(|queue| Arc::new(queue) as Arc<dyn Conversions>),
                },
                verifier: verifier.ok_or_else(unwired)?,
                clock: Arc::new(SystemClock),
            })
        }
    })
}
