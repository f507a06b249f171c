//! Who finds out what has to be done again: five changes to one of four tasks, for every program.

use std::fmt;
use std::fs::{self, FileTimes};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::builder::{Builder, Project, Work, make_executable};
use super::ground::{Ground, write};
use super::install::Peers;

const TASKS: usize = 4;
/// The task that is perturbed.
const CHOSEN: usize = 1;
/// Longer than a tick of any file system's clock.
const TICK: Duration = Duration::from_millis(50);

const SCRIPT: &str = include_str!("scripts/work.sh");
const WORK: Work = Work { program: "./work.sh", extra: "" };
const CHANGED: Work = Work { program: "./work.sh", extra: "again" };

/// What is done to the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Touch,
    Edit,
    Delete,
    Tamper,
    Command,
}

const CASES: [(Case, &str); 5] = [
    (Case::Touch, "touch only"),
    (Case::Edit, "edit, same mtime and size"),
    (Case::Delete, "output deleted"),
    (Case::Tamper, "output tampered"),
    (Case::Command, "command changed"),
];

/// What a program made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// The output is what the task would make now.
    is_right: bool,
    /// How many tasks ran.
    ran: usize,
}

/// What every program made of every case.
#[derive(Debug)]
pub struct Matrix(Vec<(&'static str, Vec<(Case, Seen)>)>);

/// Tries all cases with all programs.
pub fn measure(ground: &Ground, peers: &Peers) -> Result<Matrix, String> {
    let ours = (Builder::Segno, ground.segno.clone());
    let mut rows = Vec::new();
    for (builder, program) in std::iter::once(&ours).chain(&peers.builders) {
        let mut cells = Vec::new();
        for (case, _) in CASES {
            cells.push((case, attempt(ground, *builder, program, case)?));
        }
        rows.push((builder.name(), cells));
    }
    Ok(Matrix(rows))
}

/// Makes a project, runs it until nothing is left to do, perturbs it, and runs it again.
fn attempt(ground: &Ground, builder: Builder, program: &Path, case: Case) -> Result<Seen, String> {
    let folder = ground.empty("matrix")?;
    write(&folder.join("work.sh"), SCRIPT)?;
    make_executable(&folder.join("work.sh"))?;
    let project = Project::make(builder, program, folder, TASKS, WORK)?;
    for _ in 0..2 {
        thread::sleep(TICK);
        project.line().wall()?;
    }
    if runs(&project) != TASKS {
        return Err(format!("{} ran {} tasks at the start, not {TASKS}", builder.name(), runs(&project)));
    }
    thread::sleep(TICK);
    perturb(&project, case)?;
    thread::sleep(TICK);
    project.line().wall()?;
    let mut wanted = read(&project.input(CHOSEN))?;
    if case == Case::Command {
        wanted += "again\n";
    }
    let is_right = fs::read_to_string(project.output(CHOSEN)).is_ok_and(|found| found == wanted);
    Ok(Seen { is_right, ran: runs(&project) - TASKS })
}

fn perturb(project: &Project, case: Case) -> Result<(), String> {
    let (input, output) = (project.input(CHOSEN), project.output(CHOSEN));
    match case {
        Case::Touch => {
            let text = read(&input)?;
            write(&input, &text)
        }
        Case::Edit => {
            let before = fs::metadata(&input).and_then(|facts| facts.modified()).map_err(|error| error.to_string())?;
            let text = read(&input)?.replace('1', "7");
            write(&input, &text)?;
            let file = fs::File::options().write(true).open(&input).map_err(|error| error.to_string())?;
            file.set_times(FileTimes::new().set_modified(before)).map_err(|error| error.to_string())
        }
        Case::Delete => fs::remove_file(&output).map_err(|error| error.to_string()),
        Case::Tamper => write(&output, "tampered\n"),
        Case::Command => project.describe(CHANGED),
    }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn runs(project: &Project) -> usize {
    fs::read_to_string(project.folder.join("ran")).unwrap_or_default().lines().count()
}

/// Says in words what a program made of a case.
fn verdict(case: Case, seen: Seen) -> &'static str {
    let Seen { is_right, ran } = seen;
    match (case, is_right, ran) {
        (Case::Touch, true, 0) => "nothing runs",
        (Case::Touch, true, _) => "needless run",
        (_, true, 0) => "restored",
        (_, true, _) => "runs again",
        (Case::Edit, false, _) => "STALE",
        (Case::Delete, false, _) => "STAYS GONE",
        (Case::Tamper, false, _) => "STALE kept",
        (Case::Command, false, _) => "MISSED",
        (Case::Touch, false, _) => "WRONG",
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = CASES.iter().map(|(_, name)| *name).collect();
        writeln!(f, "| program | {} | right |\n|---|{}---|", names.join(" | "), "---|".repeat(CASES.len()))?;
        for (name, cells) in &self.0 {
            let words: Vec<&str> = cells.iter().map(|(case, seen)| verdict(*case, *seen)).collect();
            let is_right = |(case, seen): &&(Case, Seen)| seen.is_right && !(*case == Case::Touch && seen.ran > 0);
            let right = cells.iter().filter(is_right).count();
            writeln!(f, "| {name} | {} | {right} of {} |", words.join(" | "), CASES.len())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needless_run_is_not_right_and_a_stale_file_is_shouted() {
        let cells = vec![
            (Case::Touch, Seen { is_right: true, ran: 1 }),
            (Case::Edit, Seen { is_right: false, ran: 0 }),
            (Case::Delete, Seen { is_right: true, ran: 0 }),
            (Case::Tamper, Seen { is_right: true, ran: 1 }),
            (Case::Command, Seen { is_right: false, ran: 0 }),
        ];
        let shown = Matrix(vec![("x", cells)]).to_string();
        let expected = "| x | needless run | STALE | restored | runs again | MISSED | 2 of 5 |";
        assert_eq!(shown.lines().last(), Some(expected));
    }
}
