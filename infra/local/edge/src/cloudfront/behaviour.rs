//! The cache behaviours of the distribution, as the `CloudFront` template declares them.

use http::Method;

use super::headers::ResponseHeaders;
use crate::yaml::Node;

/// The parameters by which S3 gives an object another name and type.
const OVERRIDES: [&str; 2] = ["response-content-disposition", "response-content-type"];

/// Which requests a path pattern takes, where they go, and what their replies carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// The first segment of the paths: `media` for `/media/*`.
    pub folder: String,
    /// The origin's id.
    pub origin: String,
    /// The methods that viewers may use.
    pub methods: Vec<Method>,
    /// The parameters of the query that the origin gets.
    pub forwarded: Vec<String>,
    /// The response headers policy.
    pub headers: ResponseHeaders,
}

impl Behaviour {
    /// What is used while there is no template.
    pub fn built_in(allowed_origins: &[String]) -> Vec<Self> {
        let behaviour = |name: &str, forwarded: &[&str]| Self {
            folder: name.to_owned(),
            origin: name.to_owned(),
            methods: vec![Method::GET, Method::HEAD],
            forwarded: forwarded.iter().map(|name| (*name).to_owned()).collect(),
            headers: ResponseHeaders::built_in(allowed_origins),
        };
        vec![behaviour("media", &[]), behaviour("uploads", &OVERRIDES)]
    }

    /// Reads the behaviours from a template.
    pub fn read(template: &Node, allowed_origins: &[String]) -> Vec<Self> {
        let headers = ResponseHeaders::read(template, allowed_origins)
            .unwrap_or_else(|| ResponseHeaders::built_in(allowed_origins));
        let behaviours = template
            .resources("AWS::CloudFront::Distribution")
            .filter_map(|(_, distribution)| {
                distribution
                    .get("DistributionConfig")?
                    .get("CacheBehaviors")
            })
            .flat_map(Node::items);
        let read = behaviours.filter_map(|behaviour| {
            let text = |name: &str| behaviour.get(name).and_then(Node::text);
            let folder = text("PathPattern")?.strip_prefix('/')?.strip_suffix("/*")?;
            Some(Self {
                folder: folder.to_owned(),
                origin: text("TargetOriginId")?.to_owned(),
                methods: methods(behaviour),
                forwarded: forwarded(template, behaviour),
                headers: headers.clone(),
            })
        });
        read.collect()
    }

    /// Whether a path is of this behaviour.
    pub fn owns(&self, path: &str) -> bool {
        let rest = path.strip_prefix('/').unwrap_or_default();
        rest.split_once('/')
            .is_some_and(|(first, _)| first == self.folder)
    }
}

fn methods(behaviour: &Node) -> Vec<Method> {
    let names = behaviour.get("AllowedMethods").and_then(Node::strings);
    let names = names.unwrap_or_default();
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

/// The names that the behaviour's cache policy has in its key; those go to the origin too.
fn forwarded(template: &Node, behaviour: &Node) -> Vec<String> {
    let Some(Node::Function(_, policy)) = behaviour.get("CachePolicyId") else {
        return Vec::new();
    };
    let names = template
        .resources("AWS::CloudFront::CachePolicy")
        .find(|(id, _)| Some(*id) == policy.text())
        .and_then(|(_, policy)| {
            policy
                .get("CachePolicyConfig")?
                .get("ParametersInCacheKeyAndForwardedToOrigin")?
                .get("QueryStringsConfig")?
                .get("QueryStrings")?
                .strings()
        });
    names.unwrap_or_default()
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

    fn shipped() -> Vec<Behaviour> {
        let template = Node::parse(include_str!("../../../../edge.yaml")).expect("YAML");
        Behaviour::read(&template, &["http://page".into()])
    }

    #[test]
    fn the_template_that_ships_is_understood() {
        let [media, uploads] = &shipped()[..] else {
            panic!("two behaviours")
        };
        for (behaviour, name, forwarded) in
            [(media, "media", &[][..]), (uploads, "uploads", &OVERRIDES)]
        {
            assert_eq!((&*behaviour.folder, &*behaviour.origin), (name, name));
            assert_eq!(behaviour.methods, [Method::GET, Method::HEAD]);
            assert_eq!(behaviour.forwarded, forwarded);
        }
        let headers = applied(media, &Method::GET, &ORIGIN);
        assert_eq!(headers["access-control-allow-origin"], "http://page");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let transport = "max-age=63072000; includeSubDomains";
        assert_eq!(headers["strict-transport-security"], transport);
        assert!(headers.contains_key("content-security-policy"));
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    }

    #[test]
    fn another_origin_gets_security_headers_but_no_cors() {
        let built_in = Behaviour::built_in(&["http://page".into()]);
        for behaviour in shipped().iter().chain(&built_in) {
            let other = HeaderValue::from_static("http://page.evil");
            let headers = applied(behaviour, &Method::GET, &other);
            assert!(!headers.contains_key("access-control-allow-origin"));
            assert_eq!(headers["vary"], "Origin");
            assert_eq!(headers["x-frame-options"], "DENY");
        }
    }

    #[test]
    fn a_path_is_of_the_behaviour_that_its_first_segment_names() {
        let [media, uploads] = &shipped()[..] else {
            panic!("two behaviours")
        };
        assert!(media.owns("/media/a") && !media.owns("/uploads/a"));
        assert!(uploads.owns("/uploads/o/a/source"));
        for other in [
            "/",
            "/uploads",
            "//uploads/a",
            "/uploadsx/a",
            "/v1/uploads/a",
            "uploads/a",
        ] {
            assert!(!uploads.owns(other), "{other}");
        }
    }
}
