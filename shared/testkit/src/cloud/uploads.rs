//! The uploads bucket, from the functions' side and from the client's.

use async_trait::async_trait;
use vault_domain::asset::{Checksum, NewAsset, source_key};
use vault_domain::ports::{
    Completion, HeldPart, HeldParts, SignedPart, SourceHead, StoreError, Stored, UploadedPart,
    Uploads, WantedPart,
};
use vault_domain::secret::SecretText;

use super::{FakeCloud, Object, State, checksum_of};

const HOST: &str = "https://uploads.fake/";
const CHECKSUM_HEADER: &str = "x-amz-checksum-";

fn key(asset: &NewAsset) -> String {
    source_key(asset.org, asset.id)
}

fn signed(key: &str, query: &str, number: u32, size: u64) -> SignedPart {
    SignedPart {
        number,
        size,
        url: SecretText::new(format!("{HOST}{key}?{query}signature=fake")),
        headers: vec![("content-length".to_owned(), size.to_string())],
    }
}

fn whole(asset: &NewAsset) -> SignedPart {
    let mut part = signed(&key(asset), "", 1, asset.plan.size);
    let media_type = asset.media_type.as_str().to_owned();
    part.headers.push(("content-type".to_owned(), media_type));
    part.headers.extend(asset.checksum.as_ref().map(header));
    part
}

fn header(sum: &Checksum) -> (String, String) {
    let name = format!("{CHECKSUM_HEADER}{}", sum.algorithm.as_str());
    (name, sum.value.clone())
}

#[async_trait]
impl Uploads for FakeCloud {
    async fn presign_object(&self, asset: &NewAsset) -> Stored<SignedPart> {
        self.call("uploads.presign_object", |_| Ok(whole(asset)))
            .await
    }
    async fn find_multipart(&self, asset: &NewAsset) -> Stored<Option<String>> {
        self.call("uploads.find_multipart", |s| {
            let mut found = s.uploads.multiparts.iter();
            Ok(found
                .find(|(_, u)| u.key == key(asset))
                .map(|(id, _)| id.clone()))
        })
        .await
    }
    async fn create_multipart(&self, asset: &NewAsset) -> Stored<String> {
        self.call("uploads.create_multipart", |s| {
            Ok(s.uploads.begin(&key(asset)))
        })
        .await
    }
    async fn abort_multipart(&self, _asset: &NewAsset, multipart: &str) -> Stored<()> {
        self.call("uploads.abort_multipart", |s| {
            s.uploads.multiparts.remove(multipart);
            Ok(())
        })
        .await
    }
    async fn presign_parts(
        &self,
        asset: &NewAsset,
        multipart: &str,
        parts: &[WantedPart],
    ) -> Stored<Vec<SignedPart>> {
        const NAME: &str = "uploads.presign_parts";
        self.call(NAME, |_| {
            let sign = |wanted: &WantedPart| {
                let number = wanted.number;
                let size = asset.plan.octets_of(number);
                let size = size.ok_or_else(|| StoreError::new(NAME, "no such part"))?;
                let query = format!("uploadId={multipart}&partNumber={number}&");
                let mut part = signed(&key(asset), &query, number, size);
                part.headers.extend(wanted.checksum.as_ref().map(header));
                Ok(part)
            };
            parts.iter().map(sign).collect()
        })
        .await
    }
    async fn held_parts(
        &self,
        asset: &NewAsset,
        multipart: &str,
        after: u32,
    ) -> Stored<Option<HeldParts>> {
        self.call("uploads.held_parts", |s| {
            let page = s.uploads.part_page;
            let held = |(number, part): (&u32, &Object)| HeldPart {
                part: UploadedPart {
                    number: *number,
                    etag: part.etag.clone(),
                    checksum: asset
                        .plan
                        .checksums
                        .map(|kind| checksum_of(kind, &part.bytes)),
                },
                size: u64::try_from(part.bytes.len()).unwrap_or(u64::MAX),
            };
            Ok(s.uploads.multiparts.get(multipart).map(|upload| {
                let behind = upload.parts.range(after.saturating_add(1)..);
                let more = behind.clone().count() > page;
                let parts = behind.take(page).map(held).collect();
                HeldParts { parts, more }
            }))
        })
        .await
    }
    async fn complete(
        &self,
        asset: &NewAsset,
        multipart: &str,
        parts: &[UploadedPart],
    ) -> Stored<Completion> {
        self.call("uploads.complete", |s| {
            let sum = asset.checksum.as_ref();
            let sum = sum.map(|c| (c.algorithm, c.value.as_str()));
            Ok(s.uploads.complete(multipart, parts, sum))
        })
        .await
    }
    async fn head(&self, asset: &NewAsset) -> Stored<Option<SourceHead>> {
        self.call("uploads.head", |s| {
            let object = s.uploads.objects.get(&key(asset));
            Ok(object.map(|object| SourceHead {
                size: u64::try_from(object.bytes.len()).unwrap_or(u64::MAX),
                etag: object.etag.clone(),
                version: Some(format!("v{}", object.version)),
                checksum: asset
                    .checksum
                    .as_ref()
                    .map(|c| checksum_of(c.algorithm, &object.bytes)),
            }))
        })
        .await
    }
    async fn read(&self, asset: &NewAsset, etag: &str, offset: u64, len: usize) -> Stored<Vec<u8>> {
        const NAME: &str = "uploads.read";
        self.call(NAME, |s| {
            let object = s.uploads.objects.get(&key(asset));
            let object = object.ok_or_else(|| StoreError::new(NAME, "NoSuchKey"))?;
            if object.etag != etag {
                return Err(StoreError::new(NAME, "PreconditionFailed"));
            }
            let from = usize::try_from(offset).unwrap_or(usize::MAX);
            let octets = object.bytes.get(from..from.saturating_add(len));
            let octets = octets.ok_or_else(|| StoreError::new(NAME, "InvalidRange"))?;
            Ok(octets.to_vec())
        })
        .await
    }
    async fn delete(&self, asset: &NewAsset) -> Stored<()> {
        self.call("uploads.delete", |s| {
            if let Some(object) = s.uploads.objects.remove(&key(asset)) {
                s.noncurrent.push((key(asset), object.bytes.to_vec()));
            }
            Ok(())
        })
        .await
    }
}

