//! The main job, from the first sign-in to the picture on the screen.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::api::{Api, text};
use super::film::{self, Film};
use super::journal::{Journal, Told, human};
use super::view::View;
use super::{player, refusals, upload};
use crate::aws::Aws;
use crate::cloud::{Cloud, Outputs};
use crate::context::Context;

/// Where the story takes place.
pub(super) struct Stage<'a> {
    pub(super) context: &'a Context,
    pub(super) outputs: &'a Outputs,
    pub(super) film: &'a Film,
    pub(super) aws: Aws,
    pub(super) api: Api,
    pub(super) screenshot: PathBuf,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        context: &'a Context,
        cloud: &Cloud,
        outputs: &'a Outputs,
        film: &'a Film,
        folder: &Path,
    ) -> Self {
        let api = Api::new(&outputs.api_url);
        Self {
            context,
            outputs,
            film,
            aws: cloud.aws.clone(),
            api,
            screenshot: folder.join("player.png"),
        }
    }
}

/// What the owner holds at the end of the main job.
pub(super) struct Held {
    pub(super) access: String,
    /// A media token whose one view is spent.
    pub(super) media_token: String,
    pub(super) view: View,
    /// A view of another film.
    pub(super) other: View,
}

/// Everything; the first step of the main job that fails ends it.
pub(super) fn tell(stage: &Stage, journal: &mut Journal) -> Result<()> {
    journal.chapter("The main job");
    let access = journal.step("Sign in", |_| sign_in(stage))?;
    let access = journal.step("Rotate the refresh token", |_| rotate(stage, &access))?;
    let asset = send_film(stage, journal, &access)?;
    let clip = journal.step("A second film, in one part", |step| {
        let path = film::clip(stage.context);
        let slot = upload::announce(&stage.api, &access, &path)?;
        let parts = upload::send(&stage.api, &access, &slot, &path, step)?;
        upload::finalize(&stage.api, &access, &slot.asset_id, &parts)?;
        upload::packaged(&stage.api, &access, &slot.asset_id, step)?;
        let bytes = std::fs::metadata(path)?.len();
        Ok((
            slot.asset_id,
            Told::of(format!("{}, ready", slot.kind)).bytes(bytes),
        ))
    })?;

    journal.chapter("Playback");
    let media_token = journal.step("Mint a media token", |_| {
        let token = stage.api.media_token(&access, &asset, 300, 1)?;
        Ok((token, Told::of("play, one view, 300 s")))
    })?;
    let view = journal.step("Authorize playback", |_| {
        let view = View::open(&stage.api, &media_token, &asset)?;
        let shown = format!("{} segments, {} keys, one signature", view.segments.len(), view.keys.len());
        let details = json!({ "segments": view.segments.len(), "keys": view.keys.len(), "seconds": view.seconds });
        Ok((view, Told::of(shown).details(details)))
    })?;
    journal.check("Chromium with hls.js", |_| {
        player::chromium(
            stage.context,
            &stage.outputs.page_url,
            &view,
            &stage.screenshot,
        )
    });
    journal.check("ffmpeg", |_| player::ffmpeg(stage.film, &view));

    let token = stage.api.media_token(&access, &clip, 300, 1)?;
    let other = View::open(&stage.api, &token, &clip)?;
    refusals::tell(
        stage,
        journal,
        &Held {
            access,
            media_token,
            view,
            other,
        },
    );
    Ok(())
}

fn sign_in(stage: &Stage) -> Result<(Value, Told)> {
    let owner = stage.outputs.owner.as_ref().context("there is no owner")?;
    let wish = json!({ "email": owner.email, "password": owner.password });
    let pair = stage
        .api
        .post("/v1/login", None, Some(&wish))?
        .expect(200)?;
    let shown = format!("access token for {} s", pair["expires_in"]);
    Ok((pair, Told::of(shown)))
}

/// A refresh token for the next pair; the access token of that one.
fn rotate(stage: &Stage, pair: &Value) -> Result<(String, Told)> {
    let old = text(pair, "refresh_token")?;
    let next = stage
        .api
        .token(&[("grant_type", "refresh_token"), ("refresh_token", &old)])?
        .expect(200)?;
    if text(&next, "refresh_token")? == old {
        bail!("the refresh token stayed the same");
    }
    Ok((text(&next, "access_token")?, Told::of("a new pair")))
}

/// Announce, send, finalize, packaged: the asset's id.
fn send_film(stage: &Stage, journal: &mut Journal, access: &str) -> Result<String> {
    let (api, path) = (&stage.api, &stage.film.path);
    let slot = journal.step("Presign the upload", |_| {
        let slot = upload::announce(api, access, path)?;
        let shown = match slot.part_count {
            1 => slot.kind.clone(),
            count => format!("{}: {count} parts of {}", slot.kind, human(slot.part_size)),
        };
        Ok((slot, Told::of(shown)))
    })?;
    let parts = journal.step("Send the parts straight to S3", |step| {
        let parts = upload::send(api, access, &slot, path, step)?;
        Ok((
            parts,
            Told::of(format!("part 1 to {}", slot.part_count)).bytes(stage.film.bytes),
        ))
    })?;
    journal.step("Finalize", |_| {
        let found = upload::finalize(api, access, &slot.asset_id, &parts)?;
        Ok(((), Told::of(found)))
    })?;
    journal.step("Package: S3 event → queue → HLS", |step| {
        let states = upload::packaged(api, access, &slot.asset_id, step)?;
        Ok(((), Told::of(states.join(" → ")).bytes(stage.film.bytes)))
    })?;
    Ok(slot.asset_id)
}
