use super::*;

fn ring(text: &str) -> Keyring {
    Keyring::parse(&SecretText::new(text.to_owned())).unwrap()
}

fn one() -> Keyring {
    ring(&format!(r#"{{"current":"1","1":"{}"}}"#, "a".repeat(64)))
}

fn ticket() -> Ticket {
    Ticket {
        playback: PlaybackId::from_octets([1; 16]),
        asset: AssetId::from_octets([2; 16]),
        org: OrgId::from_octets([5; 16]),
        subject: Subject::Person {
            user: UserId::from_octets([6; 16]),
            session: SessionId::from_octets([7; 16]),
        },
        expires_at: Timestamp(1_800_000_000),
    }
}

#[test]
fn a_ticket_reads_back_and_any_changed_character_forges_it() {
    let mac = TicketMac::new(&one()).unwrap();
    let text = mac.issue(&ticket()).expose().to_owned();
    assert_eq!(mac.open(&text), Some(ticket()));
    for at in 0..text.len() {
        let mut forged = text.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert_eq!(mac.open(&forged), None, "{at}");
    }
    for bad in [
        "",
        ".",
        "1.",
        "2.AAAA",
        "1",
        &text[..text.len() - 1],
        &format!("{text}A"),
    ] {
        assert_eq!(mac.open(bad), None, "{bad:?}");
    }
}

#[test]
fn a_ticket_refreshes_nothing_and_what_refreshes_is_no_ticket() {
    let (tickets, refreshes) = (
        TicketMac::new(&one()).unwrap(),
        TicketMac::of_refreshes(&one()).unwrap(),
    );
    let ticket_text = tickets.issue(&ticket()).expose().to_owned();
    let refresh_text = refreshes.issue(&ticket()).expose().to_owned();
    assert_eq!(refreshes.open(&refresh_text), Some(ticket()));
    assert_eq!(tickets.open(&refresh_text), None);
    assert_eq!(refreshes.open(&ticket_text), None);
    let bare = refresh_text.strip_prefix("rvv_").unwrap();
    assert_eq!(tickets.open(bare), None, "nor without its prefix");
    assert_eq!(refreshes.open(&format!("rvv_{ticket_text}")), None);
}

#[test]
fn a_ticket_of_an_api_key_reads_back() {
    let mac = TicketMac::new(&one()).unwrap();
    let of_key = Ticket {
        subject: Subject::ApiKey(ApiKeyId::from_octets([8; 16])),
        ..ticket()
    };
    assert_eq!(mac.open(mac.issue(&of_key).expose()), Some(of_key));
}

fn of_support() -> Ticket {
    Ticket {
        subject: Subject::Support(Staff {
            user: UserId::from_octets([8; 16]),
            session: SessionId::from_octets([9; 16]),
            support: SupportId::from_octets([10; 16]),
            granted_by: UserId::from_octets([11; 16]),
        }),
        ..ticket()
    }
}

#[test]
fn a_ticket_of_support_reads_back_and_none_is_read_as_one_of_another_length() {
    let mac = TicketMac::new(&one()).unwrap();
    let text = mac.issue(&of_support()).expose().to_owned();
    assert_eq!(mac.open(&text), Some(of_support()));
    for at in 0..text.len() {
        let mut forged = text.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(mac.open(&String::from_utf8(forged).unwrap()), None, "{at}");
    }
    // Genuine claims of the one length with the other's kind.
    let short: Vec<u8> = (0..TICKET)
        .map(|at| if at == 48 { SUPPORT } else { 1 })
        .collect();
    assert_eq!(mac.open(mac.0.seal(&short).expose()), None);
    for kind in [PERSON, API_KEY, SHARE, 5] {
        let long = (0..SUPPORT_TICKET).map(|at| if at == 48 { kind } else { 1 });
        let long: Vec<u8> = long.collect();
        assert_eq!(mac.open(mac.0.seal(&long).expose()), None, "{kind}");
    }
}

#[test]
fn a_ticket_of_a_share_reads_back() {
    let mac = TicketMac::new(&one()).unwrap();
    let of_share = Ticket {
        subject: Subject::Share {
            asset: AssetId::from_octets([2; 16]),
            share: ShareId::from_octets([8; 16]),
        },
        ..ticket()
    };
    assert_eq!(mac.open(mac.issue(&of_share).expose()), Some(of_share));
}

#[test]
fn the_token_of_a_share_is_always_the_same_and_any_changed_character_forges_it() {
    let mac = ShareMac::new(&one()).unwrap();
    let claims = ShareClaims {
        asset: AssetId::from_octets([1; 16]),
        share: ShareId::from_octets([2; 16]),
    };
    let text = mac.issue(&claims).expose().to_owned();
    assert_eq!(text, mac.issue(&claims).expose());
    assert_eq!(mac.open(&text), Some(claims));
    for at in 0..text.len() {
        let mut forged = text.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(mac.open(&String::from_utf8(forged).unwrap()), None, "{at}");
    }
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    assert!(text.starts_with("rvs_1.") && text.bytes().all(unreserved));
    let as_device = text.replace("rvs_", "rvd_");
    assert!(DeviceMac::new(&one()).unwrap().open(&as_device).is_none());
}

#[test]
fn a_ticket_is_no_refresh_token_even_under_the_same_secret() {
    let refresh = RefreshMac::new(&one()).unwrap();
    let text = TicketMac::new(&one()).unwrap().issue(&ticket());
    assert!(refresh.open(&format!("rvr_{}", text.expose())).is_none());
}

#[test]
fn a_login_challenge_reads_back_whole_and_is_no_other_token() {
    let mac = LoginMac::new(&one()).unwrap();
    for enrol in [false, true] {
        let challenge = LoginChallenge {
            enrol,
            user: UserId::from_octets([1; 16]),
            org: OrgId::from_octets([2; 16]),
            session: SessionId::from_octets([3; 16]),
            issued_at: Timestamp(1_800_000_000),
        };
        let text = mac.issue(&challenge);
        assert!(text.expose().starts_with("rvc_1."));
        assert_eq!(mac.open(text.expose()), Some(challenge));
        let refresh = text.expose().replace("rvc_", "rvr_");
        assert!(RefreshMac::new(&one()).unwrap().open(&refresh).is_none());
    }
}

#[test]
fn an_older_version_opens_while_it_is_kept() {
    let old = TicketMac::new(&one()).unwrap().issue(&ticket());
    let (a, b) = ("a".repeat(64), "b".repeat(64));
    let both = TicketMac::new(&ring(&format!(r#"{{"current":"2","1":"{a}","2":"{b}"}}"#)));
    assert_eq!(both.unwrap().open(old.expose()), Some(ticket()));
    let new = TicketMac::new(&ring(&format!(r#"{{"current":"2","2":"{b}"}}"#))).unwrap();
    assert_eq!(new.open(old.expose()), None);
}

#[test]
fn a_device_token_reads_back_and_is_of_no_other_kind() {
    let mac = DeviceMac::new(&one()).unwrap();
    let claims = DeviceClaims {
        account: Digest([1; 32]),
        device: [2; 16],
        issued_at: Timestamp(3),
    };
    let text = mac.issue(&claims);
    assert!(text.expose().starts_with("rvd_1."));
    assert_eq!(mac.open(text.expose()), Some(claims));
    let as_refresh = text.expose().replace("rvd_", "rvr_");
    assert!(RefreshMac::new(&one()).unwrap().open(&as_refresh).is_none());
    assert!(mac.open(&as_refresh).is_none());
}

#[test]
fn a_refresh_token_is_told_again_as_it_was_whichever_of_two_functions_knows_that_the_secret_turned()
{
    let (a, b) = ("a".repeat(64), "b".repeat(64));
    let [old, new] = ["1", "2"].map(|current| {
        let text = format!(r#"{{"current":"{current}","1":"{a}","2":"{b}"}}"#);
        RefreshMac::new(&ring(&text)).unwrap()
    });
    let claims = RefreshClaims {
        session: SessionId::from_octets([3; 16]),
        generation: 7,
        nonce: [4; 16],
    };
    for (made_by, told_by) in [(&old, &new), (&new, &old), (&new, &new)] {
        let made = made_by.issue(&claims);
        let is = |text: &SecretText| text.expose() == made.expose();
        let told = told_by.recall(&claims, &is).unwrap();
        assert_eq!(told.expose(), made.expose());
    }
    assert_ne!(old.issue(&claims).expose(), new.issue(&claims).expose());
    assert!(new.recall(&claims, &|_| false).is_none());
}

#[test]
fn a_refresh_token_is_the_same_for_the_same_claims() {
    let mac = RefreshMac::new(&one()).unwrap();
    let claims = RefreshClaims {
        session: SessionId::from_octets([3; 16]),
        generation: 7,
        nonce: [4; 16],
    };
    let (a, b) = (mac.issue(&claims), mac.issue(&claims));
    assert_eq!(a.expose(), b.expose());
    assert!(a.expose().starts_with("rvr_1."));
    assert_eq!(mac.open(a.expose()), Some(claims));
}
