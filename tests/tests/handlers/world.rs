//! A handler behind its frame, over the fakes.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use lambda_http::{Body, Response};
use serde_json::{Value, json};
use vault_boot::event::{Invocation, Outcome};
use vault_boot::wiring;
use vault_domain::id::SessionId;
use vault_domain::link::{LinkRequest, LinkToken};
use vault_domain::ports::{AccessTokens as _, Clock as _, LinkTokens as _, LoginChallenges as _};
use vault_domain::secret::SecretText;
use vault_domain::token::LoginChallenge;
use vault_http::cors::Origins;
use vault_http::web::{Errors, Web};
use vault_testkit::enrolled::golden_secret;
use vault_testkit::{Kit, builders};

use crate::shares::of_shares;
use crate::support::{of_granting_support, of_support};
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
                library: kit.library(),
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
                bucket: "uploads".to_owned(),
                max_receive_count: 5,
            };
            process_upload::handle(&deps, invocation).await
        }
        "bootstrap-owner" => bootstrap_owner::handle(&kit.bootstrap_owner(), invocation).await,
        "export-audit" => export_audit::handle(&kit.export_audit(), invocation).await,
        "seal-audit" => seal_audit::handle(&kit.seal_audit(), invocation).await,
        "set-quota" => set_quota::handle(&kit.set_quota(), invocation).await,
        "sweep-assets" => sweep_assets::handle(&kit.sweep_assets(), invocation).await,
        "send-mail" => send_mail::handle(&kit.send_mail(), invocation).await,
        other => panic!("no such function: {other}"),
    }
}

/// The golden owner's access token.
pub(crate) fn access(kit: &Kit) -> SecretText {
    kit.access
        .issue(&builders::caller(), kit.clock.now(), 600)
        .unwrap()
}

/// A world in which every golden request has what it needs.
pub(crate) fn golden() -> Kit {
    let kit = Kit::with_users(7);
    kit.enrol(builders::VIEWER);
    kit.plant_session();
    kit.plant_ready();
    kit.plant_playback();
    kit.plant_grant(&builders::media_token(2), |_| ());
    kit.plant_download_grant(&builders::media_token(3), |_| ());
    kit.plant_downloaded(&builders::media_token(4));
    kit.plant_client(|_| ());
    kit.plant_guarded_share();
    kit.plant_shared_grant(&builders::media_token(5));
    kit.plant_reset();
    kit.plant_verification();
    kit.plant_invitation(INVITED);
    kit.plant_staff();
    kit.plant_support(|_| ());
    kit
}

/// What the golden viewer, who has an app and a passkey, was given for the right password.
fn challenge(kit: &Kit) -> SecretText {
    kit.challenges.issue(&LoginChallenge {
        enrol: false,
        user: builders::VIEWER,
        org: builders::ORG,
        session: SessionId::from_octets([0x5c; 16]),
        issued_at: kit.clock.now(),
    })
}

/// What the viewer's app shows.
fn code(kit: &Kit) -> String {
    let code = kit.code_now(&golden_secret());
    code.expose().to_owned()
}

/// The tokens of the links in the golden world: of a reset, a verification, an invitation.
pub(crate) fn links(kit: &Kit) -> [LinkToken; 3] {
    let invitation = LinkRequest::Invitation(builders::INVITATION, 1);
    [builders::RESET, builders::VERIFY, invitation].map(|request| kit.link_tokens.token(&request))
}

