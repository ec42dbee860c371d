//! Open a download: validate the media token anew, spend it, make one signed URL.

use std::sync::Arc;

use super::IdempotencyKey;
use super::gate::Gate;
use super::spend::{invalid, usable};
use crate::access;
use crate::api_key::Scope;
use crate::audit::{Event, Source};
use crate::bounds::Visitor;
use crate::download::{
    Download, File, FileName, Override, Rendition, S3_URL_SECONDS, Via, downloadable,
};
use crate::error::Refusal;
use crate::id::{AssetId, DownloadId};
use crate::ports::{Clock, Downloads, Entropy, FileUrls, Hashing, Opening, StoreError, UrlSigner};
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::{Action, Digest, Grant, MediaToken};

/// What opening a download needs.
pub struct Deps {
    /// Grants, assets and downloads.
    pub downloads: Arc<dyn Downloads>,
    /// May the token's owner still download?
    pub gate: Gate,
    /// Digests.
    pub hashing: Arc<dyn Hashing>,
    /// Signs for `CloudFront`.
    pub signer: Arc<dyn UrlSigner>,
    /// Signs for S3.
    pub files: Arc<dyn FileUrls>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// How URLs are made.
    pub plan: Plan,
}

/// How URLs are made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The distribution's URL without a trailing slash.
    pub media_base: String,
    /// Seconds that a download lives.
    pub url_seconds: u64,
    /// Files of fewer octets go through the distribution, the others straight from S3.
    pub via_cloudfront_below: u64,
    /// Do films wait for a verdict about malware? If so nothing of one is handed out before.
    pub scanned: bool,
}

/// A parsed request to download.
#[derive(Debug)]
pub struct Command {
    /// The media token.
    pub token: MediaToken,
    /// The asset in the path.
    pub asset: AssetId,
    /// Which file of it.
    pub rendition: Rendition,
    /// From where.
    pub source: Source,
    /// Of which page.
    pub origin: Option<String>,
    /// Names this request, so that repeating it spends nothing.
    pub idempotency: Option<IdempotencyKey>,
}

/// Where an open download is fetched.
#[derive(Debug)]
pub struct Link {
    /// The download.
    pub download: Download,
    /// The signed URL: whoever holds it may fetch the file, ranges of it too, until it ends.
    pub url: SecretText,
    /// Under which name it is saved.
    pub name: FileName,
    /// Its octets.
    pub size: u64,
    /// Its type, as it was declared.
    pub content_type: String,
    /// When the URL ends.
    pub expires_at: Timestamp,
    /// Where it leads.
    pub via: Via,
}

/// Opens a download. The same named request again gets a fresh URL of the same download, while token and download live.
///
/// # Errors
/// [`Refusal::InvalidToken`] (unknown, expired, revoked, not begun), [`Refusal::Forbidden`] (another asset or action, its
/// owner may not download any more), [`Refusal::OutsideNetwork`], [`Refusal::OtherOrigin`], [`Refusal::NotFound`], [`Refusal::WrongState`], [`Refusal::NoViewsLeft`],
/// [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Link, Refusal> {
    let now = deps.clock.now();
    let digest = deps.hashing.sha256(command.token.expose().as_bytes());
    let (grant, asset) = deps.downloads.admission(digest, command.asset).await?;
    let visitor = Visitor {
        address: command.source.address,
        origin: command.origin.clone(),
    };
    let wanted_of = (command.asset, Action::Download);
    let grant = usable(grant, wanted_of, &visitor, now)?;
    // A copy cannot be taken back: the owner's rights are those of now, not of when the token was made.
    let (subject, org) = (grant.subject, grant.org);
    let entered = deps
        .gate
        .on_behalf(subject, org, Scope::Download, &command.source);
    let entered = entered.await?;
    let admitted = entered
        .asset(access::Action::Download, asset, "asset")
        .await?;
    let asset = admitted.asset;
    downloadable(&asset, deps.plan.scanned)?;
    let file = File::of(&asset, command.rendition).ok_or(Refusal::NotFound("rendition"))?;

    let ends = now.plus(deps.plan.url_seconds);
    let ends = admitted.until.map_or(ends, |until| ends.min(until));
    let download = wanted(deps, &command, &grant, (now, ends))?;
    // Signed before it is spent: whom no URL can be made for keeps the token.
    let link = link(deps, &file, download, now).await?;
    let record = entered
        .scribe(admitted.verdict)
        .asset(Event::DownloadIssued, grant.asset)?;
    let record = record
        .with("download", download.id)
        .with("rendition", download.rendition)
        .with("token", digest.short());
    match deps.downloads.open(&download, &record).await? {
        Opening::Opened => Ok(link),
        Opening::AlreadyOpen => {
            let download = reopened(deps, &download, now).await?;
            self::link(deps, &file, download, now).await
        }
        Opening::Refused | Opening::Full => Err(Refusal::NoViewsLeft),
    }
}

fn wanted(
    deps: &Deps,
    command: &Command,
    grant: &Grant,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<Download, StoreError> {
    let Digest(owner) = grant.digest;
    let id = match &command.idempotency {
        Some(key) => {
            DownloadId::from_octets(key.derive(&*deps.hashing, "authorize_download", &owner))
        }
        None => DownloadId::random(&*deps.entropy)?,
    };
    Ok(Download {
        id,
        asset: grant.asset,
        rendition: command.rendition,
        grant: grant.digest,
        subject: grant.subject,
        org: grant.org,
        opened_at: now,
        expires_at,
    })
}

/// The download that this request opened before.
async fn reopened(deps: &Deps, again: &Download, now: Timestamp) -> Result<Download, Refusal> {
    let found = deps.downloads.download(again.id).await?;
    let found = found
        .filter(|first| first.grant == again.grant && now < first.expires_at)
        .ok_or(invalid("the download that it opened is over"))?;
    if found.rendition != again.rendition {
        return Err(Refusal::IdempotencyMismatch);
    }
    // What was granted may end sooner than it did then.
    let expires_at = found.expires_at.min(again.expires_at);
    Ok(Download {
        expires_at,
        ..found
    })
}

async fn link(
    deps: &Deps,
    file: &File,
    download: Download,
    now: Timestamp,
) -> Result<Link, Refusal> {
    let asked = Override::of(&file.name, &file.media_type);
    let via = Via::of(file.size, deps.plan.via_cloudfront_below);
    let (url, expires_at) = match via {
        Via::CloudFront => {
            let url = cloudfront(deps, &file.key, &asked, download.expires_at)?;
            (url, download.expires_at)
        }
        Via::S3 => {
            let seconds = download.expires_at.since(now).min(S3_URL_SECONDS);
            let url = deps.files.presign_file(&file.key, &asked, seconds);
            (url.await?, now.plus(seconds))
        }
    };
    Ok(Link {
        download,
        url,
        name: file.name.clone(),
        size: file.size,
        content_type: asked.content_type,
        expires_at,
        via,
    })
}

/// The policy names the whole URL, its query too: with another name or type the signature opens nothing.
fn cloudfront(
    deps: &Deps,
    key: &str,
    asked: &Override,
    expires_at: Timestamp,
) -> Result<SecretText, StoreError> {
    let base = &deps.plan.media_base;
    let resource = format!("{base}/{key}?{}", asked.query());
    let signature = deps.signer.sign(&resource, expires_at)?;
    Ok(SecretText::new(format!("{resource}&{}", signature.query())))
}
