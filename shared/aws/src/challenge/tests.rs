use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const SECRET: &str = "0x4AAA+secret/of&our=site";
const PROOF: &str = "0.proof&of=a+browser";

/// A verifier on this machine: takes one request, answers with these octets, and shows the request. With
/// `hang` it then neither sends more nor hangs up.
async fn stand_in(answer: Vec<u8>, hang: bool) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/siteverify?v=0", listener.local_addr().unwrap());
    let serve = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = request_of(&mut stream).await;
        // The client may have had enough before all is sent.
        let _ = stream.write_all(&answer).await;
        if hang {
            std::future::pending::<()>().await;
        }
        request
    };
    (url, tokio::spawn(serve))
}

/// Reads to the end of the body that the head announces.
async fn request_of(stream: &mut TcpStream) -> String {
    let mut held = Vec::new();
    loop {
        let read = stream.read_buf(&mut held).await.unwrap();
        let text = String::from_utf8(held.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").unwrap_or_default();
            if body.len() >= length.parse().unwrap() {
                return text;
            }
        }
        assert_ne!(read, 0, "the request ends early: {text}");
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let (_, value) = lines.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value)
}

fn http(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into()
}

fn verifier(url: &str) -> SiteVerify {
    SiteVerify::new(url, SecretText::new(SECRET.to_owned())).unwrap()
}

async fn ask(verifier: &SiteVerify) -> Stored<Proof> {
    let proof = ChallengeProof::parse(PROOF.to_owned()).unwrap();
    let address: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
    verifier.verify(&proof, address).await
}

/// What is made of an answer.
async fn told(answer: Vec<u8>, hostname: Option<&str>) -> Stored<Proof> {
    let (url, served) = stand_in(answer, false).await;
    let mut verifier = verifier(&url);
    if let Some(hostname) = hostname {
        verifier = verifier.on(hostname);
    }
    let answer = ask(&verifier).await;
    served.await.unwrap();
    answer
}

