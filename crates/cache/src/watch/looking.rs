//! The thread of a watch: it takes what the system tells, looks at what it does not tell, and says which keys are wrong.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::coverage::Unwatchable;
use super::event::{WatchEvent, WatchLoss};
use super::handle::{MAX_WAITING, Message, Shared};
use super::news::{News, may_be_gone, news};
use crate::depend::{Dependency, Git};

/// So many paths are told of one change.
const MAX_PATHS: usize = 100;

/// The thread of a watch.
pub(super) struct Looking<K> {
    pub(super) shared: Arc<Shared<K>>,
    pub(super) tell: Box<dyn Fn(WatchEvent<K>) + Send>,
}

impl<K: Hash + Eq + Clone> Looking<K> {
    pub(super) fn run(&self, woken: &Receiver<Message>) {
        let poll = self.shared.options.poll.max(Duration::from_millis(1));
        let mut next = Instant::now().checked_add(poll);
        loop {
            let left = next.map_or(Duration::MAX, |next| next.saturating_duration_since(Instant::now()));
            match woken.recv_timeout(left) {
                Err(RecvTimeoutError::Disconnected) => return,
                _ if self.shared.is_over.load(Ordering::Acquire) => return,
                Ok(Message::Event(event)) => {
                    self.changed(&[event]);
                    self.changed(&self.gather(woken));
                }
                Ok(Message::Wake) | Err(RecvTimeoutError::Timeout) => {}
            }
            self.lost();
            if next.is_some_and(|next| Instant::now() >= next) {
                self.look();
                next = Instant::now().checked_add(poll);
            }
        }
    }

    /// Takes what follows a change within a time, of which there is mostly more.
    fn gather(&self, woken: &Receiver<Message>) -> Vec<notify::Event> {
        let until = Instant::now().checked_add(self.shared.options.debounce);
        let mut events = Vec::new();
        while events.len() < MAX_WAITING {
            let left = until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
            match woken.recv_timeout(left) {
                Ok(Message::Event(event)) => events.push(event),
                Ok(Message::Wake) | Err(_) => break,
            }
        }
        events
    }

    fn changed(&self, events: &[notify::Event]) {
        let git = self.shared.coverage().git();
        let paths = || events.iter().flat_map(|event| event.paths.iter().map(|path| (&event.kind, path)));
        let of_path = |(kind, path): (&_, &PathBuf)| news(kind, path, &self.shared.root, &git);
        let mut all: BTreeSet<News> = paths().filter_map(of_path).collect();
        let gone = paths().filter(|(kind, _)| may_be_gone(kind)).map(|(_, path)| path);
        if self.forget_of_git(gone) || all.contains(&News::Folder(String::new())) {
            // Until it is watched again, anything of git may change unseen.
            all.extend([News::Head, News::Tracked]);
        }
        if all.is_empty() {
            return;
        }
        // Folders are watched anew first: what changes in them before that is told with them.
        self.cover(&all);
        let dependents = &self.shared.dependents;
        let keys = all.iter().flat_map(|news| match news {
            News::File(path) => dependents.file_changed(path),
            News::Folder(path) => dependents.folder_changed(path),
            News::Head => dependents.changed_if(is_head),
            News::Tracked => dependents.changed_if(is_tree),
        });
        let keys = keys.collect();
        let paths = all.into_iter().map(|news| match news {
            News::File(path) | News::Folder(path) => path,
            News::Head | News::Tracked => ".git".to_owned(),
        });
        self.tell(keys, paths.take(MAX_PATHS).collect());
        self.root();
    }

    fn forget_of_git<'p>(&self, gone: impl Iterator<Item = &'p PathBuf>) -> bool {
        let mut coverage = self.shared.coverage();
        gone.filter(|path| coverage.forget_of_git(path)).count() > 0
    }

    fn cover(&self, all: &BTreeSet<News>) {
        let mut coverage = self.shared.coverage();
        for news in all {
            let covered = match news {
                News::Folder(path) => coverage.cover_again(path),
                News::Head => coverage.cover_git_again(),
                News::File(_) | News::Tracked => Ok(()),
            };
            if let Err(Unwatchable(reason)) = covered {
                self.shared.give_up(&mut coverage, reason);
                return;
            }
        }
    }

    /// Looks at what the system does not tell of.
    fn look(&self) {
        self.root();
        let (places, has_moved) = self.shared.coverage().look();
        let dependents = &self.shared.dependents;
        let mut keys: Vec<K> = places.iter().flat_map(|place| dependents.folder_changed(place)).collect();
        if has_moved {
            keys.extend(dependents.changed_if(is_head));
        }
        self.tell(keys, places.into_iter().take(MAX_PATHS).collect());
    }

    /// Tells that changes may have been missed, if that is so.
    fn lost(&self) {
        let reason = self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reason) = reason {
            self.all_changed(WatchLoss::Polling(reason));
        }
        if self.shared.has_overflown.swap(false, Ordering::AcqRel) {
            self.cover_all();
            self.all_changed(WatchLoss::Overflow);
        }
    }

    fn root(&self) {
        let changed = self.shared.coverage().root_changed();
        match changed {
            None => {}
            Some(false) => self.all_changed(WatchLoss::RootGone),
            Some(true) => {
                self.cover_all();
                self.all_changed(WatchLoss::RootBack);
            }
        }
    }

    fn cover_all(&self) {
        let mut coverage = self.shared.coverage();
        let covered = coverage.cover_all_again();
        if let Err(Unwatchable(reason)) = covered {
            self.shared.give_up(&mut coverage, reason);
        }
    }

    fn all_changed(&self, because: WatchLoss) {
        let keys = self.shared.dependents.changed_if(|dependency| {
            !matches!(dependency, Dependency::Env { .. } | Dependency::Window { .. } | Dependency::Tag { .. })
                && !matches!(dependency, Dependency::Key(_))
        });
        tracing::warn!(?because, keys = keys.len(), "changes of files may have been missed");
        self.say(WatchEvent::Lost { because, keys });
    }

    fn tell(&self, keys: Vec<K>, paths: Vec<String>) {
        if !keys.is_empty() {
            self.say(WatchEvent::Changed { keys, paths });
        }
    }

    /// What is told runs code of somebody else, whose panic must not end the watch in silence.
    fn say(&self, event: WatchEvent<K>) {
        if catch_unwind(AssertUnwindSafe(|| (self.tell)(event))).is_err() {
            tracing::error!("what is told of changes panicked");
        }
    }
}

fn is_head(dependency: &Dependency) -> bool {
    matches!(dependency, Dependency::Git(Git::Commit | Git::Branch))
}

fn is_tree(dependency: &Dependency) -> bool {
    matches!(dependency, Dependency::Git(Git::Tree { .. }))
}
