//! `segno gc`: removes what is no longer kept, or says what that would be.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use segno_orchestrator::journal::RunEntry;
use segno_orchestrator::model::Timestamp;
use segno_orchestrator::report::counted;
use segno_orchestrator::retention::{Collected, Freed, Retention, Why};

use super::runs::row;
use crate::args::GcArguments;
use crate::exit::{End, Failure};
use crate::failures::keep_failures;
use crate::session::Session;
use crate::terminal::print;
use crate::values::size_in_words;

/// The most runs that are named.
const MAX_NAMED: usize = 20;

pub(super) fn gc(arguments: &GcArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let retention = retention(arguments, session.settings.retention.into());
    let (now, collector) = (SystemTime::now(), session.project.collector(&session.setup));
    let stamp = Timestamp::from_system(now);
    match arguments.dry_run {
        true => print(&told(&collector.foresee(&retention, stamp)?, "would remove", stamp)),
        false => {
            keep_failures(&session);
            let done = collector.collect(&retention, stamp, &|| true)?;
            if let Some(turn) = session.project.turn(now) {
                turn.done(now);
            }
            print(&told(&done, "removed", stamp));
        }
    }
    Ok(End::Done)
}

/// Returns the project's limits with those that were given in their place.
fn retention(arguments: &GcArguments, mut retention: Retention) -> Retention {
    let days = |days: u64| Duration::from_secs(days.saturating_mul(86_400));
    retention.keep_runs = arguments.keep_runs.or(retention.keep_runs);
    retention.keep_for = arguments.keep_days.map(days).or(retention.keep_for);
    retention.max_bytes = arguments.max_size.or(retention.max_bytes);
    retention
}

fn told(done: &Collected, verb: &str, now: Timestamp) -> String {
    let mut text = format!("{verb} {}\n", what(done));
    for (entry, why) in done.runs.iter().take(MAX_NAMED) {
        let why = match why {
            Why::TooMany => "enough newer ones",
            Why::TooOld => "too old",
            Why::TooLarge => "too large together",
        };
        writeln!(text, "  {}  {why}", cells(entry, now)).expect("a string takes any text");
    }
    if let Some(more) = done.runs.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        writeln!(text, "  .. and {more} more").expect("a string takes any text");
    }
    if !done.stale.is_empty() {
        text.push_str("nobody touched these for long; they stay, since they can be resumed:\n");
        for entry in done.stale.iter().take(MAX_NAMED) {
            writeln!(text, "  {}", cells(entry, now)).expect("a string takes any text");
        }
        text.push_str("go on with: segno resume RUN, or remove one with: segno remove RUN --force\n");
    }
    text
}

fn cells(entry: &RunEntry, now: Timestamp) -> String {
    let [run, flow, status, age, _] = row(entry, now);
    format!("{run}  {flow}  {status}  {age}")
}

fn what(done: &Collected) -> String {
    let sized = |freed: Freed, noun: &str| format!("{} ({})", counted(freed.count, noun), size_in_words(freed.bytes));
    let mut parts = Vec::new();
    parts.extend((!done.runs.is_empty()).then(|| counted(done.runs.len(), "run")));
    parts.extend((done.logs.count > 0).then(|| sized(done.logs, "log")));
    parts.extend((done.blobs.count > 0).then(|| sized(done.blobs, "large output")));
    parts.extend((done.store.definitions > 0).then(|| counted(done.store.definitions, "definition")));
    parts.extend((done.locks > 0).then(|| counted(done.locks, "left lock")));
    if parts.is_empty() {
        parts.push("nothing: all is within the limits".into());
    }
    let smaller = (done.store.bytes > 0).then(|| format!("; the store is {} smaller", size_in_words(done.store.bytes)));
    parts.join(", ") + &smaller.unwrap_or_default()
}
