//! The distribution: nothing unsigned, nothing over old TLS, no signature in a log or a cache key.

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
    headers(
        &resources["SegmentHeaders"]["Properties"]["ResponseHeadersPolicyConfig"],
        &mut faults,
    );
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

fn distribution(config: &Value, faults: &mut Faults) {
    let origins = config["Origins"].as_array().cloned().unwrap_or_default();
    let known = [
        ("media", "MediaBucketDomain"),
        ("uploads", "UploadsBucketDomain"),
    ];
    faults.same("number of origins", &json!(origins.len()), &json!(2));
    for (origin, (id, domain)) in origins.iter().zip(known) {
        faults.same("origin id", &origin["Id"], &json!(id));
        faults.same("origin", &origin["DomainName"], &json!({ "Ref": domain }));
        faults.same(
            "origin access",
            &origin["OriginAccessControlId"],
            &json!({ "Fn::GetAtt": "OriginAccess.Id" }),
        );
    }
    faults.same("HTTP", &config["HttpVersion"], &json!("http2and3"));
    faults.same("logging", &config["Logging"], &Value::Null);
    let behaviours = config["CacheBehaviors"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    faults.same("number of behaviours", &json!(behaviours.len()), &json!(2));
    let of = [
        (json!("/media/*"), "media", "SegmentCache"),
        (json!("/uploads/*"), "uploads", "OriginalCache"),
        (Value::Null, "media", "SegmentCache"),
    ];
    let all = behaviours.iter().chain([&config["DefaultCacheBehavior"]]);
    for (behaviour, (path, origin, cache)) in all.zip(of) {
        let mut check = |what: &str, expected| faults.same(what, &behaviour[what], &expected);
        check("TrustedKeyGroups", json!([{ "Ref": "UrlSigners" }]));
        check("TrustedSigners", Value::Null);
        check("ViewerProtocolPolicy", json!("https-only"));
        check("AllowedMethods", json!(["GET", "HEAD"]));
        check("PathPattern", path);
        check("TargetOriginId", json!(origin));
        check("CachePolicyId", json!({ "Ref": cache }));
        check(
            "ResponseHeadersPolicyId",
            json!({ "Ref": "SegmentHeaders" }),
        );
        check("OriginRequestPolicyId", Value::Null);
        check("ForwardedValues", Value::Null);
    }
    let missing: Vec<_> = [403, 404]
        .map(|code| json!({ "ErrorCode": code, "ErrorCachingMinTTL": 0 }))
        .into();
    faults.same(
        "caching of refusals",
        &config["CustomErrorResponses"],
        &json!(missing),
    );
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

fn headers(policy: &Value, faults: &mut Faults) {
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
        &json!({ "Items": ["GET", "HEAD"] }),
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
