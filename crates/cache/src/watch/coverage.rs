//! What is watched: the folders that dependencies look into, those above them, and by looking again what the system
//! cannot tell of. A folder is watched before anybody is told that it changed, so nothing falls between.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::depend::{Dependency, Git, git_folders, head_digest, places};
use crate::files::{is_never, join};
use crate::{Digest, Files};

/// Why the system cannot be asked to tell.
pub(super) struct Unwatchable(pub(super) String);

/// What is watched of a project.
pub(super) struct Coverage {
    files: Files,
    max_folders: usize,
    /// `None`: everything wanted is looked at again and again.
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    /// Files and folders with all in them, that dependencies look at.
    wanted: BTreeSet<String>,
    /// What is looked at again and again, and what it was.
    polled: BTreeMap<String, Digest>,
    /// The head of git is wanted; its folders, if there are any to watch.
    head: Option<Digest>,
    git: Arc<Vec<PathBuf>>,
    /// The project's folder as it was: another one may come in its place.
    root: Option<u64>,
    /// It was not there when it was to be watched. Nothing above it tells when it is back, and it may be back as the same
    /// folder before anybody looks.
    is_root_unwatched: bool,
}

impl Coverage {
    pub(super) fn new(files: Files, max_folders: usize, watcher: Option<RecommendedWatcher>) -> Coverage {
        let root = identity(files.root());
        Coverage {
            files,
            max_folders,
            watcher,
            watched: BTreeSet::new(),
            wanted: BTreeSet::new(),
            polled: BTreeMap::new(),
            head: None,
            git: Arc::default(),
            root,
            is_root_unwatched: false,
        }
    }

    pub(super) fn is_polling(&self) -> bool {
        self.watcher.is_none()
    }

    pub(super) fn git(&self) -> Arc<Vec<PathBuf>> {
        self.git.clone()
    }

    /// Watches what a dependency looks at, if it is not watched yet.
    pub(super) fn cover(&mut self, dependency: &Dependency) -> Result<(), Unwatchable> {
        if let Dependency::Git(git) = dependency {
            self.cover_git(matches!(git, Git::Commit | Git::Branch))?;
        }
        for place in places(dependency) {
            if self.wanted.contains(place.path()) || above(place.path()).any(|folder| self.wanted.contains(folder)) {
                continue;
            }
            self.wanted.insert(place.path().to_owned());
            self.cover_place(place.path())?;
        }
        Ok(())
    }

    /// Watches everything anew that is wanted in or above a folder, whose place another one may have taken.
    pub(super) fn cover_again(&mut self, folder: &str) -> Result<(), Unwatchable> {
        let full = self.files.root().join(folder);
        self.forget(&full);
        let concerns = |wanted: &String| is_within(wanted, folder) || is_within(folder, wanted);
        let again: Vec<String> = self.wanted.iter().filter(|wanted| concerns(wanted)).cloned().collect();
        for place in again {
            // What is wanted may be the whole project, and only this folder of it is new.
            let part = if is_within(folder, &place) { folder } else { &place };
            self.cover_place(part)?;
        }
        if folder.is_empty() {
            let is_wanted = !self.is_polling() && !self.wanted.is_empty();
            self.is_root_unwatched = is_wanted && !self.watched.contains(self.files.root());
        }
        match self.git.iter().any(|git| git.starts_with(&full)) {
            true => self.cover_git_again(),
            false => Ok(()),
        }
    }

    /// Watches everything anew.
    pub(super) fn cover_all_again(&mut self) -> Result<(), Unwatchable> {
        for folder in self.git().iter() {
            self.forget(folder);
        }
        self.cover_again("")?;
        self.cover_git_again()
    }

    /// Takes note that something of git's may have gone: another one in its place is not watched yet. Returns whether it
    /// was watched, so that something may be missed until it is watched again.
    pub(super) fn forget_of_git(&mut self, path: &Path) -> bool {
        self.git.iter().any(|git| path.starts_with(git)) && self.forget(path)
    }

