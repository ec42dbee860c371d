//! Queues: who is fed by them, what becomes of what fails, and who may write to them.

use serde_json::{Value, json};

use crate::cfn::{ROOT, World};
use crate::faults::Faults;

/// Fourteen days, the longest that SQS keeps a message.
const LONGEST: u64 = 1_209_600;

/// A queue, the function that it feeds by an event, and where messages end that fail so often.
struct Feed {
    queue: &'static str,
    dead: &'static str,
    function: &'static str,
    event: &'static str,
    receives: u64,
    kept: u64,
    batch: u64,
    /// Batches at the same time; none is what the operator says by a parameter.
    at_once: Option<u64>,
}

const FEEDS: [Feed; 5] = [
    Feed {
        queue: "ProcessQueue",
        dead: "DeadLetters",
        function: "ProcessUpload",
        event: "Uploads",
        receives: 5,
        kept: LONGEST,
        batch: 1,
        at_once: None,
    },
    Feed {
        queue: "VerdictQueue",
        dead: "VerdictDeadLetters",
        function: "ProcessUpload",
        event: "Verdicts",
        receives: 5,
        kept: LONGEST,
        batch: 1,
        at_once: None,
    },
    Feed {
        queue: "ConversionQueue",
        dead: "ConversionDeadLetters",
        function: "ConvertFilm",
        event: "Orders",
        receives: 5,
        kept: LONGEST,
        batch: 1,
        at_once: None,
    },
    // A reset that comes after a day helps nobody.
    Feed {
        queue: "MailQueue",
        dead: "MailDeadLetters",
        function: "SendMail",
        event: "Orders",
        receives: 5,
        kept: 86_400,
        batch: 5,
        // SES throttles an account as a whole.
        at_once: Some(2),
    },
    // They live longer than all of their tries.
    Feed {
        queue: "WebhookQueue",
        dead: "WebhookDeadLetters",
        function: "DeliverWebhooks",
        event: "Orders",
        receives: 50,
        kept: LONGEST,
        batch: 10,
        at_once: Some(20),
    },
];

pub(crate) fn faults(world: &World, faults: &mut Faults) {
    for feed in &FEEDS {
        fed(world, feed, faults);
    }
    uploads(world, faults);
    told_by_the_rule(world, faults);
    conversions(world, faults);
    for (function, queue) in [
        ("SendMail", "MailQueue"),
        ("DeliverWebhooks", "WebhookQueue"),
    ] {
        let timeout = properties(world, function)["Timeout"].as_u64();
        let visible = properties(world, queue)["VisibilityTimeout"].as_u64();
        faults.expect(
            visible.is_some() && visible == timeout.map(|timeout| 6 * timeout),
            &format!("a message of {queue} comes back while it is worked on"),
        );
    }
    let reach = &world.template(ROOT)["Parameters"]["WebhookReach"]["Default"];
    faults.same("reach", reach, &json!("public"));
    let private = [
        "ConversionQueue",
        "ConversionDeadLetters",
        "MailQueue",
        "MailDeadLetters",
    ];
    written_by_functions_alone(world, &private, faults);
    written_by_functions_alone(world, &["WebhookQueue", "WebhookDeadLetters"], faults);
}

fn properties<'w>(world: &'w World, id: &str) -> &'w Value {
    &world.template(ROOT)["Resources"][id]["Properties"]
}

/// What all of them have.
fn fed(world: &World, feed: &Feed, faults: &mut Faults) {
    let Feed {
        queue: name, dead, ..
    } = feed;
    let (queue, dead_letters) = (properties(world, name), properties(world, dead));
    let source = &properties(world, feed.function)["Events"][feed.event]["Properties"];
    let redrive = json!({ "deadLetterTargetArn": { "Fn::GetAtt": format!("{dead}.Arn") }, "maxReceiveCount": feed.receives });
    for (what, found, expected) in [
        ("encryption", &queue["SqsManagedSseEnabled"], json!(true)),
        (
            "dead letters' encryption",
            &dead_letters["SqsManagedSseEnabled"],
            json!(true),
        ),
        (
            "retention",
            &queue["MessageRetentionPeriod"],
            json!(feed.kept),
        ),
        (
            "dead letters' retention",
            &dead_letters["MessageRetentionPeriod"],
            json!(LONGEST),
        ),
        ("redrive", &queue["RedrivePolicy"], redrive),
        (
            "source",
            &source["Queue"],
            json!({ "Fn::GetAtt": format!("{name}.Arn") }),
        ),
        ("batch", &source["BatchSize"], json!(feed.batch)),
        (
            "partial batches",
            &source["FunctionResponseTypes"],
            json!(["ReportBatchItemFailures"]),
        ),
    ] {
        faults.same(&format!("{name}: {what}"), found, &expected);
    }
    let bound = &source["ScalingConfig"]["MaximumConcurrency"];
    let is_bound = feed
        .at_once
        .map_or(bound.is_object(), |number| *bound == json!(number));
    faults.expect(is_bound, &format!("{name}: at once {bound}"));
}

/// A film is not worked on twice at once: messages come back later than a run may take.
fn uploads(world: &World, faults: &mut Faults) {
    for (queue, function) in [
        ("ProcessQueue", "ProcessUpload"),
        ("VerdictQueue", "ProcessUpload"),
        ("ConversionQueue", "ConvertFilm"),
    ] {
        let visible = &properties(world, queue)["VisibilityTimeout"];
        faults.same(
            &format!("{queue}: visibility"),
            visible,
            &json!({ "Ref": "ProcessRetrySeconds" }),
        );
        let timeout = &properties(world, function)["Timeout"];
        faults.same(
            &format!("{function}: timeout"),
            timeout,
            &json!({ "Ref": "ProcessUploadTimeout" }),
        );
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
    let resources = &world.template(ROOT)["Resources"];
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

/// New uploads are told of by the rule alone, and verdicts by theirs.
fn told_by_the_rule(world: &World, faults: &mut Faults) {
    for (policy, queue, rule) in [
        ("QueuesPolicy", "ProcessQueue", "NewUpload"),
        ("DeadLettersPolicy", "DeadLetters", "NewUpload"),
        ("VerdictQueuePolicy", "VerdictQueue", "NewVerdict"),
        (
            "VerdictDeadLettersPolicy",
            "VerdictDeadLetters",
            "NewVerdict",
        ),
    ] {
        let told_by = rule;
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
            "Condition": { "ArnEquals": { "aws:SourceArn": { "Fn::GetAtt": format!("{told_by}.Arn") } } },
        });
        faults.same(queue, &rule, &allow);
    }
}

/// ffmpeg comes with a layer, where the operator names one.
fn conversions(world: &World, faults: &mut Faults) {
    let layer =
        json!([{ "Fn::If": ["FfmpegIsLayer", { "Ref": "Ffmpeg" }, { "Ref": "AWS::NoValue" }] }]);
    let layers = &properties(world, "ConvertFilm")["Layers"];
    faults.same("ffmpeg", layers, &layer);
}

/// Within an account a queue needs no Allow of its own: the writers' roles have it, and these policies only refuse.
fn written_by_functions_alone(world: &World, names: &[&str], faults: &mut Faults) {
    for name in names {
        let policy = properties(world, &format!("{name}Policy"));
        faults.same(name, &policy["Queues"], &json!([{ "Ref": name }]));
        let refuse = json!([{
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*",
            "Resource": { "Fn::GetAtt": format!("{name}.Arn") },
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        }]);
        faults.same(name, &policy["PolicyDocument"]["Statement"], &refuse);
    }
}
