//! Downloads as items.

use vault_domain::download::{Download, Rendition};
use vault_domain::id::{AssetId, DownloadId, OrgId};
use vault_domain::member::Subject;
use vault_domain::token::Digest;

use super::record::{Corrupt, Fields, Item, PK, item, text, time};
use super::{TTL, TTL_SLACK};

pub(super) fn to_item(download: &Download) -> Item {
    item([
        (PK, text(download.id.to_string())),
        ("asset", text(download.asset.to_string())),
        ("rendition", text(download.rendition.to_string())),
        ("grant", text(download.grant.hex())),
        ("subject", text(download.subject.to_string())),
        ("org", text(download.org.to_string())),
        ("opened_at", time(download.opened_at)),
        ("ends_at", time(download.expires_at)),
        (TTL, time(download.expires_at.plus(TTL_SLACK))),
    ])
}

pub(super) fn from_item(item: &Item) -> Result<Download, Corrupt> {
    let fields = Fields(item);
    Ok(Download {
        id: fields.parsed(PK, |text| DownloadId::parse(text).ok())?,
        asset: fields.parsed("asset", |text| AssetId::parse(text).ok())?,
        rendition: fields.parsed("rendition", |text| Rendition::parse(text).ok())?,
        grant: fields.parsed("grant", Digest::from_hex)?,
        subject: fields.parsed("subject", Subject::parse)?,
        org: fields.parsed("org", |text| OrgId::parse(text).ok())?,
        opened_at: fields.time("opened_at")?,
        expires_at: fields.time("ends_at")?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use vault_domain::id::{SessionId, UserId};
    use vault_domain::time::Timestamp;

    use super::super::record::checks::reads_back;
    use super::*;

    pub(in crate::dynamodb) fn download() -> Download {
        Download {
            id: DownloadId::from_octets([1; 16]),
            asset: AssetId::from_octets([2; 16]),
            rendition: Rendition::Original,
            grant: Digest([4; 32]),
            subject: Subject::Person {
                user: UserId::from_octets([5; 16]),
                session: SessionId::from_octets([9; 16]),
            },
            org: OrgId::from_octets([6; 16]),
            opened_at: Timestamp(7),
            expires_at: Timestamp(8),
        }
    }

    #[test]
    fn a_download_reads_back_and_a_broken_one_is_corrupt() {
        let written = to_item(&download());
        let mut required: Vec<&str> = written.keys().map(String::as_str).collect();
        required.retain(|name| *name != TTL);
        reads_back(&download(), &written, from_item, &required);
    }

    #[test]
    fn a_download_is_no_playback_session() {
        let item = to_item(&download());
        assert!(super::super::playback_record::from_item(&item).is_err());
    }
}
