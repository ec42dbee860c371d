//! What S3 does with objects and parts, as far as the ports can tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use vault_domain::asset::ChecksumAlgorithm;
use vault_domain::ports::{Completion, UploadedPart};

/// S3's least size of every part but the last (Amazon S3 multipart upload limits).
const LEAST_PART: usize = 5 << 20;
/// S3's most parts of one page of a list (the same).
const PART_PAGE: usize = 1_000;

/// An object or a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its octets.
    pub bytes: Arc<Vec<u8>>,
    /// Its `ETag`, in quotes as S3 gives it.
    pub etag: String,
    /// Which of the versions that were ever under its key; S3 calls it `v1`.
    pub version: u32,
}

impl Object {
    /// An object of these octets.
    pub fn new(bytes: Vec<u8>) -> Self {
        let digest = crate::crypto::sha256(&[&bytes]);
        Self {
            etag: format!("\"{}\"", data_encoding::HEXLOWER.encode(&digest[..16])),
            bytes: Arc::new(bytes),
            version: 1,
        }
    }
}

/// A multipart upload under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// Key of the object to be.
    pub key: String,
    /// Parts by number.
    pub parts: BTreeMap<u32, Object>,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Objects by key.
    pub objects: BTreeMap<String, Object>,
    /// Multipart uploads under way, by id.
    pub multiparts: BTreeMap<String, Multipart>,
    /// Multipart uploads ever begun; numbers the next.
    pub begun: u32,
    /// Multipart uploads that became objects.
    pub completed: u32,
    /// Completions take longer than a request may, until this is false again.
    pub is_slow: bool,
    /// Least size of a part; tests of logic alone make it small.
    pub least_part: usize,
    /// Most parts of one page of a list; tests of logic alone make it small.
    pub part_page: usize,
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            multiparts: BTreeMap::new(),
            begun: 0,
            completed: 0,
            is_slow: false,
            least_part: LEAST_PART,
            part_page: PART_PAGE,
        }
    }
}

impl Bucket {
    /// Begins a multipart upload.
    pub fn begin(&mut self, key: &str) -> String {
        self.begun += 1;
        let id = format!("multipart-{}", self.begun);
        let upload = Multipart {
            key: key.to_owned(),
            parts: BTreeMap::new(),
        };
        self.multiparts.insert(id.clone(), upload);
        id
    }

    /// Makes the listed parts an object; `checksum` is what the whole must have.
    pub fn complete(
        &mut self,
        id: &str,
        listed: &[UploadedPart],
        checksum: Option<(ChecksumAlgorithm, &str)>,
    ) -> Completion {
        let Some(upload) = self.multiparts.get(id) else {
            return Completion::NoSuchUpload;
        };
        if self.is_slow {
            return Completion::UnderWay;
        }
        let whole = match assemble(upload, listed, self.least_part) {
            Ok(whole) => whole,
            Err(code) => return Completion::Refused(code.to_owned()),
        };
        if checksum.is_some_and(|(kind, value)| checksum_of(kind, &whole) != value) {
            return Completion::Refused("BadDigest".to_owned());
        }
        let mut object = Object::new(whole);
        object.etag = format!("{}-{}\"", object.etag.trim_end_matches('"'), listed.len());
        self.objects.insert(upload.key.clone(), object);
        self.multiparts.remove(id);
        self.completed += 1;
        Completion::Completed
    }
}

fn assemble(
    upload: &Multipart,
    listed: &[UploadedPart],
    least: usize,
) -> Result<Vec<u8>, &'static str> {
    if listed.is_empty() {
        return Err("MalformedXML");
    }
    if !listed.is_sorted_by(|a, b| a.number < b.number) {
        return Err("InvalidPartOrder");
    }
    let mut whole = Vec::new();
    for (at, part) in listed.iter().enumerate() {
        let held = upload.parts.get(&part.number).ok_or("InvalidPart")?;
        if held.etag.trim_matches('"') != part.etag.trim_matches('"') {
            return Err("InvalidPart");
        }
        if at + 1 < listed.len() && held.bytes.len() < least {
            return Err("EntityTooSmall");
        }
        whole.extend_from_slice(&held.bytes);
    }
    Ok(whole)
}

/// A checksum in base64, as S3 writes it.
pub fn checksum_of(kind: ChecksumAlgorithm, bytes: &[u8]) -> String {
    match kind {
        ChecksumAlgorithm::Sha256 => data_encoding::BASE64.encode(&crate::crypto::sha256(&[bytes])),
        ChecksumAlgorithm::Crc64Nvme => {
            data_encoding::BASE64.encode(&crc64_nvme(bytes).to_be_bytes())
        }
    }
}

/// CRC-64/NVME (NVM Express NVM Command Set 1.0d §5.2.1.3.4), reflected.
fn crc64_nvme(bytes: &[u8]) -> u64 {
    const POLY: u64 = 0x9a6c_9329_ac4b_c9b5;
    let mut table = [0_u64; 256];
    for (at, entry) in (0_u64..).zip(table.iter_mut()) {
        *entry = (0..8).fold(at, |crc, _| (crc >> 1) ^ (POLY * (crc & 1)));
    }
    let crc = bytes.iter().fold(u64::MAX, |crc, octet| {
        let [low, ..] = crc.to_le_bytes();
        table[usize::from(low ^ octet)] ^ (crc >> 8)
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_has_the_published_check_value() {
        // CRC catalogue: check value of "123456789" under CRC-64/NVME.
        assert_eq!(crc64_nvme(b"123456789"), 0xae8b_1486_0a79_9888);
    }

    #[test]
    fn a_small_part_that_is_not_the_last_is_refused() {
        let mut bucket = Bucket::default();
        let id = bucket.begin("k");
        let parts = bucket
            .multiparts
            .get_mut(&id)
            .map(|u| &mut u.parts)
            .unwrap();
        parts.insert(1, Object::new(vec![0; 10]));
        parts.insert(2, Object::new(vec![0; 10]));
        let listed: Vec<_> = parts
            .iter()
            .map(|(number, part)| UploadedPart {
                number: *number,
                etag: part.etag.clone(),
                checksum: None,
            })
            .collect();
        let refused = Completion::Refused("EntityTooSmall".into());
        assert_eq!(bucket.complete(&id, &listed, None), refused);
        bucket.least_part = 1;
        assert_eq!(bucket.complete(&id, &listed, None), Completion::Completed);
        assert_eq!(bucket.objects["k"].bytes.len(), 20);
    }
}
