//! The edge as `CloudFront`'s control plane.

use http::{Request, StatusCode};
use serde_json::json;

use crate::world::{Answer, World};

const PATH: &str = "/2020-05-31/distribution/EDIST/invalidation";
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudfront/aws4_request, \
                      SignedHeaders=host, Signature=0";

fn batch(reference: &str, path: &str) -> String {
    format!(
        "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths>\
         <Quantity>1</Quantity><Items><Path>{path}</Path></Items></Paths>\
         <CallerReference>{reference}</CallerReference></InvalidationBatch>"
    )
}

async fn post(world: &World, body: &str) -> Answer {
    world
        .send(
            Request::post(PATH).header("authorization", SIGNED),
            body.as_bytes(),
        )
        .await
}

async fn get(world: &World, path: &str) -> Answer {
    world
        .send(Request::get(path).header("authorization", SIGNED), b"")
        .await
}

fn element<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let text = answer.text();
    let (_, rest) = text.split_once(&format!("<{name}>")).unwrap_or(("", ""));
    rest.split_once(&format!("</{name}>"))
        .map_or("", |(inner, _)| inner)
}

#[tokio::test]
async fn an_invalidation_is_recorded_once_however_often_it_is_asked_for() {
    let world = World::new(&[]).await;
    let first = post(&world, &batch("r1", "/media/asset/*")).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(element(&first, "Status"), "Completed");
    assert_eq!(element(&first, "CreateTime"), "2026-01-01T00:00:00.000Z");
    let id = element(&first, "Id");
    assert!(
        first.headers["location"]
            .to_str()
            .expect("text")
            .ends_with(&format!("{PATH}/{id}"))
    );
    let again = post(&world, &batch("r1", "/media/asset/*")).await;
    assert_eq!(
        (again.status, element(&again, "Id")),
        (StatusCode::CREATED, id)
    );
    let other = post(&world, &batch("r1", "/media/other/*")).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(element(&other, "Code"), "InvalidationBatchAlreadyExists");

    let list = get(&world, PATH).await;
    assert_eq!(
        (list.status, element(&list, "Quantity")),
        (StatusCode::OK, "1")
    );
    assert_eq!(element(&list, "Id"), id);
    let one = get(&world, &format!("{PATH}/{id}")).await;
    assert_eq!(element(&one, "Path"), "/media/asset/*");
    assert_eq!(
        get(&world, &format!("{PATH}/INONE")).await.status,
        StatusCode::NOT_FOUND
    );

    let recorded = world
        .send(Request::get("/_edge/invalidations"), b"")
        .await
        .json();
    let expected = json!([{
        "id": id,
        "distribution_id": "EDIST",
        "create_time": "2026-01-01T00:00:00.000Z",
        "caller_reference": "r1",
        "paths": ["/media/asset/*"],
    }]);
    assert_eq!(recorded, expected);
}

#[tokio::test]
async fn malformed_and_unsigned_calls_are_refused() {
    let world = World::new(&[]).await;
    for (body, code) in [
        ("", "MissingBody"),
        ("{}", "MalformedXML"),
        ("\u{0}", "MalformedXML"),
        (&batch("r", "media"), "InvalidArgument"),
        (&batch("", "/media"), "InvalidArgument"),
        (
            &batch("r", "/a").replace("<Quantity>1", "<Quantity>2"),
            "InconsistentQuantities",
        ),
    ] {
        let answer = post(&world, body).await;
        assert_eq!(
            (answer.status, element(&answer, "Code")),
            (StatusCode::BAD_REQUEST, code)
        );
    }
    let unsigned = world
        .send(Request::post(PATH), batch("r", "/a").as_bytes())
        .await;
    assert_eq!(unsigned.status, StatusCode::FORBIDDEN);
    let unknown = get(&world, "/2020-05-31/distribution").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let recorded = world.send(Request::get("/_edge/invalidations"), b"").await;
    assert_eq!(recorded.text(), "[]");
}
