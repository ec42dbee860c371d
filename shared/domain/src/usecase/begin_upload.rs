//! Announce an upload and get presigned S3 URLs; ask again for those of further parts.

use std::sync::Arc;

use super::IdempotencyKey;
use super::gate::{Ask, Gate};
use crate::access::{Access, Action};
use crate::asset::{
    Asset, AssetState, Checksum, ChecksumAlgorithm, MediaType, NewAsset, PartPlan, SIGNED_PAGE,
    Title,
};
use crate::audit::Event;
use crate::deletion::Keeping;
use crate::error::{Malformed, Refusal};
use crate::id::AssetId;
use crate::library::Description;
use crate::ports::{
    Assets, Change, Clock, Entropy, Hashing, Reservation, SignedPart, Uploads, WantedPart,
};
use crate::quota::{Charge, Quota};
use crate::time::Timestamp;

/// What announcing needs.
pub struct Deps {
    /// Who may.
    pub gate: Gate,
    /// The assets.
    pub assets: Arc<dyn Assets>,
    /// The uploads bucket.
    pub uploads: Arc<dyn Uploads>,
    /// Derives the id of a repeated request.
    pub hashing: Arc<dyn Hashing>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// How much an organisation may use where the operator did not say otherwise.
    pub quota: Quota,
}

/// A parsed announcement.
#[derive(Debug)]
pub struct Command {
    /// Who uploads.
    pub ask: Ask,
    /// What to call it.
    pub title: Title,
    /// How it is declared.
    pub media_type: MediaType,
    /// How its bytes are cut.
    pub plan: PartPlan,
    /// What they must add up to.
    pub checksum: Option<Checksum>,
    /// Names this request, so that repeating it gives the same asset.
    pub idempotency: Option<IdempotencyKey>,
}

/// Where to send the bytes.
#[derive(Debug)]
pub struct Slot {
    /// The asset.
    pub asset: Asset,
    /// The first signed parts (a single PUT has one).
    pub parts: Vec<SignedPart>,
}

/// Reserves an asset and signs its first parts.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::Forbidden`], [`Refusal::Malformed`] for a checksum that S3 cannot verify,
/// [`Refusal::IdempotencyMismatch`], [`Refusal::WrongState`], [`Refusal::QuotaExceeded`], [`Refusal::FilmTooLarge`], [`Refusal::Unavailable`].
pub async fn run(deps: &Deps, command: Command) -> Result<Slot, Refusal> {
    let ask = command.ask.clone();
    let entered = deps.gate.enter(&ask).await?;
    let verdict = entered.organisation(Action::Upload).await?;
    verifiable(&command)?;
    let new = announced(deps, command)?;
    let record = entered
        .scribe(verdict)
        .asset(Event::AssetAnnounced, new.id)?;
    let asset = match deps.assets.reserve(&new, &deps.quota, &record).await? {
        Reservation::Created => fresh(new),
        Reservation::Exists(asset) => {
            if !asset.keeping.presence.is_kept() {
                return Err(DELETED);
            }
            let asset = same(*asset, &new)?;
            let again = entered.asset(Action::Upload, Some(asset), "upload");
            again.await?.asset
        }
        Reservation::Erased => return Err(DELETED),
        Reservation::OverQuota(exceeded) => return Err(exceeded.into()),
        Reservation::TooLarge(much) => return Err(much.into()),
    };
    let asset = with_multipart(deps, asset).await?;
    let plan = asset.announced.plan;
    // What has a checksum of its own is signed with it, once that is told.
    let first = plan.checksums.map_or(plan.parts.min(SIGNED_PAGE), |_| 0);
    let first: Vec<_> = (1..=first).map(plain).collect();
    let parts = sign(deps, &asset, &first).await?;
    Ok(Slot { asset, parts })
}

const fn plain(number: u32) -> WantedPart {
    WantedPart {
        number,
        checksum: None,
    }
}

/// S3 has a checksum of a whole multipart upload in CRC-64/NVME alone, and none beside SHA-256 of its parts (Amazon S3 User
/// Guide, "Checking object integrity").
fn verifiable(command: &Command) -> Result<(), Malformed> {
    let whole = command.checksum.as_ref().map(|sum| sum.algorithm);
    let parts = command.plan.checksums;
    let sha256 = Some(ChecksumAlgorithm::Sha256);
    if command.plan.multipart && whole == sha256 {
        return Err(Malformed {
            field: "checksum.algorithm",
            expected: "crc64nvme for a multipart upload",
        });
    }
    if parts == sha256 && whole.is_some() {
        return Err(Malformed {
            field: "part_checksums",
            expected: "crc64nvme beside a `checksum` of the whole",
        });
    }
    Ok(())
}

const DELETED: Refusal = Refusal::Conflict(
    "what this Idempotency-Key brought in was deleted; bring it in again under another key",
);

fn announced(deps: &Deps, command: Command) -> Result<NewAsset, Refusal> {
    let caller = command.ask.caller;
    let id = match &command.idempotency {
        Some(key) => AssetId::from_octets(key.of_caller(&*deps.hashing, "begin_upload", &caller)),
        None => AssetId::random(&*deps.entropy)?,
    };
    Ok(NewAsset {
        id,
        org: caller.org,
        owner: caller.subject.actor(),
        title: command.title,
        media_type: command.media_type,
        plan: command.plan,
        checksum: command.checksum,
        created_at: deps.clock.now(),
    })
}

