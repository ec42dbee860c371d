//! Who may do what, shares and usage, and an asset that is read through a collection and a space.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::super::client::field;
use super::super::events::Http;
use super::flow::Flow;

const SPACE: &str = "POST /v1/spaces";
const COLLECTION: &str = "POST /v1/collections";
const PLACE: &str = "PATCH /v1/assets/{asset_id}/access";
const GRANT: &str = "PUT /v1/assets/{asset_id}/access/{principal}";
const SHOW: &str = "GET /v1/assets/{asset_id}";
const SHARE: &str = "POST /v1/assets/{asset_id}/shares";
const EXCHANGE: &str = "POST /v1/shares/exchange";
/// How the tokens of shares begin.
const SHARE_TOKEN: &str = "rvs_";
const USAGE: &str = "GET /v1/organisation/usage";

impl Flow<'_> {
    pub(super) fn governed(&mut self) -> Result<()> {
        let space = self.owners(SPACE, &[], Some(&json!({ "name": "Newsroom" })));
        let made = self.same("manage-access", SPACE, 201, &space)?;
        let new = json!({ "name": "Rushes", "space": field(&made[0], "space_id")? });
        let new = self.owners(COLLECTION, &[], Some(&new));
        let in_space = format!("{COLLECTION}, in a space");
        let made = self.same("manage-access", &in_space, 201, &new)?;
        let into = json!({ "collection": field(&made[0], "collection_id")? });
        let events = self.about(PLACE, Some(&into));
        self.web("manage-access", PLACE, 200, |n, _| Ok(events[n].clone()))?;
        let events = self.about(SHOW, None);
        let deep = format!("{SHOW}, in a collection of a space");
        self.web("manage-assets", &deep, 200, |n, _| Ok(events[n].clone()))?;
        let grant = json!({ "access": "view" });
        let events: Vec<_> = (self.assets.iter())
            .map(|asset| {
                let names = [("asset_id", asset.as_str()), ("principal", "role:editor")];
                self.owners(GRANT, &names, Some(&grant))
            })
            .collect();
        self.web("manage-access", GRANT, 200, |n, _| Ok(events[n].clone()))?;
        let usage = self.owners(USAGE, &[], None);
        self.same("manage-organisation", USAGE, 200, &usage)?;
        self.share()
    }

    fn share(&mut self) -> Result<()> {
        let events = self.about(SHARE, Some(&json!({ "name": "For review" })));
        let made = self.web("manage-shares", SHARE, 201, |n, _| Ok(events[n].clone()))?;
        let token = |answer: &Value| {
            let link = field(answer, "link")?;
            let token = link.find(SHARE_TOKEN).map(|at| link[at..].to_owned());
            token.context("a link without a token")
        };
        let tokens: Vec<String> = made.iter().map(token).collect::<Result<_>>()?;
        self.web("exchange-share", EXCHANGE, 201, |n, _| {
            let wish = json!({ "token": tokens[n] }).to_string();
            let event = Http {
                route: EXCHANGE,
                content_type: "application/json",
                body: Some(&wish),
                ..Http::default()
            };
            Ok::<Value, _>(event.event())
        })
        .map(drop)
    }
}
