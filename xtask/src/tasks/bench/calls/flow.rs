//! The main job from the owner's sign-in to a withdrawal, each request twice.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::super::events::{Http, uploaded};
use super::Row;
use super::client::{body, field, put, text, token_request};
use super::stage::Stage;
use crate::cloud::{Outputs, Owner};
use crate::progress::Step;

const JSON: &str = "application/json";
const PARTS: &str = "POST /v1/uploads/{asset_id}/parts";
const FINALIZE: &str = "POST /v1/uploads/{asset_id}/finalize";
const PLAYLIST: &str = "GET /v1/playback/{token}/{playlist}";
const KEY: &str = "GET /v1/keys/{asset_id}/{key_id}";

/// The requests made so far, and what the next ones need of their answers.
pub(super) struct Flow<'a> {
    stage: Stage,
    step: &'a Step,
    owner: &'a Owner,
    rows: Vec<Row>,
    access: String,
    assets: Vec<String>,
}

impl<'a> Flow<'a> {
    pub(super) fn new(stage: Stage, outputs: &'a Outputs, step: &'a Step) -> Result<Self> {
        let owner = outputs.owner.as_ref().context("the cloud has no owner")?;
        let (rows, access, assets) = (Vec::new(), String::new(), Vec::new());
        Ok(Self {
            stage,
            step,
            owner,
            rows,
            access,
            assets,
        })
    }

    pub(super) fn run(mut self, film: &Path) -> Result<Vec<Row>> {
        let film = std::fs::read(film)?;
        self.identity()?;
        self.upload(&film)?;
        self.process()?;
        let tokens = self.exchange()?;
        let (playback, key) = self.view(&tokens)?;
        self.keys(&playback, &key)?;
        let (access, assets) = (self.access.clone(), self.assets.clone());
        self.web(
            "withdraw-asset",
            "POST /v1/assets/{asset_id}/withdraw",
            200,
            |n, _| {
                Ok(Http {
                    route: "POST /v1/assets/{asset_id}/withdraw",
                    variables: &[("asset_id", &assets[n])],
                    bearer: Some(&access),
                    ..Http::default()
                }
                .event())
            },
        )?;
        Ok(self.rows)
    }

    /// Two requests of a kind; `event` gets the number and the answers so far.
    fn web(
        &mut self,
        function: &str,
        request: &str,
        status: u64,
        event: impl Fn(usize, &[Value]) -> Result<Value>,
    ) -> Result<Vec<Value>> {
        self.step.note(request);
        let (row, answers) = self
            .stage
            .twice(function, request, |answers| event(answers.len(), answers))?;
        if let Some(other) = answers.iter().find(|answer| answer["statusCode"] != status) {
            bail!("{function}: {request}: not {status} but {other}");
        }
        self.rows.push(row);
        Ok(answers)
    }

    fn identity(&mut self) -> Result<()> {
        let (row, _) = self.stage.twice("bootstrap-owner", "an owner", |answers| {
            let email = format!("bench-{}@demo.example", answers.len());
            Ok(json!({ "organisation": "Bench Films", "email": email }))
        })?;
        self.rows.push(row);
        let owner = self.owner;
        let credentials = json!({ "email": owner.email, "password": owner.password }).to_string();
        let login = Http {
            route: "POST /v1/login",
            content_type: JSON,
            body: Some(&credentials),
            ..Http::default()
        };
        let answers = self.web("login", login.route, 200, |_, _| Ok(login.event()))?;
        self.access = field(&answers[1], "access_token")?;
        let refresh = field(&answers[1], "refresh_token")?;
        self.web(
            "mint-token",
            "POST /v1/token, refresh_token",
            200,
            |_, answers| {
                let token = answers.first().map(|answer| field(answer, "refresh_token"));
                let token = token.transpose()?.unwrap_or_else(|| refresh.clone());
                let form = format!("grant_type=refresh_token&refresh_token={token}");
                Ok(token_request(&form))
            },
        )?;
        let jwks = Http {
            route: "GET /.well-known/jwks.json",
            ..Http::default()
        };
        self.web("mint-token", jwks.route, 200, |_, _| Ok(jwks.event()))
            .map(drop)
    }

    fn upload(&mut self, film: &[u8]) -> Result<()> {
        let access = self.access.clone();
        let announced = |size: usize| {
            let body = json!({ "filename": "film.mp4", "size": size, "content_type": "video/mp4" });
            Http {
                route: "POST /v1/uploads",
                bearer: Some(&access),
                content_type: JSON,
                body: Some(&body.to_string()),
                ..Http::default()
            }
            .event()
        };
        let multipart = "POST /v1/uploads, 100 parts";
        self.web("presign-upload", multipart, 201, |_, _| {
            Ok(announced(800 << 20))
        })?;
        let single = "POST /v1/uploads, one part";
        let slots = self.web("presign-upload", single, 201, |_, _| {
            Ok(announced(film.len()))
        })?;
        self.assets = slots
            .iter()
            .map(|answer| field(answer, "asset_id"))
            .collect::<Result<_>>()?;
        self.sign_and_finish(&slots, film)
    }

