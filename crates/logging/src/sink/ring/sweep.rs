//! Dead side files of the other logs in the folder: a program with a log for each run may never open the same one again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::image::ENDING;
use super::replay::of_the_dead;
use crate::sink::LogFile;
use crate::sink::open::is_own;
use crate::sink::turn::folder_of;

/// So many logs are looked after at one start; the others' turn comes with the next.
const MAX_LOGS: usize = 256;

/// Replays what dead processes left of other logs in the folder. What cannot be done waits for that log's own next start.
pub(super) fn sweep(log: &Path) {
    let Ok(entries) = fs::read_dir(folder_of(log)) else { return };
    let mut others: BTreeSet<PathBuf> = BTreeSet::new();
    for entry in entries.flatten() {
        let other = entry.file_name().to_str().and_then(log_of).map(|name| log.with_file_name(name));
        // A log that is gone is not made anew for another's sake, and a link may lead anywhere.
        let own = |other: &PathBuf| fs::symlink_metadata(other).is_ok_and(|found| is_own(&found));
        let Some(other) = other.filter(|other| other != log && own(other)) else { continue };
        if others.len() < MAX_LOGS && of_the_dead(&entry.path()).is_some() {
            others.insert(other);
        }
    }
    for other in others {
        // What cannot be opened waits for its own next start.
        _ = LogFile::replay_found(other);
    }
}

/// `app.jsonl` of `app.jsonl.41-7.ring`.
fn log_of(side: &str) -> Option<&str> {
    let (log, _process) = side.strip_suffix(ENDING)?.rsplit_once('.')?;
    Some(log)
}
