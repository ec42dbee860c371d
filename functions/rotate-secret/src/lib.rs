//! What Secrets Manager invokes to rotate a secret. It has no route; the event is `{"Step", "SecretId", "ClientRequestToken"}` (AWS
//! Secrets Manager User Guide, "Rotation by Lambda function"), and whatever else it brings is not looked at.

use serde::Deserialize;
use serde_json::json;
use vault_boot::event::{BoxFuture, Invocation, Outcome};
use vault_domain::rotation::Turn;
use vault_domain::usecase::rotate_secret::{Deps, Done, Order, Step, run};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    step: String,
    secret_id: String,
    client_request_token: String,
}

const SHAPE: &str = r#"expected {"Step": "createSecret", "SecretId": "arn:…", "ClientRequestToken": "…"}; a step is createSecret, setSecret, testSecret or finishSecret"#;
/// Longest ARN of a secret, and longest token (AWS Secrets Manager API Reference, `RotateSecret`).
const LONGEST: (usize, usize) = (2_048, 64);

fn parse(invocation: &Invocation) -> Option<Order> {
    let event = Event::deserialize(&invocation.payload).ok()?;
    let (secret, token) = (event.secret_id, event.client_request_token);
    let fits = (1..=LONGEST.0).contains(&secret.len()) && (1..=LONGEST.1).contains(&token.len());
    fits.then_some(Order {
        secret,
        token,
        step: Step::parse(&event.step)?,
    })
}

/// Handles an invocation: one step; which kind of secret it was, and what was done.
pub fn handle(deps: &Deps, invocation: Invocation) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let order = parse(&invocation).ok_or(SHAPE)?;
        let (kind, done) = run(deps, &order).await?;
        let (secret, step, done) = (kind.as_str(), name(order.step), told(done));
        let request_id = &invocation.request_id;
        tracing::info!(request_id, secret, step, done, "rotation");
        Ok(json!({ "secret": secret, "step": step, "done": done }))
    })
}

const fn name(step: Step) -> &'static str {
    match step {
        Step::Create => "create",
        Step::Set => "set",
        Step::Test => "test",
        Step::Finish => "finish",
    }
}

const fn told(done: Done) -> &'static str {
    match done {
        Done::Already => "already",
        Done::Made(Turn::Published) => "published",
        Done::Made(Turn::Promoted { .. }) => "promoted",
        Done::Made(Turn::Waits) => "waits",
        Done::Sound => "sound",
        Done::InForce => "in_force",
    }
}
