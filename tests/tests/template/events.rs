//! How functions are reached: the API's routes, and the way of a new upload.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cfn::{ROOT, World};
use crate::doors;
use crate::faults::Faults;

pub(crate) const ROUTES: &[(&str, &str)] = &[
    ("GET /.well-known/jwks.json", "MintToken"),
    ("GET /.well-known/oauth-authorization-server", "MintToken"),
    ("GET /v1/api-keys", "ManageApiKeys"),
    ("GET /v1/keys/{asset_id}/{key_id}", "DeliverKey"),
    ("GET /v1/playback/{token}/{playlist}", "DeliverPlaylist"),
    ("POST /v1/playback/{token}/cookies", "DeliverPlaylist"),
    (
        "GET /v1/media/{asset_id}/{package_id}/{playlist}",
        "DeliverPlaylist",
    ),
    (
        "GET /v1/media/{asset_id}/{package_id}/query/{playlist}",
        "DeliverPlaylist",
    ),
    ("GET /v1/uploads/{asset_id}", "FinalizeUpload"),
    ("POST /v1/api-keys", "ManageApiKeys"),
    ("POST /v1/api-keys/{key_id}/revoke", "ManageApiKeys"),
    ("POST /v1/api-keys/{key_id}/rotate", "ManageApiKeys"),
    ("GET /v1/webhooks", "ManageWebhooks"),
    ("POST /v1/webhooks", "ManageWebhooks"),
    ("GET /v1/webhooks/{webhook_id}", "ManageWebhooks"),
    ("PATCH /v1/webhooks/{webhook_id}", "ManageWebhooks"),
    ("DELETE /v1/webhooks/{webhook_id}", "ManageWebhooks"),
    ("POST /v1/webhooks/{webhook_id}/rotate", "ManageWebhooks"),
    ("POST /v1/webhooks/{webhook_id}/test", "ManageWebhooks"),
    ("GET /v1/webhooks/{webhook_id}/deliveries", "ManageWebhooks"),
    (
        "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
        "ManageWebhooks",
    ),
    ("GET /v1/account/export", "ManageAccount"),
    ("POST /v1/account/erase", "EraseAccount"),
    ("GET /v1/audit", "ReadAudit"),
    ("GET /v1/assets", "ManageAssets"),
    ("GET /v1/assets/{asset_id}", "ManageAssets"),
    ("PATCH /v1/assets/{asset_id}", "ManageAssets"),
    ("DELETE /v1/assets/{asset_id}", "ManageDeletion"),
    ("POST /v1/assets/{asset_id}/restore", "ManageDeletion"),
    ("PUT /v1/assets/{asset_id}/legal-hold", "ManageDeletion"),
    ("DELETE /v1/assets/{asset_id}/legal-hold", "ManageDeletion"),
    ("GET /v1/organisation/retention", "ManageDeletion"),
    ("PUT /v1/organisation/retention", "ManageDeletion"),
    ("GET /v1/assets/{asset_id}/access", "ManageAccess"),
    ("PATCH /v1/assets/{asset_id}/access", "ManageAccess"),
    (
        "PUT /v1/assets/{asset_id}/access/{principal}",
        "ManageAccess",
    ),
    (
        "DELETE /v1/assets/{asset_id}/access/{principal}",
        "ManageAccess",
    ),
    ("GET /v1/collections", "ManageAccess"),
    ("POST /v1/collections", "ManageAccess"),
    ("GET /v1/collections/{collection_id}", "ManageAccess"),
    ("PATCH /v1/collections/{collection_id}", "ManageAccess"),
    ("DELETE /v1/collections/{collection_id}", "ManageAccess"),
    (
        "PUT /v1/collections/{collection_id}/access/{principal}",
        "ManageAccess",
    ),
    (
        "DELETE /v1/collections/{collection_id}/access/{principal}",
        "ManageAccess",
    ),
    ("GET /v1/spaces", "ManageAccess"),
    ("POST /v1/spaces", "ManageAccess"),
    ("GET /v1/spaces/{space_id}", "ManageAccess"),
    ("PATCH /v1/spaces/{space_id}", "ManageAccess"),
    ("DELETE /v1/spaces/{space_id}", "ManageAccess"),
    (
        "PUT /v1/spaces/{space_id}/access/{principal}",
        "ManageAccess",
    ),
    (
        "DELETE /v1/spaces/{space_id}/access/{principal}",
        "ManageAccess",
    ),
    ("GET /v1/groups", "ManageAccess"),
    ("POST /v1/groups", "ManageAccess"),
    ("GET /v1/groups/{group_id}", "ManageAccess"),
    ("PATCH /v1/groups/{group_id}", "ManageAccess"),
    ("DELETE /v1/groups/{group_id}", "ManageAccess"),
    ("GET /v1/groups/{group_id}/members", "ManageAccess"),
    (
        "PUT /v1/groups/{group_id}/members/{user_id}",
        "ManageAccess",
    ),
    (
        "DELETE /v1/groups/{group_id}/members/{user_id}",
        "ManageAccess",
    ),
    ("POST /v1/assets/{asset_id}/download", "AuthorizeDownload"),
    ("POST /v1/assets/{asset_id}/playback", "AuthorizePlayback"),
    ("GET /v1/assets/{asset_id}/shares", "ManageShares"),
    ("POST /v1/assets/{asset_id}/shares", "ManageShares"),
    (
        "PATCH /v1/assets/{asset_id}/shares/{share_id}",
        "ManageShares",
    ),
    (
        "POST /v1/assets/{asset_id}/shares/{share_id}/revoke",
        "ManageShares",
    ),
    ("POST /v1/shares/exchange", "ExchangeShare"),
    ("POST /v1/assets/{asset_id}/withdraw", "WithdrawAsset"),
    ("POST /v1/email/verify", "RecoverAccount"),
    ("POST /v1/invitations/accept", "RecoverAccount"),
    ("POST /v1/login", "Login"),
    ("GET /v1/account", "ManageAccount"),
    ("GET /v1/account/sessions", "ManageAccount"),
    ("POST /v1/account/sessions/revoke", "ManageAccount"),
    (
        "POST /v1/account/sessions/{session_id}/revoke",
        "ManageAccount",
    ),
    ("POST /v1/account/reauthenticate", "ManageAccount"),
    (
        "POST /v1/account/reauthenticate/passkey-options",
        "ManageAccount",
    ),
    ("POST /v1/account/password", "ManageAccount"),
    ("POST /v1/account/totp", "ManageAccount"),
    ("POST /v1/account/totp/confirm", "ManageAccount"),
    ("POST /v1/account/totp/remove", "ManageAccount"),
    ("POST /v1/account/recovery-codes", "ManageAccount"),
    ("POST /v1/account/passkeys/options", "ManageAccount"),
    ("POST /v1/account/passkeys", "ManageAccount"),
    (
        "POST /v1/account/passkeys/{credential_id}/remove",
        "ManageAccount",
    ),
    ("POST /v1/login/second-factor", "Login"),
    ("POST /v1/login/second-factor/passkey-options", "Login"),
    ("POST /v1/login/passkey/options", "Login"),
    ("POST /v1/login/passkey", "Login"),
    ("POST /v1/password/forgot", "RecoverAccount"),
    ("POST /v1/password/reset", "RecoverAccount"),
    ("GET /v1/organisation", "ManageOrganisation"),
    ("POST /v1/organisation", "ManageOrganisation"),
    ("GET /v1/organisation/usage", "ManageOrganisation"),
    ("POST /v1/organisation/leave", "ManageOrganisation"),
    ("POST /v1/organisation/end-sessions", "ManageOrganisation"),
    ("GET /v1/organisation/members", "ManageOrganisation"),
    (
        "POST /v1/organisation/members/{user_id}/role",
        "ManageOrganisation",
    ),
    (
        "POST /v1/organisation/members/{user_id}/disable",
        "ManageOrganisation",
    ),
    (
        "POST /v1/organisation/members/{user_id}/enable",
        "ManageOrganisation",
    ),
    (
        "POST /v1/organisation/members/{user_id}/end-sessions",
        "ManageOrganisation",
    ),
    (
        "POST /v1/organisation/members/{user_id}/remove",
        "ManageOrganisation",
    ),
    ("GET /v1/organisation/invitations", "ManageOrganisation"),
    ("GET /v1/organisation/support", "ManageOrganisation"),
    ("POST /v1/organisation/support", "ManageOrganisation"),
    (
        "DELETE /v1/organisation/support/{support_id}",
        "ManageOrganisation",
    ),
    ("POST /v1/organisation/invitations", "ManageOrganisation"),
    (
        "POST /v1/organisation/invitations/{invitation_id}/revoke",
        "ManageOrganisation",
    ),
    ("POST /v1/token", "MintToken"),
    ("POST /v1/token/introspect", "MintToken"),
    ("POST /v1/token/revoke", "MintToken"),
    ("POST /v1/uploads", "PresignUpload"),
    ("POST /v1/uploads/{asset_id}/finalize", "FinalizeUpload"),
    ("GET /v1/uploads/{asset_id}/parts", "FinalizeUpload"),
    ("DELETE /v1/uploads/{asset_id}", "FinalizeUpload"),
    ("GET /v1/uppy/s3/params", "PresignUpload"),
    ("POST /v1/uppy/s3/multipart", "PresignUpload"),
    (
        "GET /v1/uppy/s3/multipart/{asset_id}/{part_number}",
        "PresignUpload",
    ),
    ("GET /v1/uppy/s3/multipart/{asset_id}", "FinalizeUpload"),
    ("DELETE /v1/uppy/s3/multipart/{asset_id}", "FinalizeUpload"),
    (
        "POST /v1/uppy/s3/multipart/{asset_id}/complete",
        "FinalizeUpload",
    ),
    ("POST /v1/uploads/{asset_id}/parts", "PresignUpload"),
];

