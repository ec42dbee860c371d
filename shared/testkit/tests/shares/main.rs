//! Shares, as those who make them and those who hold their links find them.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

mod exchange;
mod managing;
mod views;

use futures_util::FutureExt as _;
use vault_domain::audit::{Author, Event};
use vault_domain::credential::Password;
use vault_domain::error::Refusal;
use vault_domain::secret::SecretText;
use vault_domain::share::MaxViews;
use vault_domain::token::MediaToken;
use vault_domain::usecase::exchange_share::Exchanged;
use vault_domain::usecase::manage_shares::{NewShare, Wish};
use vault_domain::usecase::{Ask, authorize_playback, deliver_key, exchange_share, manage_shares};
use vault_testkit::builders::{ASSET, KEY};
use vault_testkit::share::SHARE;
use vault_testkit::{Kit, builders};

pub(crate) fn now<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    work.now_or_never().expect("fakes never wait")
}

pub(crate) fn kit() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit
}

pub(crate) fn exchange(
    kit: &Kit,
    token: &SecretText,
    password: Option<&str>,
) -> Result<Exchanged, Refusal> {
    from(kit, token, password, "192.0.2.1")
}

pub(crate) fn from(
    kit: &Kit,
    token: &SecretText,
    password: Option<&str>,
    address: &str,
) -> Result<Exchanged, Refusal> {
    let mut source = builders::source();
    source.address = Some(address.parse().unwrap());
    let command = exchange_share::Command {
        token: SecretText::new(token.expose().to_owned()),
        password: password.map(|text| Password::parse(text.to_owned()).unwrap()),
        source,
    };
    now(exchange_share::run(&kit.exchange_share(), command))
}

pub(crate) fn play(kit: &Kit, token: &MediaToken) -> Result<authorize_playback::View, Refusal> {
    let command = authorize_playback::Command {
        visit: authorize_playback::Visit::default(),
        token: MediaToken::parse(token.expose()).unwrap(),
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

pub(crate) fn watching(kit: &Kit) -> authorize_playback::View {
    let token = kit.plant_share(|_| {});
    let traded = exchange(kit, &token, None).unwrap();
    let view = play(kit, &traded.token).unwrap();
    key(kit, &view).unwrap();
    view
}

pub(crate) fn change(kit: &Kit, wish: &Wish) -> Result<vault_domain::share::Share, Refusal> {
    let deps = kit.manage_shares();
    now(manage_shares::change(
        &deps,
        &builders::ask(),
        (ASSET, SHARE),
        wish,
    ))
}

pub(crate) fn revoke(kit: &Kit) {
    let deps = kit.manage_shares();
    now(manage_shares::revoke(
        &deps,
        &builders::ask(),
        (ASSET, SHARE),
    ))
    .unwrap();
}

pub(crate) fn create(kit: &Kit, ask: &Ask, new: NewShare) -> Result<manage_shares::Told, Refusal> {
    now(manage_shares::create(&kit.manage_shares(), ask, ASSET, new))
}

pub(crate) fn token_of(link: &SecretText) -> SecretText {
    let (base, token) = link.expose().split_once("/#/share?token=").unwrap();
    assert!(!base.contains('?'), "the token is in the fragment alone");
    SecretText::new(token.to_owned())
}

pub(crate) fn most(views: u64) -> MaxViews {
    MaxViews::parse(views).unwrap()
}

pub(crate) fn events(kit: &Kit) -> Vec<(Event, Author)> {
    let told = |s: &mut vault_testkit::cloud::State| {
        let told = s.audit.iter().map(|r| (r.event, r.author));
        told.collect()
    };
    kit.cloud.with(told)
}
