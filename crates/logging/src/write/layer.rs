//! The `tracing` layer: each event becomes one line, at once, in a sink.
//! Filters nothing: levels are the registry's business (`Levels`, or a `LevelFilter` beside it).

use std::cell::RefCell;
use std::sync::Arc;
use std::time::SystemTime;

use tracing::span::{Attributes, Id, Record as Values};
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::gate::Verdict;
use super::line;
use super::near::{self, Near};
use super::output::{Outlet, Output, Settings};
use super::plan::Plan;
use super::record::{Record, Visitor};
use super::stamp::{Stamp, since_epoch};
use super::texts::{Draft, Texts};
use super::{entered, span};
use crate::Redactor;
use crate::loggers::Loggers;
use crate::sink::{Guard, Sink};

/// A layer that writes each event as one line of JSON to a [`Sink`].
///
/// For programs that put their own registry together; the others use
/// [`Logging`](crate::Logging). It writes in the caller's thread, and in steady state allocates
/// nothing for an event. It never panics or fails over a sink that cannot write: it counts the
/// lines, and after the next one that succeeds it writes `N log lines were lost`.
///
/// When it goes, it writes what a [limit](crate::Logger::limit) still holds back and flushes its sinks. That may be later than
/// its subscriber's last use: where another thread meets a call site for the first time, `tracing` asks all subscribers about
/// it, and keeps them for as long. The [`guard`](JsonLayer::guard) flushes when it is asked or dropped.
///
/// Secrets are hidden before a line is made, by the usual names and shapes unless
/// [`with_redactor`](JsonLayer::with_redactor) says otherwise.
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
pub struct JsonLayer {
    output: Arc<Output>,
}

impl JsonLayer {
    /// Creates a layer that writes to `sink`, reads the system's clock and hides the usual secrets.
    pub fn new(sink: impl Sink) -> Self {
        let settings =
            Settings { clock: SystemTime::now, redactor: Some(Redactor::new()), loggers: Loggers::default() };
        JsonLayer { output: Arc::new(Output::new(Outlet::new(Arc::new(sink)), settings)) }
    }

    /// Takes the time from `clock`, for tests that compare whole lines.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> SystemTime) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// Hides what this redactor knows as a secret.
    ///
    /// A field whose name is a secret's is written as `[redacted]` and its value is not even rendered; texts and `Debug`
    /// values pass through the redactor whole, before they are escaped or cut.
    #[must_use]
    pub fn with_redactor(self, redactor: Redactor) -> Self {
        self.with(|settings| settings.redactor = Some(redactor))
    }

    /// Hides nothing, for lines that hold no secrets by other means.
    #[must_use]
    pub fn without_redactor(self) -> Self {
        self.with(|settings| settings.redactor = None)
    }

