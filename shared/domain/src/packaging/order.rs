//! An order to package a film, as the queue of the function that packages holds it beside the events of S3.

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, OrgId, TextId};

/// Package the source of an asset that arrived, or subtitles that were brought beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub struct PackagingOrder {
    /// Whose.
    pub org: OrgId,
    /// Which.
    pub asset: AssetId,
    /// The subtitles; none for the film.
    pub text: Option<TextId>,
}

/// `{"kind":"package","v":1,"org":"org_…","asset":"ast_…"}`, or with `"kind":"subtitles"` and `"text":"txt_…"`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Wire {
    Package {
        v: u8,
        org: String,
        asset: String,
    },
    Subtitles {
        v: u8,
        org: String,
        asset: String,
        text: TextId,
    },
}

impl From<PackagingOrder> for Wire {
    fn from(PackagingOrder { org, asset, text }: PackagingOrder) -> Self {
        let (org, asset) = (org.to_string(), asset.to_string());
        match text {
            None => Self::Package { v: 1, org, asset },
            Some(text) => Self::Subtitles {
                v: 1,
                org,
                asset,
                text,
            },
        }
    }
}

impl TryFrom<Wire> for PackagingOrder {
    type Error = String;
    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let (v, org, asset, text) = match wire {
            Wire::Package { v, org, asset } => (v, org, asset, None),
            Wire::Subtitles {
                v,
                org,
                asset,
                text,
            } => (v, org, asset, Some(text)),
        };
        if v != 1 {
            return Err("v: expected 1".to_owned());
        }
        Ok(Self {
            org: OrgId::parse(&org).map_err(|fault| fault.to_string())?,
            asset: AssetId::parse(&asset).map_err(|fault| fault.to_string())?,
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_back_and_another_is_none() {
        let order = PackagingOrder {
            org: OrgId::from_octets([1; 16]),
            asset: AssetId::from_octets([2; 16]),
            text: None,
        };
        let subtitles = PackagingOrder {
            text: Some(TextId::from_octets([3; 16])),
            ..order
        };
        let text = serde_json::to_string(&subtitles).unwrap();
        let read: PackagingOrder = serde_json::from_str(&text).unwrap();
        assert_eq!(read, subtitles);
        let bad = text.replace("subtitles", "package");
        assert!(serde_json::from_str::<PackagingOrder>(&bad).is_err());
        let text = serde_json::to_string(&order).unwrap();
        let read: PackagingOrder = serde_json::from_str(&text).unwrap();
        assert_eq!(read, order);
        for bad in [
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("package", "film"),
            text.replace("org_", "ast_"),
            text.replace("\"v\":1", "\"v\":1,\"more\":0"),
            "{}".to_owned(),
        ] {
            assert!(
                serde_json::from_str::<PackagingOrder>(&bad).is_err(),
                "{bad}"
            );
        }
    }
}