fn fresh(announced: NewAsset) -> Asset {
    Asset {
        description: Description::of(announced.title.clone()),
        charge: Some(Charge::announced(announced.plan.size)),
        ladder: None,
        previews: None,
        subtitles: crate::subtitles::Subtitles::default(),
        scan: None,
        announced,
        state: AssetState::Uploading,
        multipart: None,
        package: None,
        runs: Vec::new(),
        lease_until: None,
        progress: 0,
        failure: None,
        reopened: 0,
        access: Access::default(),
        collection: None,
        views_from: Timestamp(0),
        keeping: Keeping::default(),
    }
}

/// The asset of an earlier request of the same name, if that request was the same.
fn same(asset: Asset, new: &NewAsset) -> Result<Asset, Refusal> {
    let repeated = NewAsset {
        created_at: asset.announced.created_at,
        ..new.clone()
    };
    if asset.announced != repeated {
        return Err(Refusal::IdempotencyMismatch);
    }
    if asset.state != AssetState::Uploading {
        return Err(Refusal::WrongState(asset.state));
    }
    Ok(asset)
}

async fn with_multipart(deps: &Deps, mut asset: Asset) -> Result<Asset, Refusal> {
    let new = &asset.announced;
    if !new.plan.multipart || asset.multipart.is_some() {
        return Ok(asset);
    }
    // A request that died after S3 began the upload left it behind: go on with that one.
    let multipart = match deps.uploads.find_multipart(new).await? {
        Some(found) => found,
        None => deps.uploads.create_multipart(new).await?,
    };
    if deps.assets.set_multipart(new.id, &multipart).await? == Change::Applied {
        asset.multipart = Some(multipart);
        return Ok(asset);
    }
    let current = deps
        .assets
        .get(new.id)
        .await?
        .ok_or(Refusal::NotFound("asset"))?;
    if current.multipart.as_deref() != Some(multipart.as_str()) {
        deps.uploads.abort_multipart(new, &multipart).await?;
    }
    if current.multipart.is_none() {
        return Err(Refusal::WrongState(current.state));
    }
    Ok(current)
}

async fn sign(
    deps: &Deps,
    asset: &Asset,
    wanted: &[WantedPart],
) -> Result<Vec<SignedPart>, Refusal> {
    Ok(match &asset.multipart {
        Some(multipart) => {
            deps.uploads
                .presign_parts(&asset.announced, multipart, wanted)
                .await?
        }
        None => vec![deps.uploads.presign_object(&asset.announced).await?],
    })
}

/// Signs parts of an upload under way: a further page, or URLs that expired.
///
/// # Errors
/// [`Refusal::InvalidToken`], [`Refusal::NotFound`], [`Refusal::Forbidden`], [`Refusal::WrongState`],
/// [`Refusal::Malformed`] for numbers outside the plan, or checksums where it has none, or other ones.
pub async fn sign_parts(
    deps: &Deps,
    ask: &Ask,
    id: AssetId,
    wanted: &[Wanted],
) -> Result<Slot, Refusal> {
    let entered = deps.gate.enter(ask).await?;
    let found = deps.assets.get(id).await?;
    let asset = entered.asset(Action::Upload, found, "upload").await?.asset;
    if asset.state != AssetState::Uploading {
        return Err(Refusal::WrongState(asset.state));
    }
    let plan = asset.announced.plan;
    let most = usize::try_from(SIGNED_PAGE).unwrap_or(usize::MAX);
    let in_plan = |part: &Wanted| (1..=plan.parts).contains(&part.number);
    if wanted.is_empty() || wanted.len() > most || !wanted.iter().all(in_plan) {
        return Err(Malformed {
            field: "part_numbers",
            expected: "1 to 100 numbers of parts of this upload",
        }
        .into());
    }
    let wanted = wanted.iter().map(|part| part.under(&plan));
    let wanted: Vec<_> = wanted.collect::<Result<_, _>>()?;
    let asset = with_multipart(deps, asset).await?;
    let parts = sign(deps, &asset, &wanted).await?;
    Ok(Slot { asset, parts })
}

/// What was not announced is not compared with anything.
pub(super) const NO_CHECKSUMS: Malformed = Malformed {
    field: "parts",
    expected: "no checksums: this upload was announced without `part_checksums`",
};

/// A part to be signed, as the client asks for it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// From 1.
    pub number: u32,
    /// Its checksum in base64, of the algorithm that was announced.
    pub checksum: Option<String>,
}

impl From<u32> for Wanted {
    fn from(number: u32) -> Self {
        Self {
            number,
            checksum: None,
        }
    }
}

impl Wanted {
    fn under(&self, plan: &PartPlan) -> Result<WantedPart, Malformed> {
        let checksum = match (plan.checksums, &self.checksum) {
            (Some(algorithm), Some(value)) => Some(Checksum::of(algorithm, value)?),
            (None, None) => None,
            (Some(_), None) => {
                return Err(Malformed {
                    field: "parts",
                    expected: "each with its checksum, as the `part_checksums` of this upload promise",
                });
            }
            (None, Some(_)) => return Err(NO_CHECKSUMS),
        };
        Ok(WantedPart {
            number: self.number,
            checksum,
        })
    }
}
