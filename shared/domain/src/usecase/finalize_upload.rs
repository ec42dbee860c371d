//! Complete an upload: make the parts an object, and check that it is what was announced.

use std::sync::Arc;

use super::begin_upload::NO_CHECKSUMS;
use super::gate::{Ask, Gate};
use super::scribe::Scribe;
use crate::access::Action;
use crate::asset::{Asset, AssetState, Failure};
use crate::audit::Event;
use crate::error::Refusal;
use crate::id::AssetId;
use crate::ports::{Abandonments, Assets, Completion, SourceHead, Stored, UploadedPart, Uploads};

/// What completing needs.
pub struct Deps {
    /// Who may.
    pub gate: Gate,
    /// The assets.
    pub assets: Arc<dyn Assets>,
    /// The uploads bucket.
    pub uploads: Arc<dyn Uploads>,
    /// The end of uploads that are given up.
    pub ends: Arc<dyn Abandonments>,
}

/// A parsed request to complete.
#[derive(Debug)]
pub struct Command {
    /// Who asks.
    pub ask: Ask,
    /// Which upload.
    pub asset: AssetId,
    /// The parts as the client saw them; without them S3's own list serves.
    pub parts: Option<Vec<UploadedPart>>,
}

/// Completes and verifies; on an upload that is past that, tells its state. While S3 is still at it the asset stays
/// `uploading`: a repeat waits on, and S3's event brings it further without one.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::UploadIncomplete`], [`Refusal::UploadMismatch`] when the bytes are not
/// what was announced (they are removed), [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Asset, Refusal> {
    let entered = deps.gate.enter(&command.ask).await?;
    let found = deps.assets.get(command.asset).await?;
    let admitted = entered.asset(Action::Upload, found, "upload").await?;
    let (asset, scribe) = (admitted.asset, entered.scribe(admitted.verdict));
    if asset.state != AssetState::Uploading {
        return past(deps, asset).await;
    }
    let completed = match complete(deps, &asset, command.parts).await {
        Ok(true) => settle((&*deps.assets, &*deps.uploads), &scribe, asset).await,
        Ok(false) => return Ok(asset),
        Err(refusal) => Err(refusal),
    };
    let Err(refusal @ Refusal::UploadIncomplete(_)) = completed else {
        return completed;
    };
    // Someone else may have completed it in the meantime, and its bytes may be read and removed by now.
    match deps.assets.get(command.asset).await? {
        Some(asset) if asset.state != AssetState::Uploading => past(deps, asset).await,
        _ => Err(refusal),
    }
}

/// The answer for an upload that was completed before.
async fn past(deps: &Deps, asset: Asset) -> Result<Asset, Refusal> {
    match asset.state {
        AssetState::Failed if is_lie(&asset) => Err(refuse(&*deps.uploads, &asset).await?),
        _ => Ok(asset),
    }
}

/// The asset as it stands, for anyone who may read it.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`] without the scope,
/// [`Refusal::Unavailable`].
pub async fn status(deps: &Deps, ask: &Ask, id: AssetId) -> Result<Asset, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.assets.get(id).await?;
    Ok(entered.asset(Action::Read, found, "upload").await?.asset)
}

/// Has S3 make the parts an object; false while it is at it.
async fn complete(
    deps: &Deps,
    asset: &Asset,
    parts: Option<Vec<UploadedPart>>,
) -> Result<bool, Refusal> {
    let Some(multipart) = &asset.multipart else {
        return Ok(true);
    };
    let new = &asset.announced;
    let mut parts = match parts {
        Some(told) if new.plan.checksums.is_none() => {
            if told.iter().any(|part| part.checksum.is_some()) {
                return Err(NO_CHECKSUMS.into());
            }
            told
        }
        told => {
            // No such upload any more: it was completed before, and the object itself tells.
            let held = deps.uploads.list_parts(new, multipart).await?;
            let Some(held) = held else { return Ok(true) };
            if !told.iter().flatten().all(|part| is_held(part, &held)) {
                return Err(OTHER_PARTS);
            }
            // With the checksums that S3 verified, where there are any.
            held
        }
    };
    // S3 takes them in ascending order alone.
    parts.sort_by_key(|part| part.number);
    if !parts.iter().map(|part| part.number).eq(1..=new.plan.parts) {
        return Err(Refusal::UploadIncomplete("parts are missing"));
    }
    match deps.uploads.complete(new, multipart, &parts).await? {
        Completion::Completed | Completion::NoSuchUpload => Ok(true),
        Completion::UnderWay => Ok(false),
        Completion::Refused(_) => Err(OTHER_PARTS),
    }
}

