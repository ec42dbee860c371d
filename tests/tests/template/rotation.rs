//! Which secrets are rotated, when, and who may ask for it.

use serde_json::json;

use crate::cfn::{ROOT, World};
use crate::faults::Faults;

/// The schedule and the secret of each; the two that operators make, and the one that the edge has too, are turned by hand.
const ROTATED: [(&str, &str); 7] = [
    ("FactorRotation", "FactorSecretArn"),
    ("LinkMacRotation", "LinkMacSecretArn"),
    ("MasterKeyRotation", "MasterKeySecretArn"),
    ("PlaybackMacRotation", "PlaybackMacSecretArn"),
    ("SessionMacRotation", "SessionMacSecretArn"),
    ("ShareMacRotation", "ShareMacSecretArn"),
    ("WebhookMacRotation", "WebhookMacSecretArn"),
];

pub(crate) fn faults(world: &World) -> Vec<String> {
    let mut faults = Faults::default();
    let resources = &world.template(ROOT)["Resources"];
    let found = world.all("AWS::SecretsManager::RotationSchedule").len();
    faults.same("number of rotations", &json!(found), &json!(ROTATED.len()));
    for (schedule, secret) in ROTATED {
        let expected = json!({
            "Type": "AWS::SecretsManager::RotationSchedule",
            "Condition": "Rotates",
            "DependsOn": "RotateSecretPermission",
            "Properties": {
                "SecretId": { "Fn::GetAtt": format!("Data.Outputs.{secret}") },
                "RotationLambdaARN": { "Fn::GetAtt": "RotateSecret.Arn" },
                "RotateImmediatelyOnUpdate": true,
                "RotationRules": { "AutomaticallyAfterDays": { "Ref": "RotationDays" } },
            },
        });
        faults.same(schedule, &resources[schedule], &expected);
    }
    let permission = &resources["RotateSecretPermission"]["Properties"];
    let expected = json!({
        "Action": "lambda:InvokeFunction",
        "FunctionName": { "Ref": "RotateSecret" },
        "Principal": "secretsmanager.amazonaws.com",
        "SourceAccount": { "Ref": "AWS::AccountId" },
    });
    faults.same("who may ask for rotation", permission, &expected);
    faults.into()
}