impl FakeCloud {
    /// The client's PUT to a signed URL: the `ETag`, or the HTTP status of S3's refusal.
    ///
    /// # Errors
    /// 403 for another URL or size than was signed, 400 for a wrong checksum, 404 for an upload that is not there.
    pub fn client_put(&self, part: &SignedPart, bytes: Vec<u8>) -> Result<String, u16> {
        let (path, query) = part
            .url
            .expose()
            .strip_prefix(HOST)
            .and_then(|rest| rest.split_once('?'))
            .filter(|(_, query)| query.ends_with("signature=fake"))
            .ok_or(403_u16)?;
        if u64::try_from(bytes.len()) != Ok(part.size) {
            return Err(403);
        }
        check(part, &bytes)?;
        self.with(|s| store(s, path, query, Object::new(bytes)))
    }

    /// Puts octets under the key of an asset's source past every check: what a lying upload comes to.
    pub fn plant_source(&self, asset: &NewAsset, bytes: Vec<u8>) {
        self.with(|s| s.uploads.objects.insert(key(asset), Object::new(bytes)));
    }
}

fn check(part: &SignedPart, bytes: &[u8]) -> Result<(), u16> {
    use vault_domain::asset::ChecksumAlgorithm::{Crc64Nvme, Sha256};
    for (name, value) in &part.headers {
        let kind = match name.strip_prefix(CHECKSUM_HEADER) {
            Some("sha256") => Sha256,
            Some("crc64nvme") => Crc64Nvme,
            _ => continue,
        };
        if checksum_of(kind, bytes) != *value {
            return Err(400);
        }
    }
    Ok(())
}

fn store(state: &mut State, path: &str, query: &str, object: Object) -> Result<String, u16> {
    let field = |name: &str| {
        let mut fields = query.split('&').filter_map(|field| field.split_once('='));
        fields.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let etag = object.etag.clone();
    let Some(id) = field("uploadId") else {
        state.uploads.objects.insert(path.to_owned(), object);
        return Ok(etag);
    };
    let number = field("partNumber")
        .and_then(|n| n.parse().ok())
        .ok_or(400_u16)?;
    let upload = state.uploads.multiparts.get_mut(id).ok_or(404_u16)?;
    upload.parts.insert(number, object);
    Ok(etag)
}