/// One good request to every function with a route.
pub(crate) fn good(kit: &Kit) -> Vec<Ask> {
    let access = access(kit);
    let asset = builders::ASSET;
    let media = builders::media_token(2);
    let download = builders::media_token(3);
    let ticket = kit.golden_ticket();
    let exchange = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token={}\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
         &resource=urn%3Areelvault%3Aasset%3A{asset}&scope=play",
        access.expose()
    );
    let [reset, verification, invitation] = links(kit);
    let [reset, verification, invitation] =
        [&reset, &verification, &invitation].map(|token| token.secret().expose().to_owned());
    let recovery = |route| Ask::to("recover-account", "POST").route(route);
    let refresh = kit.golden_refresh_token();
    let refresh = format!(
        "grant_type=refresh_token&refresh_token={}",
        refresh.expose()
    );
    let secret = builders::api_key_secret(builders::CLIENT, 1);
    let client = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        builders::CLIENT,
        secret.expose()
    );
    vec![
        Ask::to("login", "POST")
            .json(&json!({ "email": builders::EMAIL, "password": builders::PASSWORD })),
        Ask::at("login", "POST /v1/login/second-factor")
            .json(&json!({ "token": challenge(kit).expose(), "code": code(kit) })),
        Ask::at("login", "POST /v1/login/second-factor/passkey-options")
            .json(&json!({ "token": challenge(kit).expose() })),
        Ask::at("manage-account", "GET /v1/account").bearer(&access),
        Ask::at("manage-account", "GET /v1/account/sessions").bearer(&access),
        Ask::at("manage-account", "POST /v1/account/sessions/revoke")
            .bearer(&access)
            .json(&json!({ "keep_current": true })),
        Ask::at("manage-account", "POST /v1/account/reauthenticate")
            .bearer(&access)
            .json(&json!({ "password": builders::PASSWORD })),
        Ask::at("manage-account", "POST /v1/account/password")
            .bearer(&access)
            .json(&json!({
                "current_password": builders::PASSWORD, "new_password": "twelve letters or more",
            })),
        Ask::at("manage-account", "POST /v1/account/totp").bearer(&access),
        Ask::at("manage-account", "POST /v1/account/passkeys/options").bearer(&access),
        Ask::to("mint-token", "POST").form(&refresh),
        Ask::to("mint-token", "POST").form(&client),
        Ask::to("mint-token", "POST")
            .route("/v1/token/revoke")
            .form(&format!("token={}", kit.golden_refresh_token().expose())),
        Ask::to("mint-token", "POST")
            .route("/v1/token/introspect")
            .form(&format!("token={}&{client}", access.expose())),
        Ask::to("mint-token", "GET").route("/.well-known/oauth-authorization-server"),
        Ask::to("manage-api-keys", "GET").bearer(&access),
        Ask::to("manage-api-keys", "POST")
            .bearer(&access)
            .json(&json!({ "name": "Player", "role": "viewer", "scopes": ["play"] })),
        Ask::to("manage-api-keys", "POST")
            .route("/v1/api-keys/{key_id}/rotate")
            .bearer(&access)
            .path("key_id", builders::CLIENT)
            .json(&json!({ "overlap_seconds": 60 })),
        Ask::to("manage-api-keys", "POST")
            .route("/v1/api-keys/{key_id}/revoke")
            .bearer(&access)
            .path("key_id", builders::CLIENT),
        Ask::to("mint-token", "POST").form(&exchange),
        Ask::to("mint-token", "GET"),
        Ask::to("manage-access", "GET")
            .route("/v1/assets/{asset_id}/access")
            .bearer(&access)
            .path("asset_id", asset),
        Ask::to("manage-access", "PATCH")
            .route("/v1/assets/{asset_id}/access")
            .bearer(&access)
            .path("asset_id", asset)
            .json(&json!({ "visibility": "restricted" })),
        Ask::to("manage-access", "PUT")
            .route("/v1/assets/{asset_id}/access/{principal}")
            .bearer(&access)
            .path("asset_id", asset)
            .path("principal", builders::VIEWER)
            .json(&json!({ "access": "download", "expires_at": 1_900_000_000 })),
        Ask::to("manage-access", "POST")
            .route("/v1/collections")
            .bearer(&access)
            .json(&json!({ "name": "Rushes", "visibility": "restricted" })),
        Ask::to("manage-access", "POST")
            .route("/v1/groups")
            .bearer(&access)
            .json(&json!({ "name": "Guests" })),
        Ask::to("manage-access", "GET")
            .route("/v1/groups")
            .bearer(&access),
        Ask::to("manage-assets", "GET").bearer(&access),
        Ask::to("manage-assets", "GET")
            .bearer(&access)
            .path("asset_id", asset),
        Ask::to("manage-assets", "PATCH")
            .bearer(&access)
            .path("asset_id", asset)
            .header("if-match", "*")
            .json(&json!({ "title": "Another title", "metadata": { "season": 2 } })),
        Ask::at("manage-account", "GET /v1/account/export").bearer(&access),
        Ask::to("read-audit", "GET")
            .bearer(&access)
            .query("limit", 10),
        Ask::to("presign-upload", "POST")
            .bearer(&access)
            .json(&json!({
                "filename": "film.mp4", "size": 20_000_000, "content_type": "video/mp4",
            })),
        Ask::to("finalize-upload", "GET")
            .bearer(&access)
            .path("asset_id", asset),
        Ask::to("finalize-upload", "POST")
            .bearer(&access)
            .path("asset_id", asset),
        Ask::to("authorize-playback", "POST")
            .header("authorization", format!("Bearer {}", media.expose()))
            .path("asset_id", asset),
        Ask::to("authorize-download", "POST")
            .header("authorization", format!("Bearer {}", download.expose()))
            .path("asset_id", asset)
            .json(&json!({ "rendition": "original" })),
        Ask::to("deliver-playlist", "GET")
            .path("token", ticket.expose())
            .path("playlist", "video.m3u8"),
        Ask::to("deliver-key", "GET")
            .path("asset_id", asset)
            .path("key_id", builders::KEY)
            .query("token", ticket.expose()),
        Ask::to("withdraw-asset", "POST")
            .bearer(&access)
            .path("asset_id", asset),
        recovery("/v1/password/forgot").json(&json!({ "email": builders::EMAIL })),
        recovery("/v1/password/reset")
            .json(&json!({ "token": reset, "new_password": NEW_PASSWORD })),
        recovery("/v1/invitations/accept")
            .json(&json!({ "token": invitation, "password": NEW_PASSWORD })),
        recovery("/v1/email/verify").json(&json!({ "token": verification })),
    ]
    .into_iter()
    .chain(of_organisation(&access))
    .chain(of_shares(kit, &access))
    .chain(of_deletion(&access))
    .chain(of_support(kit))
    .collect()
}

