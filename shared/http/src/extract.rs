//! What handlers take from a request: parsed once, bounded before it is parsed.

use std::net::IpAddr;

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use vault_domain::audit::Source;
use vault_domain::bounds::Visitor;
use vault_domain::delivery::{TICKET_COOKIE, TICKET_PARAMETER};
use vault_domain::error::{Malformed, Refusal};
use vault_domain::secret::SecretText;
use vault_domain::token::Device;
use vault_domain::usecase::{IdempotencyKey, IfMatch, Origin};

use crate::failure::Failure;

/// Octets that a small JSON or form body may have.
pub const SMALL_BODY: usize = 16 * 1024;
/// Octets of a body with a passkey's answer: an attestation of 16 KiB in base64url, and what is around it.
pub const FACTOR_BODY: usize = 40 * 1024;
/// Octets of a body that lists 10,000 parts.
pub const PARTS_BODY: usize = 1024 * 1024;

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
}

fn media_type(request: &Request) -> &str {
    let value = header(request, "content-type").unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// A JSON body of at most `limit` octets. `shape` says what would be right: a parser's own message could
/// repeat a secret.
///
/// # Errors
/// [`Failure::TooLarge`], [`Failure::WrongMediaType`], or malformed.
pub fn json<T: DeserializeOwned>(
    request: &Request,
    limit: usize,
    shape: &'static str,
) -> Result<T, Failure> {
    parsed(body(request, limit, "application/json")?, shape)
}

fn parsed<T: DeserializeOwned>(body: &[u8], shape: &'static str) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|_| malformed(shape).into())
}

const fn malformed(shape: &'static str) -> Malformed {
    Malformed {
        field: "the body",
        expected: shape,
    }
}

/// [`json`] of a merge patch (RFC 7396), under its own media type or as plain JSON.
///
/// # Errors
/// [`Failure::TooLarge`], [`Failure::WrongMediaType`], or malformed.
pub fn merge_patch<T: DeserializeOwned>(
    request: &Request,
    limit: usize,
    shape: &'static str,
) -> Result<T, Failure> {
    const OWN: &str = "application/merge-patch+json";
    // An object: any other patch would take the place of the whole.
    let patch: Map<String, Value> = if media_type(request).eq_ignore_ascii_case(OWN) {
        parsed(body(request, limit, OWN)?, shape)?
    } else {
        json(request, limit, shape)?
    };
    serde_json::from_value(Value::Object(patch)).map_err(|_| malformed(shape).into())
}

/// The fields of a form body (`application/x-www-form-urlencoded`), each at most once (RFC 6749 §3.2).
///
/// # Errors
/// [`Failure::TooLarge`], [`Failure::WrongMediaType`], or malformed.
pub fn form(request: &Request, limit: usize) -> Result<Vec<(String, String)>, Failure> {
    let body = body(request, limit, "application/x-www-form-urlencoded")?;
    let text = std::str::from_utf8(body).map_err(|_| Malformed {
        field: "the body",
        expected: "a form in UTF-8",
    })?;
    let mut fields: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (unquote(name)?, unquote(value)?);
        if fields.iter().any(|(known, _)| *known == name) {
            return Err(Malformed {
                field: "the body",
                expected: "each field once",
            }
            .into());
        }
        fields.push((name, value));
    }
    Ok(fields)
}

/// WHATWG URL, `application/x-www-form-urlencoded` parsing: `+` is a space, `%XX` an octet; UTF-8, strictly.
fn unquote(text: &str) -> Result<String, Malformed> {
    let bad = Malformed {
        field: "the body",
        expected: "percent-encoded UTF-8",
    };
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        octets.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    let hex = char::from(rest.next().ok_or(bad)?);
                    hex.to_digit(16)
                        .and_then(|d| u8::try_from(d).ok())
                        .ok_or(bad)
                };
                (digit()? << 4) | digit()?
            }
            other => other,
        });
    }
    String::from_utf8(octets).map_err(|_| bad)
}

