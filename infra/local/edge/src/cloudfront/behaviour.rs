//! The cache behaviours of the distribution, as the `CloudFront` template declares them.

use http::Method;

use super::headers::ResponseHeaders;
use super::policy::matches;
use crate::yaml::Node;

/// The parameters by which S3 gives an object another name and type.
const OVERRIDES: [&str; 2] = ["response-content-disposition", "response-content-type"];

/// Which requests a path pattern takes, where they go, and what their replies carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// The paths, with `*` and `?`: `/media/*`.
    pub pattern: String,
    /// The origin's id.
    pub origin: String,
    /// Whether a signature of the key group is asked for.
    pub signed: bool,
    /// The code of the function that sees requests first.
    pub function: Option<String>,
    /// The methods that viewers may use.
    pub methods: Vec<Method>,
    /// What of a request the origin gets beside its path.
    pub forwarded: Forwarded,
    /// Seconds that a reply is kept at most.
    pub kept: u64,
    /// The response headers policy.
    pub headers: ResponseHeaders,
}

/// The names that the cache policy has in its key, and those of the origin request policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// Parameters of the query.
    pub query: Vec<String>,
    /// Cookies.
    pub cookies: Vec<String>,
    /// Headers, in lower case.
    pub headers: Vec<String>,
}

impl Behaviour {
    /// What is used while there is no template.
    pub fn built_in(allowed_origins: &[String]) -> Vec<Self> {
        let behaviour = |name: &str, query: &[&str]| Self {
            pattern: format!("/{name}/*"),
            origin: name.to_owned(),
            signed: true,
            function: None,
            methods: vec![Method::GET, Method::HEAD],
            forwarded: Forwarded {
                query: query.iter().map(|name| (*name).to_owned()).collect(),
                ..Forwarded::default()
            },
            kept: 0,
            headers: ResponseHeaders::built_in(allowed_origins),
        };
        vec![behaviour("media", &[]), behaviour("uploads", &OVERRIDES)]
    }

    /// Reads the behaviours from a template, in the order in which they are tried.
    pub fn read(template: &Node, allowed_origins: &[String]) -> Vec<Self> {
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
            let headers = named(behaviour, "ResponseHeadersPolicyId")
                .and_then(|id| ResponseHeaders::read(template, id, allowed_origins));
            Some(Self {
                pattern: text("PathPattern")?.to_owned(),
                origin: text("TargetOriginId")?.to_owned(),
                signed: behaviour.get("TrustedKeyGroups").is_some(),
                function: function(template, behaviour),
                methods: methods(behaviour),
                forwarded: forwarded(template, behaviour),
                kept: kept(template, behaviour),
                headers: headers.unwrap_or_else(|| ResponseHeaders::built_in(allowed_origins)),
            })
        });
        read.collect()
    }

    /// Whether a path is of this behaviour.
    pub fn owns(&self, path: &str) -> bool {
        matches(self.pattern.as_bytes(), path.as_bytes())
    }
}

fn methods(behaviour: &Node) -> Vec<Method> {
    let names = behaviour.get("AllowedMethods").and_then(Node::strings);
    let names = names.unwrap_or_default();
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

/// The logical id that a property refers to.
fn named<'a>(behaviour: &'a Node, property: &str) -> Option<&'a str> {
    match behaviour.get(property)? {
        Node::Function(_, id) => id.text(),
        _ => None,
    }
}

/// The configuration of the policy that a property refers to.
fn policy<'a>(template: &'a Node, behaviour: &Node, of: [&str; 3]) -> Option<&'a Node> {
    let [property, kind, config] = of;
    let id = named(behaviour, property)?;
    let mut policies = template.resources(kind);
    policies.find(|(known, _)| *known == id)?.1.get(config)
}

const CACHE: [&str; 3] = [
    "CachePolicyId",
    "AWS::CloudFront::CachePolicy",
    "CachePolicyConfig",
];
const REQUEST: [&str; 3] = [
    "OriginRequestPolicyId",
    "AWS::CloudFront::OriginRequestPolicy",
    "OriginRequestPolicyConfig",
];

fn forwarded(template: &Node, behaviour: &Node) -> Forwarded {
    let cache = policy(template, behaviour, CACHE);
    let key = cache.and_then(|config| config.get("ParametersInCacheKeyAndForwardedToOrigin"));
    let both = [key, policy(template, behaviour, REQUEST)];
    let names = |part: &str, list: &str| -> Vec<String> {
        let lists = both.into_iter().flatten();
        let lists = lists.filter_map(|config| config.get(part)?.get(list)?.strings());
        lists.flatten().collect()
    };
    Forwarded {
        query: names("QueryStringsConfig", "QueryStrings"),
        cookies: names("CookiesConfig", "Cookies"),
        headers: names("HeadersConfig", "Headers")
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect(),
    }
}

