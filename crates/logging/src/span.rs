//! Keeps, in each span, the fields of the span and of those round it, joined once for all events.
//! Leaves to `layer` when a span opens or changes, and to `record` how fields are rendered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::record::Record;

/// The extension that the layer keeps in a span.
#[derive(Debug)]
struct SpanRecord {
    /// The span's own fields.
    own: Record,
    /// The fields of all spans from the outermost to this one, the inner ones winning.
    joined: Record,
    /// The tree's revision of which `joined` was made.
    joined_at: u64,
    /// Counts the changes to any span of this tree. A span does not know its children, so a child
    /// finds out by one load that a span round it was changed after the child was opened.
    revision: Arc<AtomicU64>,
}

/// Stores the fields of a new span, joined with those of its parent.
///
/// A second layer of this crate in the same registry finds the work done.
pub(crate) fn open<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>, own: Record) {
    let opened = match span.parent() {
        Some(parent) => inherit(&parent, own),
        None => SpanRecord::root(own),
    };
    let mut extensions = span.extensions_mut();
    if extensions.get_mut::<SpanRecord>().is_none() {
        extensions.insert(opened);
    }
}

/// Changes the fields of an open span and tells the spans inside it.
pub(crate) fn change<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>, changes: &Record) {
    if let Some(record) = span.extensions_mut().get_mut::<SpanRecord>() {
        record.own.merge(changes);
        record.revision.fetch_add(1, Ordering::Release);
    }
}

/// Shows the joined fields of a span, or nothing when the span opened before the layer was there.
pub(crate) fn read<'a, R: LookupSpan<'a>, T>(span: &SpanRef<'a, R>, look: impl FnOnce(Option<&Record>) -> T) -> T {
    refresh(span);
    let extensions = span.extensions();
    look(extensions.get::<SpanRecord>().map(|record| &record.joined))
}

impl SpanRecord {
    fn root(own: Record) -> Self {
        SpanRecord { joined: own.clone(), own, joined_at: 0, revision: Arc::default() }
    }
}

fn inherit<'a, R: LookupSpan<'a>>(parent: &SpanRef<'a, R>, own: Record) -> SpanRecord {
    refresh(parent);
    let extensions = parent.extensions();
    let Some(outer) = extensions.get::<SpanRecord>() else {
        return SpanRecord::root(own);
    };
    let mut joined = outer.joined.clone();
    joined.merge(&own);
    SpanRecord { own, joined, joined_at: outer.joined_at, revision: Arc::clone(&outer.revision) }
}

/// Joins the fields anew when a span of the tree was changed since.
fn refresh<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) {
    // Read before the fields are: a change that comes in between is noticed by the next reader.
    let Some(revision) = stale(span) else {
        return;
    };
    let mut joined = Record::default();
    for scope in span.scope().from_root() {
        if let Some(record) = scope.extensions().get::<SpanRecord>() {
            joined.merge(&record.own);
        }
    }
    if let Some(record) = span.extensions_mut().get_mut::<SpanRecord>() {
        record.joined = joined;
        record.joined_at = revision;
    }
}

/// Returns the tree's revision when the span was joined at an older one.
fn stale<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<u64> {
    let extensions = span.extensions();
    let record = extensions.get::<SpanRecord>()?;
    let revision = record.revision.load(Ordering::Acquire);
    (revision != record.joined_at).then_some(revision)
}
