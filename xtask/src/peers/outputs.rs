//! The cached run of tasks that leave no file behind, or a text on stdout: what a hit has to look at decides its price.

use super::builder::{Builder, COPY, Project};
use super::cached::{check_hits, middle, row};
use super::ground::{Ground, write};
use super::install::Peers;
use super::measure::{Line, Taken};
use super::table::Row;

const TASKS: usize = 1_000;
const REPEATS: u32 = 10;

const FLOWS: [(&str, &str, &str); 2] =
    [("without any output", "at most 4x", TEST), ("with 1 KB of output text", "- (ninja keeps no output)", SHOW)];
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

/// Measures the flows and ninja in turn.
pub fn measure(ground: &Ground, peers: &Peers) -> Result<Vec<Row>, String> {
    let Some((ninja, program)) = peers.builders.iter().find(|(builder, _)| *builder == Builder::Ninja) else {
        return Err("ninja is missing".to_owned());
    };
    let folder = ground.folder.join("outputs-ninja");
    let mut lines = vec![Project::make(*ninja, program, folder, TASKS, COPY)?.line()];
    lines[0].wall()?;
    for (name, _, flow) in FLOWS {
        lines.push(segno(ground, name, flow)?);
    }
    let mut taken: Vec<Vec<Taken>> = vec![Vec::new(); lines.len()];
    for _ in 0..ground.rounds {
        for (line, taken) in lines.iter().zip(&mut taken) {
            taken.push(line.taken(REPEATS)?);
        }
    }
    let peer = middle(&taken[0]);
    let row = |((name, wanted, _), taken): (&(&str, &'static str, &str), &Vec<Taken>)| {
        row(format!("cached no-op of {TASKS} tasks {name}: CPU"), middle(taken), *ninja, peer, wanted)
    };
    Ok(FLOWS.iter().zip(&taken[1..]).map(row).collect())
}

/// Makes a project, runs its flow twice, and returns the line that runs it again.
fn segno(ground: &Ground, name: &str, flow: &str) -> Result<Line, String> {
    let folder = ground.project(name, flow)?;
    for number in 0..TASKS {
        write(&folder.join(format!("in/{number:04}.txt")), &format!("{number:03}\n").repeat(256))?;
    }
    let line = Line::new(&ground.segno, &["run", "flow.yaml"], &folder);
    line.wall()?;
    line.wall()?;
    check_hits(&ground.segno, &folder, TASKS)?;
    Ok(line)
}
