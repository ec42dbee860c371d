//! Tests of the adapter by recorded answers.

use vault_domain::credential::Role;
use vault_domain::time::Timestamp;

use super::super::audit_record::tests::record;
use super::super::transact::TRIES;
use super::*;
use crate::replay::{Replay, cancelled};

fn place(user: u8, role: Role) -> Membership {
    Membership {
        org: OrgId::from_octets([1; 16]),
        user: UserId::from_octets([user; 16]),
        role,
        active: true,
        since: Timestamp(4),
        sessions_from: Timestamp(5),
    }
}

fn organisations(replay: &Replay) -> DynamoOrganisations {
    {
        let client = Client::new(&replay.config());
        let records = DynamoRecords::new(client.clone(), "audit");
        DynamoOrganisations::new(client, "users", "members", records)
    }
}

async fn removed(answers: &[(u16, &str)]) -> (Stored<Settled>, Replay) {
    let replay = Replay::of(answers);
    let seen = Person {
        membership: Some(place(3, Role::Owner)),
        ..Person::default()
    };
    let by = place(2, Role::Owner);
    let settled = organisations(&replay)
        .replace(&by, &seen, After::Gone, &record())
        .await;
    (settled, replay)
}

#[tokio::test]
async fn only_the_count_of_owners_speaks_of_the_last_one() {
    const MET: &str = "None";
    const UNMET: &str = "ConditionalCheckFailed";
    for (codes, expected) in [
        ([MET, UNMET, MET], Settled::LastOwner),
        ([UNMET, UNMET, MET], Settled::Stale),
        ([UNMET, MET, MET], Settled::Stale),
        ([MET, UNMET, UNMET], Settled::Stale),
        ([MET, MET, UNMET], Settled::Stale),
    ] {
        let (settled, _) = removed(&[(400, &cancelled(&codes))]).await;
        assert_eq!(settled.unwrap(), expected, "{codes:?}");
    }
}

#[tokio::test]
async fn collisions_are_tried_again_and_decide_nothing() {
    let hidden = cancelled(&["TransactionConflict", "ConditionalCheckFailed", "None"]);
    let (settled, replay) = removed(&[(400, &hidden), (200, "{}")]).await;
    assert_eq!((settled.unwrap(), replay.count()), (Settled::Applied, 2));
    let (settled, replay) = removed(&[(400, &*hidden); TRIES as usize]).await;
    assert!(settled.is_err());
    assert_eq!(replay.count(), TRIES as usize);
    let other = cancelled(&["ValidationError", "None", "None"]);
    assert!(removed(&[(400, &other)]).await.0.is_err());
}

#[tokio::test]
async fn of_the_users_only_addresses_are_asked_for() {
    let member = r#"{"pk":{"S":"org_aeaqcaibaeaqcaibaeaqcaibae"},"sk":{"S":"usr_amdqgayday3qgaydambqgaydam"},"role":{"S":"viewer"},"active":{"BOOL":true},"since":{"N":"1"},"sessions_from":{"N":"1"}}"#;
    let member = member.replace(
        "usr_amdqgayday3qgaydambqgaydam",
        &place(3, Role::Viewer).user.to_string(),
    );
    let member = member.replace(
        "org_aeaqcaibaeaqcaibaeaqcaibae",
        &place(3, Role::Viewer).org.to_string(),
    );
    let page = format!(r#"{{"Items":[{member}]}}"#);
    let none = r#"{"Responses":{},"UnprocessedKeys":{}}"#;
    let replay = Replay::of(&[(200, &page), (200, none), (200, none)]);
    let org = place(3, Role::Viewer).org;
    let found = organisations(&replay).members(org, None, 10).await.unwrap();
    assert_eq!((found.members.len(), found.next), (1, None));
    assert_eq!(found.members[0].email, None);
    let users: serde_json::Value = serde_json::from_str(&replay.body(1)).unwrap();
    assert_eq!(
        users["RequestItems"]["users"]["ProjectionExpression"],
        "pk, #email"
    );

    let replay = Replay::of(&[(200, none), (200, none)]);
    let email = Email::parse("ada@example.org").unwrap();
    let found = organisations(&replay)
        .by_address(org, &email)
        .await
        .unwrap();
    assert_eq!(
        (found, replay.count()),
        (None, 2),
        "as many reads for nobody"
    );
    let users: serde_json::Value = serde_json::from_str(&replay.body(0)).unwrap();
    assert_eq!(
        users["RequestItems"]["users"]["ProjectionExpression"],
        "pk, user_id"
    );
}
