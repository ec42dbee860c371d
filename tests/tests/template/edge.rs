//! The distribution: nothing that no signature, token or ticket lets in, nothing over old TLS, no credential in a log or a
//! cache key.

use serde_json::{Value, json};

use crate::cfn::World;
use crate::faults::Faults;

pub(crate) fn faults(world: &World) -> Vec<String> {
    let mut faults = Faults::default();
    let resources = &world.template("Edge")["Resources"];
    distribution(
        &resources["Distribution"]["Properties"]["DistributionConfig"],
        &mut faults,
    );
    viewer_certificate(
        &resources["Distribution"]["Properties"]["DistributionConfig"],
        &mut faults,
    );
    cache(
        &resources["SegmentCache"]["Properties"]["CachePolicyConfig"],
        &mut faults,
    );
    original_cache(
        &resources["OriginalCache"]["Properties"]["CachePolicyConfig"],
        &mut faults,
    );
    doors(resources, &mut faults);
    for (policy, methods) in [
        ("SegmentHeaders", READ),
        ("ApiHeaders", &["GET", "HEAD", "OPTIONS", "POST"]),
    ] {
        let config = &resources[policy]["Properties"]["ResponseHeadersPolicyConfig"];
        headers(config, methods, &mut faults);
    }
    let access = &resources["OriginAccess"]["Properties"]["OriginAccessControlConfig"];
    faults.same(
        "signing of origin requests",
        &access["SigningBehavior"],
        &json!("always"),
    );
    faults.same(
        "protocol of origin requests",
        &access["SigningProtocol"],
        &json!("sigv4"),
    );
    faults.same(
        "kind of origin",
        &access["OriginAccessControlOriginType"],
        &json!("s3"),
    );
    let group = world.render(
        "Edge",
        &resources["UrlSigners"]["Properties"]["KeyGroupConfig"]["Items"],
    );
    let expected = "[If[HasFirstKey, Edge/UrlSigningKey1, ${AWS::NoValue}], If[HasSecondKey, Edge/UrlSigningKey2, ${AWS::NoValue}]]";
    faults.same("key group", &json!(group), &json!(expected));
    for (key, parameter) in [
        ("UrlSigningKey1", "UrlSigningPublicKeyPem"),
        ("UrlSigningKey2", "UrlSigningPublicKeyPem2"),
    ] {
        let pem = &resources[key]["Properties"]["PublicKeyConfig"]["EncodedKey"];
        faults.same(key, pem, &json!({ "Ref": parameter }));
    }
    faults.into()
}

/// A behaviour: path, origin, methods, cache policy, and what else lets a request through.
type Row = (
    Value,
    &'static str,
    &'static [&'static str],
    &'static str,
    Way,
);

/// What lets a request through to the origin of a behaviour.
enum Way {
    /// A signature of the key group, in the URL or in cookies.
    Signed,
    /// The same, and of the request the ticket goes on to the API.
    SignedAndTicket,
    /// The function that checks tokens in paths.
    Token,
    /// The same, and the ticket goes on to the API.
    TokenAndTicket,
    /// The same, and the page too.
    TokenAndTicketOfPage,
    /// The ticket and the page, which the API checks.
    TicketOfPage,
    /// Nothing: the API checks what is in the path and the body.
    Asked,
}

const READ: &[&str] = &["GET", "HEAD"];
const ALL: &[&str] = &["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"];

fn behaviours() -> [Row; 9] {
    [
        (json!("/keys/*"), "api", READ, "NoCache", Way::TicketOfPage),
        (
            json!("/playback/*/cookies"),
            "api",
            ALL,
            "NoCache",
            Way::Asked,
        ),
        (
            json!("/p/*/keys/*"),
            "api",
            READ,
            "NoCache",
            Way::TokenAndTicketOfPage,
        ),
        (
            json!("/p/*.m3u8"),
            "api",
            READ,
            "PlaylistCache",
            Way::TokenAndTicket,
        ),
        (json!("/p/*"), "media", READ, "SegmentCache", Way::Token),
        (
            json!("/media/*.m3u8"),
            "api",
            READ,
            "PlaylistCache",
            Way::SignedAndTicket,
        ),
        (
            json!("/media/*"),
            "media",
            READ,
            "SegmentCache",
            Way::Signed,
        ),
        (
            json!("/uploads/*"),
            "uploads",
            READ,
            "OriginalCache",
            Way::Signed,
        ),
        (Value::Null, "media", READ, "SegmentCache", Way::Signed),
    ]
}