fn kept(template: &Node, behaviour: &Node) -> u64 {
    let most =
        policy(template, behaviour, CACHE).and_then(|config| config.get("MaxTTL")?.integer());
    most.and_then(|seconds| seconds.try_into().ok())
        .unwrap_or(0)
}

/// The code of the function that a behaviour has for the requests of viewers.
fn function(template: &Node, behaviour: &Node) -> Option<String> {
    let association = behaviour.get("FunctionAssociations")?.items().first()?;
    let Node::Function(_, arn) = association.get("FunctionARN")? else {
        return None;
    };
    let (id, _) = arn.text()?.split_once('.')?;
    let mut functions = template.resources("AWS::CloudFront::Function");
    let (_, found) = functions.find(|(known, _)| *known == id)?;
    Some(found.get("FunctionCode")?.text()?.to_owned())
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

    fn of(path: &str) -> Behaviour {
        let mut shipped = shipped().into_iter();
        let found = shipped.find(|behaviour| behaviour.owns(path));
        found.unwrap_or_else(|| panic!("no behaviour of {path}"))
    }

    #[test]
    fn the_template_that_ships_is_understood() {
        let [media, uploads] = [of("/media/a/00000.ts"), of("/uploads/a")];
        for (behaviour, name, query) in [
            (&media, "media", &[][..]),
            (&uploads, "uploads", &OVERRIDES),
        ] {
            assert_eq!(behaviour.origin, name);
            assert!(behaviour.signed && behaviour.function.is_none());
            assert_eq!(behaviour.methods, [Method::GET, Method::HEAD]);
            assert_eq!(behaviour.forwarded.query, query);
            assert!(behaviour.forwarded.cookies.is_empty());
        }
        let headers = applied(&media, &Method::GET, &ORIGIN);
        assert_eq!(headers["access-control-allow-origin"], "http://page");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let transport = "max-age=63072000; includeSubDomains";
        assert_eq!(headers["strict-transport-security"], transport);
        assert!(headers.contains_key("content-security-policy"));
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
    }

    #[test]
    fn playlists_keys_and_cookies_go_to_the_api_with_the_ticket_alone() {
        for (path, signed, function, kept) in [
            ("/media/a/p/master.m3u8", true, false, 60),
            ("/media/a/p/query/video.m3u8", true, false, 60),
            ("/keys/a/k", false, false, 0),
            ("/p/t/media/a/p/video.m3u8", false, true, 60),
            ("/p/t/keys/a/k", false, true, 0),
        ] {
            let behaviour = of(path);
            assert_eq!(behaviour.origin, "api", "{path}");
            let seen = (
                behaviour.signed,
                behaviour.function.is_some(),
                behaviour.kept,
            );
            assert_eq!(seen, (signed, function, kept), "{path}");
            // A token may be bound to the pages that play it, which is asked at each key.
            let headers = path.contains("/keys/").then(|| "origin".to_owned());
            let ticket = Forwarded {
                query: vec!["token".into()],
                cookies: vec!["reelvault_ticket".into()],
                headers: headers.into_iter().collect(),
            };
            assert_eq!(behaviour.forwarded, ticket, "{path}");
        }
        let cookies = of("/playback/t/cookies");
        assert!(cookies.methods.contains(&Method::POST) && cookies.origin == "api");
        assert!(
            cookies
                .forwarded
                .headers
                .contains(&"content-type".to_owned())
        );
        assert!(cookies.forwarded.cookies.is_empty());
        let segment = of("/p/t/media/a/p/00000.ts");
        assert!(segment.origin == "media" && segment.function.is_some());
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
    fn a_path_is_of_the_first_behaviour_whose_pattern_fits() {
        assert_eq!(of("/media/a").origin, "media");
        assert_eq!(of("/uploads/o/a/source").origin, "uploads");
        for other in [
            "/",
            "/uploads",
            "//uploads/a",
            "/uploadsx/a",
            "/v1/uploads/a",
            "uploads/a",
            "/v1/keys/a/k",
            "/playback/t/master.m3u8",
        ] {
            assert!(!shipped().iter().any(|own| own.owns(other)), "{other}");
        }
    }
}
