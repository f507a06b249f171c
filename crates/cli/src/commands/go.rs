//! What `run` and `resume` share: the log, the view, the signals, the loop, the report.

use std::sync::Arc;

use segno_errors::from_io;
use segno_orchestrator::agents::StopHandle;
use segno_orchestrator::engine::{Begun, Engine, Observer, trace_events};
use segno_orchestrator::model::{Event, RunId, RunStatus};
use segno_orchestrator::report;
use tokio::sync::watch;

use crate::args::Way;
use crate::exit::{End, Failure};
use crate::session::Session;
use crate::signals::{self, Signal};
use crate::terminal::{Terminal, print, say};
use crate::view::{Live, Look, Plain};

/// Writes events into the log.
struct Log;

impl Observer for Log {
    fn see(&self, run: &RunId, events: &[Event]) {
        trace_events(run, events);
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
    let Session { project, setup } = &session;
    let logging = segno_logging::Logging::to_file(project.log(&run)).install();
    if let Err(error) = &logging {
        say(&format!("segno: the log cannot be written, the run goes on without it: {error}"));
    }
    let mut setup = setup.clone();
    setup.jobs = way.jobs.map_or(setup.jobs, usize::from);
    let view = View::start(&begun, terminal, setup.jobs);
    if begun.is_resumed() {
        let observer = view.observer();
        setup.journal.replay(&run, &mut |event| observer.see(&run, &[event]))?;
    }
    setup.observers = vec![Arc::new(Log), view.observer()];
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
    tell(&session, &run, way, terminal)?;
    Ok(End::Run { status, strict: way.strict, signal })
}

/// Says once that the run is being stopped.
async fn announce(mut heard: watch::Receiver<Option<Signal>>, run: RunId, view: View) {
    if heard.wait_for(Option::is_some).await.is_ok() {
        view.say(&format!("segno: ending what runs; again to end at once. Go on later with: segno resume {run}"));
    }
}

fn tell(session: &Session, run: &RunId, way: &Way, terminal: Terminal) -> Result<(), Failure> {
    let mut stored = session.read(run)?;
    if stored.report.status == RunStatus::Running {
        // This process owned the run until a moment ago.
        stored.report.status = RunStatus::Paused;
    }
    let look = report::Look { unicode: terminal.unicode, rows: terminal.rows.saturating_sub(8).max(8) };
    match way.json {
        true => print(&format!("{:#}\n", stored.report.to_json())),
        false => print(&stored.report.summary(look)),
    }
    Ok(())
}
