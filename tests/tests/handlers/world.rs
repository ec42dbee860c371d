//! A handler behind its frame, over the fakes.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use lambda_http::{Body, Response};
use serde_json::{Value, json};
use vault_boot::event::{Invocation, Outcome};
use vault_boot::wiring;
use vault_domain::ports::{Clock as _, Stored};
use vault_domain::secret::SecretText;
use vault_domain::usecase::deliver_webhook;
use vault_domain::webhook::DeliveryOrder;
use vault_http::cors::Origins;
use vault_http::web::{Errors, Web};
use vault_testkit::Kit;

use vault_tests::documented::{Seen, documented};

use crate::matrix::routes;

static ROUTES: LazyLock<BTreeMap<String, String>> = LazyLock::new(routes);

/// The origin of the front end.
pub(crate) const ORIGIN: &str = "https://app.example.org";

/// Who is invited into the golden organisation.
pub(crate) const INVITED: &str = "ina@example.org";
/// A password that none of the golden words helps to guess.
pub(crate) const NEW_PASSWORD: &str = "seven unrelated things";

/// A request in the words of API Gateway's payload 2.0.
#[derive(Clone, Default)]
pub(crate) struct Ask {
    pub(crate) function: &'static str,
    pub(crate) method: &'static str,
    /// As the template writes it, or its path alone, for functions of several routes.
    pub(crate) route: &'static str,
    pub(crate) path: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Ask {
    pub(crate) fn to(function: &'static str, method: &'static str) -> Self {
        Self {
            function,
            method,
            ..Self::default()
        }
    }
    /// `POST /v1/…` of a function of several routes.
    pub(crate) fn at(function: &'static str, route: &'static str) -> Self {
        let (method, _) = route.split_once(' ').unwrap();
        Self {
            route,
            ..Self::to(function, method)
        }
    }
    /// The route's path, where a function has several.
    pub(crate) const fn route(mut self, path: &'static str) -> Self {
        self.route = path;
        self
    }
    pub(crate) fn path(mut self, name: &'static str, value: impl ToString) -> Self {
        self.path.push((name, value.to_string()));
        self
    }
    pub(crate) fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }
    pub(crate) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
    pub(crate) fn bearer(self, token: &SecretText) -> Self {
        self.header("authorization", format!("Bearer {}", token.expose()))
    }
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }
    pub(crate) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body.to_owned())
    }
    pub(crate) fn body(mut self, kind: &str, body: String) -> Self {
        self.body = body;
        self.header("content-type", kind)
    }

    /// The route as the template writes it, and the path as a client does.
    fn place(&self) -> (String, String) {
        let key = match self.route {
            "" => self.usual(),
            whole if whole.contains(' ') => whole.to_owned(),
            path => format!("{} {path}", self.method),
        };
        let (_, path) = key.split_once(' ').unwrap();
        let mut path = path.to_owned();
        for (name, value) in &self.path {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        (key, path)
    }

    /// The shortest route of the function with these names in its path.
    fn usual(&self) -> String {
        let suits = |(route, function): &(&String, &String)| {
            let names = route.matches('{').count();
            let is_named = |(name, _): &(&str, String)| route.contains(&format!("{{{name}}}"));
            *function == self.function
                && route.starts_with(&format!("{} ", self.method))
                && names == self.path.len()
                && self.path.iter().all(is_named)
        };
        let routes = ROUTES.iter().filter(suits).map(|(route, _)| route);
        let shortest = routes.min_by_key(|route| route.len()).cloned();
        shortest.unwrap_or_else(|| format!("{} /{}", self.method, self.function))
    }

    fn event(&self) -> String {
        let object = |pairs: &[(&str, String)]| -> Value {
            pairs
                .iter()
                .map(|(n, v)| ((*n).to_owned(), json!(v)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let mut headers = self.headers.clone();
        headers.push(("origin", ORIGIN.to_owned()));
        headers.push(("x-forwarded-proto", "https".to_owned()));
        let (key, path) = self.place();
        json!({
            "version": "2.0",
            "routeKey": key,
            "rawPath": path,
            "rawQueryString": self.query.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("&"),
            "headers": object(&headers),
            "queryStringParameters": object(&self.query),
            "pathParameters": object(&self.path),
            "requestContext": {
                "accountId": "111122223333", "apiId": "api", "domainName": "api.example.org",
                "http": { "method": self.method, "path": path, "protocol": "HTTP/1.1",
                          "sourceIp": "203.0.113.9", "userAgent": "test" },
                "requestId": "r-1", "routeKey": key, "stage": "$default",
                "time": "22/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_305_600_000_u64,
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
        .to_string()
    }

    fn request(&self) -> lambda_http::Request {
        lambda_http::request::from_str(&self.event()).unwrap()
    }
}

/// Answers a request with the handler of its function.
pub(crate) async fn answer(kit: &Kit, ask: &Ask) -> Response<Body> {
    answer_request(kit, ask.function, ask.request()).await
}

/// Answers a request with the handler of a function; the reply is one that the document of the API has.
pub(crate) async fn answer_request(
    kit: &Kit,
    function: &str,
    request: lambda_http::Request,
) -> Response<Body> {
    let route = vault_http::extract::route(&request).to_owned();
    let reply = handled(kit, function, request).await;
    let header = |name: &str| Some(reply.headers().get(name)?.to_str().ok()?.to_owned());
    let seen = Seen {
        status: reply.status().as_u16(),
        header: &header,
        body: reply.body(),
    };
    let (method, path) = route.split_once(' ').unwrap_or_default();
    documented(method, path, seen);
    reply
}

async fn handled(kit: &Kit, function: &str, request: lambda_http::Request) -> Response<Body> {
    let web = |errors| Web::new(Origins::parse(ORIGIN).unwrap(), errors);
    let problems = web(Errors::Problems);
    let verifier = Arc::clone(&kit.access);
    let clock = Arc::clone(&kit.clock);
    match function {
        "login" => {
            let deps = wiring::login::Deps {
                login: kit.login(),
                factors: kit.second_factor(),
            };
            problems.serve(&deps, login::handle, request).await
        }
        "manage-account" => {
            let deps = wiring::manage_account::Deps {
                account: kit.account(),
                verifier,
            };
            problems.serve(&deps, manage_account::handle, request).await
        }
        "mint-token" => {
            let deps = wiring::mint_token::Deps {
                refresh: kit.refresh(),
                client: kit.client(),
                revoke: kit.revoke_token(),
                introspect: kit.introspect(),
                exchange: kit.exchange(),
                support: kit.enter_support(),
                verifier,
                jwks: r#"{"keys":[]}"#.to_owned(),
                issuer: "urn:reelvault:test".to_owned(),
            };
            web(Errors::OAuth)
                .serve(&deps, mint_token::handle, request)
                .await
        }
        "manage-api-keys" => {
            let deps = wiring::manage_api_keys::Deps {
                manage: kit.manage_api_keys(),
                verifier,
            };
            problems
                .serve(&deps, manage_api_keys::handle, request)
                .await
        }
        "manage-webhooks" => {
            let deps = wiring::manage_webhooks::Deps {
                manage: kit.manage_webhooks(),
                verifier,
                reach: vault_domain::webhook::Reach::Public,
            };
            problems
                .serve(&deps, manage_webhooks::handle, request)
                .await
        }
        "manage-access" => {
            let deps = wiring::manage_access::Deps {
                access: kit.access(),
                verifier,
                clock,
            };
            problems.serve(&deps, manage_access::handle, request).await
        }
        "manage-shares" => {
            let deps = wiring::manage_shares::Deps {
                shares: kit.manage_shares(),
                verifier,
                clock,
            };
            problems.serve(&deps, manage_shares::handle, request).await
        }
        "exchange-share" => {
            problems
                .serve(&kit.exchange_share(), exchange_share::handle, request)
                .await
        }
        "manage-assets" => {
            let deps = wiring::manage_assets::Deps {
                assets: kit.ask_ladder(),
                previews: kit.cloud.clone(),
                reopenings: kit.cloud.clone(),
                subtitles: kit.cloud.clone(),
                texts: kit.cloud.clone(),
                packagings: kit.cloud.clone(),
                verifier,
                clock,
            };
            problems.serve(&deps, manage_assets::handle, request).await
        }
        "erase-account" => {
            let deps = wiring::erase_account::Deps {
                erase: kit.erase_account(),
                verifier,
            };
            problems.serve(&deps, erase_account::handle, request).await
        }
        "manage-deletion" => {
            let deps = wiring::manage_deletion::Deps {
                deletion: kit.deletion(),
                verifier,
                clock,
            };
            problems
                .serve(&deps, manage_deletion::handle, request)
                .await
        }
        "read-audit" => {
            let deps = wiring::read_audit::Deps {
                read: kit.read_audit(),
                verifier,
                clock,
            };
            problems.serve(&deps, read_audit::handle, request).await
        }
        "presign-upload" => {
            let deps = wiring::presign_upload::Deps {
                begin: kit.begin_upload(),
                verifier,
            };
            problems.serve(&deps, presign_upload::handle, request).await
        }
        "finalize-upload" => {
            let deps = wiring::finalize_upload::Deps {
                finalize: kit.finalize_upload(),
                verifier,
                clock,
            };
            problems
                .serve(&deps, finalize_upload::handle, request)
                .await
        }
        "authorize-playback" => {
            problems
                .serve(
                    &kit.authorize_playback(),
                    authorize_playback::handle,
                    request,
                )
                .await
        }
        "authorize-download" => {
            problems
                .serve(
                    &kit.authorize_download(),
                    authorize_download::handle,
                    request,
                )
                .await
        }
        "deliver-playlist" => {
            problems
                .serve(&kit.deliver_playlist(), deliver_playlist::handle, request)
                .await
        }
        "deliver-key" => {
            problems
                .serve(&kit.deliver_key(), deliver_key::handle, request)
                .await
        }
        "deliver-preview" => {
            problems
                .serve(&kit.deliver_preview(), deliver_preview::handle, request)
                .await
        }
        "manage-organisation" => {
            let deps = wiring::manage_organisation::Deps {
                organisation: kit.organisation(),
                verifier,
            };
            problems
                .serve(&deps, manage_organisation::handle, request)
                .await
        }
        "withdraw-asset" => {
            let deps = wiring::withdraw_asset::Deps {
                withdraw: kit.withdraw_asset(),
                verifier,
                clock,
            };
            problems.serve(&deps, withdraw_asset::handle, request).await
        }
        "recover-account" => {
            problems
                .serve(&kit.recover_account(), recover_account::handle, request)
                .await
        }
        other => panic!("no such function: {other}"),
    }
}

/// Has one of the functions without a route handle an event.
pub(crate) async fn invoke(kit: &Kit, function: &str, payload: Value) -> Outcome {
    let deadline = kit.clock.now().plus(900);
    let invocation = Invocation {
        payload,
        deadline,
        request_id: "r-1".to_owned(),
    };
    match function {
        "process-upload" => {
            let deps = wiring::process_upload::Deps {
                process: kit.process_upload(),
                manifests: kit.cloud.clone(),
                subtitles: kit.cloud.clone(),
                files: kit.cloud.clone(),
                hashing: kit.hashing.clone(),
                bucket: "uploads".to_owned(),
                verdicts: None,
                max_receive_count: 5,
            };
            process_upload::handle(&deps, invocation).await
        }
        "convert-film" => {
            let deps = wiring::convert_film::Deps {
                convert: kit.convert_film(),
                max_receive_count: 3,
            };
            convert_film::handle(&deps, invocation).await
        }
        "bootstrap-owner" => bootstrap_owner::handle(&kit.bootstrap_owner(), invocation).await,
        "export-audit" => export_audit::handle(&kit.export_audit(), invocation).await,
        "rewrap-keys" => rewrap_keys::handle(&kit.rewrap_keys(), invocation).await,
        "rotate-secret" => rotate_secret::handle(&kit.rotate_secret(), invocation).await,
        "seal-audit" => seal_audit::handle(&kit.seal_audit(), invocation).await,
        "set-quota" => set_quota::handle(&kit.set_quota(), invocation).await,
        "sweep-assets" => sweep_assets::handle(&kit.sweep_assets(), invocation).await,
        "send-mail" => send_mail::handle(&kit.send_mail(), invocation).await,
        "deliver-webhooks" => deliver_webhooks::handle(&Deliverer(kit), invocation).await,
        other => panic!("no such function: {other}"),
    }
}

/// Delivers in a kit's world; its queue hands messages out again by itself.
struct Deliverer<'a>(&'a Kit);

impl deliver_webhooks::Deliver for Deliverer<'_> {
    fn deliver<'a>(
        &'a self,
        order: &'a DeliveryOrder,
        request_id: &'a str,
    ) -> vault_boot::event::BoxFuture<'a, Stored<deliver_webhook::Outcome>> {
        let deps = self.0.deliver_webhook();
        Box::pin(async move { deliver_webhook::run(&deps, order, request_id).await })
    }
    fn hide<'a>(&'a self, _: &'a str, _: u64) -> vault_boot::event::BoxFuture<'a, Stored<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