/// What runs by the clock: function, event, when.
const SCHEDULES: &[(&str, &str, &str)] = &[
    ("ExportAudit", "Daily", "cron(17 0 * * ? *)"),
    ("SweepAssets", "Quarterly", "rate(15 minutes)"),
    ("SealAudit", "Minutely", "rate(1 minute)"),
];

pub(crate) fn faults(world: &World) -> Vec<String> {
    let mut faults = Faults::default();
    routes(world, &mut faults);
    doors::media_api(world, &mut faults);
    api(world, &mut faults);
    queue(world, &mut faults);
    queue_policies(world, &mut faults);
    conversion_queue(world, &mut faults);
    mail_queue(world, &mut faults);
    webhook_queue(world, &mut faults);
    schedules(world, &mut faults);
    faults.into()
}

fn routes(world: &World, faults: &mut Faults) {
    let mut found = BTreeMap::new();
    for (_, function, properties) in world.all("AWS::Serverless::Function") {
        for event in properties["Events"]
            .as_object()
            .into_iter()
            .flat_map(|events| events.values())
        {
            let route = &event["Properties"];
            if event["Type"] == "Schedule" {
                continue;
            }
            if event["Type"] != "HttpApi" {
                faults.same("source of events", &event["Type"], &json!("SQS"));
                continue;
            }
            faults.same("API", &route["ApiId"], &json!({ "Ref": "Api" }));
            faults.same(
                "payload format",
                &route["PayloadFormatVersion"],
                &json!("2.0"),
            );
            let text = |name: &str| route[name].as_str().unwrap_or_default().to_owned();
            found.insert(format!("{} {}", text("Method"), text("Path")), function);
        }
    }
    faults.same(
        "routes",
        &json!(found),
        &json!(ROUTES.iter().copied().collect::<BTreeMap<_, _>>()),
    );
}

