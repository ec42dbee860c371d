//! The main job from the owner's sign-in to a withdrawal, each request twice.
//!
//! A route more is one more `self.same(function, request, status, &self.owners(route, …))`, or `web` where the second
//! request is not the first: in the step that has what it needs, or in a step of its own that `run` calls.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::super::client::{body, field, put, text};
use super::super::events::{Http, uploaded};
use super::Row;
use super::stage::Stage;
use crate::cloud::{Outputs, Owner};
use crate::progress::Step;

const JSON: &str = "application/json";
const PARTS: &str = "POST /v1/uploads/{asset_id}/parts";
const FINALIZE: &str = "POST /v1/uploads/{asset_id}/finalize";
const STATUS: &str = "GET /v1/uploads/{asset_id}";
const LIST: &str = "GET /v1/assets";
const SHOW: &str = "GET /v1/assets/{asset_id}";
const AUDIT: &str = "GET /v1/audit";
const WITHDRAW: &str = "POST /v1/assets/{asset_id}/withdraw";
const PLAYLIST: &str = "GET /v1/playback/{token}/{playlist}";
const KEY: &str = "GET /v1/keys/{asset_id}/{key_id}";

/// The requests made so far, and what the next ones need of their answers.
pub(super) struct Flow<'a> {
    stage: Stage,
    step: &'a Step,
    pub(super) owner: &'a Owner,
    rows: Vec<Row>,
    /// The owner's access token.
    pub(super) access: String,
    /// Two of each kind.
    pub(super) assets: Vec<String>,
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
        self.bootstrap()?;
        let refresh = self.sign_in()?;
        self.tokens(&refresh)?;
        self.upload(&film)?;
        self.process()?;
        self.library()?;
        self.governed()?;
        self.audit()?;
        let tokens = self.exchange("play")?;
        let (playback, key) = self.view(&tokens)?;
        self.keys(&playback, &key)?;
        let tokens = self.exchange("download")?;
        self.download(&tokens)?;
        self.withdraw()?;
        Ok(self.rows)
    }

    /// A film that is ready: what is left of the stage, the owner's access token and the asset.
    pub(super) fn ready(mut self, film: &Path) -> Result<(Stage, String, String)> {
        let film = std::fs::read(film)?;
        self.sign_in()?;
        self.upload(&film)?;
        self.process()?;
        let asset = self.assets.pop().context("no asset")?;
        Ok((self.stage, self.access, asset))
    }

    /// Two invocations of a function that no client calls; `event` gets the answers so far.
    pub(super) fn twice(
        &mut self,
        function: &str,
        request: &str,
        event: impl Fn(&[Value]) -> Result<Value>,
    ) -> Result<Vec<Value>> {
        self.step.note(request);
        let (row, answers) = self.stage.twice(function, request, event)?;
        self.rows.push(row);
        Ok(answers)
    }

    /// Two requests of a kind; `event` gets the number and the answers so far.
    pub(super) fn web(
        &mut self,
        function: &str,
        request: &str,
        status: u64,
        event: impl Fn(usize, &[Value]) -> Result<Value>,
    ) -> Result<Vec<Value>> {
        let answers = self.twice(function, request, |answers| event(answers.len(), answers))?;
        if let Some(other) = answers.iter().find(|answer| answer["statusCode"] != status) {
            bail!("{function}: {request}: not {status} but {other}");
        }
        Ok(answers)
    }

    /// The same request twice.
    pub(super) fn same(
        &mut self,
        function: &str,
        request: &str,
        status: u64,
        event: &Value,
    ) -> Result<Vec<Value>> {
        self.web(function, request, status, |_, _| Ok(event.clone()))
    }

    /// A request with the owner's access token, its body in JSON.
    pub(super) fn owners(
        &self,
        route: &str,
        variables: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Value {
        let body = body.map(Value::to_string);
        Http {
            route,
            variables,
            bearer: Some(&self.access),
            content_type: JSON,
            body: body.as_deref(),
            ..Http::default()
        }
        .event()
    }

    /// Such a request about each of the two assets.
    pub(super) fn about(&self, route: &str, body: Option<&Value>) -> Vec<Value> {
        let about = |asset: &String| self.owners(route, &[("asset_id", asset)], body);
        self.assets.iter().map(about).collect()
    }

    fn upload(&mut self, film: &[u8]) -> Result<()> {
        let announced = |flow: &Self, size: usize| {
            let body = json!({ "filename": "film.mp4", "size": size, "content_type": "video/mp4" });
            flow.owners("POST /v1/uploads", &[], Some(&body))
        };
        let multipart = announced(self, 800 << 20);
        self.same(
            "presign-upload",
            "POST /v1/uploads, 100 parts",
            201,
            &multipart,
        )?;
        let single = announced(self, film.len());
        let slots = self.same("presign-upload", "POST /v1/uploads, one part", 201, &single)?;
        self.assets = slots
            .iter()
            .map(|answer| field(answer, "asset_id"))
            .collect::<Result<_>>()?;
        self.sign_and_finish(&slots, film)
    }

    fn sign_and_finish(&mut self, slots: &[Value], film: &[u8]) -> Result<()> {
        let parts = self.about(PARTS, Some(&json!({ "part_numbers": [1] })));
        self.web("presign-upload", PARTS, 200, |n, _| Ok(parts[n].clone()))?;
        for answer in slots {
            put(&body(answer)?["parts"][0], film)?;
        }
        let events = self.about(FINALIZE, None);
        self.web("finalize-upload", FINALIZE, 202, |n, _| {
            Ok(events[n].clone())
        })?;
        let events = self.about(STATUS, None);
        self.web("finalize-upload", STATUS, 200, |n, _| Ok(events[n].clone()))
            .map(drop)
    }

    fn library(&mut self) -> Result<()> {
        let list = self.owners(LIST, &[], None);
        self.same("manage-assets", LIST, 200, &list)?;
        let events = self.about(SHOW, None);
        self.web("manage-assets", SHOW, 200, |n, _| Ok(events[n].clone()))
            .map(drop)
    }

    fn audit(&mut self) -> Result<()> {
        self.twice("seal-audit", "what waits", |_| Ok(json!({})))?;
        self.twice("export-audit", "what was sealed", |_| Ok(json!({})))?;
        let list = self.owners(AUDIT, &[], None);
        self.same("read-audit", AUDIT, 200, &list).map(drop)
    }

    fn withdraw(&mut self) -> Result<()> {
        let events = self.about(WITHDRAW, None);
        self.web(
            "withdraw-asset",
            WITHDRAW,
            200,
            |n, _| Ok(events[n].clone()),
        )
        .map(drop)
    }

    fn process(&mut self) -> Result<()> {
        let settings = self.stage.environment("process-upload")?;
        let bucket = settings
            .get("UPLOADS_BUCKET")
            .context("no UPLOADS_BUCKET")?;
        let (assets, org) = (self.assets.clone(), &self.owner.organisation_id);
        let answers = self.twice("process-upload", "the film of 1 MB", |answers| {
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
        Ok(())
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
        self.same("deliver-playlist", master, 200, &playlist("master.m3u8"))?;
        let video = "GET /v1/playback/{token}/video.m3u8";
        let answers = self.same("deliver-playlist", video, 200, &playlist("video.m3u8"))?;
        let text = text(&answers[1])?;
        let key = text
            .split(['/', '?', '"'])
            .find(|word| word.starts_with("key_"));
        Ok((
            ticket.to_owned(),
            key.context("a playlist without a key")?.to_owned(),
        ))
    }

    /// Opens a download of each asset.
    fn download(&mut self, tokens: &[String]) -> Result<()> {
        let assets = self.assets.clone();
        let route = "POST /v1/assets/{asset_id}/download";
        self.web("authorize-download", route, 201, |n, _| {
            let variables = &[("asset_id", assets[n].as_str())];
            Ok(Http {
                route,
                variables,
                bearer: Some(tokens[n].as_str()),
                ..Http::default()
            }
            .event())
        })?;
        Ok(())
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
            self.same("deliver-key", &shown, status, &event)?;
        }
        Ok(())
    }
}
