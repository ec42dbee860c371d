use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use vault_domain::id::DeliveryId;
use vault_domain::time::Timestamp;

use super::*;

/// Addresses on plan, one answer a look-up, the last for ever.
#[derive(Debug, Clone)]
struct Planned(Arc<Vec<Vec<IpAddr>>>, Arc<AtomicUsize>);

impl Planned {
    fn of(answers: &[&[&str]]) -> Self {
        let answers = answers.iter();
        let answers = answers.map(|all| all.iter().map(|a| a.parse().unwrap()).collect());
        Self(Arc::new(answers.collect()), Arc::default())
    }
    fn asked(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

impl Lookup for Planned {
    async fn addresses(&self, _: &str) -> Vec<IpAddr> {
        let at = self.1.fetch_add(1, Ordering::SeqCst);
        self.0[at.min(self.0.len() - 1)].clone()
    }
}

fn message() -> Signed {
    let id = DeliveryId::from_octets([1; 16]);
    Signed::of(id, Timestamp(7), r#"{"type":"x"}"#.to_owned(), &[[0; 32]])
}

fn at_home(url: &str) -> WebhookUrl {
    WebhookUrl::parse(url, Reach::Anywhere).unwrap()
}

/// An endpoint on this machine: takes one request, answers, and shows the request. With `hang` it says no more.
async fn endpoint(answer: &'static str, hang: bool) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
    let serve = async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut held = Vec::new();
        while !String::from_utf8_lossy(&held).contains("\"}") {
            assert_ne!(stream.read_buf(&mut held).await.unwrap(), 0);
        }
        let _ = stream.write_all(answer.as_bytes()).await;
        if hang {
            std::future::pending::<()>().await;
        }
        String::from_utf8(held).unwrap()
    };
    (url, tokio::spawn(serve))
}

#[tokio::test]
async fn a_message_goes_out_with_the_headers_of_standard_webhooks_and_only_the_status_counts() {
    for (answer, verdict) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", Verdict::Answered(204)),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\nendless",
            Verdict::Answered(200),
        ),
        (
            "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
            Verdict::Answered(410),
        ),
        ("nonsense\r\n\r\n", Verdict::Unreachable("unreachable")),
    ] {
        let (url, served) = endpoint(answer, false).await;
        let poster = HttpPoster::new(Reach::Anywhere);
        assert_eq!(poster.post(&at_home(&url), &message()).await, verdict);
        let request = served.await.unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{head}");
        assert_eq!(body, message().payload);
        let id = message().id;
        for line in [
            "content-type: application/json".to_owned(),
            "user-agent: Reelvault-Webhooks".to_owned(),
            format!("webhook-id: {id}"),
            "webhook-timestamp: 7".to_owned(),
            format!("webhook-signature: {}", message().signature),
        ] {
            assert!(head.lines().any(|own| own == line), "{line} in {head}");
        }
    }
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = target.local_addr().unwrap();
    let answer = format!("HTTP/1.1 307 X\r\nlocation: http://{to}/\r\ncontent-length: 0\r\n\r\n");
    let (url, served) = endpoint(answer.leak(), false).await;
    let verdict = HttpPoster::new(Reach::Anywhere)
        .post(&at_home(&url), &message())
        .await;
    assert_eq!(verdict, Verdict::Answered(307));
    served.await.unwrap();
    let accepted = tokio::time::timeout(Duration::from_millis(50), target.accept()).await;
    assert!(accepted.is_err(), "nobody came");
}

#[tokio::test]
async fn an_endpoint_that_says_nothing_is_left_in_time() {
    let (url, served) = endpoint("", true).await;
    let poster = HttpPoster {
        within: Duration::from_millis(50),
        ..HttpPoster::new(Reach::Anywhere)
    };
    let verdict = poster.post(&at_home(&url), &message()).await;
    assert_eq!(verdict, Verdict::Unreachable("timeout"));
    served.abort();
}

#[tokio::test]
async fn a_name_that_leads_anywhere_but_into_the_public_internet_is_not_connected_to() {
    let url = WebhookUrl::parse("https://hooks.example.org/", Reach::Public).unwrap();
    for addresses in [
        &["127.0.0.1"][..],
        &["169.254.169.254"],
        &["10.0.0.1"],
        &["::1"],
        &["fd00:ec2::254"],
        &["::ffff:127.0.0.1"],
        &["1.1.1.1", "192.168.0.1"],
    ] {
        let lookup = Planned::of(&[addresses]);
        let poster = HttpPoster::with(Reach::Public, lookup.clone());
        let verdict = poster.post(&url, &message()).await;
        assert_eq!(
            verdict,
            Verdict::Unreachable("address_refused"),
            "{addresses:?}"
        );
        assert_eq!(lookup.asked(), 1, "one look-up a connection");
    }
    let poster = HttpPoster::with(Reach::Public, Planned::of(&[&[]]));
    let verdict = poster.post(&url, &message()).await;
    assert_eq!(verdict, Verdict::Unreachable("name_unknown"));
}

/// What a rebinding name does: it is good when it is looked at, and another when it is connected to.
#[tokio::test]
async fn the_connection_is_made_to_the_addresses_that_were_looked_at() {
    let (url, served) = endpoint("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", false).await;
    let port = url.split(':').nth(2).unwrap().split('/').next().unwrap();
    let lookup = Planned::of(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let poster = HttpPoster::with(Reach::Anywhere, lookup.clone());
    let url = at_home(&format!("http://rebinding.example:{port}/"));
    assert_eq!(poster.post(&url, &message()).await, Verdict::Answered(200));
    assert_eq!(lookup.asked(), 1);
    let request = served.await.unwrap();
    assert!(
        request.contains(&format!("host: rebinding.example:{port}\r\n")),
        "{request}"
    );
}

#[tokio::test]
async fn an_address_in_the_place_of_a_name_and_plain_http_are_refused_unless_tests_are_at_home() {
    let poster = HttpPoster::with(Reach::Public, Planned::of(&[&["1.1.1.1"]]));
    for url in [
        "https://127.0.0.1/",
        "https://[::1]/",
        "http://hooks.example.org/",
    ] {
        let verdict = poster.post(&at_home(url), &message()).await;
        assert_eq!(verdict, Verdict::Unreachable("url_refused"), "{url}");
    }
}

#[tokio::test]
async fn who_speaks_no_tls_where_it_is_due_is_no_endpoint() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = at_home(&format!("https://{}/", listener.local_addr().unwrap()));
    let serve = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let plain = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(plain).await.unwrap();
        stream
    });
    let poster = HttpPoster::new(Reach::Anywhere);
    let verdict = poster.post(&url, &message()).await;
    assert_eq!(verdict, Verdict::Unreachable("unreachable"));
    serve.await.unwrap();
}