    /// Gives loggers their own sinks, samples and limits. Their levels are a filter of their own:
    /// [`Loggers::levels`].
    #[must_use]
    pub fn with_loggers(self, loggers: &Loggers) -> Self {
        self.with(|settings| settings.loggers = loggers.clone())
    }

    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.output.settings.clone();
        change(&mut settings);
        JsonLayer { output: Arc::new(Output::new(self.output.main().share(), settings)) }
    }

    /// Returns a handle that tells how many lines were lost, and can keep lines back. It is taken when the layer is set up.
    pub fn guard(&self) -> Guard {
        Guard::new(self.output.clone())
    }

    /// Writes a warning of the layer's own to its main sink.
    pub(crate) fn warn(&self, message: &str) {
        self.output.warn(message);
    }

    /// Renders what a span says, which may run code of the user's that logs itself.
    fn record(&self, metadata: &'static Metadata<'static>, show: impl Fn(&mut Visitor<'_>)) -> Record {
        with_scratch(|Scratch { plans, draft, .. }| {
            let plan = self.plan(plans, metadata);
            let mut record = Record::default();
            show(&mut Visitor { record: &mut record, plan, texts: self.texts(draft) });
            record
        })
    }

    fn plan<'p>(&self, plans: &'p mut Near<Arc<Plan>>, metadata: &'static Metadata<'static>) -> &'p Plan {
        plans.find(self.output.id, near::address(metadata), |_| true, || self.output.plan(metadata))
    }

    fn texts<'t>(&'t self, draft: &'t mut Draft) -> Texts<'t> {
        Texts { redactor: self.output.settings.redactor.as_ref(), draft }
    }

    /// Writes an event unless its gate is shut.
    fn write<R>(&self, event: &Event<'_>, context: &Context<'_, R>, scratch: &mut Scratch)
    where
        R: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Scratch { plans, record, line, stamp, draft } = scratch;
        let plan = self.plan(plans, event.metadata());
        let at = since_epoch((self.output.settings.clock)());
        if let Some(gate) = &plan.gate {
            match gate.admit(at.as_secs()) {
                Verdict::Write => {}
                Verdict::WriteAfter(suppressed) => self.output.tell_suppressed(plan, suppressed),
                Verdict::Leave => return,
                Verdict::Suppress => return self.output.owe(at.as_secs()),
            }
        }
        self.output.settle(at.as_secs());

        record.clear(Scratch::RETAINED);
        // Before anything is borrowed that an event inside this one would want: a value's `Debug` may itself log.
        event.record(&mut Visitor { record, plan, texts: self.texts(draft) });
        line.clear();
        line.shrink_to(Scratch::RETAINED);
        self.inside(event, context, |outer| line::write(line, stamp.text(at), plan, outer, record));
        self.output.emit(plan, line);
    }

    /// Shows what the spans round an event say.
    fn inside<R>(&self, event: &Event<'_>, context: &Context<'_, R>, mut show: impl FnMut(Option<&Record>))
    where
        R: Subscriber + for<'a> LookupSpan<'a>,
    {
        let layer = self.output.id;
        let is_shown = event.is_contextual()
            && entered::look(
                layer,
                |id| span::joined(layer, &context.span(id)?),
                |joined| show(joined.map(|joined| &joined.record)),
            );
        if !is_shown {
            let joined = context.event_span(event).and_then(|span| span::joined(layer, &span));
            show(joined.as_deref().map(|joined| &joined.record));
        }
    }
}

impl Drop for JsonLayer {
    fn drop(&mut self) {
        // The sink has counted what it could not write.
        _ = self.output.flush();
    }
}

impl<R> Layer<R> for JsonLayer
where
    R: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.output.settings.loggers.levels().note(subscriber);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, R>) {
        let own = self.record(attributes.metadata(), |visitor| attributes.record(visitor));
        if let Some(span) = context.span(id) {
            span::open(self.output.id, &span, own);
        }
    }

    fn on_record(&self, id: &Id, values: &Values<'_>, context: Context<'_, R>) {
        if let Some(span) = context.span(id) {
            let changes = self.record(span.metadata(), |visitor| values.record(visitor));
            span::change(self.output.id, &span, &changes);
        }
    }

    fn on_enter(&self, id: &Id, _: Context<'_, R>) {
        entered::enter(self.output.id, id);
    }

    fn on_exit(&self, id: &Id, _: Context<'_, R>) {
        entered::exit(self.output.id, id);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, R>) {
        with_scratch(|scratch| self.write(event, &context, scratch));
    }
}

/// The buffers that a thread reuses from event to event.
#[derive(Default)]
struct Scratch {
    plans: Near<Arc<Plan>>,
    record: Record,
    line: Vec<u8>,
    stamp: Stamp,
    draft: Draft,
}

impl Scratch {
    /// What a buffer keeps of its memory after an unusually long line.
    const RETAINED: usize = 32 * 1024;
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Lends the thread's buffers, or new ones inside an event that is being rendered and in a thread
/// that is ending.
fn with_scratch<T>(work: impl Fn(&mut Scratch) -> T) -> T {
    let lent = SCRATCH.try_with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => work(&mut scratch),
        Err(_) => work(&mut Scratch::default()),
    });
    lent.unwrap_or_else(|_| work(&mut Scratch::default()))
}
