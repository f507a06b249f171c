//! The watch as its user sees it, and what it shares with its thread.

use std::hash::Hash;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::coverage::{Coverage, Unwatchable};
use super::event::{WatchEvent, WatchOptions};
use super::looking::Looking;
use super::news::is_change;
use crate::depend::{Dependency, Dependents};
use crate::{Digest, Error, Files};

/// So many events wait at most; with more, everything counts as changed.
pub(super) const MAX_WAITING: usize = 65_536;

/// Watches the files that keys depend on, and tells at once which keys are wrong. It ends when it is dropped.
///
/// A key is recorded here before its value is made; from then on no change is missed. If the system cannot tell of
/// changes (too many folders, too many at once, the project's folder gone), everything that depends on files counts as
/// changed, an event says so, and from then on it is looked at every [`poll`](WatchOptions::poll). The same is always
/// done for what links lead to. Tools are not watched.
///
/// ```
/// use segno_cache::{Clock, Dependency, Dependents, Files, Watch, WatchEvent, WatchOptions};
/// use std::sync::mpsc::channel;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let project = tempfile::tempdir()?;
/// let files = Files::in_memory(project.path(), Clock::default())?;
/// let (tell, told) = channel();
/// let watch = Watch::begin(&files, Dependents::new(1_000), WatchOptions::default(), move |event| {
///     tell.send(event).ok();
/// })?;
/// watch.record("count", None, &[Dependency::files(["*.txt"])]);
/// std::fs::write(project.path().join("a.txt"), "one")?;
/// assert!(matches!(told.recv()?, WatchEvent::Changed { keys, .. } if keys == ["count"]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Watch<K> {
    shared: Arc<Shared<K>>,
    wake: SyncSender<Message>,
}

pub(super) enum Message {
    Event(notify::Event),
    /// Something happened that the thread should look at: an overflow, a change of how is watched, the end.
    Wake,
}

/// What a watch and its thread share.
pub(super) struct Shared<K> {
    pub(super) root: PathBuf,
    pub(super) options: WatchOptions,
    pub(super) dependents: Dependents<K>,
    coverage: Mutex<Coverage>,
    pub(super) has_overflown: Arc<AtomicBool>,
    pub(super) is_over: AtomicBool,
    /// Why the system does not tell any more, not told yet.
    pub(super) lost: Mutex<Option<String>>,
}

impl<K> std::fmt::Debug for Shared<K> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("root", &self.root).finish_non_exhaustive()
    }
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Watch<K> {
    /// Begins to watch a project; `tell` is called on a thread of the watch and should be quick.
    ///
    /// Fails only if no thread can be started.
    pub fn begin(
        files: &Files,
        dependents: Dependents<K>,
        options: WatchOptions,
        tell: impl Fn(WatchEvent<K>) + Send + 'static,
    ) -> Result<Watch<K>, Error> {
        let (wake, woken) = sync_channel(MAX_WAITING);
        let has_overflown = Arc::new(AtomicBool::new(false));
        let (watcher, lost) = match options.only_poll {
            true => (None, None),
            false => match watcher(wake.clone(), has_overflown.clone()) {
                Ok(watcher) => (Some(watcher), None),
                Err(error) => (None, Some(error.to_string())),
            },
        };
        let coverage = Coverage::new(files.clone(), options.max_folders, watcher);
        let shared = Arc::new(Shared {
            root: files.root().to_owned(),
            options,
            dependents,
            coverage: Mutex::new(coverage),
            has_overflown,
            is_over: AtomicBool::new(false),
            lost: Mutex::new(lost),
        });
        let looking = Looking { shared: shared.clone(), tell: Box::new(tell) };
        thread::Builder::new()
            .name("segno-cache watch".into())
            .spawn(move || looking.run(&woken))
            .map_err(Error::io("start a watch of", files.root()))?;
        Ok(Watch { shared, wake })
    }

    /// Watches what a key depends on, and records it as [`Dependents::record`] does. Then its value may be made.
    pub fn record(&self, key: K, digest: Option<Digest>, dependencies: &[Dependency]) -> Option<K> {
        for dependency in dependencies {
            let mut coverage = self.shared.coverage();
            if let Err(Unwatchable(reason)) = coverage.cover(dependency) {
                self.shared.give_up(&mut coverage, reason);
                // If too much waits already the thread is awake.
                _ = self.wake.try_send(Message::Wake);
            }
        }
        self.shared.dependents.record(key, digest, dependencies)
    }

    /// Returns which keys depend on what.
    pub fn dependents(&self) -> &Dependents<K> {
        &self.shared.dependents
    }

    /// Returns whether the system tells nothing, so that everything is looked at again and again.
    pub fn is_polling(&self) -> bool {
        self.shared.coverage().is_polling()
    }
}

impl<K> Drop for Watch<K> {
    fn drop(&mut self) {
        // The system's own thread ends first, and with it what fills the queue.
        self.shared.coverage().end();
        self.shared.is_over.store(true, Ordering::Release);
        // If too much waits already the thread is awake.
        _ = self.wake.try_send(Message::Wake);
    }
}

fn watcher(tell: SyncSender<Message>, has_overflown: Arc<AtomicBool>) -> notify::Result<notify::RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        match event {
            Ok(event) if event.need_rescan() => lose(&tell, &has_overflown),
            Ok(event) if !is_change(&event.kind) => {}
            // Never waits: whoever adds a watch waits for this thread.
            Ok(event) => match tell.try_send(Message::Event(event)) {
                Err(TrySendError::Full(_)) => lose(&tell, &has_overflown),
                Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            },
            Err(error) => {
                tracing::warn!(%error, "files cannot be watched for a moment");
                lose(&tell, &has_overflown);
            }
        }
    })
}

/// Says that something may have been missed. Said before the thread is woken: it looks once and waits again.
fn lose(tell: &SyncSender<Message>, has_overflown: &AtomicBool) {
    has_overflown.store(true, Ordering::Release);
    // If too much waits already the thread is awake, and looks after what it takes.
    _ = tell.try_send(Message::Wake);
}

impl<K> Shared<K> {
    pub(super) fn coverage(&self) -> MutexGuard<'_, Coverage> {
        self.coverage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn give_up(&self, coverage: &mut Coverage, reason: String) {
        tracing::warn!(reason, "files are looked at again and again: the system does not tell of changes");
        coverage.poll();
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::WatchLoss;
    use super::*;
    use crate::Clock;

    #[test]
    fn after_an_overflow_everything_that_depends_on_files_counts_as_changed() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_memory(folder.path(), Clock::default()).unwrap();
        let (tell, told) = channel();
        let tell = move |event| tell.send(event).unwrap_or_default();
        // Nothing but being woken lets the thread look.
        let options = WatchOptions { poll: std::time::Duration::MAX, ..WatchOptions::default() };
        let watch = Watch::begin(&files, Dependents::new(10), options, tell).unwrap();
        watch.record("file", None, &[Dependency::files(["a"])]);
        watch.record("variable", None, &[Dependency::env("X")]);
        // As if the queue of the system, or ours, had been full.
        lose(&watch.wake, &watch.shared.has_overflown);
        let event = told.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        assert_eq!(event, WatchEvent::Lost { because: WatchLoss::Overflow, keys: vec!["file"] });
    }
}