impl Way {
    /// The key groups, the functions, and what goes on beside the path.
    fn properties(&self) -> [Value; 3] {
        let signed = json!([{ "Ref": "UrlSigners" }]);
        let function = json!([{
            "EventType": "viewer-request",
            "FunctionARN": { "Fn::GetAtt": "PathToken.FunctionMetadata.FunctionARN" },
        }]);
        let ticket = json!({ "Ref": "TicketAlone" });
        let of_page = json!({ "Ref": "TicketAndOrigin" });
        let asked = json!({ "Ref": "AskedFirst" });
        match self {
            Self::Signed => [signed, Value::Null, Value::Null],
            Self::SignedAndTicket => [signed, Value::Null, ticket],
            Self::Token => [Value::Null, function, Value::Null],
            Self::TokenAndTicket => [Value::Null, function, ticket],
            Self::TokenAndTicketOfPage => [Value::Null, function, of_page],
            Self::TicketOfPage => [Value::Null, Value::Null, of_page],
            Self::Asked => [Value::Null, Value::Null, asked],
        }
    }
}

fn distribution(config: &Value, faults: &mut Faults) {
    origins(config, faults);
    faults.same("HTTP", &config["HttpVersion"], &json!("http2and3"));
    faults.same("logging", &config["Logging"], &Value::Null);
    let found = config["CacheBehaviors"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let expected = behaviours();
    let number = json!(found.len() + 1);
    faults.same("number of behaviours", &number, &json!(expected.len()));
    let all = found.iter().chain([&config["DefaultCacheBehavior"]]);
    for (behaviour, (path, origin, methods, cache, way)) in all.zip(expected) {
        let mut check = |what: &str, expected| faults.same(what, &behaviour[what], &expected);
        let [groups, functions, forwarded] = way.properties();
        let headers = if origin == "api" {
            "ApiHeaders"
        } else {
            "SegmentHeaders"
        };
        check("TrustedKeyGroups", groups);
        check("FunctionAssociations", functions);
        check("LambdaFunctionAssociations", Value::Null);
        check("TrustedSigners", Value::Null);
        check("ViewerProtocolPolicy", json!("https-only"));
        check("AllowedMethods", json!(methods));
        check("CachedMethods", json!(READ));
        check("PathPattern", path);
        check("TargetOriginId", json!(origin));
        check("CachePolicyId", json!({ "Ref": cache }));
        check("ResponseHeadersPolicyId", json!({ "Ref": headers }));
        check("OriginRequestPolicyId", forwarded);
        check("ForwardedValues", Value::Null);
    }
    // What one viewer is refused is not refused to the next.
    let refusals: Vec<_> = [400, 403, 404, 405, 414, 500, 502, 503, 504]
        .map(|code| json!({ "ErrorCode": code, "ErrorCachingMinTTL": 0 }))
        .into();
    faults.same(
        "caching of refusals",
        &config["CustomErrorResponses"],
        &json!(refusals),
    );
}

fn origins(config: &Value, faults: &mut Faults) {
    let origins = config["Origins"].as_array().cloned().unwrap_or_default();
    let buckets = [
        ("media", "MediaBucketDomain"),
        ("uploads", "UploadsBucketDomain"),
    ];
    faults.same("number of origins", &json!(origins.len()), &json!(3));
    for (origin, (id, domain)) in origins.iter().zip(buckets) {
        faults.same("origin id", &origin["Id"], &json!(id));
        faults.same("origin", &origin["DomainName"], &json!({ "Ref": domain }));
        faults.same(
            "origin access",
            &origin["OriginAccessControlId"],
            &json!({ "Fn::GetAtt": "OriginAccess.Id" }),
        );
    }
    let api = json!({
        "Id": "api",
        "DomainName": { "Ref": "ApiDomain" },
        "OriginPath": "/v1",
        "CustomOriginConfig": { "OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"] },
    });
    faults.same("the API", origins.last().unwrap_or(&Value::Null), &api);
}

