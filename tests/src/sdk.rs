//! The cloud by the SDK: for adapters under test, and for a look behind the API.

use std::sync::OnceLock;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use vault_aws::Sdk;

use crate::cloud::cloud;
use crate::http::{Http, Reply, Request};

/// The SDK with the functions' own configuration.
pub fn sdk() -> Sdk {
    let cloud = cloud();
    let lookup = |name: &str| {
        let value = match name {
            "AWS_REGION" => &cloud.region,
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
            "AWS_ENDPOINT_URL" => &cloud.aws_endpoint_url,
            "AWS_ENDPOINT_URL_DYNAMODB" => &cloud.dynamodb_endpoint_url,
            "AWS_ENDPOINT_URL_CLOUDFRONT" => &cloud.api_url,
            _ => return None,
        };
        Some(value.to_owned())
    };
    Sdk::from_lookup(&lookup).expect("a whole configuration")
}

/// Runs a future to its end, for tests that are not async themselves.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME
        .get_or_init(|| tokio::runtime::Runtime::new().expect("a runtime"))
        .block_on(future)
}

/// Sets one attribute of a record that is there, in the table that the stack's output names.
pub fn set(table: &str, pk: &str, attribute: &str, value: AttributeValue) {
    set_under(table, (pk, None), attribute, value);
}

/// Sets one attribute of a place in an organisation.
pub fn set_place(organisation: &str, user: &str, attribute: &str, value: AttributeValue) {
    set_under("MembersTable", (organisation, Some(user)), attribute, value);
}

fn set_under(table: &str, key: (&str, Option<&str>), attribute: &str, value: AttributeValue) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut named = std::collections::HashMap::from([("pk".to_owned(), text(key.0))]);
    named.extend(key.1.map(|sk| ("sk".to_owned(), text(sk))));
    let update = sdk()
        .dynamodb()
        .update_item()
        .table_name(cloud().output(table));
    let update = update
        .set_key(Some(named))
        .condition_expression("attribute_exists(pk)")
        .update_expression("SET #a = :a")
        .expression_attribute_names("#a", attribute)
        .expression_attribute_values(":a", value);
    block_on(update.send()).expect("an update of a record that is there");
}

/// How many records a table holds under a partition key.
pub fn count_under(table: &str, pk: &str) -> usize {
    let query = sdk()
        .dynamodb()
        .query()
        .table_name(cloud().output(table))
        .consistent_read(true);
    let query = query
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
    let found = block_on(query.send()).expect("a query");
    usize::try_from(found.count()).expect("a count")
}

/// Keys of the objects in a bucket under a prefix.
pub fn objects(bucket: &str, prefix: &str) -> Vec<String> {
    let list = sdk()
        .s3()
        .list_objects_v2()
        .bucket(cloud().output(bucket))
        .prefix(prefix);
    let found = block_on(list.send()).expect("a listing");
    found
        .contents()
        .iter()
        .filter_map(|object| object.key().map(str::to_owned))
        .collect()
}

/// The octets of an object in a bucket.
pub fn object(bucket: &str, key: &str) -> Vec<u8> {
    let get = sdk()
        .s3()
        .get_object()
        .bucket(cloud().output(bucket))
        .key(key);
    let body = block_on(async { get.send().await.expect("an object").body.collect().await });
    body.expect("its octets").to_vec()
}

/// Ids of the multipart uploads under way in a bucket under a prefix.
pub fn multiparts(bucket: &str, prefix: &str) -> Vec<String> {
    let list = sdk()
        .s3()
        .list_multipart_uploads()
        .bucket(cloud().output(bucket))
        .prefix(prefix);
    let found = block_on(list.send()).expect("a listing");
    let uploads = found.uploads().iter();
    uploads
        .filter_map(|upload| upload.upload_id().map(str::to_owned))
        .collect()
}

/// The text of a secret, by the stack output or parameter that names it.
pub fn secret(id: &str) -> String {
    let found = block_on(vault_aws::secrets::secret(&sdk().secrets(), id));
    found.expect("a secret").expose().to_owned()
}

/// The emulator wants the shape of a signature to know the service; it does not check it.
pub(crate) fn authorization(service: &str) -> String {
    let region = &cloud().region;
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// Invokes a function, named by a stack output, and gives what it answers, errors included.
pub fn invoke(output: &str, payload: &Value) -> Reply {
    let function = cloud().output(output);
    let path = format!(
        "{}/2015-03-31/functions/{function}/invocations",
        cloud().aws_endpoint_url
    );
    let request = Request::new("POST", &path).header("authorization", &authorization("lambda"));
    Http::default().send(&request.body("application/json", payload.to_string()))
}
