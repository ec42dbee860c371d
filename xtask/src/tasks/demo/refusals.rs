//! What is refused, each beside what is not: a check that cannot fail shows nothing.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::api::{Api, Reply};
use super::journal::{Journal, Told};
use super::story::{Held, Stage};
use super::ticket;
use super::view::View;
use crate::time;

const AES_BLOCK: usize = 16;
/// Longer than any playback session.
const A_DAY: i64 = 86_400;
/// For a token of one second to run out.
const EXPIRY_LIMIT: Duration = Duration::from_secs(15);

pub(super) fn tell(stage: &Stage, journal: &mut Journal, held: &Held) {
    let Held {
        access,
        view,
        other,
        ..
    } = held;
    // Made now, so that it has run out when it is needed.
    let short_lived = stage.api.media_token(access, &other.asset, 1, 1000);
    segments(&stage.api, journal, view, other);
    keys(stage, journal, view, other);
    media_tokens(&stage.api, journal, held, short_lived);
    withdrawal(stage, journal, access, view);
}

fn segments(api: &Api, journal: &mut Journal, view: &View, other: &View) {
    journal.chapter("Segments");
    let signed = view.segment();
    let (bare, query) = signed.split_once('?').unwrap_or((signed, ""));
    journal.check("A segment with its signature", |_| {
        let reply = api.fetch(signed)?;
        if reply.status != 200 || reply.body.is_empty() || reply.body.len() % AES_BLOCK != 0 {
            bail!("{}, {} bytes", reply.shown(), reply.body.len());
        }
        if is_transport_stream(&reply.body) {
            bail!("the segment is not encrypted");
        }
        Ok(Told::of("200, encrypted").bytes(reply.body.len() as u64))
    });
    journal.check("… without a signature", |_| {
        refused(&api.fetch(bare)?, 403, "MissingKey")
    });
    journal.check("… with a tampered signature", |_| {
        refused(
            &api.fetch(&format!("{bare}?{}", tampered(query)?))?,
            403,
            "AccessDenied",
        )
    });
    journal.check("… with another film's signature", |_| {
        let theirs = other
            .segment()
            .split_once('?')
            .context("a segment's URL is signed")?
            .1;
        refused(
            &api.fetch(&format!("{bare}?{theirs}"))?,
            403,
            "AccessDenied",
        )
    });
}

fn keys(stage: &Stage, journal: &mut Journal, view: &View, other: &View) {
    journal.chapter("Keys");
    let api = &stage.api;
    journal.check("A key with its token", |_| {
        granted(&api.fetch(&view.keys[0])?)
    });
    journal.check("… without a token", |_| {
        refused(&api.fetch(view.key_path())?, 401, "unauthenticated")
    });
    journal.check("… with a forged token", |_| {
        let forged = changed(&view.ticket, view.ticket.len() / 2);
        because(
            &api.fetch(&view.key_with(&forged))?,
            401,
            "invalid_token",
            "forged",
        )
    });
    journal.check("… with another film's token", |_| {
        refused(&api.fetch(&view.key_with(&other.ticket))?, 403, "forbidden")
    });
    let secret = playback_secret(stage);
    let resealed = |seconds| {
        ticket::resealed(
            secret
                .as_ref()
                .map_err(|error| anyhow::anyhow!("{error:#}"))?,
            &view.ticket,
            seconds,
        )
    };
    // The same seal without a change is good: what is refused next is refused for its time.
    journal.check("… with its token, sealed anew", |_| {
        granted(&api.fetch(&view.key_with(&resealed(0)?))?)
    });
    journal.check("… with one made to be expired", |_| {
        because(
            &api.fetch(&view.key_with(&resealed(-A_DAY)?))?,
            401,
            "invalid_token",
            "expired",
        )
    });
}

fn media_tokens(api: &Api, journal: &mut Journal, held: &Held, short_lived: Result<String>) {
    journal.chapter("Media tokens");
    let Held {
        media_token,
        view,
        other,
        ..
    } = held;
    journal.check("A media token whose view is spent", |_| {
        refused(&api.open(media_token, &view.asset)?, 403, "no_views_left")
    });
    journal.check("… for another film", |_| {
        refused(&api.open(media_token, &other.asset)?, 403, "forbidden")
    });
    journal.check("… of one second, a second later", |_| {
        let token = short_lived?;
        // It has a thousand views: only time can end it.
        let end = time::poll(EXPIRY_LIMIT, || match api.open(&token, &other.asset) {
            Ok(reply) if reply.status == 201 => None,
            other => Some(other),
        });
        because(
            &end.context("it never expired")??,
            401,
            "invalid_token",
            "expired",
        )
    });
}

