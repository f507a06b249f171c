//! The run of many tasks of which nothing changed, for every program that brings files up to date.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::builder::{Builder, COPY, Project};
use super::ground::Ground;
use super::install::Peers;
use super::measure::{Line, Taken, median};
use super::table::{Row, millis, times};
use crate::crash::ensure_strace;

/// The calls that are named, of those a run makes most.
const NAMED_CALLS: usize = 8;

/// How many tasks there are, and what is wanted beside ninja.
const SIZES: [(usize, &str); 2] = [(1_000, "at most 4x"), (10_000, "at most 5x")];

/// A program on its way through the rounds.
struct Runner {
    builder: Builder,
    line: Line,
    taken: Vec<Taken>,
}

/// Measures both sizes; returns the rows, and where the time goes.
pub fn measure(ground: &Ground, peers: &Peers) -> Result<(Vec<Row>, String), String> {
    ensure_strace()?;
    let mut rows = Vec::new();
    let mut said = String::from("\nWhere the time of a cached run goes, by calls of the system:\n\n");
    for (tasks, wanted) in SIZES {
        let mut runners = prepare(ground, peers, tasks)?;
        for round in 0..ground.rounds {
            for runner in runners.iter_mut().filter(|runner| round < rounds(runner.builder)) {
                let Runner { builder, line, taken } = runner;
                taken.push(line.taken(repeats(*builder, tasks))?);
            }
        }
        let taken =
            |builder: Builder| runners.iter().find(|runner| runner.builder == builder).map(|one| middle(&one.taken));
        let ours = taken(Builder::Segno).ok_or("segno is measured always")?;
        for runner in runners.iter().filter(|runner| runner.builder != Builder::Segno) {
            let bar = if runner.builder == Builder::Ninja { wanted } else { "-" };
            rows.push(row(
                format!("cached no-op of {tasks} tasks: CPU"),
                ours,
                runner.builder,
                middle(&runner.taken),
                bar,
            ));
        }
        for Runner { builder, line, .. } in runners.iter().filter(|runner| is_counted(runner.builder)) {
            said += &calls(ground, &format!("{}, {tasks} tasks", builder.name()), line)?;
        }
    }
    Ok((rows, said))
}

/// Makes a row of segno's figures and a peer's.
pub fn row(what: String, ours: Taken, peer: Builder, theirs: Taken, wanted: &'static str) -> Row {
    let peer = format!("{} {}", peer.name(), split(theirs));
    Row { what, ours: split(ours), peer, ratio: times(ours.cpu() / theirs.cpu()), wanted }
}

/// Makes each program's project and runs it until nothing is left to do.
fn prepare(ground: &Ground, peers: &Peers, tasks: usize) -> Result<Vec<Runner>, String> {
    let ours = (Builder::Segno, ground.segno.clone());
    let mut runners = Vec::new();
    for (builder, program) in std::iter::once(&ours).chain(&peers.builders) {
        if tasks > most(*builder) {
            continue;
        }
        let folder = ground.folder.join(format!("cached-{tasks}-{}", builder.name()));
        let line = Project::make(*builder, program, folder.clone(), tasks, COPY)?.line();
        line.wall()?;
        line.wall()?;
        if *builder == Builder::Segno {
            check_hits(&ground.segno, &folder, tasks)?;
        }
        runners.push(Runner { builder: *builder, line, taken: Vec::new() });
    }
    Ok(runners)
}

/// Makes sure that segno's last run remembered so many tasks.
pub fn check_hits(segno: &Path, folder: &Path, tasks: usize) -> Result<(), String> {
    let report = Line::new(segno, &["show", "--json"], folder).printed()?;
    let report: Value = serde_json::from_str(&report).map_err(|error| format!("the report is broken: {error}"))?;
    match report["figures"]["cached"].as_u64() {
        Some(cached) if cached == tasks as u64 => Ok(()),
        cached => Err(format!("{cached:?} tasks were cached, and not {tasks}")),
    }
}

/// The most tasks that a program is given: these two take minutes for more.
fn most(builder: Builder) -> usize {
    match builder {
        Builder::Turbo | Builder::Moon => 1_000,
        _ => usize::MAX,
    }
}

/// A run of moon takes up to a minute.
fn rounds(builder: Builder) -> usize {
    if builder == Builder::Moon { 1 } else { usize::MAX }
}

/// Runs in a row that make one figure: processor time is counted in milliseconds.
fn repeats(builder: Builder, tasks: usize) -> u32 {
    match (builder, tasks) {
        (Builder::Moon, _) => 1,
        (Builder::Turbo, _) | (_, 10_000..) => 2,
        _ => 10,
    }
}

fn is_counted(builder: Builder) -> bool {
    matches!(builder, Builder::Segno | Builder::Ninja)
}

/// Returns the middle of each figure.
pub fn middle(taken: &[Taken]) -> Taken {
    let of = |figure: fn(&Taken) -> f64| median(&taken.iter().map(figure).collect::<Vec<_>>());
    Taken { wall: of(|taken| taken.wall), user: of(|taken| taken.user), system: of(|taken| taken.system) }
}

fn split(taken: Taken) -> String {
    format!("{} ({} user, {} kernel)", millis(taken.cpu()), millis(taken.user), millis(taken.system))
}

/// Names the calls that a run makes most, as strace counts them.
fn calls(ground: &Ground, name: &str, line: &Line) -> Result<String, String> {
    let counted = count(line, &ground.folder.join("counted"), &["-S", "calls"])?;
    let all: u64 = counted.iter().map(|(_, count)| count).sum();
    let most = counted.iter().take(NAMED_CALLS).map(|(call, count)| format!("{call} {count}"));
    let mut said = String::new();
    let most = most.collect::<Vec<_>>().join(", ");
    writeln!(said, "- {name}: {all} calls, most of them {most}").expect("a string takes any text");
    Ok(said)
}

/// Counts the system calls of a line.
pub fn count(line: &Line, file: &Path, options: &[&str]) -> Result<Vec<(String, u64)>, String> {
    line.counted(file, options).wall()?;
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read the count: {error}"))?;
    Ok(counted(&text))
}

/// Reads strace's summary: the calls and how often each was made, in its order.
fn counted(summary: &str) -> Vec<(String, u64)> {
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let call = words.last().filter(|call| **call != "total")?;
        // % time, seconds, usecs/call, calls, errors if there were any, syscall
        Some(((*call).to_owned(), words.get(3)?.parse().ok()?))
    };
    summary.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_read_without_its_frame() {
        let summary = "% time     seconds  usecs/call     calls    errors syscall\n\
                       ------ ----------- ----------- --------- --------- ----------------\n \
                       74.93    0.048650         600        81           fsync\n \
                       12.70    0.008247          19       413         2 write\n\
                       ------ ----------- ----------- --------- --------- ----------------\n\
                       100.00    0.064924          78       826         2 total\n";
        assert_eq!(counted(summary), [("fsync".to_owned(), 81), ("write".to_owned(), 413)]);
    }
}
