//! The crash-point sweep over making, changing and revoking a share, trading its link, and opening a view by it.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers tell what is wrong by panicking"
)]

use vault_domain::api_key::Label;
use vault_domain::credential::Password;
use vault_domain::secret::SecretText;
use vault_domain::share::{FirstPlay, MaxViews, SharePassword};
use vault_domain::usecase::manage_shares::{self, Bound, NewShare, Wish};
use vault_domain::usecase::{authorize_playback, deliver_key, exchange_share};
use vault_testkit::Kit;
use vault_testkit::builders::{self, ASSET, KEY};
use vault_testkit::share::{SHARE, SHARE_PASSWORD, new_share, share};
use vault_testkit::sweep::{Answer, Scenario, answer};

fn ready() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit
}

fn shared() -> Kit {
    let kit = ready();
    kit.plant_share(|share| {
        share.max_views = Some(MaxViews::parse(1).unwrap());
        share.first_play = Some(FirstPlay::parse(600).unwrap());
    });
    kit
}

#[test]
fn a_share_named_by_a_request_is_made_once_and_tells_one_link_at_every_cut() {
    Scenario::new("create_share", ready, async |kit: &Kit, _| {
        let new = NewShare {
            password: Some(SharePassword::parse(SHARE_PASSWORD.to_owned()).unwrap()),
            idempotency: Some(builders::idempotency_key("k")),
            ..new_share()
        };
        let told = manage_shares::create(&kit.manage_shares(), &builders::ask(), ASSET, new).await;
        answer(told, |told| {
            let stored = kit
                .cloud
                .with(|s| s.shares.values().cloned().collect::<Vec<_>>());
            format!(
                "{} of the one share {}",
                told.link.expose(),
                stored == [told.share]
            )
        })
    })
    .hold();
}

#[test]
fn a_change_holds_at_every_cut() {
    Scenario::new("change_share", shared, async |kit: &Kit, _| {
        let wish = Wish {
            name: Some(Label::parse("For all").unwrap()),
            max_views: Bound::Lifted,
            ..Wish::default()
        };
        let deps = kit.manage_shares();
        let changed = manage_shares::change(&deps, &builders::ask(), (ASSET, SHARE), &wish).await;
        answer(changed, |share| {
            format!("{} {}", share.name.as_str(), share.version)
        })
    })
    .hold();
}

#[test]
fn a_revocation_holds_at_every_cut() {
    Scenario::new("revoke_share", shared, async |kit: &Kit, _| {
        let deps = kit.manage_shares();
        let revoked = manage_shares::revoke(&deps, &builders::ask(), (ASSET, SHARE)).await;
        answer(revoked, |share| format!("revoked {:?}", share.revoked_at))
    })
    .hold();
}

async fn exchange(kit: &Kit, password: Option<&str>) -> Answer {
    let command = exchange_share::Command {
        token: SecretText::new(kit.share_tokens_of(&share()).expose().to_owned()),
        password: password.map(|text| Password::parse(text.to_owned()).unwrap()),
        source: builders::source(),
    };
    let traded = exchange_share::run(&kit.exchange_share(), command).await;
    answer(traded, |traded| {
        let stored = kit
            .cloud
            .with(|s| s.grants.get(&traded.grant.digest.0).cloned());
        format!("a token, stored as told {}", stored == Some(traded.grant))
    })
}

#[test]
fn a_link_is_traded_for_a_good_token_at_every_cut() {
    // Left out: tokens of replies that were lost, whose views nobody can spend, and attempts that were taken for them.
    Scenario::new(
        "exchange_share",
        || {
            let kit = ready();
            kit.plant_guarded_share();
            kit
        },
        async |kit: &Kit, _| exchange(kit, Some(SHARE_PASSWORD)).await,
    )
    .without(&["grants", "limits", "audit"])
    .hold();
}

#[test]
fn a_wrong_password_is_refused_at_every_cut() {
    // Left out: attempts count, whether or not their answer arrives.
    Scenario::new(
        "exchange_share, wrong password",
        || {
            let kit = ready();
            kit.plant_guarded_share();
            kit
        },
        async |kit: &Kit, _| exchange(kit, Some("open says me")).await,
    )
    .without(&["limits"])
    .refused("this is not the password of the link")
    .hold();
}

#[test]
fn a_view_of_a_share_is_counted_once_and_never_lost_at_every_cut() {
    Scenario::new(
        "authorize_playback of a share",
        || {
            let kit = shared();
            kit.plant_shared_grant(&builders::media_token(1));
            kit
        },
        async |kit: &Kit, _| {
            let command = authorize_playback::Command {
                visit: authorize_playback::Visit::default(),
                token: builders::media_token(1),
                source: builders::source(),
                asset: ASSET,
                idempotency: Some(builders::idempotency_key("k")),
            };
            let view = authorize_playback::run(&kit.authorize_playback(), command).await;
            answer(view, |view| {
                let views = kit.cloud.with(|s| s.shares[&(ASSET, SHARE)].views);
                format!("the view {} of {views}", view.session.subject)
            })
        },
    )
    .hold();
}

#[test]
fn a_key_of_a_share_takes_one_call_as_any_other() {
    let kit = shared();
    kit.plant_shared_grant(&builders::media_token(1));
    let command = authorize_playback::Command {
        visit: authorize_playback::Visit::default(),
        token: builders::media_token(1),
        source: builders::source(),
        asset: ASSET,
        idempotency: None,
    };
    let deps = kit.authorize_playback();
    let view = authorize_playback::run(&deps, command);
    let view = futures_util::FutureExt::now_or_never(view).expect("fakes never wait");
    let ticket = view.expect("a view").ticket.expose().to_owned();
    let before = kit.cloud.calls().len();
    let command = deliver_key::Command {
        visitor: builders::visitor(),
        ticket: Some(ticket),
        asset: ASSET,
        key: KEY,
    };
    let deps = kit.deliver_key();
    let key = deliver_key::run(&deps, command);
    let key = futures_util::FutureExt::now_or_never(key).expect("fakes never wait");
    key.expect("a key");
    assert_eq!(kit.cloud.calls()[before..], ["key_reads.bundle"]);
}
