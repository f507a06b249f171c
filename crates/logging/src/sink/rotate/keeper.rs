//! Compresses sealed segments, has their sidecars made and the oldest removed, in a thread that lives as long as there is work.

use std::cell::Cell;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

#[cfg(feature = "read")]
use super::limit::trim;
use super::limit::{limit, sweep};
use super::names::{Ending, segment_files};
#[cfg(feature = "read")]
use super::shelves::Shelves;
use super::{Compression, Rotation};

/// How long one look at all segments waits for locked ones, all in all, in milliseconds: a child that was begun when one was sealed
/// holds it until it runs its program, although nobody writes to it.
const PATIENCE: u32 = 200;

/// So many milliseconds may still be waited.
pub(super) struct Patience(Cell<u32>);

impl Patience {
    #[cfg(test)]
    pub(super) fn none() -> Patience {
        Patience(Cell::new(0))
    }

    /// Waits for a millisecond, unless all of them are over.
    fn wait(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        if left > 0 {
            thread::sleep(Duration::from_millis(1));
        }
        left > 0
    }
}

/// Looks after the sealed segments of one log.
#[derive(Debug, Clone)]
pub(crate) struct Keeper {
    work: Arc<Work>,
    /// The last of the log's handles to go stops a compression that is under way; the next start makes it anew.
    _stop: Arc<Stop>,
}

#[derive(Debug)]
struct Work {
    log: PathBuf,
    rotation: Rotation,
    state: Mutex<State>,
    /// There is something new to be done. Set and taken under the state's lock, so that none is missed; looked at without.
    again: AtomicBool,
    idle: Condvar,
    stopped: AtomicBool,
    #[cfg(feature = "read")]
    shelves: Shelves,
}

#[derive(Debug, Default)]
struct State {
    running: bool,
    trouble: Option<String>,
}

#[derive(Debug)]
struct Stop(Arc<Work>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
}

impl Keeper {
    pub(crate) fn new(log: PathBuf, rotation: Rotation) -> Keeper {
        let work = Arc::new(Work {
            log,
            rotation,
            state: Mutex::default(),
            again: AtomicBool::new(false),
            idle: Condvar::new(),
            stopped: AtomicBool::new(false),
            #[cfg(feature = "read")]
            shelves: Shelves::default(),
        });
        Keeper { _stop: Arc::new(Stop(Arc::clone(&work))), work }
    }

    /// There is a new segment, or an old one may have been left.
    pub(crate) fn wake(&self) {
        let mut state = self.work.state();
        self.work.again.store(true, Ordering::Relaxed);
        if state.running {
            return;
        }
        let work = Arc::clone(&self.work);
        match thread::Builder::new().name("segno-log-keeper".to_owned()).spawn(move || work.run()) {
            Ok(_) => state.running = true,
            // The next segment wakes it again.
            Err(error) => state.trouble = Some(format!("sealed log segments wait to be compressed: {error}")),
        }
    }

    /// Waits until there is no work.
    pub(crate) fn settle(&self) {
        let state = self.work.state();
        drop(self.work.idle.wait_while(state, |state| state.running).unwrap_or_else(PoisonError::into_inner));
    }

    /// What went wrong since it was asked last.
    pub(crate) fn take_trouble(&self) -> Option<String> {
        self.work.state().trouble.take()
    }
}

