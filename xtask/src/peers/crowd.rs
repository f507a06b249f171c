//! 100 runs at once with one journal: how many syncs a step costs, and how much of the processor beside one run alone.

use super::cached::count;
use super::ground::Ground;
use super::measure::{Line, median};
use super::table::{Row, millis, times};
use crate::crash::ensure_strace;

const RUNS: usize = 100;
const STEPS: usize = 50;
/// The steps of the run that is alone.
const ALONE: usize = 1_000;

/// Measures both.
pub fn measure(ground: &Ground) -> Result<Vec<Row>, String> {
    Ok(vec![syncs(ground)?, processor(ground)?])
}

fn syncs(ground: &Ground) -> Result<Row, String> {
    ensure_strace()?;
    let file = ground.folder.join("counted");
    let line = line(ground, STEPS, RUNS)?;
    // Without the filter strace stops every call, and slower steps would share more commits.
    let counted = count(&line, &file, &["--seccomp-bpf", "-e", "trace=fsync,fdatasync"])?;
    let syncs: u64 = counted.iter().map(|(_, count)| count).sum();
    Ok(Row {
        what: format!("{RUNS} runs of {STEPS} durable steps at once: fsync and fdatasync a step"),
        ours: format!("{:.3}", syncs as f64 / (RUNS * STEPS) as f64),
        peer: "-".to_owned(),
        ratio: "-".to_owned(),
        wanted: "at most 0.1",
    })
}

fn processor(ground: &Ground) -> Result<Row, String> {
    let (mut crowd, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..ground.rounds {
        crowd.push(spent(&line(ground, STEPS, RUNS)?)? / (RUNS * STEPS) as f64);
        alone.push(spent(&line(ground, ALONE, 1)?)? / ALONE as f64);
    }
    let (crowd, alone) = (median(&crowd), median(&alone));
    Ok(Row {
        what: format!("{RUNS} runs of {STEPS} durable steps at once: CPU a step"),
        ours: millis(crowd),
        peer: format!("segno, one run of {ALONE} steps {}", millis(alone)),
        ratio: times(crowd / alone),
        wanted: "at most 1.3x",
    })
}

fn line(ground: &Ground, steps: usize, runs: usize) -> Result<Line, String> {
    let folder = ground.empty("crowd")?;
    let words = [folder.display().to_string(), steps.to_string(), runs.to_string()];
    Ok(Line::new(&ground.durable_steps, &words.each_ref().map(String::as_str), &folder))
}

/// Returns the processor time of the runs alone, as the program says: wall, then processor.
fn spent(line: &Line) -> Result<f64, String> {
    let said = line.printed()?;
    let spent = said.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    spent.ok_or_else(|| format!("the program did not say what it took: {said}"))
}
