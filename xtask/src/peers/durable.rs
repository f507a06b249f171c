//! One workflow of 1,000 steps that do nothing, each durable before the next begins, beside the durable engines.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::ground::{Ground, write};
use super::install;
use super::measure::{Line, median};
use super::table::{Row, millis, times};

const STEPS: usize = 1_000;

/// The engines: their names, their scripts, and how many times as long as segno they are wanted to take.
const ENGINES: [(&str, &str, &str); 2] = [
    ("LangGraph + SqliteSaver", include_str!("scripts/langgraph_steps.py"), "at least 2x"),
    ("DBOS + SQLite", include_str!("scripts/dbos_steps.py"), "at least 4x"),
];

/// What a program took, in seconds.
#[derive(Clone, Copy, Debug)]
struct Took {
    /// The run alone, as the program itself says.
    run: f64,
    /// What the run alone took of the processor.
    cpu: f64,
    /// All of it, from its start to its end.
    whole: f64,
}

/// Measures segno and the engines in turn.
pub fn measure(ground: &Ground) -> Result<Vec<Row>, String> {
    let python = install::engines(&ground.target)?;
    let mut programs: Vec<(&str, PathBuf, Vec<String>)> = vec![("segno", ground.durable_steps.clone(), Vec::new())];
    for (number, (name, script, _)) in ENGINES.iter().enumerate() {
        let path = ground.folder.join(format!("engine-{number}.py"));
        write(&path, script)?;
        programs.push((name, python.clone(), vec![path.display().to_string()]));
    }
    let mut taken: Vec<Vec<Took>> = vec![Vec::new(); programs.len()];
    for _ in 0..ground.rounds {
        for ((_, program, words), taken) in programs.iter().zip(&mut taken) {
            taken.push(run(program, words, &ground.empty("durable")?)?);
        }
    }
    let of = |taken: &Vec<Took>, part: fn(&Took) -> f64| median(&taken.iter().map(part).collect::<Vec<_>>());
    let mut rows = Vec::new();
    for (place, (name, _, wanted)) in ENGINES.iter().enumerate() {
        let row = |what: &str, part: fn(&Took) -> f64, wanted: &'static str| {
            let (ours, theirs) = (of(&taken[0], part), of(&taken[place + 1], part));
            Row {
                what: format!("{STEPS} durable steps of one workflow, {what}"),
                ours: millis(ours),
                peer: format!("{name} {}", millis(theirs)),
                ratio: format!("{} as long", times(theirs / ours)),
                wanted,
            }
        };
        rows.push(row("the run alone: wall", |took| took.run, wanted));
        rows.push(row("with the program's start: wall", |took| took.whole, "-"));
        // What another program does to the disk or the other core does not change this one.
        rows.push(row("the run alone: CPU", |took| took.cpu, wanted));
    }
    Ok(rows)
}

fn run(program: &Path, words: &[String], folder: &Path) -> Result<Took, String> {
    let (place, steps) = (folder.display().to_string(), STEPS.to_string());
    let words: Vec<&str> = words.iter().map(String::as_str).chain([place.as_str(), steps.as_str()]).collect();
    let begun = Instant::now();
    let said = Line::new(program, &words, folder).printed()?;
    let whole = begun.elapsed().as_secs_f64();
    let figures: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match figures[..] {
        [run, cpu] => Ok(Took { run, cpu, whole }),
        _ => Err(format!("{} did not say what it took: {said}", program.display())),
    }
}
