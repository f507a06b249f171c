//! Which sealed segments have their sidecars, and making those that are missing. What a sidecar holds is the reader's.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Keep;
use super::keeper::{Patience, alone};
use super::limit::{beside, room, weighed};
use crate::read::sidecar::{Shelved, shelve};

/// What one log's keeper knows of its sidecars.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Segments that were looked after: they have a sidecar, or can have none, or it could not be written, or had no room.
    /// The next start looks again.
    done: BTreeSet<Mark>,
    /// The last sidecar could not be made, and that was said.
    failing: bool,
    trouble: Option<String>,
}

/// What a segment is told by. Its name is not enough: the next segment of the second may have it once it is gone, and its
/// place on the disk too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    path: PathBuf,
    /// Device and number.
    place: (u64, u64),
    size: u64,
    /// When anything of it was changed, which nobody can set back.
    touched: (i64, i64),
}

impl Mark {
    fn new((path, found): &(PathBuf, Metadata)) -> Mark {
        Mark {
            path: path.clone(),
            place: (found.dev(), found.ino()),
            size: found.len(),
            touched: (found.ctime(), found.ctime_nsec()),
        }
    }
}

impl Shelves {
    /// Makes the sidecars that are missing and for which there is room, the newest segment's first, until `is_due` says that
    /// something else is, which is asked all the time; what is left is begun anew then. Returns whether any was made:
    /// older ones may have to go.
    ///
    /// Nothing is lost without one, so that a failure is told once and ends nothing.
    pub(super) fn fill(
        &self,
        log: &Path,
        keep: Keep,
        patience: &Patience,
        is_due: &dyn Fn() -> bool,
    ) -> io::Result<bool> {
        let segments = weighed(log)?;
        let mut room = room(keep, &segments);
        let found: BTreeSet<Mark> = segments.iter().map(Mark::new).collect();
        self.state().done.retain(|done| found.contains(done));
        let (mut any, mut has_failed) = (false, false);
        for segment in &segments {
            if is_due() {
                return Ok(any);
            }
            let (mark, segment) = (Mark::new(segment), &segment.0);
            if !self.state().done.contains(&mark) {
                let outcome = match alone(segment, patience) {
                    // Another process makes it, or may still write to the segment.
                    Ok(None) => continue,
                    Ok(Some(_alone)) => shelve(segment, room, is_due),
                    Err(error) => Err(error),
                };
                match outcome {
                    Ok(Shelved::Stopped) => return Ok(any),
                    // It is not asked again with each new segment, and neither are older ones.
                    Ok(Shelved::NoRoom) => {
                        self.state().done.extend(found);
                        return Ok(any);
                    }
                    Ok(Shelved::Made) => any = true,
                    Ok(Shelved::Settled) => {}
                    Err(error) => {
                        has_failed = true;
                        self.state().fail(segment, &error);
                    }
                }
                self.state().done.insert(mark);
            }
            room = room.saturating_sub(beside(segment));
        }
        // Where some can be made and others not, the others are no news when they have their turn after an interruption.
        self.state().failing &= has_failed || !any;
        Ok(any)
    }

