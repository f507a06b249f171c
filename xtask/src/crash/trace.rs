//! Reads what strace wrote: one call after the other, with the lines on which it began and ended.
//! Leaves to `calls` and `order` what the calls mean.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::tools::{self, Tool};

/// The program that traces, and the package that brings it.
const STRACE: Tool<'_> = Tool { program: "strace", packages: &["strace"] };

/// The longest text of a call that is kept: more than a page of the database.
const MAX_TEXT: &str = "8192";

/// A system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The thread that made it.
    pub thread: u32,
    /// Its name.
    pub name: String,
    /// Its arguments as strace shows them.
    pub arguments: String,
    /// The line on which it began.
    pub begun: usize,
    /// The line on which it ended; the same one, unless other threads came between.
    pub ended: usize,
    /// Whether it did what it was to do.
    pub succeeded: bool,
}

impl Call {
    /// Returns the path behind the file descriptor that is the first argument.
    pub fn path(&self) -> Option<&str> {
        let rest = self.arguments.trim_start_matches(|letter: char| letter.is_ascii_digit());
        rest.strip_prefix('<')?.split_once('>').map(|(path, _)| path)
    }

    /// Returns the texts among the arguments: the paths of a rename.
    pub fn texts(&self) -> Vec<&str> {
        self.arguments.split('"').skip(1).step_by(2).collect()
    }

    /// Whether this makes a file or a folder durable.
    pub fn syncs(&self) -> bool {
        matches!(self.name.as_str(), "fsync" | "fdatasync") && self.succeeded
    }
}

/// Reads a trace of several threads.
pub fn read(trace: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for (line, text) in trace.lines().enumerate() {
        let Some((thread, rest)) = text.split_once(' ') else { continue };
        let Ok(thread) = thread.parse() else { continue };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let open = calls.iter_mut().rev().find(|call| call.thread == thread && call.ended == usize::MAX);
            if let Some(call) = open {
                let (_, rest) = resumed.split_once(" resumed>").unwrap_or_default();
                call.arguments += rest;
                call.ended = line;
                call.succeeded = succeeded(rest);
            }
            continue;
        }
        let Some((name, arguments)) = rest.split_once('(') else { continue };
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            continue;
        }
        let (arguments, ended) = match arguments.strip_suffix(" <unfinished ...>") {
            Some(arguments) => (arguments, usize::MAX),
            None => (arguments, line),
        };
        let (name, arguments) = (name.to_owned(), arguments.to_owned());
        let succeeded = succeeded(&arguments);
        calls.push(Call { thread, name, arguments, begun: line, ended, succeeded });
    }
    calls
}

fn succeeded(rest: &str) -> bool {
    rest.rsplit_once(") ").is_some_and(|(_, result)| result.trim_start().starts_with("= ") && !result.contains("= -1"))
}

/// Makes sure that strace is there and may trace.
///
/// # Errors
/// Plainly, when it is missing and cannot be installed, or when this machine forbids to trace.
pub fn ensure() -> Result<(), String> {
    tools::ensure(&STRACE).map_err(|missing| missing.to_string())?;
    let output = Command::new(STRACE.program).args(["-o", "/dev/null", "true"]).output();
    let output = output.map_err(|error| format!("strace does not start: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("strace may not trace here (ptrace is forbidden, as in some containers): {}", said.trim()))
        }
    }
}

/// Puts strace before a command line: it follows all threads and children, and writes these calls to a file.
///
/// Without the filter by BPF, since calls that are to be hit by a signal are passed over under it.
pub fn traced(line: Vec<OsString>, calls: &[&str], inject: Option<&str>, file: &Path) -> Vec<OsString> {
    let mut whole: Vec<OsString> = [STRACE.program, "-f", "-y", "-qq", "-s", MAX_TEXT, "-e"].map(OsString::from).into();
    whole.push(format!("trace={}", calls.join(",")).into());
    if let Some(inject) = inject {
        whole.extend(["-e".into(), format!("inject={inject}").into()]);
    }
    whole.extend(["-o".into(), file.into(), "--".into()]);
    whole.extend(line);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(trace: &str, expected: &[&str]) {
        let show = |call: &Call| {
            let mark = if call.succeeded { "" } else { " failed" };
            format!("{} {} {}..{}{mark}", call.thread, call.name, call.begun, call.ended)
        };
        assert_eq!(read(trace).iter().map(show).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn calls_that_were_cut_in_two_are_one() {
        let trace =
            "7 fsync(4</a/b> <unfinished ...>\n8 write(5</c>, \"x) = -1\", 7) = 7\n7 <... fsync resumed>)       = 0\n";
        check(trace, &["7 fsync 0..2", "8 write 1..1"]);
        assert_eq!(read(trace)[0].path(), Some("/a/b"));
    }

    #[test]
    fn failures_signals_and_ends_are_told_apart() {
        check("7 mkdir(\"/a\", 0777) = -1 EEXIST (File exists)\n", &["7 mkdir 0..0 failed"]);
        check("7 fsync(4</a/b>) = 0 (DELAYED)\n", &["7 fsync 0..0"]);
        check("7 --- SIGCHLD {si_signo=SIGCHLD} ---\n7 +++ exited with 0 +++\n", &[]);
    }

    #[test]
    fn the_paths_of_a_rename_are_its_texts() {
        let calls = read("7 renameat(AT_FDCWD</t>, \"/t/a\", AT_FDCWD</t>, \"/t/b\") = 0\n");
        assert_eq!(calls[0].texts(), ["/t/a", "/t/b"]);
        assert_eq!(calls[0].path(), None);
    }
}
