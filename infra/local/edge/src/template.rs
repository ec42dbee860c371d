//! What the SAM template declares of its HTTP API: routes, their functions, and CORS.

use std::time::Duration;

use http::Method;

use crate::gateway::cors::Cors;
use crate::gateway::routes::{Route, RoutePath};
use crate::yaml::Node;

/// API Gateway's own limit for an integration.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The HTTP API of a template.
#[derive(Debug)]
pub struct HttpApi {
    /// Every declared route.
    pub routes: Vec<Route>,
    /// The API's CORS configuration, if it has one.
    pub cors: Option<Cors>,
}

/// The template declares something that the edge cannot stand in for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// A function with HTTP events whose name is not `${AWS::StackName}-…` or plain text.
    #[error("{0}: FunctionName must be text or !Sub with only ${{AWS::StackName}}")]
    FunctionName(String),
    /// An event without a path or method, or with ones that do not parse.
    #[error("{0}: an HttpApi event needs a Path and a Method")]
    Event(String),
    /// An event that asks for payload format 1.0.
    #[error("{0}: only payload format 2.0 is served")]
    PayloadFormat(String),
    /// No function has an HTTP event.
    #[error("the template declares no HttpApi event")]
    NoRoutes,
}

impl HttpApi {
    /// Reads the API of `template`, deployed as `stack` for `allowed_origins`.
    pub fn read(
        template: &Node,
        stack: &str,
        allowed_origins: &[String],
    ) -> Result<Self, TemplateError> {
        let mut routes = Vec::new();
        for (id, function) in template.resources("AWS::Serverless::Function") {
            let events = function.get("Events").into_iter().flat_map(Node::entries);
            for (event_id, event) in events {
                if event.get("Type").and_then(Node::text) == Some("HttpApi") {
                    routes.push(route(id, event_id, function, event, stack)?);
                }
            }
        }
        if routes.is_empty() {
            return Err(TemplateError::NoRoutes);
        }
        let api = template
            .resources("AWS::Serverless::HttpApi")
            .next()
            .map(|(_, api)| api);
        let globals = template
            .get("Globals")
            .and_then(|globals| globals.get("HttpApi"));
        let cors = [api, globals]
            .into_iter()
            .flatten()
            .find_map(|api| api.get("CorsConfiguration"));
        let cors = cors.map(|cors| Cors::read(cors, allowed_origins));
        Ok(Self { routes, cors })
    }
}

fn route(
    id: &str,
    event_id: &str,
    function: &Node,
    event: &Node,
    stack: &str,
) -> Result<Route, TemplateError> {
    let place = || format!("{id}.{event_id}");
    let properties = event.get("Properties");
    let property = |name: &str| properties.and_then(|properties| properties.get(name));
    if property("PayloadFormatVersion")
        .is_some_and(|format| !matches!(format.text(), Some("2.0" | "2")))
    {
        return Err(TemplateError::PayloadFormat(place()));
    }
    let text = |name: &str| {
        let value = property(name).and_then(Node::text);
        value.ok_or_else(|| TemplateError::Event(place()))
    };
    let method = match text("Method")?.to_ascii_uppercase().as_str() {
        "ANY" | "*" | "X-AMAZON-APIGATEWAY-ANY-METHOD" => None,
        name => Some(
            name.parse::<Method>()
                .map_err(|_| TemplateError::Event(place()))?,
        ),
    };
    let path = RoutePath::parse(text("Path")?).ok_or_else(|| TemplateError::Event(place()))?;
    let timeout = property("TimeoutInMillis").and_then(Node::integer);
    let timeout = timeout
        .and_then(|millis| u64::try_from(millis).ok())
        .map(Duration::from_millis);
    Ok(Route {
        method,
        path,
        function: function_name(function, stack)
            .ok_or_else(|| TemplateError::FunctionName(id.to_owned()))?,
        timeout: timeout
            .unwrap_or(INTEGRATION_TIMEOUT)
            .min(INTEGRATION_TIMEOUT),
    })
}

fn function_name(function: &Node, stack: &str) -> Option<String> {
    match function.get("FunctionName")? {
        Node::Scalar(name) => Some(name.clone()),
        Node::Function(kind, argument) if kind == "Sub" => {
            let name = argument.text()?.replace("${AWS::StackName}", stack);
            (!name.contains("${")).then_some(name)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: !Split [',', !Ref AllowedOrigins]
        AllowMethods: [GET, POST]
        AllowHeaders: [authorization, content-type]
        MaxAge: 600
  Login:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub '${AWS::StackName}-login'
      Events:
        Post:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: post, Path: /v1/login}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}
";

    fn read(text: &str) -> Result<HttpApi, TemplateError> {
        HttpApi::read(
            &Node::parse(text).expect("YAML"),
            "vault",
            &["http://page".into()],
        )
    }

    #[test]
    fn declared_routes_go_to_functions_of_the_stack() {
        let api = read(TEMPLATE).expect("an API");
        assert_eq!(api.routes.len(), 1, "an SQS event is no route");
        let route = &api.routes[0];
        assert_eq!(
            (route.key().as_str(), route.function.as_str()),
            ("POST /v1/login", "vault-login")
        );
        assert!(api.cors.is_some());
    }

    #[test]
    fn the_template_that_ships_is_understood() {
        let api = read(include_str!("../../../../template.yaml")).expect("an API");
        let keys: Vec<String> = api.routes.iter().map(Route::key).collect();
        for key in ["POST /v1/login", "GET /v1/keys/{asset_id}/{key_id}"] {
            assert!(keys.iter().any(|known| known == key), "{key}");
        }
        assert!(
            api.routes
                .iter()
                .all(|route| route.function.starts_with("vault-"))
        );
        let headers = [(
            http::header::ORIGIN,
            "http://page".parse().expect("a value"),
        )];
        let mut reply = http::HeaderMap::new();
        let allowed = api
            .cors
            .expect("CORS")
            .apply(&headers.into_iter().collect(), &mut reply);
        assert!(allowed, "the deployment's origins are the template's");
    }

    #[test]
    fn what_cannot_be_stood_in_for_is_refused_at_start() {
        let bad_name = TEMPLATE.replace("${AWS::StackName}", "${Other}");
        assert_eq!(
            read(&bad_name).err(),
            Some(TemplateError::FunctionName("Login".into()))
        );
        let old = TEMPLATE.replace("Method: post", "Method: post, PayloadFormatVersion: '1.0'");
        assert_eq!(
            read(&old).err(),
            Some(TemplateError::PayloadFormat("Login.Post".into()))
        );
        let no_method = TEMPLATE.replace("Method: post, ", "");
        assert_eq!(
            read(&no_method).err(),
            Some(TemplateError::Event("Login.Post".into()))
        );
        assert_eq!(read("Resources: {}").err(), Some(TemplateError::NoRoutes));
    }
}
