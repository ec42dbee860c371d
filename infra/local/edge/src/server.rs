//! The two listeners and what each request goes to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::TcpListener;

use crate::ambient::Ambient;
use crate::body::{BoxError, Reply, json};
use crate::cloudfront::behaviour::Behaviour;
use crate::cloudfront::cache::Cache;
use crate::cloudfront::control::Control;
use crate::cloudfront::{Distribution, Source};

use crate::cloudfront::keys::KeyGroup;
use crate::cloudfront::origin::Origin;
use crate::config::Config;
use crate::gateway::Gateway;
use crate::gateway::event::{Api, Door};
use crate::page::Page;
use crate::template::HttpApi;
use crate::upstream::Upstream;
use crate::yaml::Node;

/// The edge, bound to its ports but not yet serving.
pub struct Edge {
    listener: TcpListener,
    page_listener: TcpListener,
    services: Arc<Services>,
}

struct Services {
    gateway: Gateway,
    distribution: Distribution,
    control: Control,
    page: Page,
}

impl Edge {
    /// Reads the templates and binds both listeners.
    pub async fn bind(config: &Config, ambient: Ambient) -> Result<Self, BoxError> {
        let listener = TcpListener::bind(config.listen).await?;
        let page_listener = TcpListener::bind(config.page_listen).await?;
        let services = Arc::new(Services::new(config, listener.local_addr()?, ambient)?);
        Ok(Self {
            listener,
            page_listener,
            services,
        })
    }

    /// Where the API and the distribution answer, and where the page is.
    pub fn addresses(&self) -> std::io::Result<(SocketAddr, SocketAddr)> {
        Ok((
            self.listener.local_addr()?,
            self.page_listener.local_addr()?,
        ))
    }

    /// Serves until the process ends or a listener fails.
    pub async fn serve(self) -> std::io::Result<()> {
        let (services, page) = (self.services.clone(), self.services);
        tokio::try_join!(
            accept(
                self.listener,
                services,
                |services, request, peer| async move { services.handle(request, peer).await }
            ),
            accept(
                self.page_listener,
                page,
                |services, request, _| async move {
                    services
                        .page
                        .handle(request.method(), request.uri().path())
                        .await
                }
            ),
        )
        .map(|_| ())
    }
}

impl Services {
    fn new(config: &Config, listen: SocketAddr, ambient: Ambient) -> Result<Self, BoxError> {
        let upstream = Upstream::new(&config.localstack)?;
        let template = Node::read(&config.template)?;
        let http_api = HttpApi::read(&template, &config.stack, &config.allowed_origins)?;
        let api_url = config
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://{listen}"));
        let mut connect = vec![config.localstack.trim_end_matches('/').to_owned()];
        connect.extend(config.connect_origins.iter().cloned());
        Ok(Self {
            gateway: Gateway {
                http_api,
                api: Api {
                    account: config.account.clone(),
                    stage: config.stage.clone(),
                    port: listen.port(),
                },
                upstream: upstream.clone(),
                ambient,
            },
            distribution: Distribution {
                keys: KeyGroup::new(&config.trusted_keys)?,
                secrets: config.path_secrets.clone(),
                behaviours: behaviours(config, &upstream)?,
                cache: Cache::default(),
                ambient,
            },
            control: Control::new(ambient),
            page: Page::new(
                &config.page_dir,
                config.vendor_dir.as_deref(),
                &api_url,
                &connect,
            ),
        })
    }

    async fn handle(&self, request: Request<Incoming>, peer: SocketAddr) -> Reply {
        let owner = self.distribution.owner(request.uri().path());
        match request.uri().path() {
            "/_edge/health" => json(StatusCode::OK, &json!({ "status": "ready" })),
            "/_edge/invalidations" => self.control.recorded(),
            path if Control::owns(path) => {
                self.distribution.cache.clear();
                self.control.handle(request).await
            }
            _ => match owner {
                Some(owner) => {
                    let gateway = &self.gateway;
                    self.distribution
                        .handle(owner, request, peer, gateway)
                        .await
                }
                None => self.gateway.handle(request, (peer, Door::Api)).await,
            },
        }
    }
}

fn behaviours(config: &Config, upstream: &Upstream) -> Result<Vec<(Behaviour, Source)>, BoxError> {
    let (path, origins) = (config.edge_template(), &config.allowed_origins);
    if !path.exists() {
        return with_sources(Behaviour::built_in(origins), config, upstream, "");
    }
    let template = Node::read(&path)?;
    let prefix = api_path(&template).unwrap_or_default();
    with_sources(
        Behaviour::read(&template, origins),
        config,
        upstream,
        &prefix,
    )
}

/// The path that the distribution puts before those of the API.
fn api_path(template: &Node) -> Option<String> {
    let (_, distribution) = template.resources("AWS::CloudFront::Distribution").next()?;
    let origins = distribution.get("DistributionConfig")?.get("Origins")?;
    let mut apis = origins.items().iter();
    let api = apis.find(|origin| origin.get("Id").and_then(Node::text) == Some("api"))?;
    Some(api.get("OriginPath")?.text()?.to_owned())
}

fn with_sources(
    behaviours: Vec<Behaviour>,
    config: &Config,
    upstream: &Upstream,
    api_path: &str,
) -> Result<Vec<(Behaviour, Source)>, BoxError> {
    let bucket = |name: &str| Source::Bucket(Box::new(Origin::new(upstream.clone(), name)));
    let with_source = behaviours.into_iter().map(|behaviour| {
        let source = match behaviour.origin.as_str() {
            "media" => bucket(&config.media_bucket),
            "uploads" => bucket(&config.uploads_bucket),
            "api" => Source::Api(api_path.to_owned()),
            other => return Err(format!("nothing is known of the origin {other}").into()),
        };
        Ok((behaviour, source))
    });
    with_source.collect()
}

/// Accepts connections for ever; one that fails ends alone.
async fn accept<F, R>(
    listener: TcpListener,
    services: Arc<Services>,
    handle: F,
) -> std::io::Result<()>
where
    F: Fn(Arc<Services>, Request<Incoming>, SocketAddr) -> R + Copy + Send + 'static,
    R: Future<Output = Reply> + Send,
{
    loop {
        let (stream, peer) = listener.accept().await?;
        let _ = stream.set_nodelay(true);
        let services = services.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let services = services.clone();
                async move { Ok::<_, Infallible>(handle(services, request, peer).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}
