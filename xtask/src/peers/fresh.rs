//! The first run of 1,000 programs that do nothing, beside make's; and the start of the program itself.

use std::fmt::Write as _;
use std::fs;

use super::ground::Ground;
use super::measure::{Line, median};
use super::table::{Row, millis, times};
use crate::tools::{self, Tool};

const MAKE: Tool<'_> = Tool { program: "make", packages: &["make"] };

const TASKS: usize = 1_000;
/// Starts of a program that make one figure.
const STARTS: usize = 20;

/// Measures 1,000 x `true` with two jobs, from nothing.
pub fn measure(ground: &Ground) -> Result<Row, String> {
    tools::ensure(&MAKE).map_err(|missing| missing.to_string())?;
    let folder = ground
        .project("fresh", &format!("steps: [{{ each: \"{{{{ range({TASKS}) | list }}}}\", run: [\"true\"] }}]\n"))?;
    let targets: Vec<String> = (0..TASKS).map(|number| format!("t{number}")).collect();
    let mut text = format!(".PHONY: all {0}\nall: {0}\n", targets.join(" "));
    for target in &targets {
        // Without anything that a shell would be needed for, so that make starts the program itself.
        writeln!(text, "{target}:\n\t@true").map_err(|error| error.to_string())?;
    }
    fs::write(folder.join("Makefile"), text).map_err(|error| format!("cannot write the Makefile: {error}"))?;
    let segno = Line::new(&ground.segno, &["run", "flow.yaml", "--jobs", "2"], &folder);
    let make = Line::new(MAKE.program, &["-j2"], &folder);
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..ground.rounds {
        ground.forget("fresh")?;
        ours.push(segno.wall()?);
        peers.push(make.wall()?);
    }
    let (ours, peers) = (median(&ours), median(&peers));
    Ok(Row {
        what: format!("fresh run of {TASKS} x `true`, 2 jobs, journal durable: wall"),
        ours: millis(ours),
        peer: format!("make -j2 {}", millis(peers)),
        ratio: times(ours / peers),
        wanted: "at most 1.25x",
    })
}

/// Measures the start of the program.
pub fn start_up(ground: &Ground) -> Result<Row, String> {
    let segno = Line::new(&ground.segno, &["--version"], &ground.folder);
    let nothing = Line::new("/bin/true", &[], &ground.folder);
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..ground.rounds * STARTS {
        ours.push(segno.wall()?);
        peers.push(nothing.wall()?);
    }
    let (ours, peers) = (median(&ours), median(&peers));
    Ok(Row {
        what: "start-up, `segno --version`: wall".to_owned(),
        ours: millis(ours),
        peer: format!("true {}", millis(peers)),
        ratio: times(ours / peers),
        wanted: "at most 2x plus 2 ms",
    })
}
