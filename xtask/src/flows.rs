//! Runs every example as a newcomer would: in a fresh copy of the repository, twice, and once more with a kill in the
//! middle and a resume. A flow of a folder with a `segno.toml` is run there: that folder is a project of its own. A flow
//! with tests beside it is tested instead: it needs what no machine has.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::binaries::{Profile, SEGNO};
use crate::gate::{Outcome, Red};

/// How long a flow may take before it counts as hung.
const MAX_RUN: Duration = Duration::from_secs(120);
/// How often the log and an end are looked for.
const TICK: Duration = Duration::from_millis(2);
/// How often a run is begun anew because it ended before it could be killed.
const MAX_TRIES: usize = 5;

/// How the names of files with tests end.
const TEST_ENDING: &str = ".test.yaml";

/// Checks every file `examples/**/*.yaml`.
pub fn gate() -> Outcome {
    let segno = SEGNO.build(Profile::Dev)?;
    let red = |output| Red { output, repeat: "cargo xtask ci flows".to_owned() };
    let files = files(crate::root()).map_err(red)?;
    let is_flow = |file: &&PathBuf| file.starts_with("examples") && file.extension().is_some_and(|end| end == "yaml");
    let flows: Vec<&PathBuf> = files.iter().filter(is_flow).collect();
    if flows.is_empty() {
        return Err(red("there is no flow in examples/".to_owned()));
    }
    let mut said = String::new();
    for flow in flows {
        if is_test(flow) {
            let home = home(&files, flow);
            let copy = Copy::make(&segno, &files, home).map_err(red)?;
            copy.must_succeed("test", flow.strip_prefix(home).unwrap_or(flow)).map_err(red)?;
            said += &format!("{}: tested\n", flow.display());
            continue;
        }
        if files.contains(&test_of(flow)) {
            continue;
        }
        check(&segno, &files, flow).map_err(|breach| red(format!("{}: {breach}", flow.display())))?;
        said += &format!("{}: run, run again, killed and resumed\n", flow.display());
    }
    Ok(said)
}

/// Says whether a file holds tests and no flow.
fn is_test(file: &Path) -> bool {
    file.to_string_lossy().ends_with(TEST_ENDING)
}

/// Returns the file in which the tests of a flow would stand.
fn test_of(flow: &Path) -> PathBuf {
    let name = flow.to_string_lossy();
    let stem = name.strip_suffix(".flow.yaml").or(name.strip_suffix(".yaml")).unwrap_or(&name);
    PathBuf::from(format!("{stem}{TEST_ENDING}"))
}

/// Runs one flow in all three ways.
fn check(segno: &Path, files: &[PathBuf], flow: &Path) -> Result<(), String> {
    let home = home(files, flow);
    let flow = flow.strip_prefix(home).unwrap_or(flow);
    let copy = Copy::make(segno, files, home)?;
    copy.must_succeed("run", flow)?;
    let lines = copy.log_lines();
    copy.must_succeed("run", flow).map_err(|breach| format!("the second time: {breach}"))?;
    for _ in 0..MAX_TRIES {
        let copy = Copy::make(segno, files, home)?;
        if copy.killed_at(flow, lines / 2)? {
            return copy
                .must_succeed("resume", Path::new("latest"))
                .map_err(|breach| format!("killed and resumed: {breach}"));
        }
    }
    Err(format!("it ended {MAX_TRIES} times before it could be killed in the middle"))
}

/// Returns the folder of the project that a flow belongs to, relative to the repository.
fn home<'f>(files: &[PathBuf], flow: &'f Path) -> &'f Path {
    let is_project = |folder: &&Path| files.contains(&folder.join("segno.toml"));
    flow.ancestors().skip(1).find(is_project).unwrap_or(Path::new(""))
}

/// A fresh copy of the repository's files, and the project in it whose flow is run.
struct Copy<'s> {
    folder: TempDir,
    home: PathBuf,
    segno: &'s Path,
}

impl<'s> Copy<'s> {
    fn make(segno: &'s Path, files: &[PathBuf], home: &Path) -> Result<Copy<'s>, String> {
        let folder = TempDir::with_prefix("segno-flows-").map_err(|error| format!("no temporary folder: {error}"))?;
        for file in files {
            let target = folder.path().join(file);
            let parent = target.parent().unwrap_or(folder.path());
            let copied = fs::create_dir_all(parent).and_then(|()| fs::copy(crate::root().join(file), &target));
            copied.map_err(|error| format!("cannot copy {}: {error}", file.display()))?;
        }
        git(folder.path(), &["init", "--quiet"])?;
        Ok(Copy { home: folder.path().join(home), folder, segno })
    }

    fn start(&self, words: [&str; 2]) -> Result<Child, String> {
        let talk = || File::options().create(true).append(true).open(self.talk());
        let streams = talk().and_then(|out| Ok((out, talk()?)));
        let (out, err) = streams.map_err(|error| format!("cannot write the talk: {error}"))?;
        let mut command = Command::new(self.segno);
        command.args(words).current_dir(&self.home).stdin(Stdio::null()).stdout(out).stderr(err);
        command.spawn().map_err(|error| format!("cannot start segno: {error}"))
    }

    fn must_succeed(&self, word: &str, name: &Path) -> Result<(), String> {
        let mut child = self.start([word, &name.to_string_lossy()])?;
        match until(&mut child, || false)? {
            Some(true) => Ok(()),
            Some(false) => Err(format!("segno {word} failed\n{}", fs::read_to_string(self.talk()).unwrap_or_default())),
            None => Err(format!("segno {word} has not ended after {} s", MAX_RUN.as_secs())),
        }
    }

    /// Kills a run once its log has this many lines; `false` when it ended before.
    fn killed_at(&self, flow: &Path, lines: usize) -> Result<bool, String> {
        let mut child = self.start(["run", &flow.to_string_lossy()])?;
        Ok(until(&mut child, || self.log_lines() >= lines.max(1))?.is_none())
    }

    /// Counts the events that were told so far.
    fn log_lines(&self) -> usize {
        let Ok(logs) = fs::read_dir(self.home.join(".segno/logs")) else { return 0 };
        logs.flatten().map(|log| fs::read_to_string(log.path()).unwrap_or_default().lines().count()).sum()
    }

    /// Beside the copy, so that no flow takes it for one of its files.
    fn talk(&self) -> PathBuf {
        self.folder.path().join(".git/talk")
    }
}

/// Waits for the end and returns whether it was a good one. When `is_due` or the longest time is over, the process is
/// killed instead.
fn until(child: &mut Child, is_due: impl Fn() -> bool) -> Result<Option<bool>, String> {
    let begun = Instant::now();
    while begun.elapsed() < MAX_RUN && !is_due() {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Some(status.success())),
            Ok(None) => thread::sleep(TICK),
            Err(error) => return Err(format!("cannot wait: {error}")),
        }
    }
    // One that has just ended cannot be killed; its status tells.
    _ = child.kill();
    let status = child.wait().map_err(|error| format!("cannot wait: {error}"))?;
    Ok(status.code().map(|code| code == 0))
}

/// Returns the repository's files as git sees them: tracked or new, not ignored.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = git(root, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    let mut files: Vec<PathBuf> = listed.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect();
    files.retain(|file| root.join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = output.map_err(|error| format!("cannot run git: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("git {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr))),
    }
}
