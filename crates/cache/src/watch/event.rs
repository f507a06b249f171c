//! What a watch tells, and how it is kept.

use std::time::Duration;

/// How files are watched.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    /// The first change is told at once; those that follow within this time are told together.
    pub debounce: Duration,
    /// How often is looked for what the system does not tell: everything, if it tells nothing.
    pub poll: Duration,
    /// Does not ask the system to tell, on a file system over a network for example, which tells of its own changes only.
    pub only_poll: bool,
    /// With more folders than this to watch, everything is looked at every `poll` instead.
    pub max_folders: usize,
}

impl Default for WatchOptions {
    /// Returns 10 milliseconds, 1 second, to ask the system, and 50,000 folders.
    fn default() -> WatchOptions {
        WatchOptions {
            debounce: Duration::from_millis(10),
            poll: Duration::from_secs(1),
            only_poll: false,
            max_folders: 50_000,
        }
    }
}

/// What a watch tells: the keys are not known to the watch any more, and their values must not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WatchEvent<K> {
    /// Something changed.
    Changed {
        /// What that makes wrong, never empty.
        keys: Vec<K>,
        /// Where, relative to the project; at most 100 of the paths.
        paths: Vec<String>,
    },
    /// Changes may have been missed: everything that depends on files counts as changed.
    Lost {
        /// Why.
        because: WatchLoss,
        /// Everything that depends on files.
        keys: Vec<K>,
    },
}

/// Why changes may have been missed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WatchLoss {
    /// There were more changes at once than could be taken.
    Overflow,
    /// The project's folder is gone. It is looked for every `poll`.
    RootGone,
    /// The project's folder is there again, or another one in its place, and is watched.
    RootBack,
    /// The system does not tell of changes, and why; everything is looked at every `poll` from now on.
    Polling(String),
}
