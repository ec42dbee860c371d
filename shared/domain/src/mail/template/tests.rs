use super::*;

fn to() -> Email {
    Email::parse("ada@example.org").unwrap()
}

fn links() -> Links {
    Links::parse("https://app.example.org").unwrap()
}

fn token() -> SecretText {
    SecretText::new("rvl_golden-token".into())
}

fn shown(message: &Message) -> String {
    let (to, subject, text) = (message.to().as_str(), message.subject(), message.text());
    format!("To: {to}\nSubject: {subject}\n\n{text}")
}

fn invited(organisation: &str) -> Message {
    let role = Role::Editor;
    invitation(&to(), &links(), &token(), Invited { organisation, role })
}

#[test]
fn a_password_reset_reads_like_this() {
    let message = password_reset(&to(), &links(), &token(), Some([203, 0, 113, 9].into()));
    insta::assert_snapshot!(shown(&message));
}

#[test]
fn an_invitation_reads_like_this() {
    insta::assert_snapshot!(shown(&invited("Demo Films")));
}

#[test]
fn the_verification_of_an_address_reads_like_this() {
    insta::assert_snapshot!(shown(&verify_address(&to(), &links(), &token())));
}

#[test]
fn the_notices_read_like_this() {
    let notices = NoticeKind::ALL.map(|what| shown(&notice(&to(), &links(), what, Timestamp(0))));
    insta::assert_snapshot!(notices.join("---\n"));
}

#[test]
fn a_link_stands_on_a_line_of_its_own() {
    let messages = [
        password_reset(&to(), &links(), &token(), Some([203, 0, 113, 9].into())),
        invited("x"),
        verify_address(&to(), &links(), &token()),
    ];
    for message in messages {
        let mut lines = message.text().lines();
        let link = lines.find(|line| line.contains("token=")).unwrap();
        assert!(link.starts_with("https://app.example.org/#/"), "{link}");
        assert!(link.ends_with("?token=rvl_golden-token"), "{link}");
        assert!(!message.subject().contains("token"));
    }
}

#[test]
fn a_hostile_name_makes_no_header_no_line_and_no_link() {
    let plain = invited("x").text().lines().count();
    for hostile in [
        "Films\r\nBcc: eve@example.org\r\n\r\nhello",
        "Films\n\nOpen https://evil.example/ now",
        "Films\u{2028}\u{2029}\u{85}\u{b}\0 HTTP://evil.example www.evil.example",
        "\u{202e}smliF\u{200b}\u{feff}",
        "\" as an owner. \"",
        "evil.\u{200b}example evil.\"example :\u{200b}//evil.example WWW.evil.example",
        &"long ".repeat(1_000),
        "",
    ] {
        let message = invited(hostile);
        let lines: Vec<_> = message.text().lines().collect();
        assert_eq!(lines.len(), plain, "{hostile:?}");
        let whole = format!("{}{}", message.subject(), lines[0]);
        assert!(!whole.chars().any(char::is_control), "{hostile:?}");
        assert!(!whole.contains("://") && !whole.contains(".e"), "{whole}");
        assert_eq!(lines[0].matches('"').count(), 2, "{whole}");
        assert!(lines[0].chars().count() < 150, "{whole}");
    }
}

#[test]
fn a_long_name_is_cut_by_characters_and_says_so() {
    assert_eq!(one_line(&"é".repeat(10), 10), "é".repeat(10));
    assert_eq!(one_line(&"é".repeat(11), 10), format!("{}…", "é".repeat(9)));
}

#[test]
fn a_time_is_told_in_the_calendar() {
    for (seconds, told) in [
        (0, "1970-01-01 00:00 UTC"),
        (951_782_399, "2000-02-28 23:59 UTC"),
        (951_782_400, "2000-02-29 00:00 UTC"),
        (951_868_800, "2000-03-01 00:00 UTC"),
        (1_795_334_400, "2026-11-22 08:00 UTC"),
        (4_107_542_400, "2100-03-01 00:00 UTC"),
    ] {
        assert_eq!(utc(Timestamp(seconds)), told);
    }
}