    /// Watches nothing in a folder any more, nor itself, and returns whether anything of it was watched.
    fn forget(&mut self, folder: &Path) -> bool {
        let gone: Vec<PathBuf> = self.watched.iter().filter(|watched| watched.starts_with(folder)).cloned().collect();
        for path in &gone {
            self.watched.remove(path);
            if let Some(watcher) = &mut self.watcher
                && let Err(error) = watcher.unwatch(path)
            {
                tracing::trace!(%error, "a folder went away and its watch with it");
            }
        }
        !gone.is_empty()
    }

    /// Takes note that git's folder came or went.
    pub(super) fn cover_git_again(&mut self) -> Result<(), Unwatchable> {
        let is_wanted = self.head.is_some();
        self.git = Arc::default();
        self.cover_git(is_wanted)
    }

    /// Gives up on the system: everything that is wanted is looked at again and again.
    pub(super) fn poll(&mut self) {
        self.watcher = None;
        self.watched.clear();
        let wanted: Vec<String> = self.wanted.iter().cloned().collect();
        for place in wanted {
            self.keep_looking(&place);
        }
    }

    /// Ends it: nothing is watched or looked at any more.
    pub(super) fn end(&mut self) {
        self.watcher = None;
        self.wanted.clear();
        self.polled.clear();
        self.head = None;
    }

    /// Looks again at what the system does not tell of, and returns what changed.
    pub(super) fn look(&mut self) -> (Vec<String>, bool) {
        let mut changed = Vec::new();
        for (place, before) in &mut self.polled {
            let now = snapshot(&self.files, place);
            if *before != now {
                *before = now;
                changed.push(place.clone());
            }
        }
        // Where git's folders are watched the system tells.
        let is_told = !self.is_polling() && !self.git.is_empty();
        let head = self.head.filter(|_| !is_told).map(|before| (before, head_digest(self.files.root())));
        let has_moved = head.is_some_and(|(before, now)| before != now);
        if let Some((_, now)) = head {
            self.head = Some(now);
        }
        (changed, has_moved)
    }

    /// Says whether the project's folder is another one than it was, and whether there is one.
    pub(super) fn root_changed(&mut self) -> Option<bool> {
        let now = identity(self.files.root());
        let is_back = self.is_root_unwatched && now.is_some();
        if now == self.root && !is_back {
            return None;
        }
        self.root = now;
        Some(now.is_some())
    }

    fn cover_place(&mut self, place: &str) -> Result<(), Unwatchable> {
        if self.is_polling() {
            self.keep_looking(place);
            return Ok(());
        }
        let mut ancestors: Vec<&str> = above(place).collect();
        ancestors.reverse();
        for folder in ancestors {
            self.watch(folder)?;
            if self.is_link(folder) {
                self.keep_looking(place);
            }
        }
        self.watch_all(place)
    }

