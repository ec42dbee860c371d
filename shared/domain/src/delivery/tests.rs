use super::*;
use crate::id::{ApiKeyId, AssetId, OrgId, PackageId, PlaybackId};
use crate::member::Subject;
use crate::playback::UrlSignature;
use crate::token::Digest;

fn session() -> PlaybackSession {
    PlaybackSession {
        id: PlaybackId::from_octets([3; 16]),
        asset: AssetId::from_octets([4; 16]),
        package: PackageId::from_octets([5; 16]),
        grant: Digest([6; 32]),
        subject: Subject::ApiKey(ApiKeyId::from_octets([7; 16])),
        org: OrgId::from_octets([8; 16]),
        signature: UrlSignature {
            policy: "P".into(),
            signature: "S".into(),
            key_pair_id: "K".into(),
        },
        opened_at: Timestamp(1_000),
        expires_at: Timestamp(2_000),
        revoked: false,
        bounds: crate::bounds::Bounds::default(),
        device: None,
        lease: None,
        refresh_until: None,
        before: None,
        watch: None,
    }
}

#[test]
fn a_mode_has_one_word() {
    for mode in Mode::ALL {
        assert_eq!(Mode::parse(mode.as_str()), Ok(mode));
    }
    for other in ["", "URLS", "cookie", "urls,path", " path"] {
        assert!(Mode::parse(other).is_err(), "{other}");
    }
}

#[test]
fn what_is_not_offered_is_refused_and_urls_always_are() {
    let offered = Offered::parse("urls,query").unwrap();
    for (mode, admitted) in Mode::ALL.into_iter().zip([true, false, true, false]) {
        assert_eq!(offered.admit(mode).is_ok(), admitted, "{mode:?}");
    }
    assert_eq!(
        Offered::parse("urls,cookies,query,path"),
        Ok(Offered::all())
    );
    for bad in ["", "path", "urls,urls", "urls,", "urls, path", "urls,other"] {
        assert!(Offered::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn each_mode_has_its_url() {
    let urls = Mode::ALL.map(|mode| {
        let url = playlist_url(mode, "https://cdn.example", &session(), ("TICKET", "TOKEN"));
        format!("{} {}", mode.as_str(), url.unwrap_or_default())
    });
    insta::assert_snapshot!(urls.join("\n"));
}

#[test]
fn cookies_are_of_one_host_one_package_and_the_keys_of_one_asset() {
    let cookies = cookies(&session(), "TICKET");
    let headers: Vec<_> = cookies.iter().map(|cookie| cookie.header(60)).collect();
    insta::assert_snapshot!(headers.join("\n"));
    assert!(!headers.iter().any(|header| header.contains("Domain")));
}

#[test]
fn cookies_end_with_their_view() {
    assert_eq!(seconds_left(&session(), Timestamp(1_500)), 500);
    assert_eq!(seconds_left(&session(), Timestamp(2_500)), 0);
}
