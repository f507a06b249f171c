//! Removes sealed segments beyond the limits, with their sidecars, and sidecars that have no segment any more.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Keep;
use super::keeper::{gone, with_ending};
use super::names::{Ending, segment_files};

/// What a sidecar's name adds to its segment's. Readers make them too, so a writer that makes none knows it all the same.
const SIDECAR: &str = ".idx";

/// Removes segments beyond the limits, the oldest first.
pub(super) fn limit(log: &Path, keep: Keep, now: SystemTime) -> io::Result<()> {
    if keep == Keep::default() {
        return Ok(());
    }
    let (mut segments, mut bytes) = (0_usize, 0_u64);
    let mut outcome = Ok(());
    for path in super::segments(log)?.into_iter().rev() {
        // One that another process just removed or compressed is looked at the next time.
        let Ok(found) = fs::metadata(&path) else { continue };
        let sidecar = with_ending(&path, SIDECAR);
        let beside = fs::symlink_metadata(&sidecar).map_or(0, |found| found.len());
        let age = found.modified().ok().and_then(|written| now.duration_since(written).ok()).unwrap_or(Duration::ZERO);
        segments += 1;
        // A limit in bytes is about the disk, on which the sidecar lies as well.
        bytes = bytes.saturating_add(found.len()).saturating_add(beside);
        let over = keep.segments.is_some_and(|max| segments > max)
            || keep.bytes.is_some_and(|max| bytes > max)
            || keep.age.is_some_and(|max| age > max);
        if over {
            outcome = outcome.and(gone(fs::remove_file(&path))).and_then(|()| remove(&sidecar));
        }
    }
    outcome
}

/// Removes sidecars whose segments are gone, also those that were compressed since, and what killed makers of sidecars left.
pub(super) fn sweep(log: &Path) -> io::Result<()> {
    let mut outcome = Ok(());
    for (ending, path) in segment_files(log)? {
        let removed = match ending {
            Ending::Sidecar if is_orphan(&path) => remove(&path),
            Ending::Staged if is_abandoned(&path) => remove(&path),
            _ => Ok(()),
        };
        outcome = outcome.and(removed);
    }
    outcome
}

fn is_orphan(sidecar: &Path) -> bool {
    let segment = sidecar.with_extension("");
    fs::symlink_metadata(segment).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Whoever writes a sidecar has it locked until it has its name.
fn is_abandoned(staged: &Path) -> bool {
    fs::symlink_metadata(staged).is_ok_and(|found| found.is_file())
        && File::open(staged).is_ok_and(|file| file.try_lock().is_ok())
}

/// What is no file is nobody's sidecar, and stays.
fn remove(sidecar: &Path) -> io::Result<()> {
    match fs::symlink_metadata(sidecar) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => gone(fs::remove_file(sidecar)),
        Err(error) => gone(Err(error)),
    }
}
