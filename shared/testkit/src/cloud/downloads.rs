//! Downloads as opened, and presigned URLs of sources.

use async_trait::async_trait;
use vault_domain::asset::Asset;
use vault_domain::audit::Record;
use vault_domain::download::{Download, Override};
use vault_domain::id::{AssetId, DownloadId};
use vault_domain::ports::{Downloads, FileUrls, Opening, Stored};
use vault_domain::secret::SecretText;
use vault_domain::token::{Action, Digest, Grant};

use super::{FakeCloud, State};

fn open(state: &mut State, download: &Download, record: &Record) -> Opening {
    if state.downloads.contains_key(&download.id) {
        return Opening::AlreadyOpen;
    }
    let Some(grant) = state.grants.get_mut(&download.grant.0) else {
        return Opening::Refused;
    };
    let over = grant.revoked || download.opened_at >= grant.expires_at;
    let its_own = grant.action == Action::Download && grant.asset == download.asset;
    if over || !its_own || grant.views > 0 {
        return Opening::Refused;
    }
    grant.views = 1;
    state.downloads.insert(download.id, *download);
    state.audit.push(record.clone());
    Opening::Opened
}

#[async_trait]
impl Downloads for FakeCloud {
    async fn admission(
        &self,
        grant: Digest,
        asset: AssetId,
    ) -> Stored<(Option<Grant>, Option<Asset>)> {
        self.call("downloads.admission", |s| {
            let grant = s.grants.get(&grant.0).cloned();
            Ok((grant, s.assets.get(&asset).cloned()))
        })
        .await
    }
    async fn open(&self, download: &Download, record: &Record) -> Stored<Opening> {
        self.call("downloads.open", |s| Ok(open(s, download, record)))
            .await
    }
    async fn download(&self, id: DownloadId) -> Stored<Option<Download>> {
        self.call("downloads.download", |s| Ok(s.downloads.get(&id).copied()))
            .await
    }
}

#[async_trait]
impl FileUrls for FakeCloud {
    async fn presign_file(&self, key: &str, asked: &Override, seconds: u64) -> Stored<SecretText> {
        let query = asked.query();
        let url = format!("https://uploads.fake/{key}?{query}&seconds={seconds}&signature=fake");
        self.call("files.presign_file", |_| Ok(SecretText::new(url)))
            .await
    }
}
