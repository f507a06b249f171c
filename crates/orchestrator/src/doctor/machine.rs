//! The machine: programs that segno starts, processors, free space, the clock, what the file system can do.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::finding::{Area, Finding, size};
use crate::Project;

/// Below this much free space a run may not be recorded to its end.
const SCARCE_SPACE: u64 = 1_000_000_000;
/// Below this much it is not worth beginning.
const NO_SPACE: u64 = 50_000_000;
/// No segno is older than this: 2024-01-01.
const OLDEST_CLOCK: Duration = Duration::from_secs(1_704_067_200);

/// File systems of other machines, by the kernel's numbers, on which the store's locks and log cannot be relied on.
#[cfg(target_os = "linux")]
const REMOTE: [(u32, &str); 5] =
    [(0x6969, "NFS"), (0xFF53_4D42, "CIFS"), (0xFE53_4D42, "SMB"), (0x517B, "SMB"), (0x0102_1997, "9P")];

pub(super) fn examine(project: &Project, now: SystemTime) -> Vec<Finding> {
    let root = project.root();
    vec![shell(), git(root), processors(), space(root), clock(now), locks(root), syncs(root), file_system(root)]
}

fn new(name: &'static str) -> Finding {
    Finding::new(Area::Machine, name)
}

/// Runs a program and returns its first line.
fn first_line(program: &str, arguments: &[&str], folder: &Path) -> Option<String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().to_owned())
}

fn shell() -> Finding {
    match first_line("sh", &["-c", "echo works"], Path::new("/")).as_deref() {
        Some("works") => new("sh").good("works"),
        _ => new("sh")
            .bad("cannot be run", "install a POSIX shell, or give every `run` as a list: run: [program, argument]"),
    }
}

fn git(root: &Path) -> Finding {
    let Some(version) = first_line("git", &["--version"], root) else {
        return new("git").note("is not there", "install git: `cache: true` and `work_tree` ask it which files count");
    };
    let version = version.trim_start_matches("git version ").to_owned();
    match first_line("git", &["rev-parse", "--is-inside-work-tree"], root).as_deref() {
        Some("true") => new("git").good(version),
        _ => new("git").note(
            format!("{version}; this folder is in no work tree"),
            "without one `cache: true` reads .gitignore files itself; `git init` makes one",
        ),
    }
}

fn processors() -> Finding {
    match std::thread::available_parallelism() {
        Ok(count) => new("processors").good(format!("{count}; so many steps run at once unless --jobs says otherwise")),
        Err(error) => new("processors").note(format!("cannot be counted: {error}"), "say --jobs N"),
    }
}

fn space(root: &Path) -> Finding {
    let free = match rustix::fs::statvfs(root) {
        Ok(facts) => facts.f_bavail.saturating_mul(facts.f_frsize),
        Err(error) => {
            return new("disk").note(format!("its free space cannot be asked for: {error}"), "check the folder");
        }
    };
    let words = format!("{} free", size(free));
    match free {
        NO_SPACE.. if free >= SCARCE_SPACE => new("disk").good(words),
        NO_SPACE.. => new("disk").note(words, "free some space: .segno/cache may be deleted at any time"),
        _ => new("disk").bad(words, "free some space: .segno/cache may be deleted at any time"),
    }
}

fn clock(now: SystemTime) -> Finding {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    match now < OLDEST_CLOCK {
        true => new("clock").bad("stands before 2024", "set it: runs are named and kept by their time"),
        false => new("clock").good(humantime::format_rfc3339_seconds(UNIX_EPOCH + now).to_string()),
    }
}

/// A lock on the folder itself: it needs no file and ends with the file's handle.
fn locks(root: &Path) -> Finding {
    let locked = File::open(root).map_err(TryLockError::Error).and_then(|folder| folder.try_lock_shared());
    match locked {
        Ok(()) | Err(TryLockError::WouldBlock) => new("locks").good("work: a run has one owner"),
        Err(TryLockError::Error(error)) => {
            new("locks").bad(format!("do not work here: {error}"), "keep the project on a local disk")
        }
    }
}

fn syncs(root: &Path) -> Finding {
    match File::open(root).and_then(|folder| folder.sync_all()) {
        Ok(()) => new("syncs").good("work: what is recorded survives a power cut"),
        Err(error) => new("syncs").bad(format!("do not work here: {error}"), "keep the project on a local disk"),
    }
}

#[cfg(target_os = "linux")]
fn file_system(root: &Path) -> Finding {
    // The kernel's numbers have 32 bits; the type that holds them differs from machine to machine.
    let kind = rustix::fs::statfs(root).map(|facts| facts.f_type as u32);
    match kind.ok().and_then(|kind| REMOTE.into_iter().find(|(remote, _)| *remote == kind)) {
        Some((_, name)) => new("file system").note(
            format!("{name}, on another machine"),
            "keep the project on a local disk: a store on a shared one can be damaged when two machines use it",
        ),
        None => new("file system").good("local"),
    }
}

#[cfg(not(target_os = "linux"))]
fn file_system(_: &Path) -> Finding {
    new("file system").good("not asked for on this system")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_clock_before_segno_is_wrong() {
        let verdict = |seconds| clock(UNIX_EPOCH + Duration::from_secs(seconds)).verdict;
        assert_eq!((verdict(0), verdict(1_800_000_000)), (Verdict::Bad, Verdict::Good));
    }

    #[test]
    fn a_program_that_is_not_there_says_nothing() {
        assert_eq!(first_line("segno-no-such-program", &[], Path::new("/")), None);
        assert_eq!(first_line("sh", &["-c", "echo a; echo b"], Path::new("/")).as_deref(), Some("a"));
        assert_eq!(first_line("sh", &["-c", "echo a; exit 1"], Path::new("/")), None);
    }
}
