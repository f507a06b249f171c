//! A run of 100,000 steps, wide and a thousand blocks deep: what it takes of memory and disk, and how soon it is shown.

use std::fs;
use std::path::Path;

use super::ground::Ground;
use super::measure::{Line, median};
use super::single::alone;
use super::table::{Row, megabytes, millis};

const DEPTH: usize = 1_000;
const ITEMS: usize = 100;

/// Measures one such run.
pub fn measure(ground: &Ground) -> Result<Vec<Row>, String> {
    let folder = ground.project("large", &flow())?;
    ground.forget("large")?;
    let peak = Line::new(&ground.segno, &["run", "flow.yaml"], &folder).peak()?;
    let state = folder.join(".segno");
    let steps = (DEPTH * ITEMS) as f64;
    let store = bytes(&state.join("segno.db"))? as f64 / steps;
    let log = log_line(&state.join("logs"))?;
    let show = Line::new(&ground.segno, &["show"], &folder);
    let shown = (0..ground.rounds).map(|_| show.wall()).collect::<Result<Vec<f64>, String>>()?;
    let what = |what: &str| format!("{} steps, {ITEMS} in each of {DEPTH} nested blocks: {what}", DEPTH * ITEMS);
    Ok(vec![
        alone(what("peak memory"), megabytes(peak), "under 200 MB"),
        alone(what("store a step"), format!("{store:.0} bytes"), "at most 1 KB"),
        alone(what("a line of the log"), format!("{log:.0} bytes"), "about 300 bytes"),
        alone(what("segno show, wall"), millis(median(&shown)), "at most 100 ms"),
    ])
}

/// Blocks that stand in each other, each with a list of its own.
fn flow() -> String {
    let items: Vec<String> = (0..ITEMS).map(|item| item.to_string()).collect();
    let block =
        |level: usize| format!("{{ steps: [{{ id: s{level}, each: \"{{{{ inputs.items }}}}\", run: [\"true\"] }}, ");
    let blocks: String = (0..DEPTH).map(block).collect();
    let input = format!("inputs: {{ items: {{ type: list, default: [{}] }} }}", items.join(", "));
    format!("{input}\nsteps: [{blocks}{{ run: [\"true\"] }}{}]\n", "] }".repeat(DEPTH))
}

/// Returns the mean length of the lines of the logs in a folder.
fn log_line(folder: &Path) -> Result<f64, String> {
    let (mut all, mut lines) = (0, 0);
    for entry in fs::read_dir(folder).map_err(|error| format!("no logs: {error}"))?.flatten() {
        let text = fs::read(entry.path()).map_err(|error| format!("the log cannot be read: {error}"))?;
        all += text.len();
        lines += text.iter().filter(|byte| **byte == b'\n').count();
    }
    Ok(all as f64 / lines.max(1) as f64)
}

fn bytes(file: &Path) -> Result<u64, String> {
    fs::metadata(file).map(|facts| facts.len()).map_err(|error| format!("{} is not there: {error}", file.display()))
}