    fn sign_and_finish(&mut self, slots: &[Value], film: &[u8]) -> Result<()> {
        let access = self.access.clone();
        let assets = self.assets.clone();
        let about = |route: &'static str, n: usize, body: Option<&str>| {
            Http {
                route,
                variables: &[("asset_id", &assets[n])],
                bearer: Some(&access),
                content_type: JSON,
                body,
                ..Http::default()
            }
            .event()
        };
        let numbers = Some(r#"{"part_numbers": [1]}"#);
        self.web("presign-upload", PARTS, 200, |n, _| {
            Ok(about(PARTS, n, numbers))
        })?;
        for answer in slots {
            put(&body(answer)?["parts"][0], film)?;
        }
        self.web("finalize-upload", FINALIZE, 202, |n, _| {
            Ok(about(FINALIZE, n, None))
        })?;
        let status = "GET /v1/uploads/{asset_id}";
        self.web("finalize-upload", status, 200, |n, _| {
            Ok(about(status, n, None))
        })
        .map(drop)
    }

    fn process(&mut self) -> Result<()> {
        self.step.note("packaging");
        let settings = self.stage.environment("process-upload")?;
        let bucket = settings
            .get("UPLOADS_BUCKET")
            .context("no UPLOADS_BUCKET")?;
        let (assets, org) = (&self.assets, &self.owner.organisation_id);
        let (row, answers) = self
            .stage
            .twice("process-upload", "the film of 1 MB", |answers| {
                let key = format!("uploads/{org}/{}/source", assets[answers.len()]);
                Ok(uploaded(bucket, &key))
            })?;
        for answer in &answers {
            if answer["batchItemFailures"]
                .as_array()
                .is_none_or(|list| !list.is_empty())
            {
                bail!("process-upload: {answer}");
            }
        }
        self.rows.push(row);
        Ok(())
    }

    /// A media token for each of the two assets.
    fn exchange(&mut self) -> Result<Vec<String>> {
        let (access, assets) = (self.access.clone(), self.assets.clone());
        let answers = self.web("mint-token", "POST /v1/token, exchange", 200, |n, _| {
            let form = format!(
                "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={access}\
                 &subject_token_type=urn:ietf:params:oauth:token-type:access_token\
                 &resource=urn:reelvault:asset:{}",
                assets[n]
            );
            Ok(token_request(&form))
        })?;
        answers
            .iter()
            .map(|answer| field(answer, "access_token"))
            .collect()
    }

    /// Opens a view of each asset; returns the second's ticket and the id of its first key.
    fn view(&mut self, tokens: &[String]) -> Result<(String, String)> {
        let assets = self.assets.clone();
        let route = "POST /v1/assets/{asset_id}/playback";
        let opened = self.web("authorize-playback", route, 201, |n, _| {
            let bearer = Some(tokens[n].as_str());
            let variables = &[("asset_id", assets[n].as_str())];
            Ok(Http {
                route,
                variables,
                bearer,
                ..Http::default()
            }
            .event())
        })?;
        let url = field(&opened[1], "playlist_url")?;
        let ticket = url
            .split('/')
            .nth_back(1)
            .context("a playlist URL without a ticket")?;
        let playlist = |name: &str| {
            let variables = &[("token", ticket), ("playlist", name)];
            Http {
                route: PLAYLIST,
                variables,
                ..Http::default()
            }
            .event()
        };
        let master = "GET /v1/playback/{token}/master.m3u8";
        self.web("deliver-playlist", master, 200, |_, _| {
            Ok(playlist("master.m3u8"))
        })?;
        let video = "GET /v1/playback/{token}/video.m3u8";
        let answers = self.web("deliver-playlist", video, 200, |_, _| {
            Ok(playlist("video.m3u8"))
        })?;
        let text = text(&answers[1])?;
        let key = text
            .split(['/', '?', '"'])
            .find(|word| word.starts_with("key_"));
        Ok((
            ticket.to_owned(),
            key.context("a playlist without a key")?.to_owned(),
        ))
    }

    fn keys(&mut self, ticket: &str, key: &str) -> Result<()> {
        let assets = self.assets.clone();
        let request = |asset: usize, query: &[(&str, &str)]| {
            let variables = &[("asset_id", assets[asset].as_str()), ("key_id", key)];
            Http {
                route: KEY,
                variables,
                query,
                ..Http::default()
            }
            .event()
        };
        // The last octet of the MAC.
        let forged = format!("{}{}", &ticket[..ticket.len() - 2], "AA");
        for (name, status, event) in [
            ("a key", 200, request(1, &[("token", ticket)])),
            ("a forged ticket", 401, request(1, &[("token", &forged)])),
            (
                "another asset's ticket",
                403,
                request(0, &[("token", ticket)]),
            ),
            ("no ticket", 401, request(1, &[])),
        ] {
            let shown = format!("{KEY}: {name}");
            self.web("deliver-key", &shown, status, |_, _| Ok(event.clone()))?;
        }
        Ok(())
    }
}
