//! The second run of 1,000 tasks of which nothing changed, beside ninja's.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::command::Ground;
use super::measure::{Line, Taken, median};
use super::table::{Row, millis, times};
use crate::tools::{self, Tool};

const NINJA: Tool = Tool { program: "ninja", packages: &["ninja-build"] };

const TASKS: usize = 1_000;
/// Runs in a row that make one figure: their processor time is counted in milliseconds.
const REPEATS: u32 = 10;
/// The calls that are named, of those a run makes most.
const NAMED_CALLS: usize = 8;
const WANTED: &str = "at most 6x";

/// The flows: what their tasks leave behind decides what a hit has to look at.
const FLOWS: [(&str, &str); 3] =
    [("with an output file", COPY), ("without any output", TEST), ("with 1 KB of output text", SHOW)];
const COPY: &str = r#"
steps:
  - id: copy
    each: "{{ files('in/*.txt') }}"
    run: [cp, "{{ item }}", "{{ item | replace('in/', 'out/') }}"]
    cache: { files: ["{{ item }}"] }
    outputs: ["{{ item | replace('in/', 'out/') }}"]
"#;
const TEST: &str = r#"
steps:
  - id: test
    each: "{{ files('in/*.txt') }}"
    run: [test, -s, "{{ item }}"]
    cache: { files: ["{{ item }}"] }
"#;
const SHOW: &str = r#"
steps:
  - id: show
    each: "{{ files('in/*.txt') }}"
    run: [cat, "{{ item }}"]
    cache: { files: ["{{ item }}"] }
"#;

/// Measures the flows and ninja in turn; returns the rows, and where the time goes.
pub fn measure(ground: &Ground) -> Result<(Vec<Row>, String), String> {
    tools::ensure(&NINJA).map_err(|missing| missing.to_string())?;
    let mut lines = vec![("ninja", ninja(ground)?)];
    for (name, flow) in FLOWS {
        lines.push((name, segno(ground, name, flow)?));
    }
    let mut taken = vec![Vec::new(); lines.len()];
    for _ in 0..ground.rounds {
        for ((_, line), taken) in lines.iter().zip(&mut taken) {
            taken.push(line.taken(REPEATS)?);
        }
    }
    let peer = middle(&taken[0]);
    let row = |((name, _), taken): (&(&str, Line), &Vec<Taken>)| {
        let ours = middle(taken);
        Row {
            what: format!("cached second run of {TASKS} tasks {name}: CPU"),
            ours: split(ours),
            peer: format!("ninja {}", split(peer)),
            ratio: times(ours.cpu() / peer.cpu()),
            wanted: WANTED,
        }
    };
    let rows = lines.iter().zip(&taken).skip(1).map(row).collect();
    let mut said = String::from("\nWhere the time of a cached run goes, by calls of the system:\n\n");
    for (name, line) in &lines {
        said += &calls(ground, name, line)?;
    }
    Ok((rows, said))
}

/// Makes a project, runs its flow once, and returns the line that runs it again.
fn segno(ground: &Ground, name: &str, flow: &str) -> Result<Line, String> {
    let folder = inputs(ground, name)?;
    write(&folder.join("segno.toml"), "")?;
    write(&folder.join("flow.yaml"), flow)?;
    let line = Line::new(&ground.segno, &["run", "flow.yaml"], &folder);
    line.wall()?;
    line.wall()?;
    let report = Line::new(&ground.segno, &["show", "--json"], &folder).printed()?;
    let report: Value = serde_json::from_str(&report).map_err(|error| format!("the report is broken: {error}"))?;
    match report["figures"]["cached"].as_u64() {
        Some(cached) if cached == TASKS as u64 => Ok(line),
        cached => Err(format!("of {TASKS} tasks {cached:?} were cached at the second run")),
    }
}

fn ninja(ground: &Ground) -> Result<Line, String> {
    let folder = inputs(ground, "ninja")?;
    let mut text = String::from("rule copy\n  command = cp $in $out\n");
    for number in 0..TASKS {
        writeln!(text, "build out/{number:04}.txt: copy in/{number:04}.txt").map_err(|error| error.to_string())?;
    }
    write(&folder.join("build.ninja"), &text)?;
    let line = Line::new(NINJA.program, &[], &folder);
    line.wall()?;
    Ok(line)
}

/// Makes a folder with the files that both copy.
fn inputs(ground: &Ground, name: &str) -> Result<PathBuf, String> {
    let folder = ground.folder.join(name);
    for part in ["in", "out"] {
        fs::create_dir_all(folder.join(part)).map_err(|error| format!("cannot make {part}: {error}"))?;
    }
    for number in 0..TASKS {
        write(&folder.join(format!("in/{number:04}.txt")), &format!("{number:03}\n").repeat(256))?;
    }
    Ok(folder)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn middle(taken: &[Taken]) -> Taken {
    let of = |figure: fn(&Taken) -> f64| median(&taken.iter().map(figure).collect::<Vec<_>>());
    Taken { wall: of(|taken| taken.wall), user: of(|taken| taken.user), system: of(|taken| taken.system) }
}

fn split(taken: Taken) -> String {
    format!("{} ({} user, {} kernel)", millis(taken.cpu()), millis(taken.user), millis(taken.system))
}

/// Names the calls that a run makes most, as strace counts them.
fn calls(ground: &Ground, name: &str, line: &Line) -> Result<String, String> {
    let file = ground.folder.join("counted");
    line.counted(&file, &["-S", "calls"]).wall()?;
    let text = fs::read_to_string(&file).map_err(|error| format!("cannot read the count: {error}"))?;
    let counted = counted(&text);
    let all: u64 = counted.iter().map(|(_, count)| count).sum();
    let most: Vec<String> = counted.iter().take(NAMED_CALLS).map(|(call, count)| format!("{call} {count}")).collect();
    Ok(format!("- {name}: {all} calls, most of them {}\n", most.join(", ")))
}

/// Reads strace's summary: the calls and how often each was made, in its order.
pub fn counted(summary: &str) -> Vec<(String, u64)> {
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
