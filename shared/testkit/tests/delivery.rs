//! Playlists that many viewers share, and the cookies of a view: who is refused, and at what cost.

use vault_domain::error::Refusal;
use vault_domain::hls::PlaylistName;
use vault_domain::hls::styles::Style;
use vault_domain::id::{AssetId, PackageId};
use vault_domain::ports::Tickets as _;
use vault_domain::time::Timestamp;
use vault_domain::usecase::{deliver_shared_playlist, enter_view};
use vault_testkit::Kit;
use vault_testkit::builders::{ASSET, PACKAGE};

fn watching() -> Kit {
    let kit = Kit::with_users(1);
    kit.plant_ready();
    kit.plant_playback();
    kit
}

async fn shared(
    kit: &Kit,
    ticket: Option<&str>,
    (asset, package): (AssetId, PackageId),
) -> Result<String, Refusal> {
    let command = deliver_shared_playlist::Command {
        ticket: ticket.map(str::to_owned),
        asset,
        package,
        style: Style::Relative,
        name: PlaylistName::Video,
    };
    deliver_shared_playlist::run(&kit.deliver_playlist(), command).await
}

#[tokio::test]
async fn nobody_without_a_ticket_of_this_asset_costs_a_read() {
    let kit = watching();
    let own = kit.golden_ticket().expose().to_owned();
    let mut forged = own.clone();
    forged.replace_range(..1, "_");
    let mut claims = kit.tickets.open(&own).unwrap();
    claims.expires_at = Timestamp(1);
    let expired = kit.tickets.issue(&claims);
    let here = (ASSET, PACKAGE);
    let elsewhere = (AssetId::from_octets([9; 16]), PACKAGE);
    let before = kit.faults.log().len();
    for (ticket, place, why) in [
        (None, here, "needs"),
        (Some(&*forged), here, "forged"),
        (Some(expired.expose()), here, "expired"),
        (Some(&*own), elsewhere, "another asset"),
    ] {
        let refusal = shared(&kit, ticket, place).await.unwrap_err();
        assert!(refusal.to_string().contains(why), "{refusal}");
    }
    assert_eq!(kit.faults.log().len(), before, "no call to any port");
}

#[tokio::test]
async fn another_package_of_the_asset_is_not_there() {
    let kit = watching();
    let ticket = kit.golden_ticket();
    let other = (ASSET, PackageId::from_octets([9; 16]));
    let refusal = shared(&kit, Some(ticket.expose()), other).await;
    assert!(matches!(refusal, Err(Refusal::NotFound("playlist"))));
    shared(&kit, Some(ticket.expose()), (ASSET, PACKAGE))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_view_that_is_over_gets_neither_playlist_nor_cookies() {
    let kit = watching();
    let ticket = kit.golden_ticket();
    kit.cloud.with(|s| {
        for session in s.playbacks.values_mut() {
            session.revoked = true;
        }
    });
    let listed = shared(&kit, Some(ticket.expose()), (ASSET, PACKAGE)).await;
    assert!(matches!(listed, Err(Refusal::InvalidToken { .. })));
    let entered = enter_view::run(
        &kit.deliver_playlist(),
        ticket.expose(),
        &vault_testkit::builders::visitor(),
    )
    .await;
    assert!(matches!(entered, Err(Refusal::InvalidToken { .. })));
}
