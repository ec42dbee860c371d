//! Files of variants, in the uploads bucket.

use async_trait::async_trait;
use vault_domain::ports::{RenditionFiles, Stored, Workshop};

use super::{FakeCloud, Object};

/// Octets that are read at a time: less than a film of the tests, so that there are several.
const PIECE: u64 = 800;

#[async_trait]
impl RenditionFiles for FakeCloud {
    async fn keep(&self, key: &str, workshop: &dyn Workshop, size: u64) -> Stored<()> {
        let mut octets = Vec::new();
        let mut offset = 0;
        while offset < size {
            let len = PIECE.min(size - offset);
            let piece = usize::try_from(len).unwrap_or(usize::MAX);
            octets.extend(workshop.read(offset, piece).await?);
            offset += len;
        }
        self.call("files.keep", |s| {
            s.uploads
                .objects
                .insert(key.to_owned(), Object::new(octets));
            Ok(())
        })
        .await
    }
    async fn discard(&self, key: &str) -> Stored<()> {
        self.call("files.discard", |s| {
            if let Some(object) = s.uploads.objects.remove(key) {
                s.noncurrent.push((key.to_owned(), object.bytes.to_vec()));
            }
            Ok(())
        })
        .await
    }
}