/// A file of at most `limit` octets, with its media type without parameters.
///
/// # Errors
/// [`Failure::TooLarge`].
pub fn file(request: &Request, limit: usize) -> Result<(&str, &[u8]), Failure> {
    let octets: &[u8] = request.body();
    if octets.len() > limit {
        return Err(Failure::TooLarge(limit));
    }
    Ok((media_type(request), octets))
}

fn body<'a>(request: &'a Request, limit: usize, wanted: &'static str) -> Result<&'a [u8], Failure> {
    let octets: &[u8] = request.body();
    if octets.len() > limit {
        return Err(Failure::TooLarge(limit));
    }
    if !media_type(request).eq_ignore_ascii_case(wanted) {
        return Err(Failure::WrongMediaType(wanted));
    }
    Ok(octets)
}

/// The route that the API matched, as the template writes it: `POST /v1/assets/{asset_id}/withdraw`. Empty for none.
pub fn route(request: &Request) -> &str {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.route_key.as_deref(),
        _ => None,
    }
    .unwrap_or_default()
}

/// A parameter of the route's path.
///
/// # Errors
/// Not found: the route does not have it.
pub fn path(request: &Request, name: &str) -> Result<String, Refusal> {
    let parameters = request.path_parameters_ref();
    let value = parameters.and_then(|parameters| parameters.first(name));
    value
        .map(ToOwned::to_owned)
        .ok_or(Refusal::NotFound("route"))
}

/// A parameter of the query; the first of several.
pub fn query(request: &Request, name: &str) -> Option<String> {
    request
        .query_string_parameters_ref()?
        .first(name)
        .map(ToOwned::to_owned)
}

/// The playback ticket of a request: of its query, or else of its cookies, of several the first.
pub fn ticket(request: &Request) -> Option<String> {
    query(request, TICKET_PARAMETER).or_else(|| cookie(request, TICKET_COOKIE).map(str::to_owned))
}

/// The value of a cookie (RFC 6265 §4.2); of several of one name the first.
fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let lines = request.headers().get_all("cookie").iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
    named
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The `If-Match` of a request (RFC 9110 §13.1.1), if it has one.
///
/// # Errors
/// [`Malformed`] if it is neither `*` nor a list of entity tags.
pub fn if_match(request: &Request) -> Result<Option<IfMatch>, Malformed> {
    header(request, "if-match").map(IfMatch::parse).transpose()
}

/// The stage variable by which the API that the distribution comes to names itself, and what it says. A stage's variables are
/// the gateway's own: nobody who asks writes them (API Gateway Developer Guide, "Use stage variables for HTTP APIs in API Gateway").
const DOOR: (&str, &str) = ("door", "distribution");

/// Where a request comes from, for bounds and for the networks of views: the address as the API saw it, and the page by what
/// its browser says. What came through the distribution comes from an address of the distribution's, so from none.
pub fn visitor(request: &Request) -> Visitor {
    let variables = request.stage_variables_ref();
    let door = variables.and_then(|variables| variables.first(DOOR.0));
    let direct = door != Some(DOOR.1);
    Visitor {
        address: address(request).ok().filter(|_| direct),
        origin: page(request),
    }
}