/// What the API gets to see of a viewer, and what the function has.
fn doors(resources: &Value, faults: &mut Faults) {
    let of = |id: &str, config: &str| resources[id]["Properties"][config].clone();
    let none = json!({ "HeaderBehavior": "none" });
    let page = json!({ "HeaderBehavior": "whitelist", "Headers": ["Origin"] });
    for (id, headers) in [("TicketAlone", none), ("TicketAndOrigin", page)] {
        let ticket = of(id, "OriginRequestPolicyConfig");
        let expected = json!({ "CookieBehavior": "whitelist", "Cookies": ["reelvault_ticket"] });
        faults.same("cookies of tickets", &ticket["CookiesConfig"], &expected);
        let expected = json!({ "QueryStringBehavior": "whitelist", "QueryStrings": ["token"] });
        let queries = &ticket["QueryStringsConfig"];
        faults.same("queries of tickets", queries, &expected);
        faults.same("headers of tickets", &ticket["HeadersConfig"], &headers);
    }
    let asked = of("AskedFirst", "OriginRequestPolicyConfig");
    let expected = json!({
        "HeaderBehavior": "whitelist",
        "Headers": ["Access-Control-Request-Headers", "Access-Control-Request-Method", "Content-Type", "Origin"],
    });
    faults.same(
        "headers that are asked about",
        &asked["HeadersConfig"],
        &expected,
    );
    let none = json!({ "CookieBehavior": "none" });
    faults.same("cookies of what is asked", &asked["CookiesConfig"], &none);
    let none = json!({ "QueryStringBehavior": "none" });
    faults.same(
        "query of what is asked",
        &asked["QueryStringsConfig"],
        &none,
    );
    // A longer time, or a least one, would keep what was withdrawn, or what was refused.
    for (cache, most) in [("PlaylistCache", 60), ("NoCache", 0)] {
        let policy = of(cache, "CachePolicyConfig");
        for (what, seconds) in [("MinTTL", 0), ("DefaultTTL", 0), ("MaxTTL", most)] {
            faults.same(&format!("{cache} {what}"), &policy[what], &json!(seconds));
        }
        let key = &policy["ParametersInCacheKeyAndForwardedToOrigin"];
        for (part, behaviour) in [
            ("CookiesConfig", "CookieBehavior"),
            ("HeadersConfig", "HeaderBehavior"),
            ("QueryStringsConfig", "QueryStringBehavior"),
        ] {
            let none = json!({ behaviour: "none" });
            faults.same(&format!("{cache} {part}"), &key[part], &none);
        }
    }
    let function = &resources["PathToken"]["Properties"];
    let store = json!([{ "KeyValueStoreARN": { "Fn::GetAtt": "PathSecrets.Arn" } }]);
    let config = &function["FunctionConfig"];
    faults.same("runtime", &config["Runtime"], &json!("cloudfront-js-2.0"));
    faults.same("store", &config["KeyValueStoreAssociations"], &store);
    faults.same("publication", &function["AutoPublish"], &json!(true));
    let code = include_str!("../../../infra/edge/path.js");
    faults.same("function", &function["FunctionCode"], &json!(code));
}

fn viewer_certificate(config: &Value, faults: &mut Faults) {
    let own = json!({
        "AcmCertificateArn": { "Ref": "CertificateArn" },
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    });
    let expected = json!({ "Fn::If": ["HasAlias", own, { "CloudFrontDefaultCertificate": true }] });
    faults.same("certificate", &config["ViewerCertificate"], &expected);
    let alias =
        json!({ "Fn::If": ["HasAlias", [{ "Ref": "AliasDomain" }], { "Ref": "AWS::NoValue" }] });
    faults.same("aliases", &config["Aliases"], &alias);
}

fn cache(policy: &Value, faults: &mut Faults) {
    let parameters = json!({
        "CookiesConfig": { "CookieBehavior": "none" },
        "HeadersConfig": { "HeaderBehavior": "none" },
        "QueryStringsConfig": { "QueryStringBehavior": "none" },
        "EnableAcceptEncodingBrotli": false,
        "EnableAcceptEncodingGzip": false,
    });
    // Segments are `private`: with a minimum of 0 nothing of them would be cached.
    faults.same("least time in the cache", &policy["MinTTL"], &json!(86_400));
    faults.same(
        "cache key",
        &policy["ParametersInCacheKeyAndForwardedToOrigin"],
        &parameters,
    );
}

/// Originals are asked for anew each time, under the name and type that were signed.
fn original_cache(policy: &Value, faults: &mut Faults) {
    for (what, seconds) in [("MinTTL", 0), ("DefaultTTL", 0), ("MaxTTL", 1)] {
        faults.same(what, &policy[what], &json!(seconds));
    }
    let parameters = json!({
        "CookiesConfig": { "CookieBehavior": "none" },
        "HeadersConfig": { "HeaderBehavior": "none" },
        "QueryStringsConfig": {
            "QueryStringBehavior": "whitelist",
            "QueryStrings": ["response-content-disposition", "response-content-type"],
        },
        "EnableAcceptEncodingBrotli": false,
        "EnableAcceptEncodingGzip": false,
    });
    faults.same(
        "cache key of originals",
        &policy["ParametersInCacheKeyAndForwardedToOrigin"],
        &parameters,
    );
}

fn headers(policy: &Value, methods: &[&str], faults: &mut Faults) {
    let cors = &policy["CorsConfig"];
    let origins = json!({ "Items": { "Fn::Split": [",", { "Ref": "AllowedOrigins" }] } });
    faults.same("CORS origins", &cors["AccessControlAllowOrigins"], &origins);
    faults.same(
        "CORS credentials",
        &cors["AccessControlAllowCredentials"],
        &json!(true),
    );
    faults.same(
        "CORS methods",
        &cors["AccessControlAllowMethods"],
        &json!({ "Items": methods }),
    );
    let security = json!({
        "ContentSecurityPolicy": { "ContentSecurityPolicy": "default-src 'none'; frame-ancestors 'none'", "Override": true },
        "ContentTypeOptions": { "Override": true },
        "FrameOptions": { "FrameOption": "DENY", "Override": true },
        "ReferrerPolicy": { "ReferrerPolicy": "no-referrer", "Override": true },
        "StrictTransportSecurity": { "AccessControlMaxAgeSec": 63_072_000, "IncludeSubdomains": true, "Override": true },
    });
    faults.same(
        "security headers",
        &policy["SecurityHeadersConfig"],
        &security,
    );
}