fn schedules(world: &World, faults: &mut Faults) {
    let mut found = Vec::new();
    for (_, function, properties) in world.all("AWS::Serverless::Function") {
        for (name, event) in properties["Events"].as_object().into_iter().flatten() {
            if event["Type"] == "Schedule" {
                let when = json!({ "Schedule": event["Properties"]["Schedule"] });
                faults.same("schedule", &event["Properties"], &when);
                found.push(json!([function, name, when["Schedule"]]));
            }
        }
    }
    faults.same("schedules", &json!(found), &json!(SCHEDULES));
}

fn api(world: &World, faults: &mut Faults) {
    let api = &world.template(ROOT)["Resources"]["Api"]["Properties"];
    let cors = &api["CorsConfiguration"];
    let origins = json!({ "Fn::Split": [",", { "Ref": "AllowedOrigins" }] });
    faults.same("CORS origins", &cors["AllowOrigins"], &origins);
    faults.same(
        "CORS methods",
        &cors["AllowMethods"],
        &json!(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    );
    for header in [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "traceparent",
    ] {
        let allowed = cors["AllowHeaders"]
            .as_array()
            .is_some_and(|all| all.contains(&json!(header)));
        faults.expect(allowed, &format!("CORS does not let {header} in"));
    }
    for header in [
        "etag",
        "location",
        "retry-after",
        "www-authenticate",
        "x-request-id",
    ] {
        let exposed = cors["ExposeHeaders"]
            .as_array()
            .is_some_and(|all| all.contains(&json!(header)));
        faults.expect(exposed, &format!("CORS does not let {header} out"));
    }
    let pattern = &world.template(ROOT)["Parameters"]["AllowedOrigins"]["AllowedPattern"];
    let exact = r"^https?://[^*/?#,\s]+(,https?://[^*/?#,\s]+)*$";
    faults.same("pattern of origins", pattern, &json!(exact));
    let logs = &api["AccessLogSettings"];
    faults.same(
        "access log",
        &logs["DestinationArn"],
        &json!({ "Fn::GetAtt": "ApiLogs.Arn" }),
    );
    let format = logs["Format"].as_str().unwrap_or_default();
    faults.expect(
        format.contains("$context.routeKey"),
        "the access log names no route",
    );
    // Any of these would write playback tokens, or what a caller sent, into the log.
    for leaking in [
        "$context.path",
        "httpMethod",
        "queryString",
        "$context.authorizer",
        "userAgent",
    ] {
        faults.expect(
            !format.contains(leaking),
            &format!("the access log holds {leaking}"),
        );
    }
    faults.expect(
        serde_json::from_str::<Value>(format).is_ok(),
        "the access log is not JSON",
    );
    let limit = &api["DefaultRouteSettings"]["ThrottlingRateLimit"];
    faults.expect(limit.is_u64(), "no throttling by default");
    for route in [
        "GET /v1/keys/{asset_id}/{key_id}",
        "GET /v1/playback/{token}/{playlist}",
        "GET /v1/media/{asset_id}/{package_id}/{playlist}",
        "GET /v1/media/{asset_id}/{package_id}/query/{playlist}",
    ] {
        let own = &api["RouteSettings"][route]["ThrottlingRateLimit"];
        faults.expect(
            own.as_u64() > limit.as_u64(),
            &format!("{route} is throttled with 429"),
        );
    }
}

fn queue(world: &World, faults: &mut Faults) {
    let resources = &world.template(ROOT)["Resources"];
    let queue = &resources["ProcessQueue"]["Properties"];
    let dead = &resources["DeadLetters"]["Properties"];
    for (what, found, expected) in [
        (
            "queue encryption",
            &queue["SqsManagedSseEnabled"],
            json!(true),
        ),
        (
            "dead letters' encryption",
            &dead["SqsManagedSseEnabled"],
            json!(true),
        ),
        (
            "dead letters' retention",
            &dead["MessageRetentionPeriod"],
            json!(1_209_600),
        ),
        (
            "redrive",
            &queue["RedrivePolicy"],
            json!({ "deadLetterTargetArn": { "Fn::GetAtt": "DeadLetters.Arn" }, "maxReceiveCount": 5 }),
        ),
        (
            "visibility",
            &queue["VisibilityTimeout"],
            json!({ "Ref": "ProcessRetrySeconds" }),
        ),
        (
            "timeout",
            &resources["ProcessUpload"]["Properties"]["Timeout"],
            json!({ "Ref": "ProcessUploadTimeout" }),
        ),
    ] {
        faults.same(what, found, &expected);
    }
    let parameters = &world.template(ROOT)["Parameters"];
    let number = |name: &str, what: &str| {
        parameters[name][what]
            .as_str()
            .and_then(|text| text.parse::<u64>().ok())
            .or(parameters[name][what].as_u64())
    };
    let retry = number("ProcessRetrySeconds", "Default");
    faults.expect(
        retry > number("ProcessUploadTimeout", "MaxValue"),
        "a message comes back while it is worked on",
    );
    let source = &resources["ProcessUpload"]["Properties"]["Events"]["Uploads"]["Properties"];
    faults.same("batch", &source["BatchSize"], &json!(1));
    faults.same(
        "partial batches",
        &source["FunctionResponseTypes"],
        &json!(["ReportBatchItemFailures"]),
    );
    faults.same(
        "queue of packaging",
        &source["Queue"],
        &json!({ "Fn::GetAtt": "ProcessQueue.Arn" }),
    );
    faults.expect(
        source["ScalingConfig"]["MaximumConcurrency"].is_object(),
        "packaging is not bounded",
    );
    let rule = &resources["NewUpload"]["Properties"];
    let pattern = json!({
        "source": ["aws.s3"], "detail-type": ["Object Created"],
        "detail": {
            "bucket": { "name": [{ "Fn::GetAtt": "Data.Outputs.UploadsBucket" }] },
            "object": { "key": [{ "prefix": "uploads/" }] },
        },
    });
    faults.same("pattern of new uploads", &rule["EventPattern"], &pattern);
    let target = json!([{
        "Id": "process-upload", "Arn": { "Fn::GetAtt": "ProcessQueue.Arn" },
        "DeadLetterConfig": { "Arn": { "Fn::GetAtt": "DeadLetters.Arn" } },
    }]);
    faults.same("target of new uploads", &rule["Targets"], &target);
}

fn queue_policies(world: &World, faults: &mut Faults) {
    for (policy, queue) in [
        ("QueuesPolicy", "ProcessQueue"),
        ("DeadLettersPolicy", "DeadLetters"),
    ] {
        let policy = &world.template(ROOT)["Resources"][policy]["Properties"];
        faults.same(queue, &policy["Queues"], &json!([{ "Ref": queue }]));
        let statements = policy["PolicyDocument"]["Statement"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        faults.same(queue, &json!(statements.len()), &json!(2));
        let arn = json!({ "Fn::GetAtt": format!("{queue}.Arn") });
        let mut tls = statements[0].clone();
        let mut rule = statements[1].clone();
        for statement in [&mut tls, &mut rule] {
            faults.same(queue, &statement["Resource"], &arn);
            statement
                .as_object_mut()
                .map(|fields| (fields.remove("Sid"), fields.remove("Resource")));
        }
        let refuse = json!({ "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
        faults.same(queue, &tls, &refuse);
        let allow = json!({
            "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" }, "Action": "sqs:SendMessage",
            "Condition": { "ArnEquals": { "aws:SourceArn": { "Fn::GetAtt": "NewUpload.Arn" } } },
        });
        faults.same(queue, &rule, &allow);
    }
}

/// Orders of conversions come from packaging alone, whose own role allows it.
fn conversion_queue(world: &World, faults: &mut Faults) {
    let resources = &world.template(ROOT)["Resources"];
    let (queue, function) = (
        &resources["ConversionQueue"]["Properties"],
        &resources["ConvertFilm"]["Properties"],
    );
    let source = &function["Events"]["Orders"]["Properties"];
    let redrive = json!({ "deadLetterTargetArn": { "Fn::GetAtt": "ConversionDeadLetters.Arn" }, "maxReceiveCount": 5 });
    let layer =
        json!([{ "Fn::If": ["FfmpegIsLayer", { "Ref": "Ffmpeg" }, { "Ref": "AWS::NoValue" }] }]);
    for (what, found, expected) in [
        ("conversion redrive", &queue["RedrivePolicy"], redrive),
        // More than a run may take: one film is not converted twice at once.
        (
            "conversion visibility",
            &queue["VisibilityTimeout"],
            json!({ "Ref": "ProcessRetrySeconds" }),
        ),
        (
            "conversion timeout",
            &function["Timeout"],
            json!({ "Ref": "ProcessUploadTimeout" }),
        ),
        (
            "conversion queue",
            &source["Queue"],
            json!({ "Fn::GetAtt": "ConversionQueue.Arn" }),
        ),
        ("conversion batch", &source["BatchSize"], json!(1)),
        (
            "conversion batches",
            &source["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
        ),
        ("ffmpeg", &function["Layers"], layer),
    ] {
        faults.same(what, found, &expected);
    }
    faults.expect(
        source["ScalingConfig"]["MaximumConcurrency"].is_object(),
        "conversion is not bounded",
    );
    tls_only(world, &["ConversionQueue", "ConversionDeadLetters"], faults);
}

/// Orders of mail come from functions alone, whose own roles allow it: the queues' policies only refuse.
fn mail_queue(world: &World, faults: &mut Faults) {
    let resources = &world.template(ROOT)["Resources"];
    let (queue, dead) = (
        &resources["MailQueue"]["Properties"],
        &resources["MailDeadLetters"]["Properties"],
    );
    let function = &resources["SendMail"]["Properties"];
    let source = &function["Events"]["Orders"]["Properties"];
    let redrive = json!({ "deadLetterTargetArn": { "Fn::GetAtt": "MailDeadLetters.Arn" }, "maxReceiveCount": 5 });
    for (what, found, expected) in [
        (
            "mail encryption",
            &queue["SqsManagedSseEnabled"],
            json!(true),
        ),
        (
            "dead mail encryption",
            &dead["SqsManagedSseEnabled"],
            json!(true),
        ),
        ("mail redrive", &queue["RedrivePolicy"], redrive),
        (
            "mail retention",
            &queue["MessageRetentionPeriod"],
            json!(86_400),
        ),
        (
            "dead mail retention",
            &dead["MessageRetentionPeriod"],
            json!(1_209_600),
        ),
        (
            "mail queue",
            &source["Queue"],
            json!({ "Fn::GetAtt": "MailQueue.Arn" }),
        ),
        (
            "mail batches",
            &source["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
        ),
        (
            "mail at once",
            &source["ScalingConfig"]["MaximumConcurrency"],
            json!(2),
        ),
    ] {
        faults.same(what, found, &expected);
    }
    let (timeout, visible) = (
        function["Timeout"].as_u64(),
        queue["VisibilityTimeout"].as_u64(),
    );
    faults.expect(
        visible == timeout.map(|timeout| 6 * timeout),
        "a mail order comes back while it is worked on",
    );
    tls_only(world, &["MailQueue", "MailDeadLetters"], faults);
}

/// Queues that functions alone write to: their policies only refuse.
fn tls_only(world: &World, names: &[&str], faults: &mut Faults) {
    let resources = &world.template(ROOT)["Resources"];
    for name in names {
        let queue = &resources[name]["Properties"];
        faults.same(name, &queue["SqsManagedSseEnabled"], &json!(true));
        let policy = &resources[format!("{name}Policy")]["Properties"];
        faults.same(name, &policy["Queues"], &json!([{ "Ref": name }]));
        let refuse = json!([{
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*",
            "Resource": { "Fn::GetAtt": format!("{name}.Arn") },
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        }]);
        faults.same(name, &policy["PolicyDocument"]["Statement"], &refuse);
    }
}

/// Messages of webhooks come from functions alone, are hidden for longer than a try takes, and live longer than all of theirs.
fn webhook_queue(world: &World, faults: &mut Faults) {
    let resources = &world.template(ROOT)["Resources"];
    let (queue, dead) = (
        &resources["WebhookQueue"]["Properties"],
        &resources["WebhookDeadLetters"]["Properties"],
    );
    let function = &resources["DeliverWebhooks"]["Properties"];
    let source = &function["Events"]["Orders"]["Properties"];
    let redrive = json!({ "deadLetterTargetArn": { "Fn::GetAtt": "WebhookDeadLetters.Arn" }, "maxReceiveCount": 50 });
    let kept = json!(1_209_600);
    for (what, found, expected) in [
        (
            "webhook encryption",
            &queue["SqsManagedSseEnabled"],
            json!(true),
        ),
        (
            "dead webhook encryption",
            &dead["SqsManagedSseEnabled"],
            json!(true),
        ),
        ("webhook redrive", &queue["RedrivePolicy"], redrive),
        (
            "webhook retention",
            &queue["MessageRetentionPeriod"],
            kept.clone(),
        ),
        (
            "dead webhook retention",
            &dead["MessageRetentionPeriod"],
            kept,
        ),
        (
            "webhook queue",
            &source["Queue"],
            json!({ "Fn::GetAtt": "WebhookQueue.Arn" }),
        ),
        (
            "webhook batches",
            &source["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
        ),
        ("webhook batch", &source["BatchSize"], json!(10)),
        (
            "webhooks at once",
            &source["ScalingConfig"]["MaximumConcurrency"],
            json!(20),
        ),
        (
            "reach",
            &world.template(ROOT)["Parameters"]["WebhookReach"]["Default"],
            json!("public"),
        ),
    ] {
        faults.same(what, found, &expected);
    }
    let (timeout, visible) = (
        function["Timeout"].as_u64(),
        queue["VisibilityTimeout"].as_u64(),
    );
    faults.expect(
        visible == timeout.map(|timeout| 6 * timeout),
        "a webhook message comes back while it is worked on",
    );
    for name in ["WebhookQueue", "WebhookDeadLetters"] {
        let policy = &resources[format!("{name}Policy")]["Properties"];
        faults.same(name, &policy["Queues"], &json!([{ "Ref": name }]));
        let refuse = json!([{
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*",
            "Resource": { "Fn::GetAtt": format!("{name}.Arn") },
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        }]);
        faults.same(name, &policy["PolicyDocument"]["Statement"], &refuse);
    }
}
