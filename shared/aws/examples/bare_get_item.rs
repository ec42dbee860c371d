//! A Lambda function that does nothing but one consistent `GetItem`: what no delivery of a key can be quicker than.
//! For `cargo xtask bench delivery`. Table and key are `KEYS_TABLE` and the event's path parameters.

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use vault_aws::Sdk;

#[expect(
    clippy::disallowed_methods,
    reason = "a program of the bench reads its own environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn main() -> Result<(), Error> {
    let client = Sdk::from_lookup(&variable)?.dynamodb();
    let table = variable("KEYS_TABLE").ok_or("no KEYS_TABLE")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (client, table) = (&client, &table);
    let answer = service_fn(|event: LambdaEvent<Value>| async move {
        let text = |name: &str| {
            let value = event.payload["pathParameters"][name].as_str();
            AttributeValue::S(value.unwrap_or_default().to_owned())
        };
        let request = client.get_item().table_name(table).consistent_read(true);
        let request = request
            .key("pk", text("asset_id"))
            .key("sk", text("key_id"));
        let found = request.send().await?.item.is_some();
        Ok::<_, Error>(json!({ "statusCode": if found { 200 } else { 404 } }))
    });
    runtime.block_on(lambda_runtime::run(answer))
}