/// The `Origin` of a request (RFC 6454 §7).
pub fn page(request: &Request) -> Option<String> {
    header(request, "origin").map(str::to_owned)
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1).
pub fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = header(request, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Does the request try to authenticate by `Authorization: Basic`, rightly or not?
pub fn tries_basic(request: &Request) -> bool {
    basic_text(request).is_some()
}

fn basic_text(request: &Request) -> Option<&str> {
    let value = header(request, "authorization")?;
    let (scheme, text) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("basic").then(|| text.trim())
}

/// Id and secret of `Authorization: Basic` (RFC 7617), if the request tries it. OAuth has both form-encoded before
/// they are joined (RFC 6749 §2.3.1).
///
/// # Errors
/// [`Refusal::InvalidClient`] for what is no base64 of `id:secret`.
pub fn basic(request: &Request) -> Result<Option<(String, SecretText)>, Refusal> {
    let Some(text) = basic_text(request) else {
        return Ok(None);
    };
    let octets = data_encoding::BASE64.decode(text.as_bytes());
    let joined = octets
        .ok()
        .and_then(|octets| String::from_utf8(octets).ok());
    // Wiped when it is read.
    let joined = SecretText::new(joined.ok_or(Refusal::InvalidClient)?);
    let (id, secret) = joined
        .expose()
        .split_once(':')
        .ok_or(Refusal::InvalidClient)?;
    let unquoted = |text| unquote(text).map_err(|_| Refusal::InvalidClient);
    Ok(Some((unquoted(id)?, SecretText::new(unquoted(secret)?))))
}

/// The `Idempotency-Key` of a request, if it has one.
///
/// # Errors
/// Malformed.
pub fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, Malformed> {
    request
        .headers()
        .get("idempotency-key")
        .map(|value| IdempotencyKey::parse(value.to_str().unwrap_or_default()))
        .transpose()
}

/// The client's address as the API saw it: never a header that the client wrote.
///
/// # Errors
/// Malformed when the event carries none.
pub fn address(request: &Request) -> Result<IpAddr, Malformed> {
    let seen = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
        _ => None,
    };
    seen.and_then(|text| text.parse().ok()).ok_or(Malformed {
        field: "the source address",
        expected: "an IP address",
    })
}

/// From where a request comes.
///
/// # Errors
/// Malformed when the event carries no address.
pub fn origin(request: &Request) -> Result<Origin, Malformed> {
    Ok(Origin {
        address: address(request)?,
        device: Device::of(header(request, "user-agent").unwrap_or_default()),
        request: request_id(request).chars().take(128).collect(),
    })
}

/// From where a request comes, for the record of what it does.
pub fn source(request: &Request) -> Source {
    Source {
        address: address(request).ok(),
        device: Device::of(header(request, "user-agent").unwrap_or_default()),
        request: request_id(request).chars().take(128).collect(),
    }
}

/// `scheme://host[:port]` under which the API was called, as API Gateway tells it: it sets all three itself.
pub fn base_url(request: &Request) -> String {
    let domain = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.domain_name.clone(),
        _ => None,
    };
    let (scheme, usual) = match header(request, "x-forwarded-proto") {
        Some("http") => ("http", "80"),
        _ => ("https", "443"),
    };
    let port = header(request, "x-forwarded-port").filter(|port| *port != usual);
    let port = port.filter(|port| port.bytes().all(|b| b.is_ascii_digit()));
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{}{port}", domain.unwrap_or_default())
}

