//! Take an upload up again by what S3 holds of it, or give it up.

use super::finalize_upload::{Deps, discard};
use super::gate::{Ask, Entered};
use crate::access::Action;
use crate::asset::{Asset, AssetState, Failure, MAX_PARTS};
use crate::audit::{Event, Verdict};
use crate::error::{Malformed, Refusal};
use crate::id::AssetId;
use crate::ports::{Change, HeldPart, HeldParts, StoreError, Stored};

/// Tries of a change while others change the same.
const TRIES: usize = 10;

/// What S3 holds of an upload, one page of it.
#[derive(Debug)]
pub struct Held {
    /// The asset.
    pub asset: Asset,
    /// Parts, in order.
    pub parts: Vec<HeldPart>,
    /// Behind which part others follow.
    pub next: Option<u32>,
}

/// Parses the number of the part behind which a page begins.
///
/// # Errors
/// [`Malformed`] for anything but 0 to 10,000.
pub fn parse_after(text: &str) -> Result<u32, Malformed> {
    let number = text.parse().ok().filter(|n| u64::from(*n) <= MAX_PARTS);
    number.ok_or(Malformed {
        field: "after",
        expected: "the number of a part, 0 to 10000",
    })
}

/// The parts that S3 holds of an upload under way, behind this number. Of a single PUT there are none.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::WrongState`],
/// [`Refusal::Conflict`] where S3 holds no parts any more, [`Refusal::Unavailable`].
pub async fn held(deps: &Deps, ask: &Ask, id: AssetId, after: u32) -> Result<Held, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let asset = under_way(deps, &entered, id).await?.0;
    if asset.state != AssetState::Uploading {
        return Err(Refusal::WrongState(asset.state));
    }
    let page = match &asset.multipart {
        Some(multipart) => {
            let uploads = &deps.uploads;
            let page = uploads.held_parts(&asset.announced, multipart, after);
            page.await?.ok_or(JOINED)?
        }
        None => HeldParts::default(),
    };
    let last = page.parts.last().map(|held| held.part.number);
    Ok(Held {
        asset,
        next: last.filter(|_| page.more),
        parts: page.parts,
    })
}

const JOINED: Refusal = Refusal::Conflict(
    "S3 holds no parts of this upload any more: they were made an object, or ended; finalize tells",
);

/// The asset, if the asker may upload it, and by which policies.
async fn under_way(
    deps: &Deps,
    entered: &Entered<'_>,
    id: AssetId,
) -> Result<(Asset, Verdict), Refusal> {
    let found = deps.assets.get(id).await?;
    let admitted = entered.asset(Action::Upload, found, "upload").await?;
    Ok((admitted.asset, admitted.verdict))
}

/// Gives an upload up: it is [`AssetState::Failed`], counts no more, and its bytes are removed; repeating removes them
/// again. What a cut leaves is [due](crate::ports::Dues), and removed by the sweep; what arrives later by an old URL, when
/// S3 tells of it.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::WrongState`] of an upload that
/// arrived, [`Refusal::LegalHold`], [`Refusal::Unavailable`].
pub async fn cancel(deps: &Deps, ask: &Ask, id: AssetId) -> Result<Asset, Refusal> {
    for _ in 0..TRIES {
        let entered = deps.gate.enter(ask).await?;
        let (asset, verdict) = under_way(deps, &entered, id).await?;
        if asset.keeping.hold.is_some() {
            return Err(Refusal::LegalHold);
        }
        if is_cancelled(&asset) {
            empty(deps, &asset).await?;
            return Ok(asset);
        }
        if asset.state != AssetState::Uploading {
            return Err(Refusal::WrongState(asset.state));
        }
        let failure = Failure {
            code: Failure::CANCELLED.to_owned(),
            reason: "the upload was given up".to_owned(),
        };
        let record = entered.scribe(verdict).asset(Event::AssetFailed, id)?;
        let record = record.with("code", &failure.code);
        let ended = deps.ends.abandon(&asset, &failure, entered.now, &record);
        if ended.await? == Change::Applied {
            let asset = Asset {
                state: AssetState::Failed,
                failure: Some(failure),
                ..asset
            };
            empty(deps, &asset).await?;
            return Ok(asset);
        }
        // It arrived, was deleted or is held meanwhile: as it stands now decides.
    }
    Err(StoreError::new("uploads.cancel", "it is changed by too many at once").into())
}

fn is_cancelled(asset: &Asset) -> bool {
    let failure = asset.failure.as_ref();
    let cancelled = failure.is_some_and(|failure| failure.code == Failure::CANCELLED);
    asset.state == AssetState::Failed && cancelled
}

/// The parts first: they could become an object.
async fn empty(deps: &Deps, asset: &Asset) -> Stored<()> {
    if let Some(multipart) = &asset.multipart {
        let uploads = &deps.uploads;
        uploads.abort_multipart(&asset.announced, multipart).await?;
    }
    discard(&*deps.uploads, asset).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_behind_the_number_of_a_part() {
        assert_eq!(parse_after("0"), Ok(0));
        assert_eq!(parse_after("10000"), Ok(10_000));
        for bad in ["", "-1", "10001", "1.0", "x", "99999999999"] {
            assert!(parse_after(bad).is_err(), "{bad:?}");
        }
    }
}
