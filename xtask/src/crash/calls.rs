//! Kills a run at single system calls, by strace, resumes it, and surveys it at each stop.

use std::collections::{HashMap, HashSet};
use std::fs;

use super::order;
use super::project::{Ended, FLOW, Fixture, Programs, Project};
use super::survey::{Next, Report, Survey, compare};
use super::trace::{self, Call};

/// The flow whose steps make none of the calls that are counted.
const FIXTURE: Fixture = Fixture {
    files: &[(FLOW, include_str!("calls.yaml")), ("input.txt", "input\n")],
    folders: &["effects"],
    jobs: "1",
};

/// The calls at which the run is killed: whatever changes or secures a file.
const COUNTED: [&str; 7] = ["write", "pwrite64", "fdatasync", "fsync", "rename", "renameat", "renameat2"];
/// What else is traced to tell children from threads and to check the order.
const OTHERS: [&str; 3] = ["execve", "mkdir", "mkdirat"];
/// The calls that name a large output, the first of which ends the run that is to be resumed and killed again: by then its
/// beginning is durable, one step has ended, and one is in flight.
const NAMING: [&str; 3] = ["rename", "renameat", "renameat2"];

/// Makes each sync last 10 ms where the order is checked: whatever does not wait for it comes before its end then.
const SLOW_SYNCS: &str = "fsync,fdatasync:delay_exit=10000";

/// What came of the kills.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Runs that were killed at a call and brought to their end.
    pub kills: usize,
    /// Runs that ended before they made the call.
    pub missed: usize,
}

/// A call at which a run is killed: the `nth` of this name that one thread makes.
///
/// strace counts for each thread by itself and cannot be told which thread is meant: the first thread that makes its
/// `nth` call of the name is hit. So each pair of name and number stands for the call that is reached first. A new store
/// is set up by the main thread, which hides the first calls of the journal's thread behind it; that is why a resumed
/// run is killed too, where nearly all calls are the journal's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Point {
    name: String,
    nth: usize,
}

/// Kills runs that begin and runs that are resumed, at up to `limit` calls each, spread evenly over the first `span`.
///
/// # Errors
/// The first breach, with the folder in which it can be looked at.
pub fn kill(programs: &Programs, span: usize, limit: usize, tell: fn(&str)) -> Result<Tally, String> {
    let (begin, report) = points_of_begin(programs)?;
    let resume = points_of_resume(programs)?;
    let mut tally = Tally::default();
    for (is_resumed, points) in [(false, begin), (true, resume)] {
        let points: Vec<Point> = points.into_iter().take(span).collect();
        let step = points.len().div_ceil(limit.max(1)).max(1);
        for (index, point) in points.iter().step_by(step).enumerate() {
            if kill_at(programs, point, is_resumed, &report)? {
                tally.kills += 1;
            } else {
                tally.missed += 1;
            }
            if index % 20 == 19 {
                let what = if is_resumed { "a resumed" } else { "a new" };
                tell(&format!("{} kills at calls of {what} run", index + 1));
            }
        }
    }
    Ok(tally)
}

/// Checks the order of writes and syncs in a run that nobody kills; returns what was checked, in words.
///
/// # Errors
/// Each place where something was told or begun before what it rests on was durable.
pub fn check_order(programs: &Programs) -> Result<String, String> {
    let project = Project::new(programs, FIXTURE)?;
    let calls = traced_run(&project, None, Some(SLOW_SYNCS))?;
    order::check(&calls).map_err(|breaches| breaches.join("\n"))
}

/// Traces a run that nobody kills; returns its points and how it ends.
fn points_of_begin(programs: &Programs) -> Result<(Vec<Point>, Report), String> {
    let project = Project::new(programs, FIXTURE)?;
    let calls = traced_run(&project, None, None)?;
    Ok((points(&calls), project.report()?))
}

fn points_of_resume(programs: &Programs) -> Result<Vec<Point>, String> {
    let project = Project::new(programs, FIXTURE)?;
    let run = begun(&project, &mut Survey::default())?;
    Ok(points(&traced_run(&project, Some(&run), None)?))
}

fn traced_run(project: &Project<'_>, resumed: Option<&str>, inject: Option<&str>) -> Result<Vec<Call>, String> {
    let file = project.path("trace");
    let names = [&COUNTED[..], &OTHERS].concat();
    let ended = project.wait(project.start(&trace::traced(project.segno(resumed), &names, inject, &file))?)?;
    if ended != Ended::Exited(0) {
        return Err(format!("the traced run did not end well\n{}", project.talk()));
    }
    let text = fs::read(&file).map_err(|error| format!("cannot read the trace: {error}"))?;
    Ok(trace::read(&String::from_utf8_lossy(&text)))
}