fn of_organisation(access: &SecretText) -> Vec<Ask> {
    let get = |route| Ask::to("manage-organisation", "GET").route(route);
    let post = |route| Ask::to("manage-organisation", "POST").route(route);
    let member = |route| post(route).path("user_id", builders::VIEWER);
    let asks = vec![
        get("/v1/organisation"),
        post("/v1/organisation").json(&json!({ "name": "Renamed" })),
        post("/v1/organisation/end-sessions"),
        get("/v1/organisation/members").query("limit", 1),
        member("/v1/organisation/members/{user_id}/role").json(&json!({ "role": "editor" })),
        member("/v1/organisation/members/{user_id}/disable"),
        member("/v1/organisation/members/{user_id}/enable"),
        member("/v1/organisation/members/{user_id}/end-sessions"),
        member("/v1/organisation/members/{user_id}/remove"),
        get("/v1/organisation/invitations"),
        post("/v1/organisation/invitations")
            .json(&json!({ "email": "new@example.org", "role": "viewer" })),
        post("/v1/organisation/invitations/{invitation_id}/revoke")
            .path("invitation_id", builders::INVITATION),
    ];
    let asks = asks.into_iter().chain(of_granting_support());
    asks.map(|ask| ask.bearer(access)).collect()
}

fn of_deletion(access: &SecretText) -> Vec<Ask> {
    let at = |route| Ask::at("manage-deletion", route).bearer(access);
    let about = |route| at(route).path("asset_id", builders::ASSET);
    vec![
        about("DELETE /v1/assets/{asset_id}"),
        about("POST /v1/assets/{asset_id}/restore"),
        about("PUT /v1/assets/{asset_id}/legal-hold").json(&json!({ "reason": "A case" })),
        about("DELETE /v1/assets/{asset_id}/legal-hold"),
        at("GET /v1/organisation/retention"),
        at("PUT /v1/organisation/retention")
            .json(&json!({ "recovery_days": 7, "delete_after_days": 365 })),
    ]
}
