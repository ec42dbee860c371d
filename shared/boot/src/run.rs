//! The loop of the Lambda runtime around a handler.

use std::sync::Arc;

use lambda_http::{Body, IntoResponse, Request, Response, service_fn};
use lambda_runtime::LambdaEvent;
use serde_json::Value;
use vault_domain::ports::{Clock as _, Stored};
use vault_domain::time::Timestamp;
use vault_http::cors::Origins;
use vault_http::web::{Errors, Web};

use crate::clock::SystemClock;
use crate::config::{BootError, Env};
use crate::event::{self, Invocation};
use crate::lazy::Lazy;
use crate::telemetry;

/// Seconds after which what was read of secrets is read anew.
const FRESH: std::ops::RangeInclusive<u64> = 1..=900;

type Wire<D> = fn(&Env<'_>) -> Lazy<D>;
type HttpHandler<D> =
    for<'a> fn(&'a D, &'a Request) -> vault_http::BoxFuture<'a, vault_http::Outcome>;
type EventHandler<D> = for<'a> fn(&'a D, Invocation) -> event::BoxFuture<'a, event::Outcome>;

/// Reads the process's environment: the one place that does.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn configured<T>(read: impl FnOnce(&Env<'_>) -> T) -> Result<T, BootError> {
    let lookup = |name: &str| std::env::var(name).ok();
    telemetry::start(&lookup("LOG_LEVEL").unwrap_or_default());
    let env = Env::new(&lookup);
    let value = read(&env);
    match env.finish() {
        Ok(()) => Ok(value),
        Err(error) => {
            tracing::error!(%error, "not started");
            Err(error)
        }
    }
}

fn blocking<T>(main: impl Future<Output = Result<T, BootError>>) -> Result<T, BootError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .map_err(|error| BootError::Runtime(error.to_string()))?
        .block_on(main)
}

/// What a function needs, and for how long it keeps what it read of secrets.
struct Wired<D> {
    deps: Lazy<D>,
    fresh: u64,
}

impl<D: Send + Sync + 'static> Wired<D> {
    fn new(wire: Wire<D>, env: &Env<'_>) -> Self {
        Self {
            deps: wire(env),
            fresh: env.number("SECRETS_FRESH_SECONDS", FRESH),
        }
    }

    async fn get(&self) -> Stored<Arc<D>> {
        self.deps.get(SystemClock.now(), self.fresh).await
    }
}

/// Runs a function behind the HTTP API.
///
/// # Errors
/// [`BootError`]: the configuration is not whole, or the runtime ended.
pub fn run_http<D: Send + Sync + 'static>(
    wire: Wire<D>,
    errors: Errors,
    handle: HttpHandler<D>,
) -> Result<(), BootError> {
    let (deps, origins) = configured(|env| {
        let origins = env.parsed("ALLOWED_ORIGINS", Origins::parse);
        (Wired::new(wire, env), origins)
    })?;
    let state = Arc::new((deps, Web::new(origins, errors)));
    blocking(async move {
        let service = service_fn(move |request: Request| {
            let state = Arc::clone(&state);
            async move {
                let answer = answer(&state, handle, request).await;
                Ok::<_, std::convert::Infallible>(AsItIs(answer))
            }
        });
        lambda_http::run(service)
            .await
            .map_err(|error| BootError::Runtime(error.to_string()))
    })
}

/// A reply whose body is text or octets already. Left to itself the runtime takes a playlist for octets
/// and sends base64, which lets a third less into Lambda's 6 MB.
struct AsItIs(Response<Body>);

impl IntoResponse for AsItIs {
    fn into_response(self) -> vault_http::BoxFuture<'static, Response<Body>> {
        Box::pin(std::future::ready(self.0))
    }
}

async fn answer<D: Send + Sync + 'static>(
    (deps, web): &(Wired<D>, Web),
    handle: HttpHandler<D>,
    request: Request,
) -> Response<Body> {
    match deps.get().await {
        Ok(deps) => web.serve(&*deps, handle, request).await,
        Err(error) => web.finish(&request, Err(error.into())),
    }
}

/// Runs a function that other services or the operator invoke.
///
/// # Errors
/// [`BootError`]: the configuration is not whole, or the runtime ended.
pub fn run_event<D: Send + Sync + 'static>(
    wire: Wire<D>,
    handle: EventHandler<D>,
) -> Result<(), BootError> {
    let deps = Arc::new(configured(|env| Wired::new(wire, env))?);
    blocking(async move {
        let service = lambda_runtime::service_fn(move |event: LambdaEvent<Value>| {
            let deps = Arc::clone(&deps);
            async move {
                let request_id = event.context.request_id;
                let invocation = Invocation {
                    deadline: Timestamp(event.context.deadline / 1_000),
                    request_id: request_id.clone(),
                    payload: event.payload,
                };
                let outcome = async {
                    let deps = deps.get().await?;
                    handle(&deps, invocation).await
                };
                let outcome = outcome.await;
                if let Err(error) = &outcome {
                    // The runtime's own line does not say of which request it is.
                    tracing::error!(request_id, error = %error, "the invocation failed");
                }
                outcome
            }
        });
        lambda_runtime::run(service)
            .await
            .map_err(|error| BootError::Runtime(error.to_string()))
    })
}
