//! A project in a temporary folder in which segno is started, killed and looked at.
//! Leaves to `survey` what is checked.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::effects::Effect;
use super::journal::Journal;
use super::log::{Acknowledged, acknowledged};
use crate::binaries::{JOURNAL_EVENTS, Profile, SEGNO};
use crate::gate::Red;

/// How long a run may take before it counts as hung.
const MAX_RUN: Duration = Duration::from_secs(120);
/// How often an end is looked for.
const TICK: Duration = Duration::from_millis(2);

/// The programs that the checks run.
#[derive(Clone, Debug)]
pub struct Programs {
    /// What is killed.
    pub segno: PathBuf,
    journal_events: PathBuf,
}

impl Programs {
    /// Builds them.
    pub fn build() -> Result<Programs, Red> {
        Ok(Programs { segno: SEGNO.build(Profile::Dev)?, journal_events: JOURNAL_EVENTS.build(Profile::Dev)? })
    }
}

/// A flow and what its steps need beside it.
#[derive(Clone, Copy, Debug)]
pub struct Fixture {
    /// Files by name.
    pub files: &'static [(&'static str, &'static str)],
    /// Folders.
    pub folders: &'static [&'static str],
    /// How many steps run at once.
    pub jobs: &'static str,
}

/// The name of the flow in each fixture.
pub const FLOW: &str = "flow.yaml";

/// A project in a temporary folder.
#[derive(Debug)]
pub struct Project<'p> {
    folder: TempDir,
    programs: &'p Programs,
    fixture: Fixture,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal.
    Killed,
}

impl<'p> Project<'p> {
    /// Makes a project with the files of a fixture.
    pub fn new(programs: &'p Programs, fixture: Fixture) -> Result<Project<'p>, String> {
        Project::inside(programs, fixture, &std::env::temp_dir())
    }

    /// Makes a project inside a folder.
    pub fn inside(programs: &'p Programs, fixture: Fixture, base: &Path) -> Result<Project<'p>, String> {
        let folder = tempfile::Builder::new().prefix("segno-crash-").tempdir_in(base);
        let folder = folder.map_err(|error| format!("no temporary folder: {error}"))?;
        let project = Project { folder, programs, fixture };
        for (name, text) in fixture.files {
            project.write(name, text)?;
        }
        // The mark of a project: whatever holds the temporary folder is not taken for it.
        project.write("segno.toml", "")?;
        for name in fixture.folders {
            fs::create_dir(project.path(name)).map_err(|error| format!("cannot make {name}: {error}"))?;
        }
        Ok(project)
    }

    /// Returns the command line that begins the flow, or goes on with a run of it.
    pub fn segno(&self, resumed: Option<&str>) -> Vec<OsString> {
        match resumed {
            None => self.line(&["run", FLOW]),
            Some(run) => self.line(&["resume", run]),
        }
    }

    /// Returns the command line of a command that runs steps.
    pub fn line(&self, words: &[&str]) -> Vec<OsString> {
        let mut line = vec![self.programs.segno.clone().into_os_string()];
        line.extend(words.iter().chain(&["--jobs", self.fixture.jobs]).map(OsString::from));
        line
    }

    /// Starts a command line; what it prints goes to the file `talk`.
    pub fn start(&self, line: &[OsString]) -> Result<Child, String> {
        let talk = || File::options().create(true).append(true).open(self.path("talk"));
        let streams = talk().and_then(|out| Ok((out, talk()?)));
        let (out, err) = streams.map_err(|error| format!("cannot write the talk: {error}"))?;
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).current_dir(self.folder.path()).stdin(Stdio::null()).stdout(out).stderr(err);
        command.spawn().map_err(|error| format!("cannot start {}: {error}", line[0].display()))
    }

    /// Waits for the end of a process.
    pub fn wait(&self, mut child: Child) -> Result<Ended, String> {
        let begun = Instant::now();
        while begun.elapsed() < MAX_RUN {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(ended(status)),
                Ok(None) => thread::sleep(TICK),
                Err(error) => return Err(format!("cannot wait: {error}")),
            }
        }
        // It is reported as hung; whether the kill comes through changes nothing in that.
        _ = child.kill();
        Err(format!("a run has not ended after {} s", MAX_RUN.as_secs()))
    }

