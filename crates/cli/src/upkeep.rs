//! What is done after a run without being asked: once a day, what is no longer kept is collected, within a second.

use std::time::{Duration, Instant, SystemTime};

use segno_orchestrator::model::Timestamp;

use crate::failures::keep_failures;
use crate::session::Session;

/// How long it may take: somebody waits for the prompt. What is not done then is done another day.
const MAX_TIME: Duration = Duration::from_secs(1);

/// Collects if it is due and the project has nothing against it. A failure goes to the log alone: the run has ended as it
/// has.
pub(crate) fn collect_if_due(session: &Session) {
    let now = SystemTime::now();
    let settings = session.settings.retention;
    let Some(turn) = settings.auto.then(|| session.project.turn(now)).flatten() else {
        return;
    };
    keep_failures(session);
    let end = Instant::now() + MAX_TIME;
    let collector = session.project.collector(&session.setup);
    match collector.collect(&settings.into(), Timestamp::from_system(now), &|| Instant::now() < end) {
        Ok(done) => tracing::info!(
            runs = done.runs.len(),
            logs = done.logs.count,
            blobs = done.blobs.count,
            complete = done.is_complete,
            "collected what is no longer kept"
        ),
        Err(fault) => tracing::warn!(fault = fault.message(), "what is no longer kept cannot be collected"),
    }
    turn.done(now);
}
