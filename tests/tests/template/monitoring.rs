//! What wakes somebody.

use serde_json::json;

use crate::cfn::World;
use crate::faults::Faults;
use crate::functions::FUNCTIONS;

pub(crate) fn faults(world: &World) -> Vec<String> {
    let mut faults = Faults::default();
    let resources = &world.template("Monitoring")["Resources"];
    for (_, id, alarm) in world.all("AWS::CloudWatch::Alarm") {
        let actions = world.render("Monitoring", &alarm["AlarmActions"]);
        faults.same(
            id,
            &json!(actions),
            &json!("[If[HasEmail, Monitoring/Alarms, ${AWS::NoValue}]]"),
        );
        faults.same(id, &alarm["TreatMissingData"], &json!("notBreaching"));
    }
    for (id, name, _) in FUNCTIONS {
        for metric in ["Errors", "Throttles"] {
            let alarm = &resources[format!("{id}{metric}")]["Properties"];
            faults.same(id, &alarm["MetricName"], &json!(metric));
            faults.same(id, &alarm["Threshold"], &json!(0));
            let function = world.render("Monitoring", &alarm["Dimensions"][0]["Value"]);
            faults.same(
                id,
                &json!(function),
                &json!(format!("${{AWS::StackName}}-{name}")),
            );
        }
    }
    for (id, metric, of) in [
        ("SlowKeys", "Duration", "${AWS::StackName}-deliver-key"),
        ("ApiErrors", "5xx", "Root/Api"),
        (
            "UploadsGivenUp",
            "ApproximateNumberOfMessagesVisible",
            "Root/DeadLetters.QueueName",
        ),
        (
            "UploadsWaiting",
            "ApproximateAgeOfOldestMessage",
            "Root/ProcessQueue.QueueName",
        ),
        (
            "VerdictsGivenUp",
            "ApproximateNumberOfMessagesVisible",
            "Root/VerdictDeadLetters.QueueName",
        ),
        (
            "VerdictsWaiting",
            "ApproximateAgeOfOldestMessage",
            "Root/VerdictQueue.QueueName",
        ),
        (
            "ConversionGivenUp",
            "ApproximateNumberOfMessagesVisible",
            "Root/ConversionDeadLetters.QueueName",
        ),
        (
            "ConversionsWaiting",
            "ApproximateAgeOfOldestMessage",
            "Root/ConversionQueue.QueueName",
        ),
        (
            "MailGivenUp",
            "ApproximateNumberOfMessagesVisible",
            "Root/MailDeadLetters.QueueName",
        ),
        (
            "WebhooksGivenUp",
            "ApproximateNumberOfMessagesVisible",
            "Root/WebhookDeadLetters.QueueName",
        ),
        (
            "MailWaiting",
            "ApproximateAgeOfOldestMessage",
            "Root/MailQueue.QueueName",
        ),
    ] {
        let alarm = &resources[id]["Properties"];
        faults.same(id, &alarm["MetricName"], &json!(metric));
        let watched = world.render("Monitoring", &alarm["Dimensions"][0]["Value"]);
        faults.same(id, &json!(watched), &json!(of));
    }
    faults.same(
        "percentile of keys",
        &resources["SlowKeys"]["Properties"]["ExtendedStatistic"],
        &json!("p99"),
    );
    faults.into()
}
