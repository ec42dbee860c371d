//! The `/media/*` cache behaviour, as the `CloudFront` template declares it.

use http::Method;

use super::headers::ResponseHeaders;
use crate::yaml::Node;

/// Which requests `/media/*` takes, and what its replies carry.
#[derive(Debug)]
pub struct Behaviour {
    /// The methods that viewers may use.
    pub methods: Vec<Method>,
    /// The response headers policy.
    pub headers: ResponseHeaders,
}

impl Behaviour {
    /// What is used while there is no template.
    pub fn built_in(allowed_origins: &[String]) -> Self {
        Self {
            methods: vec![Method::GET, Method::HEAD],
            headers: ResponseHeaders::built_in(allowed_origins),
        }
    }

    /// Reads the behaviour from a template; what it does not declare is as in [`Self::built_in`].
    pub fn read(template: &Node, allowed_origins: &[String]) -> Self {
        let built_in = Self::built_in(allowed_origins);
        let methods = template
            .resources("AWS::CloudFront::Distribution")
            .filter_map(|(_, distribution)| {
                distribution
                    .get("DistributionConfig")?
                    .get("CacheBehaviors")
            })
            .flat_map(Node::items)
            .find(|behaviour| behaviour.get("PathPattern").and_then(Node::text) == Some("/media/*"))
            .and_then(|behaviour| behaviour.get("AllowedMethods")?.strings())
            .map(|names| names.iter().filter_map(|name| name.parse().ok()).collect());
        Self {
            methods: methods.unwrap_or(built_in.methods),
            headers: ResponseHeaders::read(template, allowed_origins).unwrap_or(built_in.headers),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    const ORIGIN: HeaderValue = HeaderValue::from_static("http://page");

    fn applied(behaviour: &Behaviour, method: &Method, origin: &HeaderValue) -> HeaderMap {
        let mut headers = HeaderMap::new();
        behaviour.headers.apply(method, Some(origin), &mut headers);
        headers
    }

    fn shipped() -> Behaviour {
        let template = Node::parse(include_str!("../../../../edge.yaml")).expect("YAML");
        Behaviour::read(&template, &["http://page".into()])
    }

    #[test]
    fn the_template_that_ships_is_understood() {
        let behaviour = shipped();
        assert_eq!(behaviour.methods, [Method::GET, Method::HEAD]);
        let headers = applied(&behaviour, &Method::GET, &ORIGIN);
        assert_eq!(headers["access-control-allow-origin"], "http://page");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let transport = "max-age=63072000; includeSubDomains";
        assert_eq!(headers["strict-transport-security"], transport);
        assert!(headers.contains_key("content-security-policy"));
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    }

    #[test]
    fn another_origin_gets_security_headers_but_no_cors() {
        for behaviour in [shipped(), Behaviour::built_in(&["http://page".into()])] {
            let other = HeaderValue::from_static("http://page.evil");
            let headers = applied(&behaviour, &Method::GET, &other);
            assert!(!headers.contains_key("access-control-allow-origin"));
            assert_eq!(headers["vary"], "Origin");
            assert_eq!(headers["x-frame-options"], "DENY");
        }
    }
}
