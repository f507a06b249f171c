//! Removes sealed segments beyond the limits, with their sidecars, and sidecars that have no room or no segment any more.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Keep;
use super::keeper::{gone, with_ending};
use super::names::{Ending, segment_files};

/// What a sidecar's name adds to its segment's. Readers make them too, so a writer that makes none knows it all the same.
const SIDECAR: &str = ".idx";
/// A sidecar that is being written may have no lock yet when it is younger than this.
const YOUNG: Duration = Duration::from_secs(60);

/// Removes segments beyond the limits, the oldest first, and then sidecars that have no room beside those that are left.
///
/// A sidecar only saves time, so that it never counts against lines.
pub(super) fn limit(log: &Path, keep: Keep, now: SystemTime) -> io::Result<()> {
    if keep == Keep::default() {
        return Ok(());
    }
    let (mut segments, mut bytes) = (0_usize, 0_u64);
    let mut outcome = Ok(());
    for (path, found) in weighed(log)? {
        let age = found.modified().ok().and_then(|written| now.duration_since(written).ok()).unwrap_or(Duration::ZERO);
        segments += 1;
        bytes = bytes.saturating_add(found.len());
        let over = keep.segments.is_some_and(|max| segments > max)
            || keep.bytes.is_some_and(|max| bytes > max)
            || keep.age.is_some_and(|max| age > max);
        if over {
            let removed = gone(fs::remove_file(&path)).and_then(|()| remove(&with_ending(&path, SIDECAR)));
            outcome = outcome.and(removed);
        }
    }
    outcome.and(trim(log, keep))
}

/// Removes sidecars that have no room, the oldest first.
pub(super) fn trim(log: &Path, keep: Keep) -> io::Result<()> {
    if keep.bytes.is_none() {
        return Ok(());
    }
    let segments = weighed(log)?;
    let mut room = room(keep, &segments);
    let mut outcome = Ok(());
    for (path, _) in segments {
        match room.checked_sub(beside(&path)) {
            Some(left) => room = left,
            None => {
                room = 0;
                outcome = outcome.and(remove(&with_ending(&path, SIDECAR)));
            }
        }
    }
    outcome
}

/// Returns the sealed segments with what is known of their files, the newest first.
pub(super) fn weighed(log: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let found = super::segments(log)?.into_iter().rev();
    // One that another process just removed or compressed is looked at the next time.
    Ok(found.filter_map(|path| fs::metadata(&path).ok().map(|found| (path, found))).collect())
}

/// Returns how many bytes the segments leave for sidecars.
pub(super) fn room(keep: Keep, segments: &[(PathBuf, Metadata)]) -> u64 {
    let weight = segments.iter().fold(0_u64, |sum, (_, found)| sum.saturating_add(found.len()));
    keep.bytes.map_or(u64::MAX, |max| max.saturating_sub(weight))
}

/// Returns how many bytes a segment's sidecar has.
pub(super) fn beside(segment: &Path) -> u64 {
    let found = fs::symlink_metadata(with_ending(segment, SIDECAR)).ok();
    found.filter(|found| !found.is_dir()).map_or(0, |found| found.len())
}

/// Removes sidecars whose segments are gone, also those that were compressed since, and what killed makers of sidecars left.
pub(super) fn sweep(log: &Path, now: SystemTime) -> io::Result<()> {
    let mut outcome = Ok(());
    for (ending, path) in segment_files(log)? {
        let removed = match ending {
            Ending::Sidecar if is_orphan(&path) => remove(&path),
            Ending::Staged if is_abandoned(&path, now) => remove(&path),
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

/// Whoever writes a sidecar has it locked until it has its name, but not in the moment after the file was made.
fn is_abandoned(staged: &Path, now: SystemTime) -> bool {
    let is_old =
        |found: &Metadata| found.modified().is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age >= YOUNG));
    fs::symlink_metadata(staged).is_ok_and(|found| found.is_file() && is_old(&found))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes segments of ten bytes with sidecars of so many, the newest first; expects which of these stay under the limit.
    fn check(bytes: u64, sidecars: &[usize], stay: &[bool]) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("app.jsonl");
        let name = |place: usize| folder.path().join(format!("app.2026-11-27T00-00-00Z.{:06}.jsonl", 9 - place));
        for (place, length) in sidecars.iter().enumerate() {
            fs::write(name(place), [b' '; 10]).unwrap();
            fs::write(with_ending(&name(place), SIDECAR), vec![b' '; *length]).unwrap();
        }
        limit(&log, Keep { bytes: Some(bytes), ..Keep::default() }, SystemTime::now()).unwrap();
        assert_eq!(super::super::segments(&log).unwrap().len(), sidecars.len(), "a segment went");
        let found = (0..sidecars.len()).map(|place| with_ending(&name(place), SIDECAR).exists());
        assert_eq!(found.collect::<Vec<_>>(), stay, "{bytes}");
    }

    #[test]
    fn the_oldest_sidecars_go_until_there_is_room_also_when_a_newer_one_is_larger() {
        check(36, &[1, 4, 1], &[true; 3]);
        check(35, &[1, 4, 1], &[true, true, false]);
        check(34, &[1, 4, 1], &[true, false, false]);
        check(31, &[1, 4, 1], &[true, false, false]);
        check(30, &[1, 4, 1], &[false; 3]);
    }
}
