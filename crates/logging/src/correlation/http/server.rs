//! For servers: each request is worked on in a span with its id, and the answer says the id.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderName, HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use tracing::instrument::{Instrument, Instrumented};

use super::headers::{CORRELATION_ID, id_of, trace_of, value_of};
use crate::correlation::{span, span_within};

/// Makes a service work on each request under its correlation id.
///
/// The id is that of the header, else of `x-request-id`, else the trace's of `traceparent`, else a new one. All that the
/// service logs carries it, calls to others through [`PropagateLayer`](super::PropagateLayer) pass it on, the request has
/// it as the extension [`Id`](crate::correlation::Id), and the answer as a header unless it has one of that name.
///
/// ```
/// use segno_logging::correlation::http::CorrelateLayer;
/// use tower_layer::Layer;
///
/// # fn service() {}
/// let service = CorrelateLayer::new().layer(service());
/// # _ = service;
/// ```
#[derive(Debug, Clone)]
pub struct CorrelateLayer {
    header: HeaderName,
}

/// A service under a [`CorrelateLayer`].
#[derive(Debug, Clone)]
pub struct Correlate<S> {
    inner: S,
    header: HeaderName,
}

impl CorrelateLayer {
    /// Takes and gives the id in [`CORRELATION_ID`].
    pub fn new() -> CorrelateLayer {
        CorrelateLayer::with_header(CORRELATION_ID)
    }

    /// Takes and gives the id in this header.
    pub fn with_header(header: HeaderName) -> CorrelateLayer {
        CorrelateLayer { header }
    }
}

impl Default for CorrelateLayer {
    fn default() -> CorrelateLayer {
        CorrelateLayer::new()
    }
}

impl<S> Layer<S> for CorrelateLayer {
    type Service = Correlate<S>;

    fn layer(&self, inner: S) -> Correlate<S> {
        Correlate { inner, header: self.header.clone() }
    }
}

impl<S, B, R> Service<Request<B>> for Correlate<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = CorrelateFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let trace = trace_of(request.headers());
        let id = id_of(request.headers(), &self.header, trace.as_ref());
        let span = match &trace {
            Some(trace) => span_within(&id, trace),
            None => span(&id),
        };
        let answer = value_of(&id).map(|value| (self.header.clone(), value));
        request.extensions_mut().insert(id);
        let work = span.in_scope(|| self.inner.call(request));
        CorrelateFuture { work: work.instrument(span), answer }
    }
}

pin_project! {
    /// The answer of a [`Correlate`], on its way.
    #[derive(Debug)]
    pub struct CorrelateFuture<F> {
        #[pin]
        work: Instrumented<F>,
        answer: Option<(HeaderName, HeaderValue)>,
    }
}

impl<F, R, E> Future for CorrelateFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answered = ready!(this.work.poll(context));
        if let (Ok(response), Some((header, value))) = (&mut answered, this.answer.take())
            && !response.headers().contains_key(&header)
        {
            response.headers_mut().insert(header, value);
        }
        Poll::Ready(answered)
    }
}
