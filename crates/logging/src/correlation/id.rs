//! The id itself, and how a piece of work gets it.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
#[cfg(feature = "subscriber")]
use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

#[cfg(feature = "subscriber")]
use tracing::Dispatch;
use tracing::Span;
use tracing::instrument::{Instrument, Instrumented};
#[cfg(feature = "subscriber")]
use tracing_subscriber::Registry;
#[cfg(feature = "subscriber")]
use tracing_subscriber::registry::LookupSpan;

use super::TraceContext;
#[cfg(feature = "subscriber")]
use crate::write::span as fields;

/// Tells ids apart that are made from one seed.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What ties the lines of one piece of work together, such as a run's name.
///
/// Any text will do; of a very long one only the first part is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(String);

impl Id {
    /// Takes the id's text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Id(text.into())
    }

    /// Makes an id that nobody else has: 128 random bits as 32 digits of hexadecimal, so that it can be a trace's id too.
    ///
    /// It is made of the seeds that the system gives the standard library's hash maps, for telling work apart; it is no secret.
    pub fn random() -> Self {
        let half = || RandomState::new().hash_one(NEXT.fetch_add(1, Relaxed));
        Id(format!("{:016x}{:016x}", half(), half()))
    }

    /// Takes an id that came from outside, if it is one: of 1 to 128 visible characters of ASCII, so that it can neither
    /// blow up a line nor disturb a terminal or a header.
    pub fn received(text: &str) -> Option<Self> {
        let is_id = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_id.then(|| Id(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Returns a span whose events and inner spans carry `id`.
///
/// ```
/// use segno_logging::correlation::{self, Id};
///
/// correlation::span(&Id::new("run-7")).in_scope(|| tracing::info!("inside"));
/// ```
pub fn span(id: &Id) -> Span {
    // Level ERROR, because a span that the level filter disables would lose the id with it.
    tracing::error_span!("correlation", correlation_id = id.as_str())
}

/// Returns a span whose events and inner spans carry `id`, and the trace that another program began as `trace_id`.
///
/// Calls to others from inside it belong to that trace: see [`current_trace`].
pub fn span_within(id: &Id, trace: &TraceContext) -> Span {
    let span = tracing::error_span!("correlation", correlation_id = id.as_str(), trace_id = trace.trace_id());
    #[cfg(feature = "subscriber")]
    span.with_subscriber(|(id, dispatch)| keep(id, dispatch, trace));
    span
}

/// Runs `future` so that all it logs carries `id`.
///
/// ```
/// use segno_logging::correlation::{self, Id};
///
/// # async fn example() {
/// let answer = correlation::scope(&Id::new("run-7"), async {
///     tracing::info!("inside");
///     42
/// });
/// assert_eq!(answer.await, 42);
/// # }
/// ```
pub fn scope<F: Future>(id: &Id, future: F) -> Instrumented<F> {
    future.instrument(span(id))
}

/// Returns the id that a line logged here would carry.
///
/// It is read from the span that this thread is in. `None` means that no span round it has an id,
/// or that the thread's subscriber is not a [`Registry`] with a
/// [`JsonLayer`](crate::JsonLayer): without that layer nobody keeps the fields of spans.
#[cfg(feature = "subscriber")]
pub fn current() -> Option<Id> {
    Span::current().with_subscriber(|(id, dispatch)| read(id, dispatch)).flatten()
}

/// Returns a W3C `traceparent` for one task of the work that `id` names: see [`TraceContext::of`].
///
/// ```
/// use segno_logging::correlation::{self, Id};
///
/// let parent = correlation::traceparent(&Id::new("run-7"), 3);
/// assert_eq!(parent, "00-0e5d4745e283d94f70817ac771203a0e-7d2c20ba8681c948-01");
/// ```
pub fn traceparent(id: &Id, task: u64) -> String {
    TraceContext::of(id, task).traceparent()
}

/// Returns the trace context that a call to another program from here passes on: that of the nearest
/// [`span_within`] with a span of its own for this call, else one made of the [`current`] id.
///
/// `None` where [`current`] is. The span's number is counted from a seed of this process, so that each call has its
/// own, also when several processes belong to one trace.
#[cfg(feature = "subscriber")]
pub fn current_trace() -> Option<TraceContext> {
    let id = current()?;
    let task = unique_task();
    let outer = Span::current().with_subscriber(|(span, dispatch)| kept(span, dispatch)).flatten();
    Some(outer.map_or_else(|| TraceContext::of(&id, task), |outer| outer.inside(&id, task)))
}

/// Returns a task's number that nobody else has: no other call here, and none in another process of the trace or a fork of it.
#[cfg(feature = "subscriber")]
fn unique_task() -> u64 {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    SEED.hash_one((std::process::id(), NEXT.fetch_add(1, Relaxed)))
}

#[cfg(feature = "subscriber")]
fn keep(id: &tracing::span::Id, dispatch: &Dispatch, trace: &TraceContext) {
    if let Some(span) = dispatch.downcast_ref::<Registry>().and_then(|registry| registry.span(id)) {
        span.extensions_mut().replace(trace.clone());
    }
}

#[cfg(feature = "subscriber")]
fn kept(id: &tracing::span::Id, dispatch: &Dispatch) -> Option<TraceContext> {
    let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
    span.scope().find_map(|span| span.extensions().get::<TraceContext>().cloned())
}

#[cfg(feature = "subscriber")]
fn read(id: &tracing::span::Id, dispatch: &Dispatch) -> Option<Id> {
    let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
    let rendered = fields::read(&span, |record| record.map(|record| record.correlation_id.clone()))?;
    // The line's own text is the one copy that is kept, so it is read back. An empty one is no id.
    serde_json::from_slice(&rendered).ok().map(Id)
}

#[cfg(all(test, feature = "subscriber"))]
mod tests {
    use super::*;
    use crate::JsonLayer;
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll, Waker};
    use tracing_subscriber::layer::SubscriberExt;

    /// The id that `current` sees, once the layer is installed.
    fn check(look: impl FnOnce() -> Option<Id>, expected: Option<&str>) {
        let sink = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(JsonLayer::new(sink));
        let found = tracing::subscriber::with_default(subscriber, look);
        assert_eq!(found, expected.map(Id::new));
    }

    #[test]
    fn the_innermost_id_is_the_current_one() {
        check(current, None);
        check(|| span(&Id::new("a \"b\"\n")).in_scope(current), Some("a \"b\"\n"));
        check(
            || {
                span(&Id::new("outer"))
                    .in_scope(|| span(&Id::new("inner")).in_scope(|| tracing::info_span!("task").in_scope(current)))
            },
            Some("inner"),
        );
    }

    #[test]
    fn a_scope_ends_with_its_future() {
        check(
            || {
                let future = std::pin::pin!(scope(&Id::new("run-7"), async { current() }));
                let inside = match future.poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(found) => found,
                    Poll::Pending => None,
                };
                assert_eq!(current(), None);
                inside
            },
            Some("run-7"),
        );
    }

    #[test]
    fn without_the_layer_there_is_no_current_id() {
        let bare = tracing_subscriber::registry();
        let found = tracing::subscriber::with_default(bare, || span(&Id::new("a")).in_scope(current));
        assert_eq!(found, None);
    }

    #[test]
    fn calls_from_inside_belong_to_the_trace_that_another_program_began() {
        let received = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None).unwrap();
        let subscriber = tracing_subscriber::registry().with(JsonLayer::new(Arc::new(Mutex::new(Vec::new()))));
        tracing::subscriber::with_default(subscriber, || {
            assert_eq!(current_trace(), None);
            let (first, second) = span_within(&Id::new("a"), &received).in_scope(|| {
                tracing::info_span!("task").in_scope(|| (current_trace().unwrap(), current_trace().unwrap()))
            });
            assert_eq!((first.trace_id(), second.trace_id()), (received.trace_id(), received.trace_id()));
            assert!(first.span_id() != second.span_id() && first.span_id() != received.span_id());
            let own = span(&Id::new("a")).in_scope(|| current_trace().unwrap());
            assert_eq!(own.trace_id(), TraceContext::of(&Id::new("a"), 0).trace_id());
        });
    }

    #[test]
    fn random_ids_differ_and_are_ids_of_traces() {
        let (one, other) = (Id::random(), Id::random());
        assert_ne!(one, other);
        assert_eq!(TraceContext::of(&one, 0).trace_id(), one.as_str());
    }

    #[test]
    fn what_comes_from_outside_is_an_id_only_if_it_is_harmless() {
        assert_eq!(Id::received("order-4711"), Some(Id::new("order-4711")));
        for bad in ["", "a b", "a\n", "\u{1b}[31m", "ü", &"a".repeat(129)] {
            assert_eq!(Id::received(bad), None);
        }
    }
}
