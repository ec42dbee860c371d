use super::*;

fn share() -> Share {
    Share {
        id: ShareId::from_octets([1; 16]),
        org: OrgId::from_octets([2; 16]),
        asset: AssetId::from_octets([3; 16]),
        name: Label::parse("For review").unwrap(),
        expires_at: None,
        max_views: None,
        first_play: None,
        password: None,
        networks: Networks::everywhere(),
        created_by: Actor::Share(ShareId::from_octets([4; 16])),
        created_at: Timestamp(10),
        asked: Digest([5; 32]),
        version: 1,
        views: 0,
        first_played: None,
        revoked_at: None,
    }
}

#[test]
fn a_share_ends_by_its_end_its_revocation_or_its_views() {
    let now = Timestamp(100);
    assert!(share().is_live(now) && share().opens(now));
    let ending = |end| Share {
        expires_at: Some(Timestamp(end)),
        ..share()
    };
    assert!(ending(101).opens(now));
    assert!(!ending(100).opens(now) && !ending(100).is_live(now) && !ending(100).stands(now));
    let revoked = Share {
        revoked_at: Some(Timestamp(1)),
        ..share()
    };
    assert!(!revoked.is_live(now) && !revoked.stands(now));
    let of_two = |views| Share {
        max_views: Some(MaxViews::parse(2).unwrap()),
        views,
        ..share()
    };
    assert!(of_two(1).opens(now));
    assert!(
        !of_two(2).opens(now) && of_two(2).is_live(now),
        "views that are open go on"
    );
    assert!(
        !of_two(3).is_live(now) && of_two(3).stands(now),
        "there are too many"
    );
}

#[test]
fn the_window_begins_with_the_first_view_and_bounds_the_opening_of_others() {
    let of_a_minute = Share {
        first_play: Some(FirstPlay::parse(60).unwrap()),
        ..share()
    };
    assert_eq!(of_a_minute.play_until(), None);
    assert!(
        of_a_minute.opens(Timestamp(9_999)),
        "nobody has played it yet"
    );
    let played = of_a_minute.played(Timestamp(100));
    assert!(played.opens(Timestamp(159)) && !played.opens(Timestamp(160)));
    assert!(
        played.is_live(Timestamp(160)),
        "the view that is open goes on"
    );
    let again = played.played(Timestamp(150));
    assert_eq!((again.play_until(), again.views), (Some(Timestamp(160)), 2));
}

#[test]
fn terms_out_of_bounds_are_malformed() {
    for bad in [0, 100_001, u64::MAX] {
        assert!(MaxViews::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(MaxViews::parse(100_000).unwrap().count(), 100_000);
    for bad in [0, 59, 2_592_001] {
        assert!(FirstPlay::parse(bad).is_err(), "{bad}");
    }
    for bad in ["", "sevense", "nul\0nul\0", &"x".repeat(73)] {
        assert!(SharePassword::parse(bad.to_owned()).is_err(), "{bad:?}");
    }
    assert!(SharePassword::parse("eightsix".to_owned()).is_ok());
    let many: Vec<_> = (0..17).map(|n| format!("192.0.2.{n}/32")).collect();
    assert!(networks(&many).is_err() && networks(&many[..16]).is_ok());
    assert!(networks(&["192.0.2.1/24"]).is_err() && networks(&["anywhere"]).is_err());
    assert!(
        networks::<&str>(&[])
            .unwrap()
            .contain("192.0.2.1".parse().unwrap())
    );
}