    /// Watches a folder and all below it. What a link leads to is looked at: it may lie anywhere.
    fn watch_all(&mut self, place: &str) -> Result<(), Unwatchable> {
        let mut places = vec![place.to_owned()];
        while let Some(place) = places.pop() {
            let full = self.files.root().join(&place);
            if !place.is_empty() && self.is_link(&place) {
                self.keep_looking(&place);
                continue;
            }
            if !full.is_dir() {
                continue;
            }
            self.watch(&place)?;
            // What comes later is told: the folder is watched already.
            for entry in fs::read_dir(&full).into_iter().flatten().flatten() {
                let Ok(kind) = entry.file_type() else { continue };
                match entry.file_name().to_str() {
                    Some(name) if !is_never(name) && (kind.is_dir() || kind.is_symlink()) => {
                        places.push(join(&place, name));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn watch(&mut self, folder: &str) -> Result<(), Unwatchable> {
        self.watch_path(&self.files.root().join(folder))
    }

    fn watch_path(&mut self, path: &Path) -> Result<(), Unwatchable> {
        let Some(watcher) = &mut self.watcher else { return Ok(()) };
        if self.watched.contains(path) || !path.is_dir() {
            return Ok(());
        }
        if self.watched.len() >= self.max_folders {
            return Err(Unwatchable(format!("there are more than {} folders to watch", self.max_folders)));
        }
        match watcher.watch(path, RecursiveMode::NonRecursive) {
            Ok(()) => _ = self.watched.insert(path.to_owned()),
            // It went away, which the folder above it tells.
            Err(error) if matches!(error.kind, ErrorKind::PathNotFound) || !path.is_dir() => {}
            Err(error) => return Err(Unwatchable(error.to_string())),
        }
        Ok(())
    }

    fn cover_git(&mut self, wants_head: bool) -> Result<(), Unwatchable> {
        if wants_head && self.head.is_none() {
            self.head = Some(head_digest(self.files.root()));
        }
        if !self.git.is_empty() || self.is_polling() {
            return Ok(());
        }
        let folders = git_folders(self.files.root());
        for folder in &folders {
            for part in ["", "info", "reftable"] {
                self.watch_path(&folder.join(part))?;
            }
            let mut refs = vec![folder.join("refs")];
            while let Some(path) = refs.pop() {
                self.watch_path(&path)?;
                let below = fs::read_dir(&path).into_iter().flatten().flatten();
                refs.extend(below.map(|entry| entry.path()).filter(|path| path.is_dir()));
            }
        }
        // Its coming is told by the project's own folder.
        self.watch("")?;
        self.git = Arc::new(folders);
        Ok(())
    }

    fn keep_looking(&mut self, place: &str) {
        let now = snapshot(&self.files, place);
        self.polled.insert(place.to_owned(), now);
    }

    fn is_link(&self, place: &str) -> bool {
        fs::symlink_metadata(self.files.root().join(place)).is_ok_and(|metadata| metadata.is_symlink())
    }
}

/// Returns what a place is now. By contents, and cheap where nothing was touched.
fn snapshot(files: &Files, place: &str) -> Digest {
    match files.folder(if place.is_empty() { "." } else { place }, crate::Depth::Contents) {
        Ok(manifest) => manifest.digest(),
        Err(error) => Digest::of(error.to_string().as_bytes()),
    }
}

/// Returns the folders above a place, the nearest first, the project last.
fn above(place: &str) -> impl Iterator<Item = &str> {
    let folders = std::iter::successors(place.rsplit_once('/'), |(folder, _)| folder.rsplit_once('/'));
    folders.map(|(folder, _)| folder).chain((!place.is_empty()).then_some(""))
}

fn is_within(place: &str, folder: &str) -> bool {
    match place.strip_prefix(folder) {
        Some(rest) => folder.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().filter(|metadata| metadata.is_dir()).map(|metadata| metadata.ino())
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<u64> {
    path.is_dir().then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    #[test]
    fn a_project_that_is_back_before_anybody_looks_is_watched_again() {
        let folder = tempfile::tempdir().unwrap();
        let (project, away) = (folder.path().join("p"), folder.path().join("q"));
        fs::create_dir(&project).unwrap();
        let files = Files::in_memory(&project, Clock::default()).unwrap();
        let watcher = notify::recommended_watcher(|_: notify::Result<notify::Event>| {}).unwrap();
        let mut coverage = Coverage::new(files, 10, Some(watcher));
        assert!(coverage.cover(&Dependency::files(["a"])).is_ok());
        assert_eq!(coverage.root_changed(), None);
        fs::rename(&project, &away).unwrap();
        assert!(coverage.cover_again("").is_ok());
        fs::rename(&away, &project).unwrap();
        assert_eq!(coverage.root_changed(), Some(true), "it is the same folder, and nobody watches it");
        assert!(coverage.cover_all_again().is_ok());
        assert_eq!(coverage.root_changed(), None);
    }
}
