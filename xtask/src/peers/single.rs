//! What has no peer but a bar: memory, the size of the program, large outputs, syncs a step.

use std::fs;

use super::cached::count;
use super::ground::Ground;
use super::measure::Line;
use super::table::{Row, megabytes};
use crate::crash::ensure_strace;

const FAN: usize = 10_000;
const STEPS: usize = 1_000;
/// What stands in an output where it was cut.
const MARKER: &str = "[segno: ";

/// A step that writes a great many lines, and one that writes a single long one.
const LARGE: [(&str, &str, &str); 2] = [
    ("1 GB to stdout", "lines", "yes segno | head -c 1000000000"),
    ("one line of 200 MB", "line", "head -c 200000000 /dev/zero | tr '\\0' x"),
];

/// Measures all of it.
pub fn measure(ground: &Ground) -> Result<Vec<Row>, String> {
    let mut rows = vec![fan_out(ground)?, size(ground)?];
    for (what, name, script) in LARGE {
        rows.push(large(ground, what, name, script)?);
    }
    rows.push(syncs(ground)?);
    Ok(rows)
}

fn fan_out(ground: &Ground) -> Result<Row, String> {
    let flow = format!("steps: [{{ each: \"{{{{ range({FAN}) | list }}}}\", run: [\"true\"] }}]\n");
    let folder = ground.project("fan", &flow)?;
    let peak = Line::new(&ground.segno, &["run", "flow.yaml"], &folder).peak()?;
    Ok(alone(format!("fan-out of {FAN} tasks: peak memory"), megabytes(peak), "under 40 MB"))
}

fn size(ground: &Ground) -> Result<Row, String> {
    let facts = fs::metadata(&ground.segno).map_err(|error| format!("cannot look at the program: {error}"))?;
    Ok(alone("stripped release program: size".to_owned(), megabytes(facts.len()), "under 20 MB"))
}

fn large(ground: &Ground, what: &str, name: &str, script: &str) -> Result<Row, String> {
    let folder = ground.project(name, &format!("steps:\n  - id: large\n    run: {script}\n"))?;
    let peak = Line::new(&ground.segno, &["run", "flow.yaml"], &folder).peak()?;
    let shown = Line::new(&ground.segno, &["show", "latest", "large"], &folder).printed()?;
    let marker = if shown.contains(MARKER) { "marked where it was cut" } else { "WITHOUT A MARK where it was cut" };
    let ours = format!("{}; {} of it kept, {marker}", megabytes(peak), megabytes(shown.len() as u64));
    Ok(alone(format!("a step that writes {what}: peak memory"), ours, "under 64 MB"))
}

/// Counts the syncs of a run of steps that do nothing.
fn syncs(ground: &Ground) -> Result<Row, String> {
    ensure_strace()?;
    let folder = ground.project("syncs", "")?;
    let file = folder.join("counted");
    let (place, steps) = (folder.display().to_string(), STEPS.to_string());
    let line = Line::new(&ground.durable_steps, &[&place, &steps], &folder);
    let counted = count(&line, &file, &["-e", "trace=fsync,fdatasync"])?;
    let syncs: u64 = counted.iter().map(|(_, count)| count).sum();
    let ours = format!("{:.3}", syncs as f64 / STEPS as f64);
    Ok(alone(format!("{STEPS} durable sequential steps: fsync and fdatasync a step"), ours, "at most 1.05"))
}

/// Makes a row of a figure that has no peer.
pub fn alone(what: String, ours: String, wanted: &'static str) -> Row {
    Row { what, ours, peer: "-".to_owned(), ratio: "-".to_owned(), wanted }
}
