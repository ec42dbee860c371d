//! Subtitles that were brought, and their texts in the uploads bucket.

use async_trait::async_trait;
use vault_domain::asset::{AssetState, parse_text_key};
use vault_domain::audit::Record;
use vault_domain::id::{AssetId, PackageId, TextId};
use vault_domain::ports::{Change, Stored, SubtitlesChanges, SubtitlesStep, TextFiles};
use vault_domain::subtitles::Part;
use vault_domain::time::Timestamp;

use super::assets::change;
use super::{FakeCloud, Object, State};

#[async_trait]
impl SubtitlesChanges for FakeCloud {
    async fn change(
        &self,
        id: AssetId,
        step: SubtitlesStep<'_>,
        record: Option<&Record>,
    ) -> Stored<Change> {
        self.call("subtitles.change", |s| {
            let asset = s.assets.get(&id).filter(|asset| {
                asset.keeping.presence.is_kept() && asset.state != AssetState::Withdrawn
            });
            let Some(next) = asset.and_then(|asset| step(&asset.subtitles)) else {
                return Ok(Change::NotApplied);
            };
            Ok(change(s, id, |_| true, |a| a.subtitles = next, record))
        })
        .await
    }
}

#[async_trait]
impl TextFiles for FakeCloud {
    async fn bring(&self, key: &str, text: Vec<u8>) -> Stored<()> {
        self.call("texts.bring", |s| {
            s.uploads.objects.insert(key.to_owned(), Object::new(text));
            Ok(())
        })
        .await
    }
    async fn fetch(&self, key: &str) -> Stored<Option<Vec<u8>>> {
        self.call("texts.fetch", |s| {
            let object = s.uploads.objects.get(key);
            Ok(object.map(|object| object.bytes.to_vec()))
        })
        .await
    }
    async fn forget(&self, key: &str) -> Stored<()> {
        self.call("texts.forget", |s| {
            if let Some(object) = s.uploads.objects.remove(key) {
                s.noncurrent.push((key.to_owned(), object.bytes.to_vec()));
            }
            Ok(())
        })
        .await
    }
}

impl State {
    /// What an asset's subtitles are, without which try it was.
    pub(super) fn subtitles_shape(asset: &vault_domain::asset::Asset) -> String {
        let entry = |entry: &vault_domain::subtitles::Entry| {
            let listed = entry.listed.as_ref().map(|listed| &listed.text);
            let told = listed.map(|text| (text.cues, text.name.clone(), text.default));
            format!(
                "{} {} {} listed {told:?}",
                entry.which.language.as_str(),
                entry.which.kind.as_str(),
                entry.stage()
            )
        };
        let entries: Vec<_> = asset.subtitles.entries.iter().map(entry).collect();
        format!("{entries:?} left {}", asset.subtitles.leavings.len())
    }

    /// Objects of texts that nobody has, and that nothing says are to be removed.
    pub(super) fn stray_texts(&self) -> Vec<String> {
        let mut strays = Vec::new();
        let part = |asset: AssetId, id: TextId| {
            let asset = self.assets.get(&asset);
            // Whatever it is due: what the asset knows of is no stray.
            asset.map_or(Part::None, |asset| asset.subtitles.part(id, Timestamp(0)))
        };
        for key in self.segments.keys().chain(self.manifests.keys()) {
            if let Some((asset, _, id)) = text_of(key)
                && matches!(part(asset, id), Part::None | Part::Failed)
            {
                strays.push(format!("{key} of no subtitles"));
            }
        }
        for key in self.uploads.objects.keys() {
            if let Some((_, asset, id)) = parse_text_key(key)
                && !matches!(part(asset, id), Part::Wanted | Part::Replaced)
            {
                strays.push(format!("{key} as it was brought"));
            }
        }
        strays
    }
}

/// The text that a segment or a manifest is of.
pub(super) fn text_of(key: &str) -> Option<(AssetId, PackageId, TextId)> {
    let (folder, name) = match key.strip_prefix("media/") {
        Some(rest) => rest.rsplit_once('/')?,
        None => key.strip_prefix("manifests/")?.split_once('.')?,
    };
    let (asset, package) = folder.split_once('/')?;
    let code = name.strip_prefix("subtitles-")?.get(..26)?;
    Some((
        AssetId::parse(asset).ok()?,
        PackageId::parse(package).ok()?,
        TextId::of_code(code)?,
    ))
}
