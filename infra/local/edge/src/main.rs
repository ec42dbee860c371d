//! `vault-edge --config FILE`: runs the edge of the local cloud until it is stopped.

use std::path::PathBuf;
use std::process::ExitCode;

use vault_edge::ambient::Ambient;
use vault_edge::body::BoxError;
use vault_edge::config::Config;
use vault_edge::server::Edge;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::stderr)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let source = error.source().map(ToString::to_string);
            tracing::error!(%error, source, "the edge stopped");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), BoxError> {
    let mut arguments = std::env::args_os().skip(1);
    let flag = arguments.next();
    let (Some("--config"), Some(path), None) = (
        flag.as_ref().and_then(|flag| flag.to_str()),
        arguments.next(),
        arguments.next(),
    ) else {
        return Err("usage: vault-edge --config FILE".into());
    };
    let config = Config::read(&PathBuf::from(path))?;
    let edge = Edge::bind(&config, Ambient::real()).await?;
    let (api, page) = edge.addresses()?;
    tracing::info!(%api, %page, "ready");
    Ok(edge.serve().await?)
}
