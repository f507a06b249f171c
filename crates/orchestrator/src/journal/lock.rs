//! One owner per run: a lock on a file, which the kernel frees when its owner dies, whatever way it dies.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use segno_errors::{Fault, Kind, from_io};

use crate::model::RunId;

/// A hold on a whole store: shared by all who use it, exclusive for repair, which exchanges its file.
#[cfg(feature = "sqlite")]
#[derive(Debug)]
pub(super) struct StoreLock {
    _file: File,
}

#[cfg(feature = "sqlite")]
impl StoreLock {
    /// Holds the store together with others.
    pub(super) fn shared(store: &Path) -> Result<StoreLock, Fault> {
        StoreLock::take(store, File::try_lock_shared, "the store is being repaired")
    }

    /// Holds the store alone.
    pub(super) fn alone(store: &Path) -> Result<StoreLock, Fault> {
        StoreLock::take(store, File::try_lock, "another process is using the store")
    }

    fn take(store: &Path, lock: fn(&File) -> Result<(), TryLockError>, taken: &str) -> Result<StoreLock, Fault> {
        let mut name = store.as_os_str().to_owned();
        name.push(".lock");
        let open = File::options().create(true).truncate(false).write(true).read(true).open(name);
        let failed = |error| from_io(error).operation("store.lock").with("store", store.display());
        let file = open.map_err(failed)?;
        match lock(&file) {
            Ok(()) => Ok(StoreLock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(Fault::new(Kind::BusinessLogic, taken).reason("locked").hint("try again when it has ended"))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// The folder of lock files.
#[derive(Clone, Debug)]
pub struct Locks {
    folder: PathBuf,
}

/// The ownership of a run; given up when dropped. The file is close-on-exec, so children do not hold it.
#[derive(Debug)]
pub struct RunLock {
    file: File,
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Closing gives it up only when every copy of the file is closed, and a child that another thread begins just now has
        // one until it runs its program. If this fails, closing does it.
        _ = self.file.unlock();
    }
}

impl Locks {
    /// Names the folder; it is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Locks {
        Locks { folder: folder.into() }
    }

    /// Takes a run, or says that another process has it.
    ///
    /// # Errors
    /// When another process owns the run (reason `locked`), or the lock file cannot be made.
    pub fn own(&self, run: &RunId) -> Result<RunLock, Fault> {
        let file = self.open(run).map_err(|error| from_io(error).operation("run.lock").with("run", run))?;
        match file.try_lock() {
            Ok(()) => Ok(RunLock { file }),
            Err(TryLockError::WouldBlock) => {
                Err(Fault::new(Kind::BusinessLogic, format!("run {run} is being worked on"))
                    .reason("locked")
                    .hint("wait until it ends, or stop the other process"))
            }
            Err(TryLockError::Error(error)) => Err(from_io(error).operation("run.lock").with("run", run)),
        }
    }

    /// Says whether some process owns the run now.
    pub fn is_owned(&self, run: &RunId) -> bool {
        let file = File::open(self.folder.join(format!("{run}.lock")));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Gives up a run that is no more, with its file.
    pub(crate) fn forget(&self, run: &RunId, lock: RunLock) {
        // A file that stays is an empty file too many; the next collection meets it again.
        _ = fs::remove_file(self.folder.join(format!("{run}.lock")));
        drop(lock);
    }

    /// Returns the folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn open(&self, run: &RunId) -> std::io::Result<File> {
        fs::create_dir_all(&self.folder)?;
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .read(true)
            .open(self.folder.join(format!("{run}.lock")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let locks = Locks::new(folder.path().join("locks"));
        let run = RunId::new("a-1").unwrap();
        assert!(!locks.is_owned(&run));
        let lock = locks.own(&run).unwrap();
        assert!(locks.is_owned(&run));
        assert_eq!(locks.own(&run).unwrap_err().why(), Some("locked"));
        let of_a_child = lock.file.try_clone().unwrap();
        drop(lock);
        assert!(!locks.is_owned(&run), "a child that has not begun its program yet does not keep it");
        assert!(locks.own(&run).is_ok());
        drop(of_a_child);
    }
}
