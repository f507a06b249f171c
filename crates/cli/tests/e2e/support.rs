//! A project in a temporary folder, and the built binary run in it. What differs from run to run is made the same.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take that a test waits for.
const DEADLINE: Duration = Duration::from_secs(30);

/// A folder with a workflow, in which the binary is run.
pub(crate) struct Project {
    folder: TempDir,
}

/// What the binary said, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    /// Its stdout, normalised.
    pub(crate) out: String,
    /// Its stderr, normalised.
    pub(crate) err: String,
}

impl Project {
    /// Makes a project of one file.
    pub(crate) fn with(name: &str, text: impl AsRef<[u8]>) -> Project {
        let project = Project { folder: tempfile::tempdir().unwrap() };
        project.write(name, text);
        project
    }

    /// Makes a project whose workflow is `flow.yaml`.
    pub(crate) fn of(flow: &str) -> Project {
        Project::with("flow.yaml", flow)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Returns a command that runs the binary in the project, with an environment that says nothing about the terminal.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.wrapped(&[env!("CARGO_BIN_EXE_segno")], words)
    }

    /// Returns a command that runs the binary by way of another program.
    pub(crate) fn wrapped(&self, program: &[&str], words: &[&str]) -> Command {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1").env_remove("TERM").env_remove("SEGNO_RUN");
        command.env_remove("TRACEPARENT").env_remove("TRACESTATE");
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn segno(&self, words: &[&str]) -> Ran {
        Ran::of(self.command(words).output().unwrap())
    }

    /// Runs the binary and says in one text how it ended and what it reported.
    pub(crate) fn told(&self, words: &[&str]) -> String {
        let ran = self.segno(words);
        format!("{}{}\n{}", ran.err, ran.code.unwrap(), ran.out)
    }

    /// Starts the binary; what it says goes to the files `out` and `err`.
    pub(crate) fn start(&self, words: &[&str]) -> Started<'_> {
        let file = |name| File::create(self.path(name)).unwrap();
        let child = self.command(words).stdout(file("out")).stderr(file("err")).spawn().unwrap();
        Started { project: self, child }
    }

    /// Returns what `segno show` prints of a task of the newest run, as it is.
    pub(crate) fn output(&self, task: &str) -> String {
        let output = self.command(&["show", "latest", task]).output().unwrap();
        assert!(output.status.success(), "{task}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Returns the report of the newest run.
    pub(crate) fn report(&self) -> Value {
        let output = self.command(&["show", "latest", "--json"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// The binary while it runs. It is killed when the test ends before it does.
pub(crate) struct Started<'p> {
    project: &'p Project,
    child: Child,
}

impl Started<'_> {
    /// Sends it a signal, by the signal's name.
    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        let code = self.child.wait().unwrap().code();
        let text = |name| normalised(&self.project.read(name));
        Ran { code, out: text("out"), err: text("err") }
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| normalised(&String::from_utf8_lossy(&bytes));
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Waits for a condition; gives up loudly.
pub(crate) fn wait(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

/// Says whether a process lives; one that is dead and not yet waited for does not.
pub(crate) fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Returns a text with run names as `RUN`, durations as `TIME`, and how much went on at once as `NUMBER`.
pub(crate) fn normalised(text: &str) -> String {
    let in_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|letter| !in_word(letter)).unwrap_or(rest.len()));
        match word.split_once('.') {
            _ if is_run(word) => normal.push_str("RUN"),
            _ if is_duration(word) => normal.push_str("TIME"),
            Some((name, ending)) if is_run(name) => normal.extend(["RUN.", ending]),
            Some((whole, tenth)) if is_number(whole) && is_number(tenth) && after.starts_with(" at once") => {
                normal.push_str("NUMBER");
            }
            _ => normal.push_str(word),
        }
        let (gap, after) = after.split_at(after.find(in_word).unwrap_or(after.len()));
        normal.push_str(gap);
        rest = after;
    }
    normal
}

fn is_run(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 6, 4] && parts[..2].iter().all(|part| is_number(part))
}

fn is_duration(word: &str) -> bool {
    let number = word.strip_suffix('s').and_then(|number| number.split_once('.'));
    number.is_some_and(|(whole, tenths)| is_number(whole) && is_number(tenths))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}
