//! Where a project keeps its state: the folder `.segno/` and what lies in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use segno_errors::{Fault, from_io};

use crate::engine::{Memory, ReadVariable, Setup};
use crate::history::History;
use crate::journal::{Blobs, Locks, Repair, SqliteJournal, repair};
use crate::model::RunId;
use crate::retention::{Collector, Turn};
use crate::spec::CacheSettings;

/// The name of the state folder.
pub const STATE_FOLDER: &str = ".segno";

/// What marks a project's folder, besides the state folder itself.
const MARKS: [&str; 3] = [STATE_FOLDER, "segno.toml", ".git"];

/// A project: the folder in which steps run, and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// Finds the project that a folder belongs to: the nearest folder upwards that is marked, else the folder itself.
    ///
    /// Marks are `.segno`, `segno.toml` and `.git`.
    pub fn find(from: &Path) -> Project {
        let marked = |folder: &&Path| MARKS.iter().any(|mark| folder.join(mark).exists());
        Project { root: from.ancestors().find(marked).unwrap_or(from).to_owned() }
    }

    /// Returns the folder in which steps run.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the file of a run's log.
    pub fn log(&self, run: &RunId) -> PathBuf {
        self.state("logs").join(format!("{run}.jsonl"))
    }

    /// Returns the folder of the runs' logs.
    pub fn logs(&self) -> PathBuf {
        self.state("logs")
    }

    /// Returns how a file of the project is called: relative to the project where it lies inside.
    pub fn name(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// Opens the project's state, and makes it where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be written or the store is damaged; each with a hint.
    pub fn open(&self, variable: Arc<ReadVariable>) -> Result<Setup, Fault> {
        self.open_with(&CacheSettings::default(), variable)
    }

    /// Does the same and remembers results as the project has set.
    ///
    /// # Errors
    /// As for `open`.
    pub fn open_with(&self, cache: &CacheSettings, variable: Arc<ReadVariable>) -> Result<Setup, Fault> {
        self.make_state().map_err(|error| {
            let fault = from_io(error).operation("open").with("folder", self.root.join(STATE_FOLDER).display());
            fault.hint("segno keeps its state in .segno: check the folder's owner, rights and free space")
        })?;
        if let Err(error) = self.hide_cache(cache) {
            tracing::warn!(%error, "git may take the cache's folder for a part of the project");
        }
        let journal = SqliteJournal::open(&self.database())?;
        let memory = Memory::with(&self.root, &self.cache_folder(cache), cache, variable.clone())
            .inspect_err(|fault| {
                tracing::warn!(fault = fault.message(), "the cache cannot be used; steps run without it")
            })
            .ok();
        Ok(Setup {
            root: self.root.clone(),
            journal: Arc::new(journal),
            blobs: Arc::new(Blobs::Disk(self.state("blobs"))),
            memory,
            locks: Some(Locks::new(self.state("locks"))),
            variables: Some(variable),
            ..Setup::default()
        })
    }

    /// Returns the folder in which results are remembered.
    pub fn cache_folder(&self, cache: &CacheSettings) -> PathBuf {
        cache.folder.as_ref().map_or_else(|| self.state("cache"), |folder| self.root.join(folder))
    }

    /// Returns the history of the project's runs; their logs go with them.
    pub fn history(&self, setup: &Setup) -> History {
        History::new(setup.journal.clone(), setup.locks.clone()).with_logs(self.state("logs"))
    }

    /// Returns what collects the runs that are no longer kept. Without its cache nobody can say which large outputs that
    /// names, so none is swept then.
    pub fn collector(&self, setup: &Setup) -> Collector {
        let (blobs, memory) = (setup.blobs.clone(), setup.memory.clone());
        Collector { history: self.history(setup), blobs, may_sweep: memory.is_some(), memory }
    }

    /// Takes the turn to collect, once a day and one process at a time; whoever got it calls `Turn::done`. The first turn of
    /// a project is a day after it was asked for first: before, there is nothing to collect.
    pub fn turn(&self, now: SystemTime) -> Option<Turn> {
        Turn::take(&self.state("collect.lock"), now)
    }

    /// Says whether the project has any state yet.
    pub fn has_state(&self) -> bool {
        self.database().exists()
    }

    /// Repairs a damaged store; see `journal::repair`.
    ///
    /// # Errors
    /// When the new store cannot be written.
    pub fn repair(&self, stamp: u64) -> Result<Repair, Fault> {
        repair(&self.database(), stamp)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.join(STATE_FOLDER).join("segno.db")
    }

    pub(crate) fn state(&self, name: &str) -> PathBuf {
        self.root.join(STATE_FOLDER).join(name)
    }

    /// A cache within the project is no part of it: results that depend on the work tree would depend on themselves.
    fn hide_cache(&self, cache: &CacheSettings) -> std::io::Result<()> {
        let folder = self.cache_folder(cache);
        let ignore = folder.join(".gitignore");
        if cache.folder.is_none() || !folder.starts_with(&self.root) || ignore.exists() {
            return Ok(());
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&folder)?;
        fs::write(ignore, "*\n")
    }

    /// Makes the folders. The state ignores itself, so that no project has to say so.
    fn make_state(&self) -> std::io::Result<()> {
        for folder in ["blobs", "logs", "locks"] {
            fs::create_dir_all(self.state(folder))?;
        }
        let ignore = self.state(".gitignore");
        if ignore.exists() {
            return Ok(());
        }
        fs::write(ignore, "*\n")?;
        // The names of new folders are as little durable as the files in them.
        fs::File::open(self.root.join(STATE_FOLDER))?.sync_all()?;
        fs::File::open(&self.root)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_marked_folder_is_the_project() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir(folder.path().join("a/.git")).unwrap();
        assert_eq!(Project::find(&deep).root(), folder.path().join("a"));
        fs::create_dir(deep.join(STATE_FOLDER)).unwrap();
        assert_eq!(Project::find(&deep).root(), deep);
    }

    #[test]
    fn the_state_ignores_itself_for_git() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(folder.path());
        assert!(!project.has_state());
        project.open(Arc::new(|_: &str| None)).unwrap();
        assert!(project.has_state());
        assert_eq!(fs::read_to_string(folder.path().join(".segno/.gitignore")).unwrap(), "*\n");
    }
}
