//! `CloudFront`'s own API, as far as invalidations go: `CreateInvalidation`, `GetInvalidation`,
//! `ListInvalidations` (API version 2020-05-31).

use std::fmt::Write as _;

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use time::OffsetDateTime;

use super::invalidation::{Batch, BatchError, Invalidation, Ledger};
use crate::ambient::Ambient;
use crate::body::{Reply, json, reply};

/// Where the API's paths begin.
const PREFIX: &str = "/2020-05-31/distribution/";
const NAMESPACE: &str = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
/// Three thousand paths of a kilobyte each.
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// The API.
pub struct Control {
    ledger: Ledger,
    ambient: Ambient,
}

impl Control {
    /// An API with nothing invalidated yet.
    pub fn new(ambient: Ambient) -> Self {
        Self {
            ledger: Ledger::default(),
            ambient,
        }
    }

    /// Whether a request's path belongs to the API.
    pub fn owns(path: &str) -> bool {
        path.starts_with("/2020-05-31/")
    }

    /// Everything that was accepted, as JSON.
    pub fn recorded(&self) -> Reply {
        match serde_json::to_value(self.ledger.all()) {
            Ok(all) => json(StatusCode::OK, &all),
            Err(_) => error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                "not JSON",
            ),
        }
    }

    /// Answers one call.
    pub async fn handle(&self, request: Request<Incoming>) -> Reply {
        let (parts, body) = request.into_parts();
        if !is_signed(&parts.headers) {
            let message = "Missing Authentication Token";
            return error(StatusCode::FORBIDDEN, "MissingAuthenticationToken", message);
        }
        let path = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        match (&parts.method, segments.as_slice()) {
            (&Method::POST, [distribution, "invalidation"]) if is_id(distribution) => {
                self.create(distribution, &parts.headers, body).await
            }
            (&Method::GET, [distribution, "invalidation"]) if is_id(distribution) => {
                self.list(distribution)
            }
            (&Method::GET, [distribution, "invalidation", id]) if is_id(distribution) => {
                self.get(distribution, id)
            }
            _ => error(StatusCode::NOT_FOUND, "NoSuchResource", "No such operation"),
        }
    }

    async fn create(&self, distribution: &str, headers: &HeaderMap, body: Incoming) -> Reply {
        let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
            return refuse(BatchError::BatchTooLarge);
        };
        let Ok(xml) = String::from_utf8(body.to_bytes().into()) else {
            return refuse(BatchError::MalformedXml);
        };
        let accepted = Batch::parse(&xml).and_then(|batch| {
            let id = format!("I{}", (self.ambient.request_id)());
            self.ledger
                .accept(distribution, batch, id, rfc3339((self.ambient.now)()))
        });
        match accepted {
            Ok(invalidation) => {
                let mut reply = xml_reply(StatusCode::CREATED, &document(&invalidation));
                let host = headers
                    .get(header::HOST)
                    .and_then(|host| host.to_str().ok());
                let location = format!(
                    "http://{}{PREFIX}{distribution}/invalidation/{}",
                    host.unwrap_or_default(),
                    invalidation.id
                );
                if let Ok(location) = HeaderValue::from_str(&location) {
                    reply.headers_mut().insert(header::LOCATION, location);
                }
                reply
            }
            Err(error) => refuse(error),
        }
    }

    fn get(&self, distribution: &str, id: &str) -> Reply {
        let all = self.ledger.all();
        match all
            .iter()
            .find(|found| found.distribution_id == distribution && found.id == id)
        {
            Some(found) => xml_reply(StatusCode::OK, &document(found)),
            None => error(
                StatusCode::NOT_FOUND,
                "NoSuchInvalidation",
                "The specified invalidation does not exist.",
            ),
        }
    }

    /// The newest first, as `CloudFront` lists them; everything on one page.
    fn list(&self, distribution: &str) -> Reply {
        let all = self.ledger.all();
        let own: Vec<&Invalidation> = all
            .iter()
            .rev()
            .filter(|found| found.distribution_id == distribution)
            .collect();
        let mut xml = format!(
            "<InvalidationList xmlns=\"{NAMESPACE}\"><Marker></Marker><MaxItems>{}</MaxItems>\
             <IsTruncated>false</IsTruncated><Quantity>{}</Quantity><Items>",
            own.len().max(100),
            own.len()
        );
        for found in own {
            let (id, time) = (&found.id, &found.create_time);
            let _ = write!(
                xml,
                "<InvalidationSummary><Id>{id}</Id><CreateTime>{time}</CreateTime>\
                 <Status>Completed</Status></InvalidationSummary>"
            );
        }
        xml.push_str("</Items></InvalidationList>");
        xml_reply(StatusCode::OK, &xml)
    }
}

/// Whether the call has the shape of one that an SDK signed for `CloudFront`.
fn is_signed(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    value.is_some_and(|value| {
        value.starts_with("AWS4-HMAC-SHA256 ") && value.contains("/cloudfront/aws4_request")
    })
}

fn is_id(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(known)
}

fn document(invalidation: &Invalidation) -> String {
    let batch = &invalidation.batch;
    let items: String = batch.paths.iter().fold(String::new(), |mut items, path| {
        let _ = write!(items, "<Path>{}</Path>", escape(path));
        items
    });
    format!(
        "<Invalidation xmlns=\"{NAMESPACE}\"><Id>{}</Id><Status>Completed</Status>\
         <CreateTime>{}</CreateTime><InvalidationBatch><Paths><Quantity>{}</Quantity>\
         <Items>{items}</Items></Paths><CallerReference>{}</CallerReference>\
         </InvalidationBatch></Invalidation>",
        invalidation.id,
        invalidation.create_time,
        batch.paths.len(),
        escape(&batch.caller_reference),
    )
}

fn refuse(reason: BatchError) -> Reply {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    let (status, code, message) = match reason {
        BatchError::MissingBody => (BAD, "MissingBody", "This operation requires a body."),
        BatchError::MalformedXml => (BAD, "MalformedXML", "The XML document is malformed."),
        BatchError::InvalidArgument => (
            BAD,
            "InvalidArgument",
            "Your request contains one or more invalid invalidation paths.",
        ),
        BatchError::InconsistentQuantities => (
            BAD,
            "InconsistentQuantities",
            "The value of Quantity and the size of Items don't match.",
        ),
        BatchError::BatchTooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "BatchTooLarge",
            "Invalidation batch is too large.",
        ),
        BatchError::AlreadyExists => (
            StatusCode::CONFLICT,
            "InvalidationBatchAlreadyExists",
            "The caller reference was used for another invalidation batch.",
        ),
    };
    error(status, code, message)
}

fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let xml = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
    );
    xml_reply(status, &xml)
}

fn xml_reply(status: StatusCode, xml: &str) -> Reply {
    reply(
        status,
        "text/xml",
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}"),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn rfc3339(now: OffsetDateTime) -> String {
    let (hour, minute, second) = now.to_hms();
    let (year, month, day) = (now.year(), u8::from(now.month()), now.day());
    let millis = now.millisecond();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}
