//! The second API, which the distribution comes to.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cfn::{ROOT, World};
use crate::events::ROUTES;
use crate::faults::Faults;

/// The door of the distribution: routes of the API once more, to the same functions, and no others.
pub(crate) fn media_api(world: &World, faults: &mut Faults) {
    let resources = &world.template(ROOT)["Resources"];
    let targets = [
        ("MediaApiKeys", "DeliverKey"),
        ("MediaApiPlaylists", "DeliverPlaylist"),
    ];
    for (integration, function) in targets {
        let expected = json!({
            "ApiId": { "Ref": "MediaApi" },
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": { "Fn::GetAtt": format!("{function}.Arn") },
            "PayloadFormatVersion": "2.0",
        });
        faults.same(
            integration,
            &resources[integration]["Properties"],
            &expected,
        );
    }
    let routes = world.all("AWS::ApiGatewayV2::Route");
    let found = routes.iter().map(|(_, _, route)| {
        let target = route["Target"]["Fn::Sub"].as_str().unwrap_or_default();
        let function = targets
            .iter()
            .find(|(id, _)| target == format!("integrations/${{{id}}}"));
        let function = function.map_or("", |(_, function)| *function);
        (route["RouteKey"].as_str().unwrap_or_default(), function)
    });
    let found: BTreeMap<_, _> = found.collect();
    faults.same("routes of the media API", &json!(found.len()), &json!(4));
    for (route, function) in &found {
        let known = ROUTES.contains(&(*route, *function));
        faults.expect(
            known,
            &format!("{route} of the media API is none of the API's"),
        );
    }
    let permissions = world.all("AWS::Lambda::Permission");
    let from = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${MediaApi}/*";
    let expected: Vec<_> = targets
        .iter()
        .map(|(_, function)| {
            json!({
                "Action": "lambda:InvokeFunction",
                "FunctionName": { "Ref": function },
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": { "Fn::Sub": from },
            })
        })
        .collect();
    // The one of rotation is held elsewhere, and there is no third kind.
    let found: Vec<_> = permissions
        .iter()
        .filter(|(_, id, _)| *id != "RotateSecretPermission")
        .map(|(_, _, own)| (*own).clone())
        .collect();
    faults.same("who may invoke functions", &json!(found), &json!(expected));
    let api = &resources["MediaApi"]["Properties"]["CorsConfiguration"];
    let origins = json!({ "Fn::Split": [",", { "Ref": "AllowedOrigins" }] });
    faults.same(
        "CORS origins of the media API",
        &api["AllowOrigins"],
        &origins,
    );
    let stage = &resources["MediaApiStage"]["Properties"];
    // By this functions know the distribution's address from a viewer's.
    let door = json!({ "door": "distribution" });
    faults.same("door of the media API", &stage["StageVariables"], &door);
    let own = &resources["Api"]["Properties"]["StageVariables"];
    faults.same("door of the API", own, &json!(null));
    let logs = &resources["Api"]["Properties"]["AccessLogSettings"];
    faults.same(
        "access log of the media API",
        &stage["AccessLogSettings"],
        logs,
    );
}
