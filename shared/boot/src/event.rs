//! Functions without a route: an event in, a JSON value out.

use serde_json::Value;
use vault_domain::time::Timestamp;
pub use vault_http::BoxFuture;

/// One invocation.
#[derive(Debug)]
pub struct Invocation {
    /// The event.
    pub payload: Value,
    /// When Lambda ends it.
    pub deadline: Timestamp,
    /// Its id, as in Lambda's own log.
    pub request_id: String,
}

/// The result, or an error whose text the invoker may see.
pub type Outcome = Result<Value, Box<dyn std::error::Error + Send + Sync>>;
