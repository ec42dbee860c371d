//! Support access, as owners grant it and as staff use it.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

mod granting;
mod record;
mod standing;
mod sweep;
mod use_of_it;

use futures_util::FutureExt as _;
use vault_domain::error::Refusal;
use vault_domain::id::{OrgId, SupportId};
use vault_domain::ports::{AccessVerifier as _, Clock as _};
use vault_domain::support::{SupportGrant, SupportLevel, SupportPurpose, SupportSeconds};
use vault_domain::token::{Caller, MediaToken};
use vault_domain::usecase::organisation::{self, NewSupport};
use vault_domain::usecase::{authorize_playback, deliver_key, enter_support, exchange};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, KEY, ORG};
use vault_testkit::support::{SUPPORT, helper};

pub(crate) fn now<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    work.now_or_never().expect("fakes never wait")
}

/// A film that is ready, and staff to whom nothing is granted.
pub(crate) fn kit() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit.plant_staff();
    kit
}

pub(crate) fn wish(level: SupportLevel, key: Option<&str>) -> NewSupport {
    NewSupport {
        purpose: SupportPurpose::parse("Ticket 7").unwrap(),
        level,
        lifetime: SupportSeconds::parse(3_600).unwrap(),
        idempotency: key.map(builders::idempotency_key),
    }
}

pub(crate) fn grant(kit: &Kit, caller: Caller, new: &NewSupport) -> Result<SupportGrant, Refusal> {
    let ask = builders::ask_of(caller);
    now(organisation::grant_support(&kit.organisation(), &ask, new))
}

pub(crate) fn end(kit: &Kit, caller: Caller, id: SupportId) -> Result<(), Refusal> {
    let ask = builders::ask_of(caller);
    now(organisation::end_support(&kit.organisation(), &ask, id))
}

pub(crate) fn enter_as(
    kit: &Kit,
    caller: Caller,
    (org, support): (OrgId, SupportId),
) -> Result<Caller, Refusal> {
    let command = enter_support::Command {
        ask: builders::ask_of(caller),
        org,
        support,
    };
    let entered = now(enter_support::run(&kit.enter_support(), command))?;
    let claims = kit
        .access
        .claims(entered.access.expose(), kit.clock.now())
        .unwrap();
    assert_eq!(claims.caller.scopes, entered.scopes);
    assert_eq!(claims.expires_at.since(kit.clock.now()), entered.expires_in);
    Ok(claims.caller)
}

/// The helper comes in by the golden grant.
pub(crate) fn enter(kit: &Kit) -> Result<Caller, Refusal> {
    enter_as(kit, helper(), (ORG, SUPPORT))
}

pub(crate) fn mint(kit: &Kit, caller: Caller) -> Result<MediaToken, Refusal> {
    let command = exchange::Command {
        bounds: vault_domain::bounds::Bounds::default(),
        ask: builders::ask_of(caller),
        asset: ASSET,
        action: vault_domain::token::Action::Play,
        lifetime: vault_domain::time::Lifetime::parse(300, exchange::LIFETIMES, "seconds").unwrap(),
        max_views: exchange::Views::parse(1).unwrap(),
    };
    now(exchange::run(&kit.exchange(), command)).map(|minted| minted.token)
}

pub(crate) fn play(kit: &Kit, token: MediaToken) -> Result<authorize_playback::View, Refusal> {
    let command = authorize_playback::Command {
        visit: authorize_playback::Visit::default(),
        token,
        asset: ASSET,
        source: builders::source(),
        idempotency: None,
    };
    now(authorize_playback::run(&kit.authorize_playback(), command))
}

pub(crate) fn key(kit: &Kit, view: &authorize_playback::View) -> Result<(), Refusal> {
    let command = deliver_key::Command {
        visitor: builders::visitor(),
        ticket: Some(view.ticket.expose().to_owned()),
        asset: ASSET,
        key: KEY,
    };
    now(deliver_key::run(&kit.deliver_key(), command)).map(drop)
}