const OTHER_PARTS: Refusal = Refusal::UploadIncomplete(
    "S3 refuses the parts: a number, an ETag, a size or a checksum is not what it holds",
);

/// Is the part, as the client saw it, one that S3 holds?
fn is_held(part: &UploadedPart, held: &[UploadedPart]) -> bool {
    let mut of_number = held.iter().filter(|other| other.number == part.number);
    of_number.next().is_some_and(|other| {
        let same = other.etag.trim_matches('"') == part.etag.trim_matches('"');
        same && (part.checksum.is_none() || part.checksum == other.checksum)
    })
}

/// Verifies the object that is there: `uploading` → `uploaded`, or → `failed` with its bytes removed.
///
/// # Errors
/// [`Refusal::UploadIncomplete`] when nothing is there, [`Refusal::UploadMismatch`], [`Refusal::Unavailable`].
pub(super) async fn settle(
    (assets, uploads): (&dyn Assets, &dyn Uploads),
    scribe: &Scribe<'_>,
    asset: Asset,
) -> Result<Asset, Refusal> {
    let head = uploads.head(&asset.announced).await?;
    let head = head.ok_or(Refusal::UploadIncomplete("no object has arrived yet"))?;
    let id = asset.id();
    if let Some(failure) = lie(&asset, &head) {
        // The state first: a repeat then finds it and removes the bytes again.
        let record = scribe.asset(Event::AssetFailed, id)?;
        let record = record.with("code", &failure.code);
        assets.fail(id, None, &failure, &record).await?;
        let failed = Asset {
            state: AssetState::Failed,
            failure: Some(failure),
            ..asset
        };
        return Err(refuse(uploads, &failed).await?);
    }
    // Whoever came first, the state that stands is the answer.
    let record = scribe.asset(Event::AssetUploaded, id)?;
    assets.mark_uploaded(id, &record).await?;
    assets.get(id).await?.ok_or(Refusal::NotFound("upload"))
}

fn lie(asset: &Asset, head: &SourceHead) -> Option<Failure> {
    let new = &asset.announced;
    if head.size != new.plan.size {
        return Some(Failure {
            code: Failure::SIZE.to_owned(),
            reason: format!(
                "{} octets arrived where {} were announced",
                head.size, new.plan.size
            ),
        });
    }
    let announced = new.checksum.as_ref()?;
    (head.checksum.as_ref() != Some(&announced.value)).then(|| Failure {
        code: Failure::CHECKSUM.to_owned(),
        reason: "the checksum of what arrived is not the one that was announced".to_owned(),
    })
}

fn is_lie(asset: &Asset) -> bool {
    let lies = [Failure::SIZE, Failure::CHECKSUM];
    let failure = asset.failure.as_ref();
    failure.is_some_and(|failure| lies.contains(&failure.code.as_str()))
}

/// Removes the bytes of an upload that failed as a lie, was abandoned or given up, for whoever finds it so; repeating is fine.
///
/// # Errors
/// [`Refusal::Unavailable`]'s cause: the bytes may still be there.
pub(super) async fn discard(uploads: &dyn Uploads, asset: &Asset) -> Stored<()> {
    if asset.failure.as_ref().is_some_and(Failure::empties) {
        uploads.delete(&asset.announced).await?;
    }
    Ok(())
}

async fn refuse(uploads: &dyn Uploads, asset: &Asset) -> Stored<Refusal> {
    uploads.delete(&asset.announced).await?;
    let reason = asset
        .failure
        .as_ref()
        .map(|f| f.reason.clone())
        .unwrap_or_default();
    Ok(Refusal::UploadMismatch(reason))
}
