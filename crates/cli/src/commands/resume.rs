//! `segno resume [RUN]`: the same loop with a longer list, with the definition that the run is pinned to; from a mark, with
//! a shorter one. `--upgrade` goes on with today's file, in a fork.

use segno_orchestrator::engine::{Fork, Resumed};

use super::go::{go, on_runtime};
use crate::args::ResumeArguments;
use crate::exit::{End, Failure};
use crate::format::ReportFile;
use crate::session::{self, Session};
use crate::terminal::say;

pub(super) fn resume(arguments: &ResumeArguments) -> Result<End, Failure> {
    arguments.way.reports.iter().try_for_each(ReportFile::check)?;
    let session = Session::open_existing()?;
    let run = session.find_resumable(arguments.run.as_deref())?;
    if arguments.upgrade {
        let pinned = session.read(&run)?.definition;
        let today = session::definition(&session.project, &session.project.root().join(&pinned.path))?;
        if today.pins().0 != pinned.pins().0 {
            let fork = Fork { definition: Some(today), ..Fork::default() };
            let branch = session.engine().branch(&run, fork)?;
            return super::fork::go_on(session, branch, &arguments.way);
        }
        say(&format!("{} has not changed since", pinned.path));
    }
    on_runtime(async {
        let resumed = match &arguments.at {
            Some(mark) => session.engine().resume_at(&run, mark).await?,
            None => session.engine().resume(&run).await?,
        };
        tell(&session, &resumed);
        go(session, resumed.run, &arguments.way).await
    })
}

/// Says what was found: damage, orphans, and how today's file differs from the pinned one.
fn tell(session: &Session, resumed: &Resumed) {
    let definition = &resumed.run.definition;
    say(&format!("resuming {} ({})", resumed.run.id, definition.plan.name));
    if let Some(damage) = &resumed.damage {
        say(&format!("  {}; what stood from there on is set aside, and its steps run again", damage.reason));
    }
    if resumed.strays > 0 {
        say(&format!("  ended {} processes that the dead run had left behind", resumed.strays));
    }
    let path = session.project.root().join(&definition.path);
    match session::definition(&session.project, &path) {
        Ok(today) => {
            let differences = definition.differences(&today);
            if !differences.is_empty() {
                say(&format!("  {} has changed since: {}", definition.path, differences.join(", ")));
                say("  the run goes on with the definition it began with");
            }
        }
        Err(_) => say(&format!(
            "  {} is gone or broken now; the run goes on with the definition it began with",
            definition.path
        )),
    }
}
