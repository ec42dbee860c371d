//! What must survive, and how it is kept: tables, buckets, secrets.

use serde_json::{Value, json};

use crate::cfn::World;
use crate::faults::Faults;

/// Table, whether it has a sort key, whether its items expire.
const TABLES: &[(&str, bool, bool)] = &[
    ("UsersTable", false, false),
    ("MembersTable", true, false),
    ("ClientsTable", false, false),
    ("LinksTable", false, true),
    ("SessionsTable", false, true),
    ("LimitsTable", false, true),
    ("GrantsTable", false, true),
    ("AssetsTable", false, false),
    ("KeysTable", true, false),
    ("PlaybackTable", false, true),
    ("AuditTable", true, false),
    ("AccessTable", true, false),
    ("RetentionTable", false, false),
    ("SharesTable", true, true),
    ("WebhooksTable", true, true),
    ("UsageTable", false, false),
];

pub(crate) fn faults(world: &World) -> Vec<String> {
    let mut faults = Faults::default();
    tables(world, &mut faults);
    buckets(world, &mut faults);
    archive(world, &mut faults);
    bucket_policies(world, &mut faults);
    secrets(world, &mut faults);
    retention(world, &mut faults);
    faults.into()
}

fn tables(world: &World, faults: &mut Faults) {
    let tables = world.all("AWS::DynamoDB::Table");
    faults.same(
        "number of tables",
        &json!(tables.len()),
        &json!(TABLES.len()),
    );
    for &(name, sorted, expires) in TABLES {
        let table = &world.template("Data")["Resources"][name]["Properties"];
        let mut check =
            |what: &str, expected| faults.same(&format!("{name} {what}"), &table[what], &expected);
        check("BillingMode", json!("PAY_PER_REQUEST"));
        check(
            "DeletionProtectionEnabled",
            json!({ "Ref": "DeletionProtection" }),
        );
        check(
            "PointInTimeRecoverySpecification",
            json!({ "PointInTimeRecoveryEnabled": true }),
        );
        check("SSESpecification", json!({ "SSEEnabled": true }));
        let ttl = json!({ "AttributeName": "expires_at", "Enabled": true });
        check(
            "TimeToLiveSpecification",
            if expires { ttl } else { Value::Null },
        );
        let pk = json!({ "AttributeName": "pk", "KeyType": "HASH" });
        let sk = json!({ "AttributeName": "sk", "KeyType": "RANGE" });
        check(
            "KeySchema",
            if sorted { json!([pk, sk]) } else { json!([pk]) },
        );
    }
    let parameter = &world.template("Root")["Parameters"]["DeletionProtection"];
    faults.same(
        "DeletionProtection default",
        &parameter["Default"],
        &json!("true"),
    );
}

