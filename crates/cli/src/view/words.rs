//! What is said of a run in words, the same in the tree and in plain lines.

use std::time::Duration;

use segno_orchestrator::model::{RunStatus, Status};
use segno_orchestrator::report::short_duration;

use super::count::Sum;
use super::look::{Look, Mark};
use super::task::End;
use super::text::clean;

/// Says what tasks come to: `12/40 · 3 cached · 1 failed`.
pub(super) fn counts(sum: Sum, look: Look) -> String {
    format!("{}/{}{}", sum.ended, sum.total, notes(sum, look))
}

/// Says what of the tasks is worth a word: ` · 3 cached · 1 failed`.
pub(super) fn notes(sum: Sum, look: Look) -> String {
    let parts = [(sum.cached, "cached"), (sum.partial, "partial"), (sum.failed, "failed"), (sum.skipped, "skipped")];
    let told = parts.into_iter().filter(|(count, _)| *count > 0);
    told.map(|(count, what)| format!("{}{count} {what}", look.dot())).collect()
}

/// Says what the whole run comes to, and what it took.
pub(super) fn outcome(end: Option<&End>, sum: Sum, elapsed: Duration, look: Look) -> (Mark, String) {
    let (mark, status) = match end {
        None => (Mark::Waiting, "stopped".to_owned()),
        Some(End::Paused(reason)) => (Mark::Waiting, format!("paused ({})", clean(reason, look))),
        Some(End::Over(status, None)) => (run_mark(*status), status.name().to_owned()),
        Some(End::Over(status, Some(reason))) => {
            (run_mark(*status), format!("{} ({})", status.name(), clean(reason, look)))
        }
    };
    let dot = look.dot();
    (mark, format!("{status}{dot}{}{dot}{}", counts(sum, look), short_duration(elapsed)))
}

fn run_mark(status: RunStatus) -> Mark {
    match status {
        RunStatus::Succeeded => Mark::Ended(Status::Succeeded),
        RunStatus::Degraded => Mark::Ended(Status::Partial),
        RunStatus::Failed => Mark::Ended(Status::Failed),
        RunStatus::Running | RunStatus::Paused => Mark::Waiting,
    }
}

/// Says why a task failed, and after how many attempts if it was more than one.
pub(super) fn failure(attempts: u32, max: u32, message: &str) -> String {
    match attempts {
        0 | 1 => message.to_owned(),
        _ => format!("attempt {attempts} of {max} failed: {message}"),
    }
}

/// Says that a fallback takes over: `codex takes over: no answer`.
pub(super) fn takes_over(agent: &str, message: &str) -> String {
    format!("{} takes over: {message}", called(agent))
}

/// Joins what is known of a task that ended well besides its time: `by codex · attempt 2 of 3`.
pub(super) fn made_by(by: Option<&str>, attempts: u32, max: u32, look: Look) -> String {
    let by = by.map(|by| format!("by {}", called(&clean(by, look))));
    let attempt = (attempts > 1).then(|| format!("attempt {attempts} of {max}"));
    by.into_iter().chain(attempt).collect::<Vec<_>>().join(look.dot())
}

/// Returns what a fallback is called: a command has no name of its own.
fn called(agent: &str) -> &str {
    if agent == "run" { "a command" } else { agent }
}

/// Returns a task's address as people read it.
pub(super) fn title(name: &str, indices: &[u32], label: Option<&str>, look: Look) -> String {
    let mut title = name.to_owned();
    indices.iter().for_each(|index| title.push_str(&format!("[{index}]")));
    if let Some(label) = label.filter(|_| !indices.is_empty()) {
        title.push(' ');
        title.push_str(&clean(label, look));
    }
    title
}
