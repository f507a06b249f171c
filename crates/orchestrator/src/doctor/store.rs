//! The project's state: the store's soundness, its size, runs that wait, runs that are being worked on.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::finding::{Area, Finding, size};
use crate::Project;
use crate::journal::{Locks, RunEntry, SQLITE_FORMAT, Survey, survey};
use crate::model::{RunStatus, Timestamp};
use crate::report::counted;

/// How many of the newest runs are looked at.
const LOOKED_AT: usize = 10_000;
/// How far the clock may stand behind the newest run: processes do not write at the very moment they say.
const SLACK: Duration = Duration::from_secs(60);
/// How many names are listed before the rest is counted.
const MAX_NAMES: usize = 5;

pub(super) fn examine(project: &Project, now: SystemTime) -> Vec<Finding> {
    if !project.has_state() {
        return vec![new("store").good("nothing has been run in this project yet")];
    }
    let mut findings = match survey(&project.database(), LOOKED_AT) {
        Ok(survey) => of_survey(project, &survey, now),
        Err(fault) => {
            let advice = fault.hint_text().unwrap_or("repair it with: segno repair").to_owned();
            vec![new("store").bad(fault.message().to_owned(), advice)]
        }
    };
    findings.push(sizes(project));
    findings.extend(kept_aside(project));
    findings
}

fn new(name: &'static str) -> Finding {
    Finding::new(Area::Store, name)
}

fn of_survey(project: &Project, survey: &Survey, now: SystemTime) -> Vec<Finding> {
    let locks = Locks::new(project.state("locks"));
    let is_open = |entry: &&RunEntry| matches!(entry.status, RunStatus::Running | RunStatus::Paused);
    let open: Vec<&RunEntry> = survey.runs.iter().filter(is_open).collect();
    let (owned, waiting): (Vec<&RunEntry>, Vec<&RunEntry>) =
        open.into_iter().partition(|entry| locks.is_owned(&entry.id));
    let mut findings = vec![soundness(survey), running(&owned), paused(&waiting)];
    findings.extend(clock(survey, now));
    findings
}

fn soundness(survey: &Survey) -> Finding {
    let repair = "repair it with: segno repair";
    if let Some(flaw) = survey.flaws.first() {
        return new("store").bad(format!("is damaged: {flaw}"), repair);
    }
    match &survey.damaged[..] {
        [] => {
            let older = if survey.format < SQLITE_FORMAT { ", which the next run carries over" } else { "" };
            let runs = counted(survey.runs.len(), "run");
            new("store").good(format!("sound, format {}{older}, {runs}", survey.format))
        }
        [(run, damage), ..] => {
            new("store").bad(format!("run {run} is damaged from event {} on: {}", damage.seq, damage.reason), repair)
        }
    }
}

fn running(owned: &[&RunEntry]) -> Finding {
    match owned {
        [] => new("locks").good("no run is being worked on"),
        owned => new("locks").good(format!("being worked on: {}", names(owned))),
    }
}

fn paused(waiting: &[&RunEntry]) -> Finding {
    match waiting {
        [] => new("paused").good("no run waits to be resumed"),
        waiting => new("paused").note(names(waiting), "go on with one of them: segno resume RUN"),
    }
}

fn names(entries: &[&RunEntry]) -> String {
    let mut names: Vec<String> = entries.iter().take(MAX_NAMES).map(|entry| entry.id.to_string()).collect();
    if entries.len() > MAX_NAMES {
        names.push(format!("{} more", entries.len() - MAX_NAMES));
    }
    names.join(", ")
}

/// A clock that stands before what was recorded has been set back, or the store came from another machine.
fn clock(survey: &Survey, now: SystemTime) -> Option<Finding> {
    let newest = survey.runs.iter().map(|entry| entry.touched).max()?;
    let ahead = newest.since(Timestamp::from_system(now));
    let words = || format!("the newest run was recorded {} from now", humantime::format_duration(whole_seconds(ahead)));
    (ahead > SLACK).then(|| new("clock").note(words(), "set the clock: ages of runs and of cached results are wrong"))
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs())
}

fn sizes(project: &Project) -> Finding {
    let state = project.state("");
    let of = |name: &str| below(&state.join(name));
    let parts = ["blobs", "cache", "logs"].map(|name| format!("{name} {}", size(of(name))));
    new("size").good(format!("{} in .segno: {}", size(below(&state)), parts.join(", ")))
}

/// Adds up the files below a folder, as far as they can be seen.
fn below(path: &Path) -> u64 {
    let Ok(facts) = path.symlink_metadata() else { return 0 };
    if !facts.is_dir() {
        return facts.len();
    }
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries.filter_map(Result::ok).map(|entry| below(&entry.path())).sum()
}

/// Says that damaged stores which `segno repair` kept aside still take space.
fn kept_aside(project: &Project) -> Option<Finding> {
    let entries = fs::read_dir(project.state("")).ok()?.filter_map(Result::ok);
    let kept = entries.filter(|entry| entry.file_name().to_string_lossy().contains(".damaged-"));
    let bytes: u64 = kept.map(|entry| below(&entry.path())).sum();
    (bytes > 0).then(|| {
        new("kept aside")
            .note(format!("{} of damaged stores", size(bytes)), "delete .segno/*.damaged-* when not needed")
    })
}
