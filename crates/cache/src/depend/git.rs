//! What git says of the project beside its files: the commit and the branch. That there is none is an answer too.

use std::path::Path;
#[cfg(feature = "watch")]
use std::path::PathBuf;

#[cfg(feature = "watch")]
use crate::Digest;
use crate::files::{git, refused};
use crate::process::Said;
use crate::{Error, KeyPart, PartWriter};

/// So much of a commit's name is shown.
const SHOWN: usize = 12;

const BRANCHES: &str = "refs/heads/";

/// A name, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Commit(String),
    Branch(String),
    Missing(&'static str),
}

impl KeyPart for Head {
    fn write(&self, writer: &mut PartWriter) {
        match self {
            Head::Commit(id) => writer.text_shown(id, id.get(..SHOWN).unwrap_or(id)),
            Head::Branch(name) => writer.text(name),
            Head::Missing(why) => writer.state(why),
        };
    }
}

/// Returns the commit that is checked out.
pub(super) fn commit(root: &Path) -> Result<Head, Error> {
    let said = git(root, &["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
    if said.status.success() {
        return Ok(Head::Commit(text(&said)));
    }
    if is_no_repository(&said) {
        return Ok(Head::Missing("no repository"));
    }
    // A branch that has no commit yet is told from one whose commit cannot be read.
    let symbolic = git(root, &["symbolic-ref", "--quiet", "HEAD"])?;
    if symbolic.status.success() {
        let known = git(root, &["show-ref", "--verify", "--quiet", &text(&symbolic)])?;
        if known.status.code() == Some(1) {
            return Ok(Head::Missing("no commit yet"));
        }
    }
    Err(refused(root, &said))
}

/// Returns the name of the branch that is checked out, also before its first commit.
pub(super) fn branch(root: &Path) -> Result<Head, Error> {
    let said = git(root, &["symbolic-ref", "--quiet", "HEAD"])?;
    if said.status.success() {
        let name = text(&said);
        return Ok(Head::Branch(name.strip_prefix(BRANCHES).map(str::to_owned).unwrap_or(name)));
    }
    match said.status.code() {
        Some(1) => Ok(Head::Missing("no branch")),
        _ if is_no_repository(&said) => Ok(Head::Missing("no repository")),
        _ => Err(refused(root, &said)),
    }
}

/// Returns git's own folders for the project: the work tree's, and the one that all work trees share.
#[cfg(feature = "watch")]
pub(crate) fn folders(root: &Path) -> Vec<PathBuf> {
    let asked = ["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"];
    let Ok(said) = git(root, &asked) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = match said.status.success() {
        true => text(&said).lines().map(PathBuf::from).collect(),
        false => Vec::new(),
    };
    folders.sort();
    folders.dedup();
    folders
}

/// Returns a digest of the commit and the branch that are checked out, or of why that cannot be told.
#[cfg(feature = "watch")]
pub(crate) fn head_digest(root: &Path) -> Digest {
    let said = |head: Result<Head, Error>| head.map_or_else(|error| error.to_string(), |head| format!("{head:?}"));
    Digest::of(format!("{}\n{}", said(commit(root)), said(branch(root))).as_bytes())
}

fn text(said: &Said) -> String {
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}

/// Git answers in English, because it is asked to.
fn is_no_repository(said: &Said) -> bool {
    String::from_utf8_lossy(&said.stderr).contains("not a git repository")
}
