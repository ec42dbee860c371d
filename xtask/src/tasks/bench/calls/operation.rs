//! Which operation of which service an HTTP request of an SDK is.

/// Such as `DynamoDB GetItem` or `S3 PutObject`; the request line itself when it is none we know.
pub(super) fn name<'a>(method: &str, target: &str, header: impl Fn(&str) -> &'a str) -> String {
    if let Some((service, operation)) = header("x-amz-target").split_once('.') {
        let service = match service {
            "secretsmanager" => "SecretsManager",
            other if other.starts_with("DynamoDB") => "DynamoDB",
            other => other,
        };
        return format!("{service} {operation}");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path.starts_with("/2020-05-31/") {
        let known = method == "POST" && path.ends_with("/invalidation");
        return format!(
            "CloudFront {}",
            if known { "CreateInvalidation" } else { path }
        );
    }
    format!("S3 {}", s3(method, path, query))
}

fn s3(method: &str, path: &str, query: &str) -> &'static str {
    let has = |name: &str| {
        query
            .split('&')
            .any(|field| field.split('=').next() == Some(name))
    };
    let object = path.trim_start_matches('/').contains('/');
    match method {
        "GET" if !object => "ListObjects",
        "GET" if has("uploads") => "ListMultipartUploads",
        "GET" if has("uploadId") => "ListParts",
        "GET" => "GetObject",
        "HEAD" => "HeadObject",
        "PUT" if has("partNumber") => "UploadPart",
        "PUT" => "PutObject",
        "POST" if has("uploads") => "CreateMultipartUpload",
        "POST" if has("uploadId") => "CompleteMultipartUpload",
        "POST" if has("delete") => "DeleteObjects",
        "DELETE" if has("uploadId") => "AbortMultipartUpload",
        "DELETE" => "DeleteObject",
        _ => "unknown",
    }
}

/// Several calls in a few words: `DynamoDB GetItem, S3 PutObject ×3`, in the order of the first of each.
pub(super) fn summary(calls: &[String]) -> String {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for call in calls {
        match kinds.iter_mut().find(|(known, _)| known == call) {
            Some((_, count)) => *count += 1,
            None => kinds.push((call, 1)),
        }
    }
    let text = kinds.into_iter().map(|(kind, count)| match count {
        1 => kind.to_owned(),
        _ => format!("{kind} ×{count}"),
    });
    let text = text.collect::<Vec<_>>().join(", ");
    if text.is_empty() {
        "0".to_owned()
    } else {
        format!("{}: {text}", calls.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{name, summary};

    #[test]
    fn requests_are_named_as_their_operations() {
        let json = |target: &'static str| name("POST", "/", move |_| target);
        assert_eq!(
            json("DynamoDB_20120810.BatchGetItem"),
            "DynamoDB BatchGetItem"
        );
        assert_eq!(
            json("secretsmanager.GetSecretValue"),
            "SecretsManager GetSecretValue"
        );
        let rest = |method, target| name(method, target, |_| "");
        assert_eq!(rest("GET", "/bucket/a/b?x-id=GetObject"), "S3 GetObject");
        assert_eq!(
            rest("POST", "/bucket/a/b?uploads"),
            "S3 CreateMultipartUpload"
        );
        assert_eq!(rest("GET", "/bucket?list-type=2"), "S3 ListObjects");
        let invalidation = "/2020-05-31/distribution/E1/invalidation";
        assert_eq!(rest("POST", invalidation), "CloudFront CreateInvalidation");
    }

    #[test]
    fn repeated_calls_are_counted() {
        let calls = ["a", "b", "a"].map(str::to_owned);
        assert_eq!(summary(&calls), "3: a ×2, b");
        assert_eq!(summary(&[]), "0");
    }
}
