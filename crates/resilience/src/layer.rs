//! A policy as a layer of tower: round any service whose requests can be cloned. Leaves what happens to
//! a call to `policy`.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use crate::{Classify, Failure, Policy};

/// Puts a policy round services.
///
/// Each attempt gets a clone of the service and waits for that clone to be ready, so a retry never
/// calls a service that is not, and no place is held by a caller that is idle. Neither services nor requests
/// need be `Sync`, so that boxed services do too.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use segno_resilience::{Backoff, Policy, PolicyLayer, Retry};
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// static CALLS: AtomicU32 = AtomicU32::new(0);
/// let flaky = service_fn(|name: String| async move {
///     match CALLS.fetch_add(1, Ordering::Relaxed) {
///         0 => Err(std::io::Error::other("busy")),
///         _ => Ok(format!("hello {name}")),
///     }
/// });
/// let policy = Policy::named("greeter").retry(Retry::attempts(3).backoff(Backoff::none())).build()?;
/// let service = ServiceBuilder::new().layer(PolicyLayer::new(policy)).service(flaky);
/// assert_eq!(service.oneshot("world".to_owned()).await?, "hello world");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PolicyLayer<C> {
    policy: Policy<C>,
}

/// A service with a policy round it; see [`PolicyLayer`].
#[derive(Clone, Debug)]
pub struct PolicyService<S, C> {
    inner: S,
    policy: Policy<C>,
}

impl<C> PolicyLayer<C> {
    /// Creates the layer of a policy.
    pub fn new(policy: Policy<C>) -> PolicyLayer<C> {
        PolicyLayer { policy }
    }
}

impl<S, C: Clone> Layer<S> for PolicyLayer<C> {
    type Service = PolicyService<S, C>;

    fn layer(&self, inner: S) -> PolicyService<S, C> {
        PolicyService { inner, policy: self.policy.clone() }
    }
}

impl<S, C, Request> Service<Request> for PolicyService<S, C>
where
    S: Service<Request> + Clone + Send + 'static,
    S::Future: Send,
    S::Response: Send,
    S::Error: Send,
    C: Classify<S::Response, S::Error> + Clone + Send + Sync + 'static,
    Request: Clone + Send + 'static,
{
    type Response = S::Response;
    type Error = Failure<S::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, Failure<S::Error>>> + Send>>;

    /// Is always ready: each attempt waits for the inner service by itself.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure<S::Error>>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (inner, policy) = (self.inner.clone(), self.policy.clone());
        // It owns what it clones: what is only borrowed across a wait would have to be `Sync`.
        let attempt = move |_| {
            let (mut inner, request) = (inner.clone(), request.clone());
            async move {
                poll_fn(|context| inner.poll_ready(context)).await?;
                inner.call(request).await
            }
        };
        Box::pin(async move { policy.run(attempt).await })
    }
}
