//! The `tracing` layer: each event becomes one line, at once, in the sink.
//! Filters nothing: levels are the registry's business (`set_up`, or a `LevelFilter` beside it).

use std::cell::RefCell;
use std::sync::Arc;
use std::time::SystemTime;

use tracing::span::{Attributes, Id, Record as Values};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::line::{self, Head};
use crate::loss::{Guard, Loss};
use crate::record::{Owner, Record};
use crate::sink::Sink;
use crate::span;

/// A layer that writes each event as one line of JSON to a [`Sink`].
///
/// For programs that put their own registry together; the others use
/// [`Logging`](crate::Logging). It writes in the caller's thread, and in steady state allocates
/// nothing for an event. It never panics or fails over a sink that cannot write: it counts the
/// lines, and after the next one that succeeds it writes `N log lines were lost`.
///
/// ```
/// use segno_logging::{FileSink, JsonLayer, Level};
/// use tracing::level_filters::LevelFilter;
/// use tracing_subscriber::layer::SubscriberExt;
///
/// # fn main() -> Result<(), segno_logging::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("logs/run.log");
/// let layer = JsonLayer::new(FileSink::open(path)?);
/// let guard = layer.guard();
/// let subscriber = tracing_subscriber::registry()
///     .with(LevelFilter::from_level(Level::INFO))
///     .with(layer);
/// tracing::subscriber::with_default(subscriber, || tracing::info!("ready"));
/// assert_eq!(guard.lost(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct JsonLayer<S> {
    sink: Arc<S>,
    loss: Arc<Loss>,
    clock: fn() -> SystemTime,
}

impl<S: Sink> JsonLayer<S> {
    /// Creates a layer that writes to `sink` and reads the system's clock.
    pub fn new(sink: S) -> Self {
        JsonLayer { sink: Arc::new(sink), loss: Arc::default(), clock: SystemTime::now }
    }

    /// Takes the time from `clock`, for tests that compare whole lines.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> SystemTime) -> Self {
        JsonLayer { clock, ..self }
    }

    /// Returns a handle that tells how many lines were lost, and can keep lines back.
    pub fn guard(&self) -> Guard {
        Guard::new(Arc::clone(&self.loss), self.sink.clone())
    }

    fn emit(&self, scratch: &mut Scratch) {
        if self.sink.write_line(&scratch.line).is_err() {
            return self.loss.count(1);
        }
        match self.loss.take_untold() {
            0 => {}
            untold => self.tell(untold, scratch),
        }
    }

    /// Writes the line that says how many are missing.
    fn tell(&self, untold: u64, scratch: &mut Scratch) {
        scratch.clear();
        let message = match untold {
            1 => "1 log line was lost".to_owned(),
            _ => format!("{untold} log lines were lost"),
        };
        crate::escape::string(&message, &mut scratch.event.message);
        let head = Head { at: (self.clock)(), level: Level::WARN, target: module_path!() };
        line::write(&mut scratch.line, &head, None, &scratch.event);
        if self.sink.write_line(&scratch.line).is_err() {
            self.loss.give_back(untold);
        }
    }
}

impl<S, R> Layer<R> for JsonLayer<S>
where
    S: Sink,
    R: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, R>) {
        let mut own = Record::default();
        attributes.record(&mut own.visitor(Owner::Span));
        if let Some(span) = context.span(id) {
            span::open(&span, own);
        }
    }

    fn on_record(&self, id: &Id, values: &Values<'_>, context: Context<'_, R>) {
        let mut changes = Record::default();
        values.record(&mut changes.visitor(Owner::Span));
        if let Some(span) = context.span(id) {
            span::change(&span, &changes);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, R>) {
        let metadata = event.metadata();
        let head = Head { at: (self.clock)(), level: *metadata.level(), target: metadata.target() };
        let owner = match head.level {
            Level::ERROR => Owner::Error,
            _ => Owner::Event,
        };
        with_scratch(|scratch| {
            scratch.clear();
            // Before any lock is held: a value's `Debug` may itself log.
            event.record(&mut scratch.event.visitor(owner));
            match context.event_span(event) {
                Some(span) => span::read(&span, |outer| scratch.render(&head, outer)),
                None => scratch.render(&head, None),
            }
            self.emit(scratch);
        });
    }
}

/// The buffers that a thread reuses from event to event.
#[derive(Default)]
struct Scratch {
    event: Record,
    line: Vec<u8>,
}

impl Scratch {
    /// What a buffer keeps of its memory after an unusually long line.
    const RETAINED: usize = 32 * 1024;

    fn clear(&mut self) {
        self.event.clear(Self::RETAINED);
        self.line.clear();
        self.line.shrink_to(Self::RETAINED);
    }

    fn render(&mut self, head: &Head<'_>, outer: Option<&Record>) {
        line::write(&mut self.line, head, outer, &self.event);
    }
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Lends the thread's buffers, or new ones inside an event that is being rendered and in a thread
/// that is ending.
fn with_scratch(work: impl Fn(&mut Scratch)) {
    let lent = SCRATCH.try_with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => work(&mut scratch),
        Err(_) => work(&mut Scratch::default()),
    });
    if lent.is_err() {
        work(&mut Scratch::default());
    }
}
