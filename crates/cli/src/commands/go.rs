//! What `run` and `resume` share: the log, the view, the signals, the loop, the report.

use std::sync::{Arc, Mutex, PoisonError};

use segno_errors::from_io;
use segno_logging::{Guard, Levels, Logging};
use segno_monitor::Figures;
use segno_orchestrator::agents::StopHandle;
use segno_orchestrator::engine::{Begun, CacheMode, Engine, Memory, Observer, trace_events};
use segno_orchestrator::model::{Event, RunId};
use segno_orchestrator::plan::Plan;
use segno_orchestrator::report::{self, ReportFold};
use segno_orchestrator::state::Mark;
use tokio::sync::watch;

use super::show;
use crate::args::Way;
use crate::exit::{End, Failure};
use crate::format::Format;
use crate::session::Session;
use crate::signals::{self, Signal};
use crate::terminal::{Terminal, print, say};
use crate::upkeep;
use crate::view::{Live, Look, Plain};

/// Of a run of more tasks, what `segno show` says is written down when it ends: to read it back takes seconds.
const LARGE: usize = 10_000;

/// Writes events into the log, those that became durable together in one call.
struct Log {
    guard: Option<Guard>,
    levels: Levels,
}

impl Observer for Log {
    fn see(&self, run: &RunId, events: &[Event]) {
        let _hold = self.guard.as_ref().map(Guard::hold);
        trace_events(run, events);
    }

    fn log_at(&self, run: &RunId, levels: &str) {
        let correlation_id = run.as_str();
        match self.levels.apply_text(levels) {
            Ok(()) => tracing::info!(correlation_id, levels, "levels changed"),
            // Whoever asked checked it; another version may know other levels.
            Err(error) => tracing::warn!(correlation_id, levels, %error, "levels cannot be changed so"),
        }
    }
}

/// The report and the figures in the making. What is shown here is durable, so that it need not be read back from the
/// journal, which would cost a cached run as much again.
struct Account(Mutex<(ReportFold, Figures)>);

impl Account {
    fn new(run: &RunId) -> Account {
        Account(Mutex::new((ReportFold::new(run), Figures::default())))
    }

    /// Ends the report of a run that nobody is at work on any more.
    fn finish(&self, run: &RunId, plan: &Plan) -> (report::Report, Figures) {
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (fold, figures) = std::mem::replace(&mut *account, (ReportFold::new(run), Figures::default()));
        (fold.finish(plan, false), figures)
    }
}

impl Observer for Account {
    fn see(&self, _: &RunId, events: &[Event]) {
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (fold, figures) = &mut *account;
        for event in events {
            fold.see(event);
            figures.see(event);
        }
    }
}

/// The view on stderr.
#[derive(Clone)]
enum View {
    Live(Arc<Live>),
    Plain(Arc<Plain>),
}

impl View {
    fn start(begun: &Begun, terminal: Terminal, jobs: usize) -> View {
        let look = Look { colour: terminal.colour, unicode: terminal.unicode, jobs };
        let plan = begun.definition.plan.clone();
        match terminal.live {
            true => View::Live(Arc::new(Live::start(plan, look))),
            false => View::Plain(Arc::new(Plain::new(plan, look))),
        }
    }

    fn observer(&self) -> Arc<dyn Observer> {
        match self {
            View::Live(live) => live.clone(),
            View::Plain(plain) => plain.clone(),
        }
    }

    fn say(&self, text: &str) {
        match self {
            View::Live(live) => live.say(text),
            View::Plain(plain) => plain.say(text),
        }
    }

    fn marks(&self) -> Vec<Mark> {
        match self {
            View::Live(live) => live.marks(),
            View::Plain(plain) => plain.marks(),
        }
    }

    fn finish(&self) {
        match self {
            View::Live(live) => live.finish(),
            View::Plain(plain) => plain.finish(),
        }
    }
}

/// Does the work of a command on a runtime.
pub(super) fn on_runtime(work: impl Future<Output = Result<End, Failure>>) -> Result<End, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| from_io(error).operation("runtime"))?;
    runtime.block_on(work)
}

/// Goes on with a run that this process owns, and reports.
pub(super) async fn go(session: Session, begun: Begun, way: &Way) -> Result<End, Failure> {
    let terminal = Terminal::look();
    let run = begun.id.clone();
    let Session { project, setup, .. } = &session;
    let logging = Logging::to_file(project.log(&run)).sync().redactor(setup.redactor.clone());
    let levels = logging.levels();
    let logging = logging.install();
    let logging = logging.inspect_err(|error| {
        say(&format!("segno: the log cannot be written, the run goes on without it: {error}"));
    });
    let mut setup = setup.clone();
    if way.read_only_cache {
        setup.cache = CacheMode::ReadOnly;
        setup.memory = setup.memory.map(Memory::reading);
    }
    setup.jobs = way.jobs.map_or(setup.jobs, usize::from);
    let (view, account) = (View::start(&begun, terminal, setup.jobs), Arc::new(Account::new(&run)));
    if begun.is_resumed() {
        let observer = view.observer();
        setup.journal.replay(&run, &mut |event| {
            let events = [event];
            observer.see(&run, &events);
            account.see(&run, &events);
        })?;
    }
    setup.observers = vec![Arc::new(Log { guard: logging.ok(), levels }), view.observer(), account.clone()];
    let plan = begun.definition.plan.clone();
    let (handle, stop) = StopHandle::new();
    let heard = signals::listen(handle).map_err(|error| from_io(error).operation("signals"))?;
    let announce = tokio::spawn(announce(heard.clone(), run.clone(), view.clone()));
    let result = Engine::new(setup).run(begun, stop).await;
    announce.abort();
    view.finish();
    let signal = *heard.borrow();
    let status = result.inspect_err(|_| {
        // A run whose very start could not be recorded is not there to go on with.
        if session.setup.journal.read(&run).is_ok() {
            say(&format!("segno: go on with: segno resume {run}"));
        }
    })?;
    let (report, figures) = account.finish(&run, &plan);
    tell(&report, way, terminal)?;
    if let Some(trouble) = session.setup.memory.as_ref().and_then(Memory::shared_trouble) {
        say(&format!("segno: the shared cache was not used to the end: {trouble}"));
    }
    if report.tasks().nth(LARGE).is_some() {
        show::keep_whole(&session, &report, &figures, &view.marks());
    }
    if signal.is_none() {
        upkeep::collect_if_due(&session);
    }
    Ok(End::Run { status, strict: way.strict, signal })
}

/// Says once that the run is being stopped.
async fn announce(mut heard: watch::Receiver<Option<Signal>>, run: RunId, view: View) {
    if heard.wait_for(Option::is_some).await.is_ok() {
        view.say(&format!("segno: ending what runs; again to end at once. Go on later with: segno resume {run}"));
    }
}

fn tell(report: &report::Report, way: &Way, terminal: Terminal) -> Result<(), Failure> {
    let look = report::Look { unicode: terminal.unicode, rows: terminal.rows.saturating_sub(8).max(8) };
    let format = if way.json { Format::Json } else { Format::Text };
    print(&format.write(report, look));
    way.reports.iter().try_for_each(|file| file.write(report))?;
    Ok(())
}
