//! What a function needs, made at its first request: a failure is that request's, and the next tries again.

use std::sync::Arc;

use tokio::sync::OnceCell;
use vault_domain::ports::Stored;
use vault_http::BoxFuture;

type Maker<D> = Box<dyn Fn() -> BoxFuture<'static, Stored<D>> + Send + Sync>;

/// A value made once, when it is first asked for.
pub struct Lazy<D> {
    make: Maker<D>,
    made: OnceCell<Arc<D>>,
}

impl<D: Send + Sync + 'static> Lazy<D> {
    /// A value that `make` makes.
    pub fn new<F>(make: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Stored<D>> + Send + 'static,
    {
        Self {
            make: Box::new(move || Box::pin(make())),
            made: OnceCell::new(),
        }
    }

    /// The value.
    ///
    /// # Errors
    /// Whatever its making came to.
    pub async fn get(&self) -> Stored<Arc<D>> {
        let make = || async { (self.make)().await.map(Arc::new) };
        self.made.get_or_try_init(make).await.cloned()
    }
}