/// The whole chain of causes, as the log has it.
fn chain(error: &StoreError) -> String {
    let mut told = format!("{error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}

#[tokio::test]
async fn the_form_carries_secret_proof_and_address_and_nothing_breaks_out_of_it() {
    let (url, served) = stand_in(http("200 OK", r#"{"success":true}"#), false).await;
    assert_eq!(ask(&verifier(&url)).await.unwrap(), Proof::Good);
    let request = served.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /siteverify?v=0 HTTP/1.1\r\n"),
        "{head}"
    );
    let kind = header(head, "content-type");
    assert_eq!(kind, Some("application/x-www-form-urlencoded"));
    let fields: Vec<_> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let expected = [
        ("secret", SECRET),
        ("response", PROOF),
        ("remoteip", "192.0.2.7"),
    ];
    assert_eq!(fields, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
}

#[tokio::test]
async fn a_proof_is_good_when_the_verifier_says_so_and_has_no_complaint() {
    let turnstile = r#"{"success":true,"challenge_ts":"2027-01-15T08:00:00.000Z","hostname":"watch.example.org","error-codes":[],"action":"login","cdata":"","metadata":{}}"#;
    let hcaptcha = r#"{"success":true,"challenge_ts":"2027-01-15T08:00:00.000000Z","hostname":"watch.example.org","credit":false}"#;
    for body in [turnstile, hcaptcha] {
        assert_eq!(told(http("200 OK", body), None).await.unwrap(), Proof::Good);
    }
    for code in [
        "timeout-or-duplicate",
        "invalid-input-response",
        "some-new-code",
    ] {
        for success in [false, true] {
            let body = format!(r#"{{"success":{success},"error-codes":["{code}"]}}"#);
            let proof = told(http("200 OK", &body), None).await.unwrap();
            assert_eq!(proof, Proof::Bad, "{body}");
        }
    }
    let bad = told(http("200 OK", r#"{"success":false}"#), None).await;
    assert_eq!(bad.unwrap(), Proof::Bad);
}

#[tokio::test]
async fn a_proof_from_another_host_or_from_none_is_bad_where_the_host_counts() {
    for (hostname, expected) in [
        (r#","hostname":"watch.example.org""#, Proof::Good),
        (r#","hostname":"WATCH.example.org""#, Proof::Good),
        (
            r#","hostname":"watch.example.org.evil.example""#,
            Proof::Bad,
        ),
        (r#","hostname":"""#, Proof::Bad),
        (r#","hostname":null"#, Proof::Bad),
        ("", Proof::Bad),
    ] {
        let body = format!(r#"{{"success":true{hostname}}}"#);
        let proof = told(http("200 OK", &body), Some("watch.example.org")).await;
        assert_eq!(proof.unwrap(), expected, "{body}");
    }
}

#[tokio::test]
async fn a_complaint_about_ourselves_is_an_outage_and_no_bad_proof() {
    for code in NOT_THE_PROOF {
        let body = format!(r#"{{"success":false,"error-codes":["{code}"]}}"#);
        let error = told(http("200 OK", &body), None).await.unwrap_err();
        assert!(chain(&error).contains(code));
    }
}

#[tokio::test]
async fn what_is_no_verifiers_reply_is_an_outage_and_is_not_repeated_in_the_log() {
    for body in [
        "",
        "garbage",
        "<html>garbage</html>",
        "null",
        "true",
        "[]",
        "{}",
        r#"{"success":"garbage"}"#,
        r#"{"success":1}"#,
        r#"{"success":true"#,
        r#"{"success":true} garbage"#,
        "\u{0}",
        r#"{"success":true,"success":true}"#,
        r#"{"success":true,"error-codes":"garbage"}"#,
    ] {
        let error = told(http("200 OK", body), None).await.unwrap_err();
        assert!(!chain(&error).contains("garbage"), "{body:?}");
    }
}

#[tokio::test]
async fn another_status_is_an_outage_even_with_a_success_in_its_body() {
    for status in [
        "500 Oops",
        "503 Busy",
        "429 Slow down",
        "403 No",
        "201 Created",
    ] {
        let answer = told(http(status, r#"{"success":true}"#), None).await;
        assert!(answer.is_err(), "{status}");
    }
    let elsewhere =
        b"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let error = told(elsewhere.to_vec(), None).await.unwrap_err();
    assert!(chain(&error).contains("307"), "redirects are not followed");
}

#[tokio::test]
async fn an_oversized_reply_is_an_outage_whether_announced_or_not() {
    let pad = " ".repeat(LARGEST_REPLY);
    let body = format!(r#"{{"success":true}}{pad}"#);
    assert!(told(http("200 OK", &body), None).await.is_err());
    let endless = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}");
    assert!(told(endless.into(), None).await.is_err());
    let fits = format!(r#"{{"success":true}}{}"#, &pad[16..]);
    assert_eq!(fits.len(), LARGEST_REPLY);
    assert_eq!(
        told(http("200 OK", &fits), None).await.unwrap(),
        Proof::Good
    );
}

#[tokio::test]
async fn a_verifier_that_answers_late_in_part_or_never_is_an_outage() {
    let part = b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"success\":true".to_vec();
    for answer in [Vec::new(), part.clone()] {
        let (url, served) = stand_in(answer, true).await;
        let hasty = SiteVerify {
            within: Duration::from_millis(100),
            ..verifier(&url)
        };
        let error = ask(&hasty).await.unwrap_err();
        assert!(chain(&error).contains("timed out"), "{}", chain(&error));
        served.abort();
    }
    for answer in [Vec::new(), part] {
        assert!(told(answer, None).await.is_err(), "it hung up");
    }
}

#[tokio::test]
async fn neither_secret_nor_proof_is_in_an_error_or_a_debug_form() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let nobody = verifier(&url);
    let error = ask(&nobody).await.unwrap_err();
    for told in [chain(&error), format!("{nobody:?}")] {
        assert!(
            !told.contains("secret/of") && !told.contains("0x4AAA"),
            "{told}"
        );
        assert!(!told.contains("browser"), "{told}");
    }
    assert!(nobody.is_on());
}

#[test]
fn the_secret_goes_to_no_url_that_others_could_listen_at() {
    for good in [
        "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        "https://api.hcaptcha.com/siteverify",
        "http://localhost:8080/",
        "http://127.0.0.1:8080/siteverify",
        "http://[::1]:8080/siteverify",
    ] {
        assert!(address(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "/",
        "siteverify",
        "http://challenges.cloudflare.com/",
        "http://localhost.example.org/",
        "http://127.0.0.1.example.org/",
        "http://[::2]/",
        "ftp://localhost/",
        "https://",
        "https:///x",
        "https://user:word@example.org/",
        "http://localhost@example.org/",
        "https://example.org/#x",
        "https://exa mple.org/",
    ] {
        assert!(address(bad).is_err(), "{bad}");
    }
    let none = SiteVerify::new("https://example.org/", SecretText::new(String::new()));
    assert!(none.is_err());
}