    /// Kills a process, and it alone, at an instant.
    pub fn kill_after(&self, mut child: Child, instant: Duration) -> Result<Ended, String> {
        thread::sleep(instant);
        // One that has just ended cannot be killed; its status tells.
        _ = child.kill();
        child.wait().map(ended).map_err(|error| format!("cannot wait: {error}"))
    }

    /// Reads what the logs acknowledge, except those of runs that are known already.
    pub fn acknowledged(&self, known: &[Journal]) -> Result<Vec<Acknowledged>, String> {
        let Ok(logs) = fs::read_dir(self.path(".segno/logs")) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let is_known =
            |log: &fs::DirEntry| known.iter().any(|known| log.path().file_stem() == Some(known.run.as_ref()));
        for log in logs.flatten().filter(|log| !is_known(log)) {
            let text = fs::read_to_string(log.path()).map_err(|error| format!("cannot read the log: {error}"))?;
            found.extend(acknowledged(&text)?);
        }
        Ok(found)
    }

    /// Reads the runs' journals, the oldest first, from a copy of the store: who reads the store itself tidies it up, and
    /// the next owner shall find it as the dead one left it.
    pub fn journals(&self) -> Result<Vec<Journal>, String> {
        self.journals_of(self.folder.path())
    }

    /// Reads the journals of a project like this one in another folder.
    pub fn journals_of(&self, folder: &Path) -> Result<Vec<Journal>, String> {
        let copy = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
        for name in ["segno.db", "segno.db-wal", "segno.db-journal"] {
            let from = folder.join(".segno").join(name);
            if from.exists() {
                fs::copy(from, copy.path().join(name)).map_err(|error| format!("cannot copy the store: {error}"))?;
            }
        }
        let mut command = Command::new(&self.programs.journal_events);
        command.arg(copy.path().join("segno.db"));
        Journal::read(&printed(command)?)
    }

    /// Returns how each task stands in the report of the newest run, and the run as a whole.
    pub fn report(&self) -> Result<Vec<(String, String)>, String> {
        let mut command = Command::new(&self.programs.segno);
        command.args(["show", "--json"]).current_dir(self.folder.path());
        let text = printed(command)?;
        let report: Value = serde_json::from_str(&text).map_err(|error| format!("the report is broken: {error}"))?;
        let tasks = report["tasks"].as_array().ok_or("the report has no tasks")?;
        let mut rows = vec![("the run".to_owned(), report["status"].to_string())];
        rows.extend(tasks.iter().map(|task| (task["task"].to_string(), task["status"].to_string())));
        Ok(rows)
    }

    /// Reads what the steps noted: lines of the file `effects`, or names in the folder `effects`, where a step that must
    /// not write can note no more than that it began.
    pub fn effects(&self) -> Result<Vec<Effect>, String> {
        let path = self.path("effects");
        if !path.is_dir() {
            let text = fs::read_to_string(path).unwrap_or_default();
            return text.lines().map(Effect::read).collect();
        }
        let entries = fs::read_dir(path).map_err(|error| format!("cannot read the effects: {error}"))?;
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().replace('.', " begin "));
        names.map(|name| Effect::read(&name)).collect()
    }

    /// Returns the path of a file of the project.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the last lines that segno printed.
    pub fn talk(&self) -> String {
        let text = fs::read_to_string(self.path("talk")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Leaves the folder on the disk for whoever looks into a failure, and returns its path.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        fs::write(self.path(name), text).map_err(|error| format!("cannot write {name}: {error}"))
    }
}

/// Returns the standard output of a program that must succeed.
fn printed(mut command: Command) -> Result<String, String> {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().to_owned();
    let output = command.output().map_err(|error| format!("cannot run {}: {error}", name.display()))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{} failed: {}", name.display(), String::from_utf8_lossy(&output.stderr))),
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, _) => Ended::Killed,
    }
}
