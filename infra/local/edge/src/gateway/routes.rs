//! Routes of an HTTP API and how a request finds its own.

use std::time::Duration;

use http::Method;
use percent_encoding::percent_decode_str;

/// One declared route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method; `None` is `ANY`.
    pub method: Option<Method>,
    /// The path.
    pub path: RoutePath,
    /// The function's full name.
    pub function: String,
    /// How long the function may take to answer.
    pub timeout: Duration,
}

impl Route {
    /// The route key of events, such as `GET /v1/uploads/{asset_id}`.
    pub fn key(&self) -> String {
        if self.path.is_default() {
            return "$default".to_owned();
        }
        format!(
            "{} {}",
            self.method.as_ref().map_or("ANY", Method::as_str),
            self.path.text
        )
    }
}

/// The path of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePath {
    text: String,
    segments: Vec<Segment>,
}

/// One segment; ordered from what wins to what loses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Variable(String),
    Greedy(String),
}

/// A route that fits, and the variables of its path, percent-decoded.
#[derive(Debug)]
pub struct Match<'a> {
    /// The route.
    pub route: &'a Route,
    /// Names and values.
    pub variables: Vec<(String, String)>,
}

impl RoutePath {
    /// Parses `/v1/uploads/{asset_id}`, `/{proxy+}` or `$default`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "$default" {
            return Some(Self {
                text: text.to_owned(),
                segments: Vec::new(),
            });
        }
        let parts: Vec<&str> = text.strip_prefix('/')?.split('/').collect();
        let last = parts.len() - 1;
        let segments = parts
            .iter()
            .enumerate()
            .map(|(place, part)| match part.strip_prefix('{') {
                None => Some(Segment::Literal((*part).to_owned())),
                Some(inner) => match inner.strip_suffix('}')?.strip_suffix('+') {
                    Some(name) if place == last => Some(Segment::Greedy(name.to_owned())),
                    Some(_) => None,
                    None => Some(Segment::Variable(inner.strip_suffix('}')?.to_owned())),
                },
            })
            .collect::<Option<_>>()?;
        Some(Self {
            text: text.to_owned(),
            segments,
        })
    }

    fn is_default(&self) -> bool {
        self.text == "$default"
    }

    /// The variables of a raw path that fits, or `None`. A variable is never empty.
    fn variables(&self, path: &str) -> Option<Vec<(String, String)>> {
        if self.is_default() {
            return Some(Vec::new());
        }
        let mut rest = Some(path.strip_prefix('/')?);
        let mut variables = Vec::new();
        for segment in &self.segments {
            let text = rest?;
            let (part, after) = match text.split_once('/') {
                Some((part, after)) if !matches!(segment, Segment::Greedy(_)) => {
                    (part, Some(after))
                }
                _ => (text, None),
            };
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::Variable(name) | Segment::Greedy(name) if !part.is_empty() => {
                    variables.push((name.clone(), decode(part)));
                }
                _ => return None,
            }
            rest = after;
        }
        rest.is_none().then_some(variables)
    }

    /// What decides between two paths that fit: literals before variables before greedy ones, from the
    /// left, and `$default` last.
    fn rank(&self) -> (bool, Vec<u8>) {
        let ranks = self.segments.iter().map(|segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Variable(_) => 1,
            Segment::Greedy(_) => 2,
        });
        (self.is_default(), ranks.collect())
    }
}

/// The route of a request: the most specific path, then a named method before `ANY`.
pub fn find<'a>(routes: &'a [Route], method: &Method, path: &str) -> Option<Match<'a>> {
    routes
        .iter()
        .filter(|route| route.method.as_ref().is_none_or(|own| own == method))
        .filter_map(|route| {
            Some(Match {
                route,
                variables: route.path.variables(path)?,
            })
        })
        .min_by_key(|found| (found.route.path.rank(), found.route.method.is_none()))
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(key: &str) -> Route {
        let (method, path) = key.split_once(' ').expect("a key");
        Route {
            method: (method != "ANY").then(|| method.parse().expect("a method")),
            path: RoutePath::parse(path).expect("a path"),
            function: key.to_owned(),
            timeout: Duration::from_secs(1),
        }
    }

    fn routes() -> Vec<Route> {
        [
            "ANY /{proxy+}",
            "GET /v1/uploads/{asset_id}",
            "POST /v1/uploads",
            "ANY /v1/uploads/{asset_id}",
            "GET /v1/uploads/latest",
            "GET /v1/playback/{token}/{playlist}",
        ]
        .map(route)
        .to_vec()
    }

    #[test]
    fn the_most_specific_route_wins() {
        let routes = routes();
        for (method, path, expected) in [
            (Method::POST, "/v1/uploads", "POST /v1/uploads"),
            (Method::GET, "/v1/uploads/a", "GET /v1/uploads/{asset_id}"),
            (Method::PUT, "/v1/uploads/a", "ANY /v1/uploads/{asset_id}"),
            (Method::GET, "/v1/uploads/latest", "GET /v1/uploads/latest"),
            (Method::GET, "/v1/uploads/", "ANY /{proxy+}"),
            (Method::GET, "/v1/uploads/a/b", "ANY /{proxy+}"),
        ] {
            let found = find(&routes, &method, path).expect("a route");
            assert_eq!(found.route.function, expected, "{method} {path}");
        }
        assert!(find(&routes[1..], &Method::DELETE, "/v1/uploads").is_none());
        assert!(find(&routes, &Method::GET, "/").is_none());
    }

    #[test]
    fn variables_are_decoded_after_the_path_is_split() {
        let routes = routes();
        let found = find(&routes, &Method::GET, "/v1/playback/a%2Fb%20c/master.m3u8");
        let expected = [("token", "a/b c"), ("playlist", "master.m3u8")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found.expect("a route").variables, expected);
        let found = find(&routes, &Method::GET, "/x/y").expect("a route");
        assert_eq!(found.variables, [("proxy".to_owned(), "x/y".to_owned())]);
    }

    #[test]
    fn a_greedy_variable_stands_last() {
        assert_eq!(RoutePath::parse("/{proxy+}/x"), None);
        assert_eq!(RoutePath::parse("v1"), None);
        assert_eq!(RoutePath::parse("/{x"), None);
        assert_eq!(route("ANY $default").key(), "$default");
    }
}
