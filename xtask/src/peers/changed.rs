//! One of 1,000 inputs is changed before each run.

use super::builder::{Builder, COPY, Project};
use super::cached::{check_hits, middle, row};
use super::ground::Ground;
use super::install::Peers;
use super::measure::Taken;
use super::table::Row;

const TASKS: usize = 1_000;
const REPEATS: u32 = 5;

/// Writes another content with the shell's own means, and waits for the clock of the file system to go on: ninja and make
/// go by time, and a change within the tick of the last run would escape them.
const CHANGE: &str = "[ $i -gt 0 ] || exec 9<> <(:); read -r -t 0.02 -u 9; printf '%s\\n' $RANDOM $RANDOM $RANDOM > in/0000.txt; \
     read -r -t 0.02 -u 9";

/// Measures in turn those that need no minutes for it.
pub fn measure(ground: &Ground, peers: &Peers) -> Result<Vec<Row>, String> {
    let ours = (Builder::Segno, ground.segno.clone());
    let mut runners: Vec<(Builder, Project, Vec<Taken>)> = Vec::new();
    for (builder, program) in std::iter::once(&ours).chain(&peers.builders) {
        if *builder == Builder::Moon {
            continue;
        }
        let folder = ground.folder.join(format!("changed-{}", builder.name()));
        let project = Project::make(*builder, program, folder, TASKS, COPY)?;
        project.line().wall()?;
        project.line().wall()?;
        runners.push((*builder, project, Vec::new()));
    }
    for _ in 0..ground.rounds {
        for (_, project, taken) in &mut runners {
            taken.push(project.line().taken_after(REPEATS, CHANGE)?);
            check_copied(project)?;
        }
    }
    let mut rows = Vec::new();
    let mut ours = Taken::default();
    for (builder, project, taken) in &runners {
        let taken = middle(taken);
        match builder {
            Builder::Segno => {
                ours = taken;
                check_hits(&ground.segno, &project.folder, TASKS - 1)?;
            }
            peer => rows.push(row(format!("one changed of {TASKS} tasks: CPU"), ours, *peer, taken, "-")),
        }
    }
    Ok(rows)
}

/// A program that overlooked the change would look fast.
fn check_copied(project: &Project) -> Result<(), String> {
    let read = |path| std::fs::read(path).map_err(|error| format!("cannot read a copy: {error}"));
    match read(project.input(0))? == read(project.output(0))? {
        true => Ok(()),
        false => Err(format!("the change was overlooked in {}", project.folder.display())),
    }
}
