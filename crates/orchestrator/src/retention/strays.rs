//! Logs and locks of runs that are no more: what a removal left behind that was killed, or a run that never began.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::collect::{Collector, Freed};
use crate::model::RunId;

/// A file that bears the name of a run.
struct Named {
    path: PathBuf,
    run: RunId,
    bytes: u64,
}

impl Collector {
    /// Removes logs of runs that are not in `known`, unless they were written after `until`.
    pub(super) fn sweep_logs(&self, known: &HashSet<RunId>, until: SystemTime, only_look: bool) -> Freed {
        let mut freed = Freed::default();
        if !only_look {
            let beside = self.history.logs().map(|folder| strays(folder, ".jsonl.idx", known, until));
            // An answer that was kept beside a log: it counts for nothing, and is met again if it stays.
            beside.into_iter().flatten().for_each(|file| _ = fs::remove_file(&file.path));
        }
        for file in self.history.logs().map(|folder| strays(folder, ".jsonl", known, until)).unwrap_or_default() {
            if only_look || fs::remove_file(&file.path).is_ok() {
                freed.add(file.bytes);
            }
        }
        freed
    }

    /// Removes locks of runs that are not in `known`, unless somebody holds them.
    pub(super) fn sweep_locks(&self, known: &HashSet<RunId>, until: SystemTime, only_look: bool) -> usize {
        let Some(locks) = self.history.locks() else {
            return 0;
        };
        let files = strays(locks.folder(), ".lock", known, until);
        let owned = files.into_iter().filter_map(|file| Some((locks.own(&file.run).ok()?, file.run)));
        let removed = owned.map(|(lock, run)| if only_look { drop(lock) } else { locks.forget(&run, lock) });
        removed.count()
    }
}

/// Lists the files of a folder that bear the name of a run which is not known. What cannot be read is left alone.
fn strays(folder: &Path, ending: &str, known: &HashSet<RunId>, until: SystemTime) -> Vec<Named> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let stray = |file: fs::DirEntry| {
        let run = RunId::new(file.file_name().to_str()?.strip_suffix(ending)?).ok()?;
        let facts = file.metadata().ok()?;
        let is_old = facts.modified().ok()? <= until;
        (is_old && !known.contains(&run)).then(|| Named { path: file.path(), run, bytes: facts.len() })
    };
    files.filter_map(stray).collect()
}
