//! What failed in the project's runs, brought up to date from the journal. How it is counted and kept is left to
//! `segno-monitor`.

use std::time::SystemTime;

use segno_errors::Fault;
use segno_monitor::{FailureStore, Failures};
use segno_orchestrator::STATE_FOLDER;
use segno_orchestrator::model::Timestamp;

use crate::session::Session;
use crate::terminal::say;

/// The file in the project's state in which failures are kept.
const FILE: &str = "failures.json";

/// Takes in what is new in the journal, and does something with the result, alone among all processes.
pub(crate) fn with_failures<T>(session: &Session, act: impl FnOnce(&mut Failures, Timestamp) -> T) -> Result<T, Fault> {
    let store = FailureStore::new(session.project.root().join(STATE_FOLDER).join(FILE));
    let engine = session.engine();
    let ((result, unread), notice) = store.update(|failures| {
        // Asked only here, where no other process writes: its moments would be later.
        let now = Timestamp::from_system(SystemTime::now());
        let mut plan = |run: &_, first: &_| Some(engine.pinned(run, Some(first)).ok()?.plan);
        let taken_in = failures.take_in(&*session.setup.journal, &mut plan, now)?;
        Ok((act(failures, now), taken_in.unread))
    })?;
    if let Some(notice) = notice {
        say(&format!("segno: {notice}"));
    }
    for (run, reason) in unread {
        say(&format!("segno: run {run} cannot be read to its end ({reason}); what stands before is counted"));
    }
    Ok(result)
}

/// Takes in what is new before runs are removed, so that what failed in them stays known. A failure goes to the log alone:
/// nobody asked for it.
pub(crate) fn keep_failures(session: &Session) {
    if let Err(fault) = with_failures(session, |_, _| ()) {
        tracing::warn!(fault = fault.message(), "what failed in runs that go cannot be kept");
    }
}
