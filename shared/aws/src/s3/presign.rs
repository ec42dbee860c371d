//! Presigned requests: what a client may send straight to S3, down to the size.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use vault_domain::asset::{ChecksumAlgorithm, NewAsset, source_key};
use vault_domain::download::Override;
use vault_domain::ports::{SignedPart, StoreError, Stored, WantedPart};
use vault_domain::secret::SecretText;

/// How long a signed URL serves. One for a part can be asked for again.
const LIFETIME: Duration = Duration::from_hours(1);
/// Signed, but sent by every HTTP client of its own accord; browsers do not let it be set.
const SENT_ANYWAY: [&str; 2] = ["host", "content-length"];

fn lifetime(operation: &'static str) -> Stored<PresigningConfig> {
    lasting(operation, LIFETIME)
}

fn lasting(operation: &'static str, lifetime: Duration) -> Stored<PresigningConfig> {
    PresigningConfig::expires_in(lifetime).map_err(|error| StoreError::new(operation, error))
}

fn octets(operation: &'static str, size: u64) -> Stored<i64> {
    i64::try_from(size).map_err(|error| StoreError::new(operation, error))
}

/// What the client must send as it is: the SDK's other headers, such as Lambda's trace id, are for requests of
/// its own, and a browser would need the bucket's leave for each.
fn signed(number: u32, size: u64, request: &PresignedRequest) -> SignedPart {
    let names = signed_names(request.uri());
    let is_signed = |name: &str| names.iter().any(|signed| signed == name);
    let headers = request.headers();
    let headers = headers.filter(|(name, _)| is_signed(name) && !SENT_ANYWAY.contains(name));
    SignedPart {
        number,
        size,
        url: SecretText::new(request.uri().to_owned()),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

/// The names in `X-Amz-SignedHeaders`, whose `;` is percent-encoded in a query.
fn signed_names(url: &str) -> Vec<String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs
        .filter(|(name, _)| *name == "X-Amz-SignedHeaders")
        .map(|(_, value)| value.to_ascii_lowercase().replace("%3b", ";"));
    value
        .flat_map(|names| names.split(';').map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// A PUT of the whole object. Size, type and checksum are signed; `If-None-Match: *` keeps what arrived and was
/// verified from being replaced.
pub(super) async fn object(client: &Client, bucket: &str, asset: &NewAsset) -> Stored<SignedPart> {
    const OPERATION: &str = "uploads.presign_object";
    let size = asset.plan.size;
    let mut request = client
        .put_object()
        .bucket(bucket)
        .key(source_key(asset.org, asset.id))
        .content_type(asset.media_type.as_str())
        .content_length(octets(OPERATION, size)?)
        .if_none_match("*");
    if let Some(checksum) = &asset.checksum {
        request = match checksum.algorithm {
            ChecksumAlgorithm::Sha256 => request.checksum_sha256(&checksum.value),
            ChecksumAlgorithm::Crc64Nvme => request.checksum_crc64_nvme(&checksum.value),
        };
    }
    let presigned = request.presigned(lifetime(OPERATION)?).await;
    let presigned = presigned.map_err(|error| StoreError::new(OPERATION, error))?;
    Ok(signed(1, size, &presigned))
}

/// A PUT of one part, its size signed, and its checksum if the client gave one. Where it did not, and the upload's checksum
/// is of the `FULL_OBJECT` kind, S3 computes what it needs, and compares the whole at the completion.
pub(super) async fn part(
    client: &Client,
    bucket: &str,
    (asset, multipart): (&NewAsset, &str),
    wanted: &WantedPart,
) -> Stored<SignedPart> {
    const OPERATION: &str = "uploads.presign_parts";
    let number = wanted.number;
    let outside = || StoreError::new(OPERATION, format!("part {number} is outside the plan"));
    let size = asset.plan.octets_of(number).ok_or_else(outside)?;
    let mut request = client
        .upload_part()
        .bucket(bucket)
        .key(source_key(asset.org, asset.id))
        .upload_id(multipart)
        .part_number(i32::try_from(number).map_err(|error| StoreError::new(OPERATION, error))?)
        .content_length(octets(OPERATION, size)?);
    if let Some(checksum) = &wanted.checksum {
        request = match checksum.algorithm {
            ChecksumAlgorithm::Sha256 => request.checksum_sha256(&checksum.value),
            ChecksumAlgorithm::Crc64Nvme => request.checksum_crc64_nvme(&checksum.value),
        };
    }
    let presigned = request.presigned(lifetime(OPERATION)?).await;
    let presigned = presigned.map_err(|error| StoreError::new(OPERATION, error))?;
    Ok(signed(number, size, &presigned))
}

/// A GET of a file, under another name and type. No header is signed but the host, so ranges and conditions may be
/// asked for.
pub(super) async fn file(
    client: &Client,
    (bucket, key): (&str, &str),
    asked: &Override,
    seconds: u64,
) -> Stored<SecretText> {
    const OPERATION: &str = "uploads.presign_file";
    let request = client
        .get_object()
        .bucket(bucket)
        .key(key)
        .response_content_disposition(&asked.disposition)
        .response_content_type(&asked.content_type);
    let lifetime = lasting(OPERATION, Duration::from_secs(seconds))?;
    let presigned = request.presigned(lifetime).await;
    let presigned = presigned.map_err(|error| StoreError::new(OPERATION, error))?;
    Ok(SecretText::new(presigned.uri().to_owned()))
}

#[cfg(test)]
mod tests {
    use vault_domain::asset::{Checksum, MediaType, Title};
    use vault_domain::download::FileName;

    use super::super::uploads::tests::announced;
    use super::*;
    use crate::replay::Replay;

    fn client(path_style: bool) -> Client {
        super::super::client(&Replay::of(&[]).config(), path_style)
    }

    fn query<'a>(part: &'a SignedPart, name: &str) -> Option<&'a str> {
        parameter(&part.url, name)
    }

    fn parameter<'a>(url: &'a SecretText, name: &str) -> Option<&'a str> {
        let (_, query) = url.expose().split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    #[test]
    fn the_names_of_signed_headers_are_read_from_the_url() {
        let url = "http://s3/b/k?X-Amz-Date=1&X-Amz-SignedHeaders=content-length%3Bhost%3bx-a&x=1";
        assert_eq!(signed_names(url), ["content-length", "host", "x-a"]);
        assert_eq!(signed_names("http://s3/b/k"), Vec::<String>::new());
    }

    #[tokio::test]
    async fn an_object_is_signed_with_size_type_condition_and_checksum() {
        let sha256 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        for (algorithm, value, header) in [
            ("sha256", sha256, "x-amz-checksum-sha256"),
            ("crc64nvme", "AAAAAAAAAAA=", "x-amz-checksum-crc64nvme"),
        ] {
            let checksum = Some(Checksum::parse(algorithm, value).unwrap());
            let asset = NewAsset {
                checksum,
                ..announced(5)
            };
            let part = object(&client(false), "uploads", &asset).await.unwrap();
            let signed = query(&part, "X-Amz-SignedHeaders").unwrap();
            assert_eq!(
                signed,
                format!("content-length%3Bcontent-type%3Bhost%3Bif-none-match%3B{header}")
            );
            let mut headers = part.headers.clone();
            headers.sort();
            let expected = [
                ("content-type", "video/mp4"),
                ("if-none-match", "*"),
                (header, value),
            ];
            assert_eq!(headers, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
            assert_eq!(query(&part, "X-Amz-Expires"), Some("3600"));
        }
    }

    #[tokio::test]
    async fn a_file_is_signed_with_its_name_and_type_and_takes_any_range() {
        let title = Title::stored("Ünïç \"film\"").unwrap();
        let media_type = MediaType::parse("video/mp4").unwrap();
        let asked = Override::of(&FileName::of(&title, &media_type), &media_type);
        let (client, asset) = (client(true), announced(5));
        let key = source_key(asset.org, asset.id);
        let signed = async |seconds| file(&client, ("uploads", &key), &asked, seconds).await;
        let url = signed(600).await.unwrap();
        let of = |name| parameter(&url, name).unwrap();
        assert_eq!(of("X-Amz-SignedHeaders"), "host");
        assert_eq!(of("X-Amz-Expires"), "600");
        assert_eq!(of("response-content-type"), "video%2Fmp4");
        let named = of("response-content-disposition");
        assert!(
            named.starts_with("attachment%3B%20filename%3D%22Unic%20_film_.mp4%22%3B"),
            "{named}"
        );
        assert!(!url.expose().contains("x-amz-checksum-mode"));
        assert!(signed(8 * 86_400).await.is_err(), "S3 takes seven days");
    }

    #[tokio::test]
    async fn a_part_is_signed_with_its_size_and_needs_no_header() {
        let asset = announced((8 << 20) + 1);
        for (number, size) in [(1, 8 << 20), (2, 1)] {
            let part = signed_part(&asset, number, None).await.unwrap();
            assert_eq!(part.size, size);
            assert_eq!(
                query(&part, "X-Amz-SignedHeaders"),
                Some("content-length%3Bhost")
            );
            assert_eq!(part.headers, []);
            assert!(part.url.expose().contains("/uploads/uploads/"));
        }
        assert!(signed_part(&asset, 3, None).await.is_err());
    }

    async fn signed_part(
        asset: &NewAsset,
        number: u32,
        checksum: Option<Checksum>,
    ) -> Stored<SignedPart> {
        let wanted = WantedPart { number, checksum };
        part(&client(true), "uploads", (asset, "mp"), &wanted).await
    }

    #[tokio::test]
    async fn a_part_is_signed_with_the_checksum_that_was_given() {
        let sha256 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        for (algorithm, value, header) in [
            ("sha256", sha256, "x-amz-checksum-sha256"),
            ("crc64nvme", "AAAAAAAAAAA=", "x-amz-checksum-crc64nvme"),
        ] {
            let checksum = Checksum::parse(algorithm, value).unwrap();
            let part = signed_part(&announced(9), 1, Some(checksum)).await.unwrap();
            let signed = format!("content-length%3Bhost%3B{header}");
            assert_eq!(query(&part, "X-Amz-SignedHeaders"), Some(signed.as_str()));
            assert_eq!(part.headers, [(header.to_owned(), value.to_owned())]);
        }
    }
}
