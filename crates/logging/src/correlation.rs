//! The correlation id: set round a piece of work, found on every line, passed to child processes.
//! Leaves the writing of it to the layer; it travels as the span field `correlation_id`.
//!
//! The id follows the span: into `.await`s by [`scope`], into closures by
//! [`Span::in_scope`](tracing::Span::in_scope). Work that is spawned carries it when the span goes
//! along, for example with `future.in_current_span()` from
//! [`Instrument`].

use std::fmt;

#[cfg(feature = "subscriber")]
use tracing::Dispatch;
use tracing::Span;
use tracing::instrument::{Instrument, Instrumented};
#[cfg(feature = "subscriber")]
use tracing_subscriber::Registry;
#[cfg(feature = "subscriber")]
use tracing_subscriber::registry::LookupSpan;

#[cfg(feature = "subscriber")]
use crate::span as fields;

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

/// Returns a W3C `traceparent` for one task of the work that `id` names.
///
/// It is made of the two arguments alone: the same id gives the same trace, the same id and task
/// the same span, in every process and version. Child processes get it as `TRACEPARENT`, HTTP
/// servers as the header of that name. The sampled flag is set.
///
/// ```
/// use segno_logging::correlation::{self, Id};
///
/// let parent = correlation::traceparent(&Id::new("run-7"), 3);
/// assert_eq!(parent, "00-0e5d4745e283d94f70817ac771203a0e-7d2c20ba8681c948-01");
/// ```
pub fn traceparent(id: &Id, task: u64) -> String {
    let trace = fnv_128(id.0.as_bytes());
    // FF is in no text, so that no id ends where another's task number begins.
    let span = [id.0.as_bytes(), &[0xff], &task.to_le_bytes()].concat();
    // The standard forbids ids of zeros only.
    format!("00-{:032x}-{:016x}-01", trace.max(1), fnv_64(&span).max(1))
}

#[cfg(feature = "subscriber")]
fn read(id: &tracing::span::Id, dispatch: &Dispatch) -> Option<Id> {
    let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
    let rendered = fields::read(&span, |record| record.map(|record| record.correlation_id.clone()))?;
    // The line's own text is the one copy that is kept, so it is read back. An empty one is no id.
    serde_json::from_slice(&rendered).ok().map(Id)
}

/// FNV-1a, which stays as it is for ever; the hashes of the standard library may change.
fn fnv_128(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

fn fnv_64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(all(test, feature = "subscriber"))]
mod tests {
    use super::*;
    use crate::JsonLayer;
    use proptest::prelude::*;
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
    fn the_hashes_are_fnv_1a() {
        assert_eq!(fnv_64(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_128(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    proptest! {
        #[test]
        fn a_traceparent_is_valid_and_tells_tasks_apart(text in any::<String>(), task in any::<u64>()) {
            let id = Id::new(text);
            let first = traceparent(&id, task);
            let parts: Vec<&str> = first.split('-').collect();
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            prop_assert_eq!(lengths, [2, 32, 16, 2]);
            prop_assert!(parts.concat().bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
            prop_assert!(parts[1].contains(|c| c != '0') && parts[2].contains(|c| c != '0'));

            let next = traceparent(&id, task.wrapping_add(1));
            prop_assert_eq!(&first[..36], &next[..36]);
            prop_assert_ne!(&first[36..], &next[36..]);
        }
    }
}
