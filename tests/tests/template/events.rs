//! How functions are reached: the API's routes, and the way of a new upload.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cfn::{ROOT, World};
use crate::doors;
use crate::faults::Faults;
use crate::queues;

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
    ("POST /v1/assets/{asset_id}/ladder", "ManageAssets"),
    ("POST /v1/assets/{asset_id}/previews", "ManageAssets"),
    (
        "GET /v1/playback/{token}/previews/{key_id}/{preview}",
        "DeliverPreview",
    ),
    ("POST /v1/assets/{asset_id}/reprocess", "ManageAssets"),
    ("GET /v1/assets/{asset_id}/subtitles", "ManageAssets"),
    (
        "PUT /v1/assets/{asset_id}/subtitles/{language}",
        "ManageAssets",
    ),
    (
        "DELETE /v1/assets/{asset_id}/subtitles/{language}",
        "ManageAssets",
    ),
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
    ("POST /v1/playback/{token}/end", "AuthorizePlayback"),
    ("POST /v1/playback/{token}/refresh", "AuthorizePlayback"),
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
    ("GET /v1/organisation/spread", "ManageOrganisation"),
    ("PUT /v1/organisation/spread", "ManageOrganisation"),
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
    ("RewrapKeys", "Hourly", "rate(1 hour)"),
];

pub(crate) fn faults(world: &World) -> Vec<String> {
    let mut faults = Faults::default();
    routes(world, &mut faults);
    doors::media_api(world, &mut faults);
    api(world, &mut faults);
    queues::faults(world, &mut faults);
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
        "GET /v1/playback/{token}/previews/{key_id}/{preview}",
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
