//! Keeps, in each span, the fields of the span and of those round it, joined once for all events.
//! Leaves to `layer` when a span opens or changes, and to `record` how fields are rendered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::record::Record;

/// The fields of all spans from the outermost to this one, the inner ones winning. Never changes.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) record: Record,
    /// Counts the changes to any span of this tree. A span does not know its children, so a child
    /// finds out by one load that none round it was changed after the child was opened.
    revision: Arc<AtomicU64>,
    /// A revision of the tree at which the record was right.
    right_at: AtomicU64,
    /// This span among those round it.
    place: Arc<Place>,
    /// How many changes on this path the record has seen.
    changes: u64,
}

/// Where a span stands in its tree, and how often it was changed itself.
#[derive(Debug, Default)]
struct Place {
    changes: AtomicU64,
    outer: Option<Arc<Place>>,
}

impl Place {
    /// How often this span and those round it were changed. No count goes back, so an equal sum means that none was.
    fn all_changes(&self) -> u64 {
        let outer = std::iter::successors(self.outer.as_deref(), |place| place.outer.as_deref());
        std::iter::once(self).chain(outer).map(|place| place.changes.load(Ordering::Acquire)).sum()
    }
}

impl Joined {
    /// Whether neither the span nor one round it was changed since.
    #[inline]
    pub(crate) fn is_current(&self) -> bool {
        let revision = self.revision.load(Ordering::Acquire);
        revision == self.right_at.load(Ordering::Relaxed) || self.is_right_at(revision)
    }

    /// Looks whether the change was elsewhere in the tree, and remembers it.
    #[cold]
    fn is_right_at(&self, revision: u64) -> bool {
        // The revision was read before: a change that comes in between is noticed by the next reader.
        let is_right = self.place.all_changes() == self.changes;
        if is_right {
            self.right_at.store(revision, Ordering::Relaxed);
        }
        is_right
    }
}

/// The extension that the layers keep in a span. Each has its own: another may hide other secrets.
#[derive(Debug)]
struct Opened(Vec<SpanRecord>);

/// What one layer knows of a span.
#[derive(Debug)]
struct SpanRecord {
    layer: usize,
    /// The span's own fields.
    own: Record,
    joined: Arc<Joined>,
}

impl Opened {
    fn of(&self, layer: usize) -> Option<&SpanRecord> {
        self.0.iter().find(|record| record.layer == layer)
    }

    fn of_mut(&mut self, layer: usize) -> Option<&mut SpanRecord> {
        self.0.iter_mut().find(|record| record.layer == layer)
    }
}

/// Stores the fields of a new span, joined with those of its parent.
pub(crate) fn open<'a, R: LookupSpan<'a>>(layer: usize, span: &SpanRef<'a, R>, own: Record) {
    let joined = match span.parent().and_then(|parent| joined(layer, &parent)) {
        Some(outer) => {
            let mut record = outer.record.clone();
            record.merge(&own);
            let place = Place { changes: AtomicU64::new(0), outer: Some(Arc::clone(&outer.place)) };
            Joined {
                record,
                revision: Arc::clone(&outer.revision),
                right_at: AtomicU64::new(outer.right_at.load(Ordering::Relaxed)),
                place: Arc::new(place),
                changes: outer.changes,
            }
        }
        None => Joined {
            record: own.clone(),
            revision: Arc::default(),
            right_at: AtomicU64::new(0),
            place: Arc::default(),
            changes: 0,
        },
    };
    let record = SpanRecord { layer, own, joined: Arc::new(joined) };
    let mut extensions = span.extensions_mut();
    match extensions.get_mut::<Opened>() {
        Some(opened) => opened.0.push(record),
        None => extensions.insert(Opened(vec![record])),
    }
}

/// Changes the fields of an open span and tells the spans inside it.
pub(crate) fn change<'a, R: LookupSpan<'a>>(layer: usize, span: &SpanRef<'a, R>, changes: &Record) {
    if let Some(record) = span.extensions_mut().get_mut::<Opened>().and_then(|opened| opened.of_mut(layer)) {
        record.own.merge(changes);
        // The tree's count last: who sees it sees the span's, too.
        record.joined.place.changes.fetch_add(1, Ordering::Release);
        record.joined.revision.fetch_add(1, Ordering::Release);
    }
}

/// Returns the joined fields of a span, or nothing when the span opened before the layer was there.
pub(crate) fn joined<'a, R: LookupSpan<'a>>(layer: usize, span: &SpanRef<'a, R>) -> Option<Arc<Joined>> {
    let known =
        span.extensions().get::<Opened>().and_then(|opened| opened.of(layer)).map(|of| Arc::clone(&of.joined))?;
    if known.is_current() {
        return Some(known);
    }
    let joined = Arc::new(rejoined(layer, span, &known));
    if let Some(record) = span.extensions_mut().get_mut::<Opened>().and_then(|opened| opened.of_mut(layer)) {
        record.joined = Arc::clone(&joined);
    }
    Some(joined)
}

/// Joins the fields anew when a span on the path was changed since.
fn rejoined<'a, R: LookupSpan<'a>>(layer: usize, span: &SpanRef<'a, R>, known: &Joined) -> Joined {
    // Read before the fields are: a change that comes in between is noticed by the next reader.
    let revision = known.revision.load(Ordering::Acquire);
    let changes = known.place.all_changes();
    let mut record = Record::default();
    for scope in span.scope().from_root() {
        if let Some(of) = scope.extensions().get::<Opened>().and_then(|opened| opened.of(layer)) {
            record.merge(&of.own);
        }
    }
    Joined {
        record,
        revision: Arc::clone(&known.revision),
        right_at: AtomicU64::new(revision),
        place: Arc::clone(&known.place),
        changes,
    }
}

/// Shows the joined fields of a span as the first of the layers knows them.
pub(crate) fn read<'a, R: LookupSpan<'a>, T>(span: &SpanRef<'a, R>, look: impl FnOnce(Option<&Record>) -> T) -> T {
    let first = span.extensions().get::<Opened>().and_then(|opened| opened.0.first().map(|record| record.layer));
    let joined = first.and_then(|layer| joined(layer, span));
    look(joined.as_deref().map(|joined| &joined.record))
}
