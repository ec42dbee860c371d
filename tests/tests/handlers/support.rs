//! Support access, as its handlers take and tell it.

use serde_json::{Value, json};
use vault_domain::ports::{AccessTokens as _, Clock as _};
use vault_domain::secret::SecretText;
use vault_domain::support::SupportLevel;
use vault_domain::token::Caller;
use vault_testkit::support::{
    HELPER, HELPER_EMAIL, SUPPORT, helper, support_caller, support_grant,
};
use vault_testkit::{Kit, builders};

use crate::golden::{access, golden};
use crate::world::{Ask, answer};

const ROUTE: &str = "/v1/organisation/support";
const TOKEN_TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";

/// One good request of an owner to every route of it; their token is still to be added.
pub(crate) fn of_granting_support() -> Vec<Ask> {
    let ask = |method| Ask::to("manage-organisation", method).route(ROUTE);
    vec![
        ask("GET"),
        ask("POST").json(&json!({ "purpose": "Ticket 8", "level": "watch", "expires_in": 3_600 })),
        Ask::to("manage-organisation", "DELETE")
            .route("/v1/organisation/support/{support_id}")
            .path("support_id", SUPPORT),
    ]
}

/// One good request of staff to everything that support may.
pub(crate) fn of_support(kit: &Kit) -> Vec<Ask> {
    let inside = token(kit, support_caller(SupportLevel::Watch));
    vec![
        exchange(&token(kit, helper()), &support_grant().resource()),
        Ask::to("manage-assets", "GET").bearer(&inside),
        Ask::to("manage-assets", "GET")
            .bearer(&inside)
            .path("asset_id", builders::ASSET),
        Ask::to("read-audit", "GET").bearer(&inside),
    ]
}

fn token(kit: &Kit, caller: Caller) -> SecretText {
    kit.access.issue(&caller, kit.clock.now(), 600).unwrap()
}

fn exchange(subject: &SecretText, resource: &str) -> Ask {
    let resource = resource.replace(':', "%3A");
    Ask::to("mint-token", "POST").form(&format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={}\
         &subject_token_type={TOKEN_TYPE}&requested_token_type={TOKEN_TYPE}&resource={resource}",
        subject.expose()
    ))
}

async fn told(kit: &Kit, ask: &Ask) -> (u16, Value) {
    let reply = answer(kit, ask).await;
    let body = serde_json::from_slice(reply.body()).unwrap();
    (reply.status().as_u16(), body)
}

#[tokio::test]
async fn what_is_granted_is_told_whole_and_traded_by_the_name_that_it_is_told_under() {
    let kit = golden();
    let [list, creation, end] = &of_granting_support()[..] else {
        panic!("there are other routes");
    };
    let owner = access(&kit);
    let [list, creation, end] = [list, creation, end].map(|ask| ask.clone().bearer(&owner));
    let (status, made) = told(&kit, &creation).await;
    assert_eq!((status, &made["used_by"]), (201, &json!([])));
    assert_eq!(made["granted_by"], builders::OWNER.to_string());
    let resource = made["resource"].as_str().unwrap();
    let home = token(&kit, helper());
    let (status, tokens) = told(&kit, &exchange(&home, resource)).await;
    assert_eq!((status, &tokens["scope"]), (200, &json!("play read")));
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    assert_eq!(
        (&tokens["issued_token_type"], &tokens["expires_in"]),
        (&json!(kind), &json!(600))
    );
    assert!(tokens.get("refresh_token").is_none(), "nothing renews it");
    let (_, listed) = told(&kit, &list).await;
    let listed = listed["support"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    let of = |id: &Value| listed.iter().find(|one| one["support_id"] == *id).unwrap();
    let came = &of(&made["support_id"])["used_by"];
    let expected = json!([{ "user_id": HELPER.to_string(), "email": HELPER_EMAIL }]);
    assert_eq!(*came, expected);
    for _ in 0..2 {
        let ended = json!({ "support_id": SUPPORT.to_string(), "ended": true });
        assert_eq!(told(&kit, &end).await, (200, ended));
    }
    let over = exchange(&home, &support_grant().resource());
    let (status, refused) = told(&kit, &over).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_target")));
}

/// Another name, another kind of token, a token of another kind.
#[tokio::test]
async fn an_exchange_that_is_not_whole_says_what_would_be_right() {
    let kit = golden();
    let (home, resource) = (token(&kit, helper()), support_grant().resource());
    for (resource, subject, error) in [
        ("urn:reelvault:support:org_x:sup_y", &home, "invalid_target"),
        (
            "urn:reelvault:asset:ast_aaaaaaaaaaaaaaaaaaaaaaaaaa",
            &home,
            "invalid_target",
        ),
        (
            resource.as_str(),
            &SecretText::new("forged".to_owned()),
            "invalid_request",
        ),
        (resource.as_str(), &access(&kit), "invalid_target"),
    ] {
        let (status, refused) = told(&kit, &exchange(subject, resource)).await;
        assert_eq!(
            (status, &refused["error"]),
            (400, &json!(error)),
            "{refused}"
        );
    }
}