fn buckets(world: &World, faults: &mut Faults) {
    let buckets = world.all("AWS::S3::Bucket");
    faults.same("number of buckets", &json!(buckets.len()), &json!(4));
    for (_, id, bucket) in buckets {
        let mut check =
            |what: &str, expected| faults.same(&format!("{id} {what}"), &bucket[what], &expected);
        check(
            "PublicAccessBlockConfiguration",
            json!({ "BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true }),
        );
        check(
            "OwnershipControls",
            json!({ "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] }),
        );
        check("VersioningConfiguration", json!({ "Status": "Enabled" }));
        let encrypted = json!([{ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }]);
        check(
            "BucketEncryption",
            json!({ "ServerSideEncryptionConfiguration": encrypted }),
        );
        check("BucketName", Value::Null);
    }
    let lifecycle = json!({ "Rules": [
        { "Id": "abandoned-uploads", "Status": "Enabled", "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 7 } },
        { "Id": "old-versions", "Status": "Enabled", "NoncurrentVersionExpiration": { "NoncurrentDays": 30 }, "ExpiredObjectDeleteMarker": true },
    ]});
    let resources = &world.template("Data")["Resources"];
    let uploads = &resources["UploadsBucket"]["Properties"];
    let media = &resources["MediaBucket"]["Properties"];
    faults.same(
        "uploads lifecycle",
        &uploads["LifecycleConfiguration"],
        &lifecycle,
    );
    faults.same(
        "media lifecycle",
        &media["LifecycleConfiguration"],
        &lifecycle,
    );
    let events = json!({ "EventBridgeConfiguration": { "EventBridgeEnabled": true } });
    faults.same(
        "uploads events",
        &uploads["NotificationConfiguration"],
        &events,
    );
    faults.same("media CORS", &media["CorsConfiguration"], &Value::Null);
    let cors = &uploads["CorsConfiguration"]["CorsRules"];
    faults.same(
        "uploads CORS methods",
        &cors[0]["AllowedMethods"],
        &json!(["PUT"]),
    );
    faults.same(
        "uploads CORS headers",
        &cors[0]["AllowedHeaders"],
        &json!(["*"]),
    );
    let origins = json!({ "Fn::Split": [",", { "Ref": "AllowedOrigins" }] });
    faults.same("uploads CORS origins", &cors[0]["AllowedOrigins"], &origins);
    let exposed = cors[0]["ExposedHeaders"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    faults.expect(
        exposed.contains(&json!("ETag")),
        "uploads CORS exposes no ETag",
    );
}

/// What is exported cannot be changed or removed for a year, unless an operator says otherwise.
fn archive(world: &World, faults: &mut Faults) {
    let bucket = &world.template("Data")["Resources"]["AuditBucket"]["Properties"];
    faults.same("lock", &bucket["ObjectLockEnabled"], &json!(true));
    let retention =
        json!({ "Mode": { "Ref": "AuditLockMode" }, "Days": { "Ref": "AuditLockDays" } });
    let lock = json!({ "ObjectLockEnabled": "Enabled", "Rule": { "DefaultRetention": retention } });
    faults.same("lock rule", &bucket["ObjectLockConfiguration"], &lock);
    faults.same(
        "archive lifecycle",
        &bucket["LifecycleConfiguration"],
        &Value::Null,
    );
    let root = world.template("Root");
    for (name, default) in [
        ("AuditLockMode", json!("GOVERNANCE")),
        ("AuditLockDays", json!(365)),
    ] {
        faults.same(name, &root["Parameters"][name]["Default"], &default);
        let passed = &root["Resources"]["Data"]["Properties"]["Parameters"][name];
        faults.same(name, passed, &json!({ "Ref": name }));
    }
}

/// Every bucket refuses plain HTTP and old TLS, and allows nobody but the two services named here.
fn bucket_policies(world: &World, faults: &mut Faults) {
    let policies = world.all("AWS::S3::BucketPolicy");
    for bucket in [
        "Data/UploadsBucket",
        "Data/MediaBucket",
        "Data/AuditBucket",
        "Data/AccessLogsBucket",
    ] {
        let policy = policies
            .iter()
            .find(|(stack, _, policy)| world.render(stack, &policy["Bucket"]) == bucket);
        let Some((stack, _, policy)) = policy else {
            faults.expect(false, &format!("{bucket} has no policy"));
            continue;
        };
        let statements = policy["PolicyDocument"]["Statement"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let everything = format!("[{bucket}.Arn, {bucket}.Arn/*]");
        for condition in [
            json!({ "Bool": { "aws:SecureTransport": "false" } }),
            json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } }),
        ] {
            let refuses = statements.iter().any(|statement| {
                statement["Effect"] == "Deny"
                    && statement["Principal"] == "*"
                    && statement["Action"] == "s3:*"
                    && statement["Condition"] == condition
                    && world.render(stack, &statement["Resource"]) == everything
            });
            faults.expect(refuses, &format!("{bucket} does not refuse {condition}"));
        }
        let allowed: Vec<_> = statements
            .iter()
            .filter(|statement| statement["Effect"] == "Allow")
            .collect();
        match bucket {
            "Data/MediaBucket" => {
                let resources = ["Data/MediaBucket.Arn/media/*"];
                reads_of_the_distribution(world, (stack, &resources), &allowed, faults);
            }
            "Data/UploadsBucket" => {
                let resources = [
                    "Data/UploadsBucket.Arn/uploads/*/source",
                    "Data/UploadsBucket.Arn/uploads/*/renditions/*",
                ];
                reads_of_the_distribution(world, (stack, &resources), &allowed, faults);
            }
            "Data/AccessLogsBucket" => {
                faults.same("log writers", &json!(allowed.len()), &json!(1));
                faults.same(
                    "log writer",
                    &allowed[0]["Principal"],
                    &json!({ "Service": "logging.s3.amazonaws.com" }),
                );
            }
            _ => {}
        }
    }
}

/// In which stack the policy stands, and what the distribution may read by it.
fn reads_of_the_distribution(
    world: &World,
    (stack, expected): (&str, &[&str]),
    allowed: &[&Value],
    faults: &mut Faults,
) {
    faults.same(
        "allowances to the distribution",
        &json!(allowed.len()),
        &json!(1),
    );
    let read = allowed[0];
    faults.same(
        "reader",
        &read["Principal"],
        &json!({ "Service": "cloudfront.amazonaws.com" }),
    );
    faults.same("action", &read["Action"], &json!("s3:GetObject"));
    let resource = match &read["Resource"] {
        Value::Array(all) => all.iter().map(|own| world.render(stack, own)).collect(),
        one => vec![world.render(stack, one)],
    };
    faults.same("resource", &json!(resource), &json!(expected));
    let source = world.render(stack, &read["Condition"]["StringEquals"]["AWS:SourceArn"]);
    let expected =
        "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/Edge/Distribution";
    faults.same("source", &json!(source), &json!(expected));
}

/// Generated, never written down: 64 characters under version 1.
fn secrets(world: &World, faults: &mut Faults) {
    let secrets = world.all("AWS::SecretsManager::Secret");
    faults.same("number of secrets", &json!(secrets.len()), &json!(8));
    for (_, id, secret) in secrets {
        let generated = json!({
            "SecretStringTemplate": "{\"current\":\"1\"}", "GenerateStringKey": "1",
            "PasswordLength": 64, "ExcludePunctuation": true,
        });
        faults.same(id, &secret["GenerateSecretString"], &generated);
        faults.same(id, &secret["SecretString"], &Value::Null);
    }
}

fn retention(world: &World, faults: &mut Faults) {
    let resources = world.template("Data")["Resources"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for (id, resource) in resources {
        if resource["Type"] == "AWS::S3::BucketPolicy" {
            continue;
        }
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            faults.same(
                &format!("{id} {policy}"),
                &resource[policy],
                &json!("Retain"),
            );
        }
    }
}
