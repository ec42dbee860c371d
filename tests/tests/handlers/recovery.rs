//! What the routes without a token of ours tell, and that they tell nobody who is there.

use serde_json::json;
use vault_domain::mail::MailOrder;
use vault_testkit::cloud::State;
use vault_testkit::{Kit, builders};

use crate::golden::{golden, links};
use crate::world::{Ask, INVITED, NEW_PASSWORD, answer, invoke};

fn post(route: &'static str, body: &serde_json::Value) -> Ask {
    Ask::to("recover-account", "POST").route(route).json(body)
}

/// Status, headers in order, body.
async fn whole(kit: &Kit, ask: &Ask) -> String {
    let reply = answer(kit, ask).await;
    let mut text = format!("{}\n", reply.status().as_u16());
    for (name, value) in reply.headers() {
        text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
    }
    text + "\n" + std::str::from_utf8(reply.body()).unwrap()
}

/// What is seen from without and done within when someone asks for a link: the reply, every call to a store or
/// service, what is computed, and the shape of the order.
async fn asked(email: &str, change: impl FnOnce(&mut State)) -> (String, Vec<&'static str>, usize) {
    let kit = golden();
    kit.cloud.with(change);
    let ask = post("/v1/password/forgot", &json!({ "email": email }));
    let seen = whole(&kit, &ask).await;
    let calls = kit.faults.log().iter().map(|call| call.name).collect();
    let state = kit.cloud.snapshot();
    let orders = state.mail_orders.iter();
    let resets = orders.filter(|order| matches!(order, MailOrder::PasswordReset { .. }));
    (seen, calls, resets.count())
}

#[tokio::test]
async fn asking_for_a_link_tells_nobody_whether_an_address_is_known() {
    let known = asked(builders::EMAIL, |_| ()).await;
    let unknown = asked("nobody@example.org", |_| ()).await;
    let disabled = asked(builders::EMAIL, |s| {
        s.accounts.get_mut(&builders::OWNER).unwrap().active = false;
    });
    let unverified = asked(builders::EMAIL, |s| {
        s.users.get_mut(&builders::OWNER).unwrap().verified = false;
    });
    let invited = asked(INVITED, |_| ()).await;
    for other in [unknown, disabled.await, unverified.await, invited] {
        assert_eq!(known, other);
    }
    assert_eq!(known.2, 1, "one order, whoever it is");
    assert!(
        known.1.iter().all(|call| !call.starts_with("users.")),
        "nobody is looked up: {:?}",
        known.1
    );
    insta::assert_snapshot!(known.0);
}

#[tokio::test]
async fn a_link_fails_in_one_way_whatever_is_wrong_with_it() {
    let kit = golden();
    let [reset, verification, invitation] = links(&kit);
    let text = |token: &vault_domain::link::LinkToken| token.secret().expose().to_owned();
    let unknown = format!("rvl_{}", "A".repeat(43));
    let mut seen = Vec::new();
    for token in [
        unknown,
        "rvl_".to_owned(),
        String::new(),
        text(&verification),
        text(&invitation),
    ] {
        let body = json!({ "token": token, "new_password": NEW_PASSWORD });
        seen.push(whole(&golden(), &post("/v1/password/reset", &body)).await);
    }
    let body = json!({ "token": text(&reset), "new_password": NEW_PASSWORD });
    let ask = post("/v1/password/reset", &body);
    assert!(whole(&kit, &ask).await.starts_with("200"));
    seen.push(whole(&kit, &ask).await);
    for route in ["/v1/invitations/accept", "/v1/email/verify"] {
        let body = json!({ "token": text(&reset) });
        seen.push(whole(&golden(), &post(route, &body)).await);
    }
    for other in &seen {
        assert_eq!(*other, seen[0]);
    }
    insta::assert_snapshot!(seen[0]);
}

