//! A process's turn at a log among the others that write it: a lock on the log's folder, for as long as one call lasts.
//!
//! The folder and not the log, so that processes with different logs in one folder wait for each other's calls as well: a log
//! has another file behind its name after each rotation, and its lock is taken by the mark that it is in use; a file for locks
//! alone would have to be made and kept beside every log, also by readers, who may have no right to. A call is one write of a
//! buffer at most, or a rename, so that the wait is short.

#[cfg(feature = "subscriber")]
use std::fs;
use std::fs::{File, TryLockError};
#[cfg(feature = "subscriber")]
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The folder that logs lie in, open as a file.
#[derive(Debug)]
pub(crate) struct Folder {
    file: File,
    /// Somebody has had the turn for longer than [`PATIENCE`].
    stuck: AtomicBool,
}

impl Folder {
    /// Opens the folder of a log.
    pub(crate) fn of(log: &Path) -> std::io::Result<Arc<Folder>> {
        let file = File::open(folder_of(log))?;
        Ok(Arc::new(Folder { file, stuck: AtomicBool::new(false) }))
    }

    /// The folder that the log lies in now: this one, with what is known of its lock, unless another took its place.
    #[cfg(feature = "subscriber")]
    pub(crate) fn again(self: &Arc<Folder>, log: &Path) -> Arc<Folder> {
        let place = |found: fs::Metadata| (found.dev(), found.ino());
        match (fs::metadata(folder_of(log)).map(place), self.file.metadata().map(place)) {
            (Ok(now), Ok(own)) if now != own => Folder::of(log).unwrap_or_else(|_| Arc::clone(self)),
            _ => Arc::clone(self),
        }
    }
}

/// While it lives, no other process flushes, rotates or replays a log in the folder.
///
/// The lock is the system's and ends with the process. A holder that is stopped must not stop the others: who has waited for
/// [`PATIENCE`] goes on without it, and does not wait again until the lock was free once. Such a one may add lines, and neither
/// rotates, nor shortens the log, nor replays. What it can cost is a duplicate when the process is then killed within the same
/// call.
#[derive(Debug)]
pub(crate) enum Turn {
    /// This process alone.
    Held(Arc<Folder>),
    /// The disk has no locks.
    NoLocks,
    /// Another process has had it for too long.
    Stuck,
}

const PATIENCE: Duration = Duration::from_secs(1);

impl Turn {
    pub(crate) fn take(folder: &Arc<Folder>) -> Turn {
        let begun = Instant::now();
        let mut round = 0_u32;
        loop {
            match folder.file.try_lock() {
                Ok(()) => {
                    folder.stuck.store(false, Ordering::Relaxed);
                    return Turn::Held(Arc::clone(folder));
                }
                Err(TryLockError::Error(_)) => return Turn::NoLocks,
                Err(TryLockError::WouldBlock) if folder.stuck.load(Ordering::Relaxed) => return Turn::Stuck,
                Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => {
                    folder.stuck.store(true, Ordering::Relaxed);
                    return Turn::Stuck;
                }
                Err(TryLockError::WouldBlock) if round < 8 => thread::yield_now(),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_micros(200)),
            }
            round = round.saturating_add(1);
        }
    }
}

/// The folder that a file lies in.
pub(crate) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Turn::Held(folder) = self {
            // A lock that cannot be given back ends with the process; nobody can do more.
            _ = folder.file.unlock();
        }
    }
}
