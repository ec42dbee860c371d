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

/// Several calls in a few words: `4: DynamoDB GetItem ×2, PutItem, S3 HeadObject`, each service and
/// operation at the place of its first call.
pub(super) fn summary(calls: &[String]) -> String {
    let mut services: Vec<(&str, Vec<(&str, usize)>)> = Vec::new();
    for call in calls {
        let (service, operation) = call.split_once(' ').unwrap_or(("", call));
        let known = services.iter().position(|(name, _)| *name == service);
        let at = known.unwrap_or_else(|| {
            services.push((service, Vec::new()));
            services.len() - 1
        });
        let operations = &mut services[at].1;
        match operations.iter_mut().find(|(name, _)| *name == operation) {
            Some((_, count)) => *count += 1,
            None => operations.push((operation, 1)),
        }
    }
    if services.is_empty() {
        return "0".to_owned();
    }
    let operation = |(name, count): &(&str, usize)| match count {
        1 => (*name).to_owned(),
        _ => format!("{name} ×{count}"),
    };
    let service = |(name, operations): &(&str, Vec<_>)| {
        let operations: Vec<_> = operations.iter().map(operation).collect();
        format!("{name} {}", operations.join(", "))
    };
    let services: Vec<_> = services.iter().map(service).collect();
    format!("{}: {}", calls.len(), services.join(", "))
}

/// What `first` has beyond `warm`.
pub(super) fn besides(first: &[String], warm: &[String]) -> Vec<String> {
    let mut left = warm.to_vec();
    let mut more = first.to_vec();
    more.retain(|call| match left.iter().position(|other| other == call) {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    });
    more
}

#[cfg(test)]
mod tests {
    use super::{besides, name, summary};

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
        let calls = ["A x", "B y", "A x", "A z"].map(str::to_owned);
        assert_eq!(summary(&calls), "4: A x ×2, z, B y");
        assert_eq!(summary(&[]), "0");
        assert_eq!(besides(&calls, &calls[..2]), calls[2..]);
    }
}