/// Brings a run to its first large output, kills it there, and returns its name.
fn begun(project: &Project<'_>, survey: &mut Survey) -> Result<String, String> {
    let inject = format!("{}:signal=SIGKILL:when=1", NAMING.join(","));
    let line = trace::traced(project.segno(None), &NAMING, Some(&inject), &project.path("trace"));
    let ended = project.wait(project.start(&line)?)?;
    match survey.look(project, ended)? {
        Next::Resume(run) => Ok(run),
        next => Err(format!("a run killed at its first large output cannot be resumed: {next:?}")),
    }
}

/// Returns the points of a run, in the order in which they are reached.
fn points(calls: &[Call]) -> Vec<Point> {
    let first = calls.first().map(|call| call.thread);
    let is_child = |call: &&Call| call.name == "execve" && Some(call.thread) != first;
    let children: HashSet<u32> = calls.iter().filter(is_child).map(|call| call.thread).collect();
    let mut counts: HashMap<(u32, &str), usize> = HashMap::new();
    let mut seen = HashSet::new();
    let mut points = Vec::new();
    for call in calls.iter().filter(|call| COUNTED.contains(&&*call.name) && !children.contains(&call.thread)) {
        let nth = counts.entry((call.thread, &call.name)).or_default();
        *nth += 1;
        // Threads wake each other by writes that leave nothing behind; they count, but are no points.
        let leaves_something = call.path().is_none_or(|path| path.contains("/.segno"));
        let point = Point { name: call.name.clone(), nth: *nth };
        if leaves_something && seen.insert(point.clone()) {
            points.push(point);
        }
    }
    points
}

/// Kills one run at a point and brings it to its end; `false` when it ended without making the call.
fn kill_at(programs: &Programs, point: &Point, is_resumed: bool, report: &Report) -> Result<bool, String> {
    let project = Project::new(programs, FIXTURE)?;
    drive(&project, point, is_resumed, report).map_err(|breach| {
        let Point { name, nth } = point;
        let what = if is_resumed { "a resumed run" } else { "a run" };
        let talk = project.talk();
        format!("{what} killed at {name} number {nth}: {breach}\n{talk}\nlook at {}", project.keep().display())
    })
}

fn drive(project: &Project<'_>, point: &Point, is_resumed: bool, report: &Report) -> Result<bool, String> {
    let mut survey = Survey::default();
    let run = if is_resumed { Some(begun(project, &mut survey)?) } else { None };
    let inject = format!("{}:signal=SIGKILL:when={}", point.name, point.nth);
    let line = trace::traced(project.segno(run.as_deref()), &[&point.name], Some(&inject), &project.path("trace"));
    let killed = project.wait(project.start(&line)?)?;
    let mut next = survey.look(project, killed)?;
    while next != Next::Nothing {
        let resumed = match &next {
            Next::Resume(run) => Some(run.as_str()),
            _ => None,
        };
        let ended = project.wait(project.start(&project.segno(resumed))?)?;
        next = survey.look(project, ended)?;
    }
    compare(report, &project.report()?)?;
    Ok(killed == Ended::Killed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(trace: &str, expected: &[&str]) {
        let points = points(&trace::read(trace));
        let shown: Vec<String> = points.iter().map(|point| format!("{} {}", point.name, point.nth)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_point_is_the_call_that_is_reached_first() {
        let trace = "1 execve(\"segno\") = 0\n1 fsync(3</p/.segno/a>) = 0\n2 fsync(4</p/.segno/b>) = 0\n\
                     2 fsync(4</p/.segno/b>) = 0\n1 fsync(3</p/.segno/a>) = 0\n";
        check(trace, &["fsync 1", "fsync 2"]);
    }

    #[test]
    fn children_are_left_out_and_wakes_only_count() {
        let trace = "1 execve(\"segno\") = 0\n2 write(9<anon_inode:[eventfd]>, \"x\", 8) = 8\n\
                     2 write(4</p/.segno/logs/r.jsonl>, \"x\", 1) = 1\n3 execve(\"sh\") = 0\n3 write(1</p/.segno>, \"x\", 1) = 1\n";
        check(trace, &["write 2"]);
    }
}
