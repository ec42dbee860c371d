//! What is made beside a film that plays: one text on the asset's record each, changed by comparing it with what was read.

use vault_domain::asset::{Asset, AssetState};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::{Assets as _, Change, Stored};

use super::assets::{DynamoAssets, change, from_states};
use super::assets_counted::{TRIES, unsettled};
use super::record::text;
use super::records;

/// One of them.
pub(super) struct Beside<O, W> {
    /// Of which port.
    pub(super) operation: &'static str,
    /// Its name on the record.
    pub(super) attribute: &'static str,
    /// As it is.
    pub(super) of: O,
    /// As it is stored: the same text for the same, each time.
    pub(super) written: W,
}

/// What becomes of it; none leaves it.
pub(super) type BesideStep<'a, T> = &'a (dyn Fn(Option<&T>) -> Option<T> + Sync);

impl<O, W> Beside<O, W> {
    /// Changes it in one step, of an asset that plays this package.
    pub(super) async fn change<T: PartialEq + Send + Sync>(
        &self,
        assets: &DynamoAssets,
        (id, package): (AssetId, PackageId),
        step: BesideStep<'_, T>,
        record: Option<&Record>,
    ) -> Stored<Change>
    where
        O: Fn(&Asset) -> Option<T> + Sync,
        W: Fn(&T) -> Stored<String> + Sync,
    {
        let Self {
            operation,
            attribute,
            of,
            written,
        } = self;
        let mut tried = None;
        for _ in 0..TRIES {
            let seen = assets.get(id).await?;
            let seen = seen.filter(|asset| asset.plays(package));
            let Some(seen) = seen else {
                return Ok(Change::NotApplied);
            };
            let seen = of(&seen);
            // A change that took effect, and whose reply was lost.
            if tried.is_some() && seen == tried {
                return Ok(Change::Applied);
            }
            let Some(next) = step(seen.as_ref()) else {
                return Ok(Change::NotApplied);
            };
            let before = seen.as_ref().map(written).transpose()?;
            let known = match before {
                None => format!("attribute_not_exists({attribute})"),
                Some(_) => format!("{attribute} = :before"),
            };
            let mut request = assets
                .update(id)
                .update_expression(format!("SET {attribute} = :next"))
                .condition_expression(format!(
                    "#state = :ready AND #package = :package AND attribute_not_exists(deleted_at) AND {known}"
                ))
                .expression_attribute_names("#package", "package")
                .expression_attribute_values(":package", text(package.to_string()))
                .expression_attribute_values(":next", text(written(&next)?));
            if let Some(before) = before {
                request = request.expression_attribute_values(":before", text(before));
            }
            let request = from_states(request, &[(":ready", AssetState::Ready)]);
            let changed = match record {
                Some(record) => {
                    let writes = records::update(&request).map(|write| vec![write]);
                    assets.records.with(operation, writes, record).await?
                }
                None => change(operation, request).await?,
            };
            if changed == Change::Applied {
                return Ok(Change::Applied);
            }
            tried = Some(next);
        }
        Err(unsettled(operation))
    }
}