#[tokio::test]
async fn an_accepted_invitation_tells_the_place_and_opens_no_session() {
    let kit = golden();
    let [.., invitation] = links(&kit);
    let token = invitation.secret().expose();
    let needs = json!({ "token": token });
    let told = whole(&kit, &post("/v1/invitations/accept", &needs)).await;
    assert!(
        told.starts_with("400") && told.contains("password"),
        "{told}"
    );
    let weak = json!({ "token": token, "password": "a golden password" });
    let told = whole(&kit, &post("/v1/invitations/accept", &weak)).await;
    assert!(
        told.starts_with("422") && told.contains("weak_password"),
        "{told}"
    );
    let good = json!({ "token": token, "password": NEW_PASSWORD });
    let reply = answer(&kit, &post("/v1/invitations/accept", &good)).await;
    let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(body["organisation_id"], builders::ORG.to_string());
    assert_eq!(body["role"], "editor");
    assert_eq!(body.as_object().unwrap().len(), 3, "{body}");
}

#[tokio::test]
async fn a_path_that_is_none_of_the_routes_is_not_found() {
    let told = whole(&golden(), &post("/v1/password", &json!({}))).await;
    assert!(told.starts_with("404"), "{told}");
}

#[tokio::test]
async fn a_bootstrap_by_mail_tells_no_password_and_its_link_sets_one() {
    let kit = Kit::new(3);
    let wish = json!({ "organisation": "Acme", "email": "olga@example.org", "invite": true });
    let owner = invoke(&kit, "bootstrap-owner", wish).await.unwrap();
    assert!(owner.get("password").is_none(), "{owner}");
    mailed(&kit).await;
    let state = kit.cloud.snapshot();
    let mail = state.mailbox("olga@example.org")[0];
    assert!(mail.text.contains("The operator"), "{}", mail.text);
    let body = json!({ "token": mail.token().unwrap(), "new_password": NEW_PASSWORD });
    let told = whole(&kit, &post("/v1/password/reset", &body)).await;
    assert!(told.starts_with("200"), "{told}");
    assert_eq!(login(&kit, "olga@example.org", NEW_PASSWORD).await, 200);
}

#[tokio::test]
async fn an_owner_whose_address_is_to_be_verified_comes_in_after_the_link() {
    let kit = Kit::new(3);
    let wish = json!({ "organisation": "Acme", "email": "olga@example.org", "verified": false });
    let owner = invoke(&kit, "bootstrap-owner", wish).await.unwrap();
    let password = owner["password"].as_str().unwrap();
    assert_eq!(login(&kit, "olga@example.org", password).await, 401);
    mailed(&kit).await;
    let state = kit.cloud.snapshot();
    let token = state.mailbox("olga@example.org")[0].token().unwrap();
    let told = whole(&kit, &post("/v1/email/verify", &json!({ "token": token }))).await;
    assert!(told.starts_with("200"), "{told}");
    assert_eq!(login(&kit, "olga@example.org", password).await, 200);
    let both =
        json!({ "organisation": "A", "email": "b@example.org", "verified": false, "invite": true });
    assert!(invoke(&kit, "bootstrap-owner", both).await.is_err());
}

/// Signs in a second later: a session of the second in which a password was set is over already.
async fn login(kit: &Kit, email: &str, password: &str) -> u16 {
    kit.clock.advance(1);
    let body = json!({ "email": email, "password": password });
    let reply = answer(kit, &Ask::to("login", "POST").json(&body)).await;
    reply.status().as_u16()
}

/// Hands every order to send-mail.
async fn mailed(kit: &Kit) {
    let orders = kit.cloud.snapshot().mail_orders;
    let records: Vec<_> = orders
        .iter()
        .map(|order| json!({ "messageId": "m", "body": serde_json::to_string(order).unwrap() }))
        .collect();
    let done = invoke(kit, "send-mail", json!({ "Records": records }))
        .await
        .unwrap();
    assert_eq!(done, json!({ "batchItemFailures": [] }));
}