    /// What went wrong since it was asked last.
    pub(super) fn take_trouble(&self) -> Option<String> {
        self.state().trouble.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fail(&mut self, segment: &Path, error: &io::Error) {
        if !std::mem::replace(&mut self.failing, true) {
            let message = "some sealed log segments get no sidecar, so that questions may have to read their lines";
            self.trouble = Some(format!("{message}: {}: {error}", segment.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::sidecar::path;
    use crate::segments;
    use std::cell::Cell;

    /// A log with two segments that are worth a sidecar.
    fn log() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=2 {
            let text = format!("{{\"component\":\"a\",\"n\":{number}}}\n").repeat(60_000);
            std::fs::write(folder.path().join(format!("app.2026-11-27T00-00-00Z.{number:06}.jsonl")), text).unwrap();
        }
        let log = folder.path().join("app.jsonl");
        (folder, log)
    }

    /// Expects of the segments, the oldest first, whether they have sidecars.
    fn expect(log: &Path, expected: &[bool]) {
        let found: Vec<bool> = segments(log).unwrap().iter().map(|segment| path(segment).exists()).collect();
        assert_eq!(found, expected);
    }

    /// Fills the shelves twice: until something else is due, and to the end.
    fn check(is_due: impl Fn(&Path) -> bool, expected: &[bool]) {
        let (_folder, log) = log();
        let shelves = Shelves::default();
        shelves.fill(&log, Keep::default(), &Patience::none(), &|| is_due(&log)).unwrap();
        expect(&log, expected);
        shelves.fill(&log, Keep::default(), &Patience::none(), &|| false).unwrap();
        expect(&log, &[true, true]);
    }

    #[test]
    fn sidecars_are_left_for_what_is_due_between_segments_and_in_one_and_made_later() {
        check(|_| true, &[false, false]);
        check(|_| false, &[true, true]);
        let looks = Cell::new(0);
        let in_the_first = |_: &Path| looks.replace(looks.get() + 1) == 1_000;
        check(in_the_first, &[false, false]);
        check(|log| path(segments(log).unwrap().last().unwrap()).exists(), &[false, true]);
    }

    #[test]
    fn a_segment_with_the_name_of_one_that_is_gone_is_another() {
        let (folder, log) = log();
        let shelves = Shelves::default();
        for size in [60_000, 70_000, 70_000] {
            let name = folder.path().join("app.2026-11-27T00-00-00Z.000002.jsonl");
            std::fs::write(&name, "{\"component\":\"b\"}\n".repeat(size)).unwrap();
            shelves.fill(&log, Keep::default(), &Patience::none(), &|| false).unwrap();
            expect(&log, &[true, true]);
            std::fs::remove_file(&name).unwrap();
            std::fs::remove_file(path(&name)).unwrap();
        }
    }

    #[test]
    fn a_segment_that_cannot_be_opened_does_not_keep_others_from_their_sidecars_and_is_told_once() {
        let (folder, log) = log();
        // Nobody can open a socket as a file, whatever the permissions.
        let newest = folder.path().join("app.2026-11-27T00-00-00Z.000003.jsonl");
        let _socket = std::os::unix::net::UnixListener::bind(&newest).unwrap();
        let shelves = Shelves::default();
        shelves.fill(&log, Keep::default(), &Patience::none(), &|| false).unwrap();
        expect(&log, &[true, true, false]);
        assert!(shelves.take_trouble().unwrap().contains(newest.to_str().unwrap()));
        shelves.fill(&log, Keep::default(), &Patience::none(), &|| false).unwrap();
        assert_eq!(shelves.take_trouble(), None);
    }

    #[test]
    fn a_failure_is_told_once_and_anew_when_there_was_none_for_a_while() {
        let (folder, log) = log();
        let shelves = Shelves::default();
        let name = |number: u64| folder.path().join(format!("app.2026-11-27T00-00-00Z.{number:06}.jsonl"));
        // A folder where it would lie cannot be replaced by a file.
        let block = |number: u64| std::fs::create_dir(path(&name(number))).unwrap();
        let add = |number: u64| _ = std::fs::copy(name(1), name(number)).unwrap();
        let is_told = |is_due: &dyn Fn() -> bool| {
            shelves.fill(&log, Keep::default(), &Patience::none(), is_due).unwrap();
            shelves.take_trouble().is_some()
        };
        [1, 2].into_iter().for_each(block);
        assert!(is_told(&|| !shelves.state().done.is_empty()));
        // The third one's is made before the first has its turn, and fails for the same reason.
        add(3);
        assert!(!is_told(&|| false));
        add(4);
        assert!(!is_told(&|| false));
        add(5);
        block(5);
        assert!(is_told(&|| false));
    }

    #[test]
    fn where_newer_sidecars_take_the_room_older_ones_are_not_made_and_not_tried_again() {
        let (_folder, log) = log();
        Shelves::default().fill(&log, Keep::default(), &Patience::none(), &|| false).unwrap();
        let found = segments(&log).unwrap();
        let length = |file: &Path| std::fs::metadata(file).unwrap().len();
        let bytes = length(&found[0]) + length(&found[1]) + length(&path(&found[1])) + length(&path(&found[0])) - 1;
        found.iter().for_each(|segment| std::fs::remove_file(path(segment)).unwrap());
        let (shelves, looks) = (Shelves::default(), Cell::new(0_u64));
        for most in [u64::MAX, 2] {
            looks.set(0);
            let is_due = || looks.replace(looks.get() + 1) == u64::MAX;
            shelves.fill(&log, Keep { bytes: Some(bytes), ..Keep::default() }, &Patience::none(), &is_due).unwrap();
            expect(&log, &[false, true]);
            assert!(looks.get() <= most, "{} lines were read again", looks.get());
        }
    }
}
