//! Versions of secrets with their labels, and all wrapped keys.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vault_domain::playback::WrappedKey;
use vault_domain::ports::{Change, KeyPage, Rewraps, SecretVersions, Stages, StoreError, Stored};
use vault_domain::rotation::{Cursor, Pass};
use vault_domain::secret::SecretText;

use super::{FakeCloud, State};

/// Keys of one page.
const PAGE: usize = 100;

/// A secret, as Secrets Manager keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptSecret {
    /// Its labels.
    pub stages: Stages,
    /// Its versions.
    pub versions: BTreeMap<String, String>,
}

impl KeptSecret {
    /// A secret of one version, which rotates.
    pub fn of(version: &str, text: String) -> Self {
        Self {
            stages: Stages {
                rotates: true,
                current: Some(version.to_owned()),
                pending: None,
            },
            versions: BTreeMap::from([(version.to_owned(), text)]),
        }
    }
}

fn kept<'a>(state: &'a mut State, secret: &str) -> Stored<&'a mut KeptSecret> {
    let missing = || StoreError::new("secrets", "there is no such secret");
    state.secrets.get_mut(secret).ok_or_else(missing)
}

#[async_trait]
impl SecretVersions for FakeCloud {
    async fn stages(&self, secret: &str) -> Stored<Stages> {
        self.call("secrets.stages", |s| Ok(kept(s, secret)?.stages.clone()))
            .await
    }
    async fn text(&self, secret: &str, version: &str) -> Stored<Option<SecretText>> {
        self.call("secrets.text", |s| {
            let text = kept(s, secret)?.versions.get(version);
            Ok(text.cloned().map(SecretText::new))
        })
        .await
    }
    async fn put_pending(&self, secret: &str, version: &str, text: &SecretText) -> Stored<Change> {
        self.call("secrets.put_pending", |s| {
            let kept = kept(s, secret)?;
            let there = kept.versions.get(version);
            if there.is_some_and(|there| there != text.expose()) {
                return Ok(Change::NotApplied);
            }
            let text = text.expose().to_owned();
            kept.versions.insert(version.to_owned(), text);
            kept.stages.pending = Some(version.to_owned());
            Ok(Change::Applied)
        })
        .await
    }
    async fn promote(&self, secret: &str, from: &str, to: &str) -> Stored<Change> {
        self.call("secrets.promote", |s| {
            let kept = kept(s, secret)?;
            if kept.stages.current.as_deref() != Some(from) {
                return Ok(Change::NotApplied);
            }
            kept.stages.current = Some(to.to_owned());
            Ok(Change::Applied)
        })
        .await
    }
    async fn abandon(&self, secret: &str, version: &str) -> Stored<Change> {
        self.call("secrets.abandon", |s| {
            let kept = kept(s, secret)?;
            if kept.stages.pending.as_deref() != Some(version) {
                return Ok(Change::NotApplied);
            }
            kept.stages.pending = None;
            Ok(Change::Applied)
        })
        .await
    }
}

fn place(key: &WrappedKey) -> Cursor {
    Cursor {
        pk: key.asset.to_string(),
        sk: key.key.to_string(),
    }
}

#[async_trait]
impl Rewraps for FakeCloud {
    async fn pass(&self) -> Stored<Option<Pass>> {
        self.call("rewraps.pass", |s| Ok(s.pass.clone())).await
    }
    async fn save(&self, pass: &Pass) -> Stored<()> {
        self.call("rewraps.save", |s| {
            s.pass = Some(pass.clone());
            Ok(())
        })
        .await
    }
    async fn page(&self, after: Option<&Cursor>) -> Stored<KeyPage> {
        self.call("rewraps.page", |s| {
            let keys = s.keys.values().map(|key| (place(key), key.clone()));
            let all: BTreeMap<_, _> = keys.collect();
            let rest = all
                .into_iter()
                .filter(|(at, _)| after.is_none_or(|after| at > after));
            let page: Vec<_> = rest.take(PAGE).collect();
            let more = page.len() == PAGE;
            Ok(KeyPage {
                next: page.last().filter(|_| more).map(|(at, _)| at.clone()),
                keys: page.into_iter().map(|(_, key)| key).collect(),
                corrupt: 0,
            })
        })
        .await
    }
    async fn replace(&self, before: &WrappedKey, after: &WrappedKey) -> Stored<Change> {
        self.call("rewraps.replace", |s| {
            match s.keys.get_mut(&(before.asset, before.key)) {
                Some(key) if key == before => {
                    *key = after.clone();
                    Ok(Change::Applied)
                }
                _ => Ok(Change::NotApplied),
            }
        })
        .await
    }
}
