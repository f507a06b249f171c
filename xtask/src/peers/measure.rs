//! Runs a program and tells its time, its processor time and its memory.
//! Leaves to the topics which programs these are.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often the memory of a process is looked at. The kernel keeps the peak, so only a peak of its last moments escapes.
const TICK: Duration = Duration::from_millis(1);

/// The words of a line that are shown when it fails; some name a thousand tasks.
const SHOWN_WORDS: usize = 8;

/// A program with its arguments and the folder it runs in.
#[derive(Clone, Debug)]
pub struct Line {
    program: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a run took, in the mean of its repetitions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    /// Seconds by the clock.
    pub wall: f64,
    /// Seconds of the processor in the program itself.
    pub user: f64,
    /// Seconds of the processor in the kernel.
    pub system: f64,
}

impl Taken {
    /// Returns all seconds of the processor.
    pub fn cpu(self) -> f64 {
        self.user + self.system
    }
}

impl Line {
    /// Makes a command line; its output goes nowhere.
    pub fn new(program: impl AsRef<Path>, arguments: &[&str], folder: &Path) -> Line {
        let arguments = arguments.iter().map(OsString::from).collect();
        let variables = vec![("DO_NOT_TRACK".to_owned(), "1".to_owned())];
        Line { program: program.as_ref().to_owned(), arguments, folder: folder.to_owned(), variables }
    }

    /// Sets an environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Line {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the time of one run by the clock, in seconds.
    pub fn wall(&self) -> Result<f64, String> {
        let begun = Instant::now();
        let mut child = self.start()?;
        let status = child.wait().map_err(|error| format!("cannot wait: {error}"))?;
        let wall = begun.elapsed().as_secs_f64();
        if status.success() { Ok(wall) } else { Err(format!("{} failed: {status}", self.shown())) }
    }

    /// Returns the mean of so many runs in a row. The shell counts processor time to the millisecond, so that short runs
    /// must be repeated.
    pub fn taken(&self, times: u32) -> Result<Taken, String> {
        self.taken_after(times, "")
    }

    /// The same, with something that the shell does itself before each run; that counts, so it must be next to nothing.
    pub fn taken_after(&self, times: u32, before: &str) -> Result<Taken, String> {
        let run = "\"$@\" > /dev/null 2>&1 || exit 9";
        let script =
            format!("TIMEFORMAT='%3R %3U %3S'; time for ((i = 0; i < {times}; i++)); do {before}\n{run}; done");
        let mut shell = Command::new("bash");
        shell
            .env("LC_ALL", "C")
            .args(["-c", &script, "bash"])
            .arg(&self.program)
            .args(&self.arguments)
            .envs(self.variables.iter().cloned())
            .current_dir(&self.folder);
        let output = shell.stdin(Stdio::null()).output().map_err(|error| format!("cannot run bash: {error}"))?;
        let text = String::from_utf8_lossy(&output.stderr);
        let seconds: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match (output.status.success(), &seconds[..]) {
            (true, [wall, user, system]) => {
                let times = f64::from(times);
                Ok(Taken { wall: wall / times, user: user / times, system: system / times })
            }
            _ => Err(format!("{} failed: {text}", self.shown())),
        }
    }

    /// Returns the most memory that the process itself held at a time, in bytes; its children's does not count.
    pub fn peak(&self) -> Result<u64, String> {
        let mut child = self.start()?;
        let status = PathBuf::from(format!("/proc/{}/status", child.id()));
        let mut peak = 0;
        loop {
            peak = resident(&status).unwrap_or(0).max(peak);
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(peak),
                Ok(Some(status)) => return Err(format!("{} failed: {status}", self.shown())),
                Ok(None) => thread::sleep(TICK),
                Err(error) => return Err(format!("cannot wait: {error}")),
            }
        }
    }

    /// Returns what the program prints.
    pub fn printed(&self) -> Result<String, String> {
        let output = self.command().stderr(Stdio::piped()).stdout(Stdio::piped()).output();
        let output = output.map_err(|error| format!("cannot run {}: {error}", self.shown()))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => {
                let said = String::from_utf8_lossy(&output.stderr);
                Err(format!("{} failed: {}\n{said}", self.shown(), output.status))
            }
        }
    }

    /// Puts strace before it, which counts the calls of all its threads and children into a file.
    pub fn counted(&self, file: &Path, options: &[&str]) -> Line {
        let mut arguments: Vec<OsString> = ["-f", "-c", "-qq", "-o"].map(OsString::from).into();
        arguments.push(file.into());
        arguments.extend(options.iter().map(OsString::from));
        arguments.extend(["--".into(), self.program.clone().into_os_string()]);
        arguments.extend(self.arguments.iter().cloned());
        Line { program: "strace".into(), arguments, ..self.clone() }
    }

    fn start(&self) -> Result<Child, String> {
        self.command().spawn().map_err(|error| format!("cannot run {}: {error}", self.shown()))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder).envs(self.variables.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn shown(&self) -> String {
        let words = self.arguments.iter().take(SHOWN_WORDS).map(|word| word.to_string_lossy().into_owned());
        let rest = (self.arguments.len() > SHOWN_WORDS).then(|| "..".to_owned());
        let program = self.program.display().to_string();
        std::iter::once(program).chain(words).chain(rest).collect::<Vec<_>>().join(" ")
    }
}

/// Reads the peak of a process's memory. The kernel tells it in units of 1,024 bytes.
fn resident(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let row = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = row.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

/// Returns the middle one of the figures.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_timed_and_a_failure_is_told() {
        let sh = |script: &str| Line::new("sh", &["-c", script], Path::new("/"));
        assert!(sh("exit 0").wall().is_ok_and(|wall| wall > 0.0));
        assert!(sh("exit 3").wall().is_err());
        assert!(sh("exit 0").taken(2).is_ok_and(|taken| taken.wall > 0.0));
        assert!(sh("exit 3").taken(2).is_err());
        assert_eq!(sh("echo words").printed().as_deref(), Ok("words\n"));
    }

    #[test]
    fn the_median_is_the_middle_figure() {
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
        assert!(median(&[]).is_nan());
    }
}