/// The request's id: Lambda's own, which is in its log too.
pub fn request_id(request: &Request) -> String {
    request
        .lambda_context_ref()
        .map(|c| c.request_id.clone())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::Body;

    fn post(kind: &str, body: &str) -> Request {
        lambda_http::http::Request::post("https://api.test/")
            .header("content-type", kind)
            .body(Body::Text(body.to_owned()))
            .unwrap()
    }

    #[test]
    fn what_comes_by_the_door_of_the_distribution_has_no_address() {
        let event = |door: &str| {
            let event = serde_json::json!({
                "version": "2.0", "routeKey": "GET /k", "rawPath": "/k", "rawQueryString": "door=distribution",
                "headers": { "door": "distribution", "origin": "https://app.test" },
                "requestContext": {
                    "http": { "method": "GET", "path": "/k", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "" },
                    "requestId": "r", "routeKey": "GET /k", "stage": "$default", "timeEpoch": 1,
                },
                "stageVariables": { "door": door }, "isBase64Encoded": false,
            });
            visitor(&lambda_http::request::from_str(&event.to_string()).unwrap())
        };
        assert_eq!(event("distribution").address, None);
        let direct = event("");
        assert_eq!(direct.address, Some([192, 0, 2, 7].into()));
        assert_eq!(direct.origin.as_deref(), Some("https://app.test"));
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn a_form_is_read_as_the_url_standard_says() {
        let fields = form(&post(FORM, "a=b+c%21&d=%C3%A9&e"), SMALL_BODY).unwrap();
        let want = [("a", "b c!"), ("d", "é"), ("e", "")];
        assert_eq!(fields, want.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn a_form_with_a_repeated_field_or_broken_quoting_is_refused() {
        for bad in ["a=1&a=2", "a=%", "a=%4", "a=%zz", "a=%ff"] {
            assert!(form(&post(FORM, bad), SMALL_BODY).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_client_is_read_from_basic_as_oauth_encodes_it() {
        let read = |value: &str| {
            let mut request = post(FORM, "");
            let value = value.parse().unwrap();
            request.headers_mut().insert("authorization", value);
            basic(&request).map(|read| read.map(|(id, secret)| (id, secret.expose().to_owned())))
        };
        let encode = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
        let both = Some(("a b".to_owned(), "c:d".to_owned()));
        for text in ["a+b:c%3Ad", "a%20b:c:d"] {
            assert_eq!(read(&format!("Basic {}", encode(text))).unwrap(), both);
            assert_eq!(read(&format!("bASIC {}", encode(text))).unwrap(), both);
        }
        assert_eq!(read("Bearer abc").unwrap(), None);
        let (no_colon, bad_quoting) = (encode("abc"), encode("a:%zz"));
        for bad in ["", "!", "YTpi=", no_colon.as_str(), &bad_quoting] {
            let refused = read(&format!("Basic {bad}"));
            assert!(matches!(refused, Err(Refusal::InvalidClient)), "{bad}");
        }
        assert!(matches!(read("Basic"), Err(Refusal::InvalidClient)));
    }

    #[test]
    fn a_body_is_bounded_before_it_is_parsed() {
        let huge = format!("\"{}\"", "x".repeat(1_000_000));
        let request = post("application/json", &huge);
        let refused = json::<String>(&request, SMALL_BODY, "a text");
        assert!(matches!(refused, Err(Failure::TooLarge(SMALL_BODY))));
    }

    #[test]
    fn a_parsers_message_never_repeats_the_body() {
        let request = post(
            "application/json; charset=utf-8",
            r#"{"password": "hunter2"}"#,
        );
        let refused = json::<Vec<u8>>(&request, SMALL_BODY, "a list").unwrap_err();
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }

    #[test]
    fn another_media_type_is_refused() {
        let refused = json::<String>(&post("text/plain", "\"x\""), SMALL_BODY, "a text");
        assert!(matches!(refused, Err(Failure::WrongMediaType(_))));
    }

    #[test]
    fn a_ticket_comes_by_the_query_before_any_cookie_and_of_several_the_first_counts() {
        let with = |query: &str, cookies: &[&str]| {
            let mut parameters = std::collections::HashMap::new();
            if !query.is_empty() {
                parameters.insert("token".to_owned(), vec![query.to_owned()]);
            }
            let mut request = Request::default().with_query_string_parameters(parameters);
            for line in cookies {
                request
                    .headers_mut()
                    .append("cookie", line.parse().unwrap());
            }
            ticket(&request)
        };
        let cookie = "other=1; reelvault_ticket=C; reelvault_ticket=D";
        assert_eq!(with("Q", &[cookie]).as_deref(), Some("Q"));
        assert_eq!(with("", &[cookie]).as_deref(), Some("C"));
        assert_eq!(
            with("", &["a=b", "reelvault_ticket=E"]).as_deref(),
            Some("E")
        );
        let others = [
            "reelvault_ticket",
            "xreelvault_ticket=A",
            "Reelvault_Ticket=B",
        ];
        assert_eq!(with("", &others), None);
    }
}
