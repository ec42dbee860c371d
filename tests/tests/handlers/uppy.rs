//! Uppy's words, as Companion has them: an upload from its beginning to its end, and what is refused.

use serde_json::{Value, json};
use vault_domain::asset::{AssetState, PartPlan};
use vault_domain::id::AssetId;
use vault_testkit::Kit;

use crate::golden::{access, golden};
use crate::world::{Ask, answer};

const PARAMS: &str = "GET /v1/uppy/s3/params";
const CREATE: &str = "POST /v1/uppy/s3/multipart";
const SIGN: &str = "GET /v1/uppy/s3/multipart/{asset_id}/{part_number}";
const LIST: &str = "GET /v1/uppy/s3/multipart/{asset_id}";
const ABORT: &str = "DELETE /v1/uppy/s3/multipart/{asset_id}";
const COMPLETE: &str = "POST /v1/uppy/s3/multipart/{asset_id}/complete";

async fn told(kit: &Kit, ask: Ask) -> (u16, Value) {
    let reply = answer(kit, &ask.bearer(&access(kit))).await;
    let status = reply.status().as_u16();
    (status, serde_json::from_slice(reply.body()).unwrap())
}

fn to(route: &'static str, id: &str) -> Ask {
    let function = match route {
        PARAMS | CREATE | SIGN => "presign-upload",
        _ => "finalize-upload",
    };
    let ask = Ask::at(function, route);
    if id.is_empty() {
        return ask;
    }
    ask.path("asset_id", id).query("key", id)
}

async fn begun(kit: &Kit) -> String {
    let wish = json!({
        "filename": "film.mp4", "type": "video/mp4",
        "metadata": { "name": "film.mp4", "size": "12000000", "caption": "x" },
    });
    let (status, slot) = told(kit, to(CREATE, "").json(&wish)).await;
    assert_eq!((status, &slot["uploadId"]), (200, &slot["key"]));
    slot["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_film_goes_up_in_parts_as_uppy_cuts_it() {
    let kit = golden();
    let id = begun(&kit).await;
    let asset = kit
        .cloud
        .with(|s| s.assets[&AssetId::parse(&id).unwrap()].clone());
    let plan = asset.announced.plan;
    assert_eq!(plan, PartPlan::of_uppy(12_000_000).unwrap());
    assert_eq!((plan.parts, plan.part_size), (3, 5 << 20));
    for number in ["1", "3"] {
        let (status, part) = told(&kit, to(SIGN, &id).path("part_number", number)).await;
        assert_eq!(status, 200);
        assert_eq!(
            (&part["method"], &part["expires"]),
            (&json!("PUT"), &json!(3_600))
        );
        let url = part["url"].as_str().unwrap();
        assert!(url.contains(&format!("partNumber={number}&")), "{url}");
    }
    kit.cloud.with(|s| {
        let upload = s.uploads.multiparts.values_mut().next().unwrap();
        for number in 1..=3 {
            let octets = vec![7; usize::try_from(plan.octets_of(number).unwrap()).unwrap()];
            upload
                .parts
                .insert(number, vault_testkit::cloud::Object::new(octets));
        }
    });
    let (status, held) = told(&kit, to(LIST, &id)).await;
    assert_eq!((status, held.as_array().unwrap().len()), (200, 3));
    assert_eq!(held[2]["Size"], 12_000_000 - (10 << 20));
    let part = |part: &Value| json!({ "PartNumber": part["PartNumber"], "ETag": part["ETag"] });
    let parts: Vec<_> = held.as_array().unwrap().iter().map(part).collect();
    let complete = to(COMPLETE, &id).json(&json!({ "parts": parts }));
    for _ in 0..2 {
        let (status, done) = told(&kit, complete.clone()).await;
        assert_eq!((status, &done["key"]), (200, &json!(id)));
        assert_eq!(done["location"], format!("/v1/uploads/{id}"));
    }
    assert_eq!(told(&kit, to(ABORT, &id)).await.0, 409, "it arrived");
}

#[tokio::test]
async fn a_small_film_goes_up_by_one_put() {
    let kit = golden();
    let ask = to(PARAMS, "")
        .query("filename", "film.mp4")
        .query("type", "");
    let (status, slot) = told(&kit, ask.query("metadata[size]", 1_000)).await;
    assert_eq!((status, &slot["method"]), (200, &json!("PUT")));
    let headers = slot["headers"].as_object().unwrap();
    assert_eq!(headers["content-type"], "application/octet-stream");
    let id = AssetId::parse(slot["fields"]["key"].as_str().unwrap()).unwrap();
    let plan = kit.cloud.with(|s| s.assets[&id].announced.plan);
    assert_eq!((plan.size, plan.multipart), (1_000, false));
}

#[tokio::test]
async fn an_upload_that_uppy_aborts_is_over() {
    let kit = golden();
    let id = begun(&kit).await;
    for _ in 0..2 {
        assert_eq!(told(&kit, to(ABORT, &id)).await, (200, json!({})));
    }
    let asset = kit
        .cloud
        .with(|s| s.assets[&AssetId::parse(&id).unwrap()].clone());
    assert_eq!(asset.state, AssetState::Failed);
    let complete = json!({ "parts": [{ "PartNumber": 1, "ETag": "\"e\"" }] });
    let (status, refusal) = told(&kit, to(COMPLETE, &id).json(&complete)).await;
    assert_eq!((status, &refusal["code"]), (409, &json!("wrong_state")));
}

#[tokio::test]
async fn what_uppy_does_not_say_or_must_not_say_is_refused() {
    let kit = golden();
    let without = json!({ "filename": "film.mp4", "type": "video/mp4", "metadata": {} });
    let wrong = json!({ "filename": "film.mp4", "metadata": { "size": "many" } });
    for wish in [without, wrong] {
        let (status, refusal) = told(&kit, to(CREATE, "").json(&wish)).await;
        assert_eq!((status, &refusal["code"]), (400, &json!("malformed")));
    }
    let ask = to(PARAMS, "")
        .query("filename", "film.mp4")
        .query("type", "video/mp4");
    let (status, refusal) = told(&kit, ask).await;
    let detail = refusal["detail"].as_str().unwrap();
    assert!(
        status == 400 && detail.contains("metadata[size]"),
        "{refusal}"
    );
    let id = begun(&kit).await;
    let other = AssetId::from_octets([9; 16]).to_string();
    for (route, key) in [
        (SIGN, Some(&other)),
        (LIST, Some(&other)),
        (ABORT, Some(&other)),
        (LIST, None),
    ] {
        let function = if route == SIGN {
            "presign-upload"
        } else {
            "finalize-upload"
        };
        let mut ask = Ask::at(function, route).path("asset_id", &id);
        if route == SIGN {
            ask = ask.path("part_number", 1);
        }
        if let Some(key) = key {
            ask = ask.query("key", key);
        }
        assert_eq!(told(&kit, ask).await.0, 404, "{route}");
    }
    for number in ["0", "4", "x"] {
        let (status, _) = told(&kit, to(SIGN, &id).path("part_number", number)).await;
        assert_eq!(status, 400, "{number}");
    }
}
