//! For clients: calls to others say the id and the trace of the work that makes them.

use std::task::{Context, Poll};

use http::{HeaderName, Request};
use tower_layer::Layer;
use tower_service::Service;

use super::headers::{CORRELATION_ID, put};
use crate::correlation::{current, current_trace};

/// Puts the current correlation id and its trace context into the headers of each call.
///
/// A call outside of any correlated work goes as it is, and so do headers that the caller has set.
///
/// ```
/// use segno_logging::correlation::http::PropagateLayer;
/// use tower_layer::Layer;
///
/// # fn client() {}
/// let client = PropagateLayer::new().layer(client());
/// # _ = client;
/// ```
#[derive(Debug, Clone)]
pub struct PropagateLayer {
    header: HeaderName,
}

/// A client under a [`PropagateLayer`].
#[derive(Debug, Clone)]
pub struct Propagate<S> {
    inner: S,
    header: HeaderName,
}

impl PropagateLayer {
    /// Says the id in [`CORRELATION_ID`].
    pub fn new() -> PropagateLayer {
        PropagateLayer::with_header(CORRELATION_ID)
    }

    /// Says the id in this header.
    pub fn with_header(header: HeaderName) -> PropagateLayer {
        PropagateLayer { header }
    }
}

impl Default for PropagateLayer {
    fn default() -> PropagateLayer {
        PropagateLayer::new()
    }
}

impl<S> Layer<S> for PropagateLayer {
    type Service = Propagate<S>;

    fn layer(&self, inner: S) -> Propagate<S> {
        Propagate { inner, header: self.header.clone() }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Propagate<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let (Some(id), Some(trace)) = (current(), current_trace()) {
            put(request.headers_mut(), &self.header, &id, &trace);
        }
        self.inner.call(request)
    }
}
