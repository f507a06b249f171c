//! The work tree as git sees it: tracked and untracked files, not the ignored ones. Where git has
//! nothing to say, the same rules are read from `.gitignore` files without it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[cfg(feature = "walk")]
use ignore::WalkBuilder;

use super::paths::{is_never, join};
use crate::Error;
#[cfg(feature = "walk")]
use crate::error::is_gone;
use crate::process::{Limits, Said, run};

/// Variables by which a surrounding git (a hook) points a child at its own repository or index.
const POINTERS: [&str; 5] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"];

/// A work tree of a million long paths is listed within these.
const LIMITS: Limits = Limits { time: Duration::from_secs(60), bytes: 1024 * 1024 * 1024 };

/// Who says what belongs to the work tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lister {
    Git,
    IgnoreFiles,
}

impl Lister {
    /// Git, if the folder lies in one of its work trees and is not itself ignored there: of an ignored
    /// folder git lists nothing, which would make every key of a project in it blind.
    pub(super) fn of(root: &Path) -> Result<Lister, Error> {
        if root.join(".git").exists() {
            return Ok(Lister::Git);
        }
        if !root.ancestors().any(|folder| folder.join(".git").exists()) {
            return Ok(Lister::IgnoreFiles);
        }
        let output = git(root, &["check-ignore", "--no-index", "--quiet", "."])?;
        match output.status.code() {
            Some(0) => Ok(Lister::IgnoreFiles),
            Some(1) => Ok(Lister::Git),
            _ => Err(refused(root, &output)),
        }
    }

    /// Lists the paths below a folder ("" is the root) relative to the root, in no order. A path may come
    /// twice, may be gone from the disk, and may be a folder: a repository of its own.
    pub(super) fn list(self, root: &Path, folder: &str) -> Result<Vec<String>, Error> {
        match self {
            Lister::Git => list_repository(&root.join(folder), folder),
            Lister::IgnoreFiles => list_folder(root),
        }
    }
}

/// Returns whether the folder is a repository: an empty submodule is a folder without one.
pub(super) fn is_repository(folder: &Path) -> bool {
    folder.join(".git").exists()
}

fn list_repository(repository: &Path, folder: &str) -> Result<Vec<String>, Error> {
    let output = git(repository, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
    if !output.status.success() {
        return Err(refused(repository, &output));
    }
    let mut paths = Vec::new();
    for name in output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let Ok(name) = std::str::from_utf8(name) else {
            return Err(Error::path(&String::from_utf8_lossy(name), "is not UTF-8"));
        };
        // A last `/` is how git shows an untracked repository within this one.
        let name = name.trim_end_matches('/');
        if !name.split('/').any(is_never) {
            paths.push(join(folder, name));
        }
    }
    Ok(paths)
}

#[cfg(feature = "walk")]
fn list_folder(root: &Path) -> Result<Vec<String>, Error> {
    // Neither the user's own ignore file nor `.ignore` counts: two clones must agree, and seeing too much
    // is only slow. Rules from above do not count either: they may ignore the whole project.
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .require_git(false)
        .filter_entry(|entry| !entry.file_name().to_str().is_some_and(is_never))
        .build();
    let mut paths = Vec::new();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.io_error().is_some_and(is_gone) => continue,
            Err(error) => return Err(unlisted(root, error)),
        };
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            continue;
        }
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        match relative.to_str() {
            Some(path) => paths.push(path.to_owned()),
            None => return Err(Error::path(&relative.to_string_lossy(), "is not UTF-8")),
        }
    }
    Ok(paths)
}

#[cfg(feature = "walk")]
fn unlisted(root: &Path, error: ignore::Error) -> Error {
    let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other("an ignore file is broken"));
    Error::Io { action: "list the folder", path: root.to_owned(), source }
}

#[cfg(not(feature = "walk"))]
fn list_folder(root: &Path) -> Result<Vec<String>, Error> {
    let reason = "it is no git repository, and this build lists no other folders (feature `walk`)";
    Err(Error::Git { root: root.to_owned(), reason: reason.into(), source: None })
}

/// Asks git something in a folder, within a time; what it says is in English.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> Result<Said, Error> {
    let mut command = Command::new("git");
    // A repository may name a program of its own that watches it; to ask must not run it.
    command.args(["-c", "core.fsmonitor=false"]).args(arguments);
    command.env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
    for pointer in POINTERS {
        command.env_remove(pointer);
    }
    run(&mut command, folder, LIMITS).map_err(|failure| {
        let (reason, source) = failure.into_parts();
        Error::Git { root: folder.to_owned(), reason, source }
    })
}

/// Says why git did not answer, in its own words.
pub(crate) fn refused(folder: &Path, output: &Said) -> Error {
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = match said.lines().next() {
        Some(line) => line.to_owned(),
        None => output.status.to_string(),
    };
    Error::Git { root: folder.to_owned(), reason, source: None }
}