fn withdrawal(stage: &Stage, journal: &mut Journal, access: &str, view: &View) {
    journal.chapter("Withdrawal");
    let api = &stage.api;
    journal.check("The key and the playlist before it", |_| {
        granted(&api.fetch(&view.keys[0])?)?;
        api.fetch(&view.playlist)?.expect(200)?;
        Ok(Told::of("200, 200"))
    });
    journal.check("Withdraw the film", |_| {
        let told = api
            .post(
                &format!("/v1/assets/{}/withdraw", view.asset),
                Some(access),
                None,
            )?
            .expect(200)?;
        Ok(Told::of(format!(
            "200 {}",
            told["state"].as_str().unwrap_or_default()
        )))
    });
    journal.check("The key from that moment", |_| {
        refused(&api.fetch(&view.keys[0])?, 403, "asset_withdrawn")
    });
    journal.check("The playlist", |_| {
        refused(&api.fetch(&view.playlist)?, 403, "asset_withdrawn")
    });
    journal.check("CloudFront's copies", |_| {
        let recorded = api.fetch(&api.url("/_edge/invalidations"))?.expect(200)?;
        let path = format!("/media/{}/*", view.asset);
        let found = recorded
            .as_array()
            .into_iter()
            .flatten()
            .any(|batch| batch["paths"] == json!([path]));
        if !found {
            bail!("no invalidation of the film's segments was recorded");
        }
        Ok(Told::of("invalidation recorded"))
    });
}

/// Packets of 188 octets, each beginning with 0x47 (ISO/IEC 13818-1 §2.4.3.2).
fn is_transport_stream(octets: &[u8]) -> bool {
    octets.chunks(188).take(8).all(|packet| packet[0] == 0x47)
}

/// 16 octets that no cache may keep.
fn granted(reply: &Reply) -> Result<Told> {
    if reply.status != 200 || reply.body.len() != 16 {
        bail!("{}, {} bytes", reply.shown(), reply.body.len());
    }
    if reply.cache.as_deref() != Some("no-store") {
        bail!("a key that caches may keep: {:?}", reply.cache);
    }
    Ok(Told::of("200, 16 octets, no-store").bytes(16))
}

fn refused(reply: &Reply, status: u16, code: &str) -> Result<Told> {
    let (shown, expected) = (reply.shown(), format!("{status} {code}"));
    if shown != expected {
        bail!("{shown} instead of {expected}");
    }
    Ok(Told::of(shown))
}

/// Refused, and for this reason.
fn because(reply: &Reply, status: u16, code: &str, reason: &str) -> Result<Told> {
    let told = refused(reply, status, code)?;
    let document: Value = reply.json();
    let detail = document["detail"].as_str().unwrap_or_default();
    if !detail.contains(reason) {
        bail!("{} because: {detail}", told.result);
    }
    Ok(Told::of(format!("{}: {reason}", told.result)))
}

/// The query with one character of its signature changed.
fn tampered(query: &str) -> Result<String> {
    const NAME: &str = "Signature=";
    let at = query.find(NAME).context("the query has no signature")? + NAME.len();
    Ok(changed(query, at + 20))
}

/// The text with one ASCII character changed.
fn changed(text: &str, at: usize) -> String {
    let swap = |(index, character)| match character {
        'A' if index == at => 'B',
        _ if index == at => 'A',
        other => other,
    };
    text.chars().enumerate().map(swap).collect()
}

/// As only an operator may read it.
fn playback_secret(stage: &Stage) -> Result<String> {
    let name = stage.outputs.stack_output("PlaybackMacSecretArn")?;
    let found = stage.aws.json(
        "secretsmanager",
        "secretsmanager.GetSecretValue",
        &json!({ "SecretId": name }),
    )?;
    found["SecretString"]
        .as_str()
        .map(str::to_owned)
        .context("a secret without a text")
}

#[cfg(test)]
mod tests {
    use super::{changed, tampered};

    #[test]
    fn one_character_of_the_signature_changes() {
        let query = format!("Policy=P&Signature={}&Key-Pair-Id=K", "A".repeat(90));
        let other = tampered(&query).unwrap();
        assert_eq!(other.len(), query.len());
        assert_eq!(
            other
                .bytes()
                .zip(query.bytes())
                .filter(|(one, two)| one != two)
                .count(),
            1
        );
        assert_eq!(changed("AB", 1), "AA");
    }
}
