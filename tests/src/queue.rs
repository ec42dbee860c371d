//! The queue of new uploads, and its dead letters.

use serde_json::{Value, json};

use crate::cloud::cloud;
use crate::http::{Http, Request};
use crate::sdk::authorization;

fn call(operation: &str, body: &Value) -> Value {
    let request = Request::new("POST", &cloud().aws_endpoint_url)
        .header("authorization", &authorization("sqs"))
        .header("x-amz-target", &format!("AmazonSQS.{operation}"))
        .body("application/x-amz-json-1.0", body.to_string());
    Http::default().send(&request).expect(200).json()
}

/// Sends a message to the queue of new uploads.
pub fn send(body: &str) {
    send_to("ProcessQueueUrl", body);
}

/// Sends a message to the queue of this output.
pub fn send_to(output: &str, body: &str) {
    call(
        "SendMessage",
        &json!({ "QueueUrl": cloud().output(output), "MessageBody": body }),
    );
}

/// Bodies of dead letters, which stay where they are.
pub fn dead_letters() -> Vec<String> {
    let wish = json!({ "QueueUrl": cloud().output("DeadLettersUrl"), "MaxNumberOfMessages": 10, "VisibilityTimeout": 0 });
    let found = call("ReceiveMessage", &wish);
    let messages = found["Messages"].as_array().cloned().unwrap_or_default();
    messages
        .iter()
        .filter_map(|message| message["Body"].as_str().map(str::to_owned))
        .collect()
}

/// How many messages wait in the queue of new uploads or are in somebody's hands.
pub fn under_way() -> u64 {
    under_way_in("ProcessQueueUrl")
}

/// How many messages wait in the queue of this output or are in somebody's hands.
pub fn under_way_in(output: &str) -> u64 {
    let names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
    ];
    let told = call(
        "GetQueueAttributes",
        &json!({ "QueueUrl": cloud().output(output), "AttributeNames": names }),
    );
    let count = |name: &str| {
        told["Attributes"][name]
            .as_str()
            .and_then(|text| text.parse::<u64>().ok())
    };
    names.iter().map(|name| count(name).expect("a count")).sum()
}

/// Sets after how many seconds a message that was not done comes again; as before when it is dropped.
#[derive(Debug)]
pub struct Retry(String);

impl Retry {
    /// From now on.
    pub fn after(seconds: u32) -> Self {
        let told = call(
            "GetQueueAttributes",
            &json!({ "QueueUrl": cloud().output("ProcessQueueUrl"), "AttributeNames": ["VisibilityTimeout"] }),
        );
        let before = told["Attributes"]["VisibilityTimeout"]
            .as_str()
            .expect("a timeout")
            .to_owned();
        set(&seconds.to_string());
        Self(before)
    }
}

impl Drop for Retry {
    fn drop(&mut self) {
        set(&self.0);
    }
}

fn set(seconds: &str) {
    let attributes = json!({ "VisibilityTimeout": seconds });
    call(
        "SetQueueAttributes",
        &json!({ "QueueUrl": cloud().output("ProcessQueueUrl"), "Attributes": attributes }),
    );
}

/// The message that tells of an object in the uploads bucket, as S3 and EventBridge write it.
pub fn object_created(key: &str) -> String {
    let detail = json!({
        "version": "0",
        "bucket": { "name": cloud().output("UploadsBucket") },
        "object": { "key": key, "size": 1 },
        "reason": "PutObject",
    });
    json!({ "version": "0", "source": "aws.s3", "detail-type": "Object Created", "detail": detail })
        .to_string()
}
