//! The events that functions get: payload format 2.0 of HTTP APIs, and SQS around EventBridge.

use serde_json::{Map, Value, json};

/// A request to the HTTP API.
#[derive(Clone, Copy, Default)]
pub(super) struct Http<'a> {
    /// Such as `POST /v1/login`, in the route's own form.
    pub(super) route: &'a str,
    /// Values of the route's variables.
    pub(super) variables: &'a [(&'a str, &'a str)],
    /// Fields of the query, their values safe as they are.
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) bearer: Option<&'a str>,
    pub(super) content_type: &'a str,
    pub(super) body: Option<&'a str>,
}

impl Http<'_> {
    pub(super) fn event(&self) -> Value {
        let (method, path) = self.route.split_once(' ').unwrap_or(("GET", self.route));
        let mut path = path.to_owned();
        for (name, value) in self.variables {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let raw_query: Vec<_> = self.query.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let mut headers = json!({
            "accept": "*/*",
            "host": "api.example.org",
            "user-agent": "bench",
            "x-forwarded-for": "203.0.113.9",
            "x-forwarded-proto": "https",
        });
        if let Some(token) = self.bearer {
            headers["authorization"] = format!("Bearer {token}").into();
        }
        if self.body.is_some() {
            headers["content-type"] = self.content_type.into();
        }
        json!({
            "version": "2.0",
            "routeKey": self.route,
            "rawPath": path,
            "rawQueryString": raw_query.join("&"),
            "headers": headers,
            "queryStringParameters": pairs(self.query),
            "pathParameters": pairs(self.variables),
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "bench",
                "domainName": "api.example.org",
                "domainPrefix": "api",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.9",
                    "userAgent": "bench",
                },
                "requestId": "bench",
                "routeKey": self.route,
                "stage": "$default",
                "time": "22/Nov/2026:00:00:00 +0000",
                "timeEpoch": 1_795_305_600_000_u64,
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
    }
}

fn pairs(given: &[(&str, &str)]) -> Value {
    let pairs = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// The message of an object that came into the uploads bucket.
pub(super) fn uploaded(bucket: &str, key: &str) -> Value {
    let body = json!({
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "detail": { "bucket": { "name": bucket }, "object": { "key": key } },
    });
    json!({ "Records": [{
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "body": body.to_string(),
        "attributes": { "ApproximateReceiveCount": "1" },
        "eventSource": "aws:sqs",
    }] })
}

#[cfg(test)]
mod tests {
    use super::Http;

    #[test]
    fn a_route_becomes_a_path() {
        let variables = [("asset_id", "a"), ("key_id", "k")];
        let request = Http {
            route: "GET /v1/keys/{asset_id}/{key_id}",
            variables: &variables,
            ..Http::default()
        };
        let event = request.event();
        assert_eq!(event["rawPath"], "/v1/keys/a/k");
        assert_eq!(event["pathParameters"]["key_id"], "k");
    }
}