impl Work {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        loop {
            let mut state = self.state();
            if !self.again.swap(false, Ordering::Relaxed) || self.stopped.load(Ordering::Relaxed) {
                state.running = false;
                self.idle.notify_all();
                return;
            }
            drop(state);
            if let Err(error) = self.pass() {
                self.state().trouble = Some(format!("some sealed log segments were left as they are: {error}"));
            }
        }
    }

    /// One look at all segments. A failure with one does not keep the others from their turn.
    fn pass(&self) -> io::Result<()> {
        let files = segment_files(&self.log)?;
        let patience = Patience(Cell::new(PATIENCE));
        let of = |wanted| files.iter().filter(move |(ending, _)| *ending == wanted).map(|(_, path)| path);
        let outcome = of(Ending::Half).map(|path| remove_half(path, &patience)).fold(Ok(()), Result::and);
        let outcome =
            of(Ending::Plain).map(|path| named(path, self.compress(path, &patience))).fold(outcome, Result::and);
        let outcome = outcome.and(limit(&self.log, self.rotation.keep, SystemTime::now()));
        #[cfg(feature = "read")]
        let outcome = outcome.and(self.shelve(&patience));
        outcome.and(sweep(&self.log, SystemTime::now()))
    }

    /// Makes the sidecars that are missing, for which older ones may have to go, until there is something else to do: no new
    /// segment waits for them.
    #[cfg(feature = "read")]
    fn shelve(&self, patience: &Patience) -> io::Result<()> {
        let is_due = || self.again.load(Ordering::Relaxed) || self.stopped.load(Ordering::Relaxed);
        let made = self.shelves.fill(&self.log, self.rotation.keep, patience, &is_due)?;
        if let Some(trouble) = self.shelves.take_trouble() {
            self.state().trouble.get_or_insert(trouble);
        }
        if made { trim(&self.log, self.rotation.keep) } else { Ok(()) }
    }

    /// Compresses a segment, unless a process still has it open to write.
    fn compress(&self, plain: &Path, patience: &Patience) -> io::Result<()> {
        let has_twin = || [".zst", ".gz"].iter().any(|ending| with_ending(plain, ending).exists());
        if self.rotation.compression == Compression::None && !has_twin() {
            return Ok(());
        }
        let Some(_alone) = alone(plain, patience)? else {
            return Ok(());
        };
        // A process died after the compressed one had its name, which it gets only when it is whole and synced.
        if has_twin() {
            return gone(fs::remove_file(plain));
        }
        match self.rotation.compression {
            Compression::None => Ok(()),
            #[cfg(feature = "compress")]
            kind => super::squeeze::squeeze(plain, kind, &self.stopped),
        }
    }
}

/// Locks a segment when no process has it open to write, or none has any more before patience ends. It is gone when the lock is
/// dropped late, never too early.
pub(super) fn alone(path: &Path, patience: &Patience) -> io::Result<Option<File>> {
    let opened = fs::metadata(path).and_then(|found| match found.is_file() {
        true => File::open(path),
        // To open a pipe is to wait for who writes into it.
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
    });
    let file = match opened {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    Ok((locks(&file, patience) && path.exists()).then_some(file))
}

fn locks(file: &File, patience: &Patience) -> bool {
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if patience.wait() => {}
            outcome => return outcome.is_ok(),
        }
    }
}

/// Removes what a killed process left of a compression; one that is under way has its segment locked.
fn remove_half(half: &Path, patience: &Patience) -> io::Result<()> {
    let plain = half.with_extension("").with_extension("");
    let lock = alone(&plain, patience)?;
    match plain.exists() && lock.is_none() {
        true => Ok(()),
        false => gone(fs::remove_file(half)),
    }
}

/// What another process removed first is removed.
pub(super) fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// An error says of which segment it is.
fn named(segment: &Path, outcome: io::Result<()>) -> io::Result<()> {
    outcome.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", segment.display())))
}

pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
#[cfg(feature = "read")]
mod tests {
    use super::*;
    use crate::Keep;
    use crate::read::sidecar;

    /// Looks at three segments once, while something is new or not; expects the newest one alone, with its sidecar or not.
    fn check(is_new: bool) {
        let folder = tempfile::tempdir().unwrap();
        let text = "{\"level\":\"INFO\",\"component\":\"a\"}\n".repeat(40_000);
        for number in 1..=3 {
            fs::write(folder.path().join(format!("app.2026-11-27T00-00-00Z.{number:06}.jsonl")), &text).unwrap();
        }
        let log = folder.path().join("app.jsonl");
        let keep = Keep { segments: Some(1), ..Keep::default() };
        let rotation = Rotation { keep, compression: Compression::None, ..Rotation::default() };
        let keeper = Keeper::new(log.clone(), rotation);
        keeper.work.again.store(is_new, Ordering::Relaxed);
        keeper.work.pass().unwrap();
        let [newest] = &crate::segments(&log).unwrap()[..] else { panic!("the limit is not kept") };
        assert!(newest.ends_with("app.2026-11-27T00-00-00Z.000003.jsonl"));
        assert_eq!(sidecar::path(newest).exists(), !is_new);
    }

    #[test]
    fn a_segment_that_is_given_up_soon_is_waited_for_and_another_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let segment = folder.path().join("segment");
        let held = File::create(&segment).unwrap();
        held.lock().unwrap();
        assert!(alone(&segment, &Patience(Cell::new(3))).unwrap().is_none());
        thread::scope(|scope| {
            let waiting = scope.spawn(|| alone(&segment, &Patience(Cell::new(60_000))).unwrap().is_some());
            thread::sleep(Duration::from_millis(5));
            assert!(!waiting.is_finished());
            drop(held);
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn limits_are_kept_before_sidecars_are_made_which_wait_for_all_else() {
        check(true);
        check(false);
    }
}
