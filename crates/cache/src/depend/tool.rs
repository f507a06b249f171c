//! What a program says of its version. It is asked once, and again when another file stands in its place.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::files::Stamp;
use crate::process::{Failure, Limits, run};
use crate::{Error, KeyPart, PartWriter};

/// A program that says what version it is does so in a moment; one that waits for a network is not waited for.
const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 64 * 1024 };

/// How long an answer is believed while the program's file stays the same: what is called may be a proxy that picks the
/// program by other things (rustup and its like), and those may change.
const BELIEVED: Duration = Duration::from_secs(60);

/// So many answers are kept.
const MAX_KEPT: usize = 256;

/// What a program answered, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolAnswer {
    /// There is no such program.
    Missing,
    /// It ended with this exit code and said this.
    Said {
        /// Its exit code.
        code: i32,
        /// What it wrote, without blanks round it: its output, or where that is empty its errors.
        text: String,
    },
}

impl KeyPart for ToolAnswer {
    fn write(&self, writer: &mut PartWriter) {
        match self {
            ToolAnswer::Missing => writer.state("not found"),
            ToolAnswer::Said { code: 0, text } => writer.text_shown(text, first_line(text)),
            ToolAnswer::Said { code, text } => {
                writer.state(&format!("exit code {code}")).text_shown(text, first_line(text))
            }
        };
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

/// Returns what is called: a program alone is asked for its version.
pub(super) fn asked(argv: &[String]) -> Vec<&str> {
    match argv {
        [program] => vec![program, "--version"],
        argv => argv.iter().map(String::as_str).collect(),
    }
}

/// Asks programs, and keeps what they said.
#[derive(Debug, Default)]
pub(super) struct Tools {
    kept: Mutex<HashMap<(PathBuf, Vec<String>), Kept>>,
}

#[derive(Debug)]
struct Kept {
    stamp: Stamp,
    since: SystemTime,
    answer: ToolAnswer,
}

impl Tools {
    /// Asks a program in a folder; `path` are the folders in which it is searched.
    pub(super) fn ask(
        &self,
        argv: &[String],
        folder: &Path,
        path: Option<&str>,
        now: SystemTime,
    ) -> Result<ToolAnswer, Error> {
        let Some(name) = argv.first() else {
            return Err(Error::Dependency { name: "a tool".into(), reason: "it has no command".into() });
        };
        let Some(program) = resolve(name, folder, path) else {
            return Ok(ToolAnswer::Missing);
        };
        let stamp = fs::metadata(&program).ok().and_then(|metadata| Stamp::of(&metadata));
        let place = (program, argv.to_vec());
        if let Some(answer) = self.recall(&place, stamp, now) {
            return Ok(answer);
        }
        let answer = say(&place.0, argv, folder)?;
        if let Some(stamp) = stamp {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MAX_KEPT {
                kept.clear();
            }
            kept.insert(place, Kept { stamp, since: now, answer: answer.clone() });
        }
        Ok(answer)
    }

    fn recall(&self, place: &(PathBuf, Vec<String>), stamp: Option<Stamp>, now: SystemTime) -> Option<ToolAnswer> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.get(place).filter(|known| Some(known.stamp) == stamp)?;
        // A clock that was set back makes it unknown how old the answer is.
        let age = now.duration_since(known.since).ok()?;
        (age < BELIEVED).then(|| known.answer.clone())
    }
}

fn say(program: &Path, argv: &[String], folder: &Path) -> Result<ToolAnswer, Error> {
    let words = asked(argv);
    let unsaid = |reason: String, source| Error::Tool { command: words.join(" "), reason, source };
    let mut command = Command::new(program);
    command.args(&words[1..]);
    let said = match run(&mut command, folder, LIMITS) {
        Ok(said) => said,
        Err(Failure::Missing(_)) => return Ok(ToolAnswer::Missing),
        Err(failure) => {
            let (reason, source) = failure.into_parts();
            return Err(unsaid(reason, source));
        }
    };
    let Some(code) = said.status.code() else {
        return Err(unsaid(format!("it did not end by itself ({})", said.status), None));
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let text = Some(text(&said.stdout)).filter(|text| !text.is_empty()).unwrap_or_else(|| text(&said.stderr));
    Ok(ToolAnswer::Said { code, text })
}

/// Finds the file of a program as the system would: by its path from the folder, or by its name.
fn resolve(name: &str, folder: &Path, path: Option<&str>) -> Option<PathBuf> {
    if name.contains('/') || Path::new(name).is_absolute() {
        return Some(folder.join(name)).filter(|program| is_program(program));
    }
    let folders = std::env::split_paths(OsStr::new(path?)).filter(|path| !path.as_os_str().is_empty());
    folders.map(|path| folder.join(path).join(named(name))).find(|program| is_program(program))
}

#[cfg(windows)]
fn named(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{name}.exe") }
}

#[cfg(not(windows))]
fn named(name: &str) -> &str {
    name
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
