//! How each figure is measured. What is told of it is `command`'s.

use std::fs;

use crate::binaries::{LOG_LINES, Profile};
use crate::peers::{Ground, Line, median};

/// Programs started for one figure.
const STARTS: usize = 20;
const STEPS: usize = 1_000;
const FAN: usize = 10_000;
const CALLS: usize = 100;
const LINES: usize = 10_000;

/// What was promised and what is.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub what: &'static str,
    pub measured: f64,
    /// It must stay below this.
    pub bar: f64,
    pub unit: &'static str,
    /// What else is to be said of it.
    pub note: String,
}

impl Figure {
    fn new(what: &'static str, measured: f64, bar: f64, unit: &'static str) -> Figure {
        Figure { what, measured, bar, unit, note: String::new() }
    }

    /// Says whether it stays below its bar. What could not be measured does not.
    pub fn is_reached(&self) -> bool {
        self.measured < self.bar
    }
}

/// Measures all of them.
pub fn all(ground: &Ground) -> Result<Vec<Figure>, String> {
    let mut figures = vec![start_up(ground)?, cached_step(ground)?, fresh_call(ground)?];
    figures.extend([checkpoint(ground)?, log_write(ground)?, memory(ground)?, cached_call(ground)?]);
    Ok(figures)
}

fn start_up(ground: &Ground) -> Result<Figure, String> {
    let line = Line::new(&ground.segno, &["--version"], &ground.folder);
    let walls: Result<Vec<f64>, String> = (0..STARTS).map(|_| line.wall()).collect();
    Ok(Figure::new("start-up", millis(median(&walls?)), 100.0, "ms"))
}

/// A step of a run in which everything is remembered, with its share of all else that the run does.
fn cached_step(ground: &Ground) -> Result<Figure, String> {
    let flow = format!(
        "steps: [{{ each: \"{{{{ range({STEPS}) | list }}}}\", run: [echo, \"{{{{ item }}}}\"], {CACHED} }}]\n"
    );
    let folder = ground.project("cached-step", &flow)?;
    let line = Line::new(&ground.segno, &["run", "flow.yaml"], &folder);
    line.wall()?;
    let walls: Result<Vec<f64>, String> = (0..5).map(|_| line.wall()).collect();
    Ok(Figure::new("cached step, in a run of 1,000", millis(median(&walls?)) / STEPS as f64, 10.0, "ms"))
}

/// An agent that takes a second.
fn fresh_call(ground: &Ground) -> Result<Figure, String> {
    let folder = ground.project("fresh-call", "steps: [{ id: agent, run: [sleep, \"1\"] }]\n")?;
    let line = Line::new(&ground.segno, &["run", "flow.yaml"], &folder);
    let walls: Result<Vec<f64>, String> = (0..5).map(|_| line.wall()).collect();
    let wall = median(&walls?);
    let note = format!(" ({:.1} ms over the agent's own second)", millis(wall - 1.0));
    Ok(Figure { note, ..Figure::new("fresh call of an agent that takes 1 s", wall, 1.1, "s") })
}

/// Each of these steps waits for one durable commit.
fn checkpoint(ground: &Ground) -> Result<Figure, String> {
    let folder = ground.empty("checkpoint")?;
    let words = [folder.display().to_string(), STEPS.to_string()];
    let said = Line::new(&ground.durable_steps, &words.each_ref().map(String::as_str), &folder).printed()?;
    Ok(Figure::new("checkpoint: a durable commit with its step", millis(first(&said)?) / STEPS as f64, 50.0, "ms"))
}

fn log_write(ground: &Ground) -> Result<Figure, String> {
    let program = LOG_LINES.build(Profile::Release).map_err(|red| format!("{}\n{}", red.output, red.repeat))?;
    let file = ground.empty("log")?.join("run.log");
    let words = [file.display().to_string(), LINES.to_string()];
    let said = Line::new(program, &words.each_ref().map(String::as_str), &ground.folder).printed()?;
    let written = fs::read_to_string(&file).map_err(|error| format!("cannot read the log: {error}"))?.lines().count();
    match written {
        LINES => Ok(Figure::new("a line written to the log", millis(first(&said)?) / LINES as f64, 5.0, "ms")),
        written => Err(format!("{written} lines were logged, not {LINES}")),
    }
}

fn memory(ground: &Ground) -> Result<Figure, String> {
    let flow = format!("steps: [{{ each: \"{{{{ range({FAN}) | list }}}}\", run: [\"true\"] }}]\n");
    let folder = ground.project("memory", &flow)?;
    let peak = Line::new(&ground.segno, &["run", "flow.yaml"], &folder).peak()?;
    Ok(Figure::new("peak memory, 10,000 tasks", peak as f64 / 1e6, 50.0, "MB"))
}

/// A whole run of one remembered agent, from the program's start to its end.
fn cached_call(ground: &Ground) -> Result<Figure, String> {
    let flow = format!("steps: [{{ id: agent, run: [sleep, \"0.1\"], {CACHED} }}]\n");
    let folder = ground.project("cached-call", &flow)?;
    let line = Line::new(&ground.segno, &["run", "flow.yaml"], &folder);
    line.wall()?;
    let mut walls = Vec::new();
    for _ in 0..CALLS {
        walls.push(line.wall()?);
    }
    walls.sort_by(f64::total_cmp);
    let high = walls[CALLS * 95 / 100 - 1];
    Ok(Figure::new("cached call of an agent, 95th of 100, program and all", millis(high), 200.0, "ms"))
}

/// What makes a step remembered: it depends on a file that does not change.
const CACHED: &str = "cache: { files: [segno.toml] }";

fn millis(seconds: f64) -> f64 {
    seconds * 1_000.0
}

fn first(said: &str) -> Result<f64, String> {
    let number = said.split_whitespace().next().and_then(|word| word.parse().ok());
    number.ok_or_else(|| format!("the program did not say what it took: {said}"))
}
