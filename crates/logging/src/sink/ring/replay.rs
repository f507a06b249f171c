//! Brings what dead processes left in their side files into the log, so that each line stands there once.
//!
//! The caller has the turn. A process that is killed in here leaves notes of its own in the side file, so that the next one
//! goes on where it ended.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::image::{Image, Slot, side_files, unborn};
use super::layout::{COMMITTED, Flaw, NOTE, NOTE_WORDS, Note};
use super::rest::{Rest, rest};
use crate::sink::LogFile;
use crate::sink::open::{is_own, no_link};

/// Replays all side files of the log whose owners are gone. What is wrong with one is said in the log.
pub(crate) fn replay(log: &mut LogFile) {
    let files = match side_files(log.path()) {
        Ok(files) => files,
        Err(error) => return log.warn(&format!("side files of the log cannot be listed: {error}")),
    };
    for path in unborn(log.path()).unwrap_or_default() {
        if of_the_dead(&path).is_some() {
            remove(log, &path);
        }
    }
    let mut dead = Vec::new();
    for path in files {
        let Some(file) = of_the_dead(&path) else { continue };
        match Image::read(&file, log.path()) {
            Ok(Ok(image)) => dead.push(Dead { path, file, image }),
            Ok(Err(flaw)) => set_aside(log, &path, &flaw),
            // It stays, and the next start tries again.
            Err(error) => log.warn(&format!("a side file of the log cannot be read: {error}: {}", path.display())),
        }
    }
    // Of all the dead one at most died inside a write, and its line must be whole before any other begins. A full disk ends
    // it: the side files stay, and the next start goes on.
    for step in [mend, append] {
        for Dead { file, image, .. } in &dead {
            if image.slots.iter().try_for_each(|slot| step(log, file, slot)).is_err() {
                return;
            }
        }
    }
    for Dead { path, image, .. } in &dead {
        match &image.flaw {
            Some(flaw) => set_aside(log, path, flaw),
            None => remove(log, path),
        }
    }
}

/// The side file of a dead process, locked by this one.
struct Dead {
    path: PathBuf,
    file: File,
    image: Image,
}

/// Opens a side file when its owner is gone.
pub(super) fn of_the_dead(path: &Path) -> Option<File> {
    // One that is gone was replayed by another process; one that may not be opened is another user's. Who may write to the
    // folder must not choose what this process writes and where.
    let file = no_link(File::options().read(true).write(true)).open(path).ok()?;
    if !file.metadata().is_ok_and(|found| is_own(&found)) {
        return None;
    }
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
    }
    // Its name may have gone between the two calls.
    file.metadata().is_ok_and(|found| found.nlink() > 0).then_some(file)
}

/// Completes a line that broke off, or cuts it away when nobody was told of it.
fn mend(log: &mut LogFile, side: &File, slot: &Slot) -> io::Result<()> {
    match rest(slot, log.path())? {
        Rest::Whole | Rest::Append { .. } => return Ok(()),
        Rest::Complete { file, from, .. } => {
            let mut end = File::options().append(true).open(file)?;
            io::Write::write_all(&mut end, &slot.lines[from..])?;
        }
        Rest::Cut { file, at } => File::options().write(true).open(file)?.set_len(at)?,
    }
    log.look_again()?;
    clear(side, slot)
}

/// Writes the lines that are missing behind all others, with a note of where, and empties the slot.
fn append(log: &mut LogFile, side: &File, slot: &Slot) -> io::Result<()> {
    if let Rest::Append { from } = rest(slot, log.path())? {
        log.end_torn_line()?;
        let note = Note::Lines { start: from as u64, place: log.place() };
        let words: Vec<u8> = note.words().iter().flat_map(|word| word.to_le_bytes()).collect();
        side.write_all_at(&words, slot.at + 8 * NOTE as u64)?;
        log.write(&slot.lines[from..]).map_err(|failure| failure.error)?;
    }
    clear(side, slot)
}

/// Says that nothing is committed any more, and then that nothing is noted.
fn clear(side: &File, slot: &Slot) -> io::Result<()> {
    side.write_all_at(&[0; 8], slot.at + 8 * COMMITTED as u64)?;
    side.write_all_at(&[0; 8], slot.at + 8 * (NOTE + NOTE_WORDS - 1) as u64)
}

fn remove(log: &mut LogFile, path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        log.warn(&format!("an empty side file of the log cannot be removed: {error}: {}", path.display()));
    }
}

/// A damaged file gets another name, so that it is looked at once; a newer one keeps its own for the program that knows it.
fn set_aside(log: &mut LogFile, path: &Path, flaw: &Flaw) {
    let name = path.display();
    match flaw {
        Flaw::Newer(_) => log.warn(&format!("a side file of the log is left as it is, since {flaw}: {name}")),
        Flaw::Damaged(_) => {
            let mut aside = path.as_os_str().to_owned();
            aside.push(".damaged");
            match fs::rename(path, &aside) {
                Ok(()) => {
                    log.warn(&format!("lines of the log may be missing: {flaw}; set aside as {}", aside.display()))
                }
                Err(error) => {
                    log.warn(&format!("lines of the log may be missing: {flaw}: {name}, which stays: {error}"))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::doubt::boot;
    use super::super::layout::{COUNT_AT, FILE_HEAD, HEAD, MARK, MARKED, Place, SLOT_HEAD, Shape, VERSION};
    use super::super::leftover;
    use super::*;
    use crate::{FileSink, Level, RingOptions, RingSink, Sink};

    /// What a process left when it died.
    #[derive(Debug, Clone)]
    struct Death {
        /// Lines in the log before.
        before: usize,
        /// Lines of each slot, and their length.
        slots: Vec<(usize, usize)>,
        /// The first slot was being written: so many thousandths of it are in the log.
        written: Option<usize>,
        /// Lines that another program appended between the note and the write, and after it.
        between: usize,
        after: usize,
        /// The side file lost all but so many thousandths.
        cut: Option<usize>,
        /// Somebody emptied the log.
        emptied: bool,
    }

    fn deaths() -> impl Strategy<Value = Death> {
        let slots = prop::collection::vec((0..12_usize, 0..300_usize), 1..4);
        let written = prop::option::of(0..=1000_usize);
        let cut = prop::option::weighted(0.2, 0..=1000_usize);
        (0..4_usize, slots, written, 0..2_usize, 0..2_usize, cut, prop::bool::weighted(0.1)).prop_map(
            |(before, slots, written, between, after, cut, emptied)| Death {
                before,
                slots,
                written,
                between,
                after,
                cut,
                emptied,
            },
        )
    }

    fn lines(name: &str, count: usize, length: usize) -> Vec<u8> {
        (0..count)
            .flat_map(|number| format!("{{\"{name}\":{number},\"{}\":0}}\n", "x".repeat(length)).into_bytes())
            .collect()
    }

    impl Death {
        fn slot_lines(&self) -> Vec<Vec<u8>> {
            let slots = self.slots.iter().enumerate();
            slots.map(|(slot, (count, length))| lines(&format!("slot{slot}"), *count, *length)).collect()
        }

        /// Leaves the log and the side file, and says whether a torn line in the log cannot be completed.
        fn leave(&self, log: &Path) -> bool {
            let slots = self.slot_lines();
            let before = lines("before", self.before, 9);
            let mut text = [&before[..], &lines("between", self.between, 9)].concat();
            let written = self.written.map_or(0, |part| slots[0].len() * part / 1000);
            text.extend_from_slice(&slots[0][..written]);
            let glued = (self.after > 0 || self.cut.is_some()) && text.last().is_some_and(|last| *last != b'\n');
            text.extend(lines("after", self.after, 9));
            fs::write(log, &text).unwrap();
            let found = fs::metadata(log).unwrap();
            let place = Place { device: found.dev(), inode: found.ino(), offset: before.len() as u64 };
            if self.emptied {
                File::options().write(true).open(log).unwrap().set_len(0).unwrap();
            }
            let shape = Shape::new(4096);
            let mut side = vec![0; shape.slot_at(slots.len()) as usize];
            side[..HEAD].copy_from_slice(&shape.head(1, boot()));
            side[COUNT_AT as usize] = slots.len() as u8;
            for (index, lines) in slots.iter().enumerate() {
                let at = shape.slot_at(index) as usize;
                let mut word =
                    |index: usize, word: u64| side[at + 8 * index..][..8].copy_from_slice(&word.to_le_bytes());
                word(MARK, MARKED);
                word(COMMITTED, lines.len() as u64);
                if index == 0 && self.written.is_some() {
                    let words = Note::Lines { start: 0, place }.words();
                    words.into_iter().enumerate().for_each(|(index, value)| word(NOTE + index, value));
                }
                side[at + SLOT_HEAD..][..lines.len()].copy_from_slice(lines);
            }
            if let Some(part) = self.cut {
                side.truncate(side.len() * part / 1000);
            }
            fs::write(log.with_file_name("app.jsonl.1-1.ring"), side).unwrap();
            glued
        }

        /// Expects each line once and in order; those of a side file that was cut may be missing.
        fn expect(&self, text: &[u8], glued: bool, said: bool) {
            let all: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
            for (slot, lines) in self.slot_lines().iter().enumerate() {
                let mark = format!("{{\"slot{slot}\":").into_bytes();
                let wanted: Vec<&[u8]> = lines.split_inclusive(|byte| *byte == b'\n').collect();
                // A torn line behind which another program wrote, or whose rest is gone, is no line.
                let found: Vec<&[u8]> = all
                    .iter()
                    .copied()
                    .filter(|line| line.starts_with(&mark) && (!glued || wanted.contains(line)))
                    .collect();
                match self.cut.is_some() && said {
                    true => assert!(
                        found.iter().all(|line| wanted.contains(line))
                            && found.is_sorted_by(|a, b| at(&wanted, a) < at(&wanted, b))
                    ),
                    false => assert_eq!(found, wanted, "slot {slot} of {}", String::from_utf8_lossy(text)),
                }
            }
        }
    }

    fn at(lines: &[&[u8]], line: &[u8]) -> usize {
        lines.iter().position(|other| *other == line).unwrap()
    }

    proptest! {
        #[test]
        fn each_committed_line_stands_once_in_the_log(death in deaths()) {
            let folder = tempfile::tempdir().unwrap();
            let log = folder.path().join("app.jsonl");
            let glued = death.leave(&log);
            let left = leftover(&log).unwrap();
            let seen = [&fs::read(&log).unwrap()[..left.end as usize], &left.lines].concat();
            death.expect(&seen, glued, !left.unread.is_empty());

            drop(FileSink::open(&log).unwrap());
            let replayed = fs::read(&log).unwrap();
            let aside = folder.path().join("app.jsonl.1-1.ring.damaged").exists();
            assert_eq!(aside, !left.unread.is_empty());
            assert_eq!(aside, String::from_utf8_lossy(&replayed).contains("lines of the log may be missing"));
            death.expect(&replayed, glued, aside);

            drop(FileSink::open(&log).unwrap());
            assert_eq!(fs::read(&log).unwrap(), replayed, "a second start changes nothing");
        }

        #[test]
        fn random_bytes_are_set_aside_and_never_decoded(bytes in prop::collection::vec(any::<u8>(), 0..9000), head: bool) {
            let folder = tempfile::tempdir().unwrap();
            let log = folder.path().join("app.jsonl");
            let mut side = bytes;
            if head && side.len() >= FILE_HEAD {
                side[..HEAD].copy_from_slice(&Shape::new(4096).head(1, boot()));
            }
            fs::write(folder.path().join("app.jsonl.1-1.ring"), side).unwrap();
            drop(FileSink::open(&log).unwrap());
            let said = fs::read_to_string(&log).unwrap();
            // A head without slots is sound and empty.
            assert!(said.is_empty() || (said.lines().count() == 1 && said.contains("may be missing")), "{said}");
        }
    }

    #[test]
    fn a_living_process_completes_the_line_that_another_died_in() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("app.jsonl");
        let alive = RingSink::open(&log, RingOptions::default()).unwrap();
        let (slots, written) = (vec![(10, 30), (3, 10)], Some(555));
        let death = Death { before: 2, slots, written, between: 0, after: 0, cut: None, emptied: false };
        death.leave(&log);
        alive.write_line(Level::WARN, b"{\"alive\":0}\n").unwrap();
        let text = fs::read(&log).unwrap();
        death.expect(&text, false, false);
        assert!(text.ends_with(b"{\"alive\":0}\n"));
    }

    /// A long line of which so many bytes are in the log; expects what is left of it, by the reader and after the replay.
    fn check_long(written: usize, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("app.jsonl");
        let long = "{\"long\":0}\n";
        fs::write(&log, format!("{{\"before\":0}}\n{}", &long[..written])).unwrap();
        let found = fs::metadata(&log).unwrap();
        let place = Place { device: found.dev(), inode: found.ino(), offset: 13 };
        let shape = Shape::new(4096);
        let mut side = vec![0; shape.slot_at(1) as usize];
        side[..HEAD].copy_from_slice(&shape.head(1, boot()));
        let words = Note::Long { length: long.len() as u64, place }.words();
        let head: Vec<u8> = [&[MARKED, 0][..], &words].concat().iter().flat_map(|word| word.to_le_bytes()).collect();
        side[FILE_HEAD..][..head.len()].copy_from_slice(&head);
        fs::write(folder.path().join("app.jsonl.1-1.ring"), side).unwrap();
        assert_eq!(leftover(&log).unwrap().end, 13 + expected.len() as u64);
        drop(FileSink::open(&log).unwrap());
        assert_eq!(fs::read_to_string(&log).unwrap(), format!("{{\"before\":0}}\n{expected}"));
    }

    #[test]
    fn a_long_line_that_broke_off_before_its_macro_returned_is_cut_away() {
        check_long(0, "");
        check_long(5, "");
        check_long(11, "{\"long\":0}\n");
    }

    #[test]
    fn a_process_that_died_before_its_side_file_had_a_head_leaves_nothing_to_say() {
        let folder = tempfile::tempdir().unwrap();
        let (log, side) = (folder.path().join("app.jsonl"), folder.path().join("app.jsonl.1-1.ring.new"));
        fs::write(&side, [0; FILE_HEAD]).unwrap();
        drop(FileSink::open(&log).unwrap());
        assert_eq!((fs::read(&log).unwrap().len(), side.exists()), (0, false));
    }

    #[test]
    fn a_side_file_of_a_newer_version_is_left_untouched_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let (log, side) = (folder.path().join("app.jsonl"), folder.path().join("app.jsonl.1-1.ring"));
        let mut bytes = [&Shape::new(4096).head(1, boot())[..], &[7; 9000]].concat();
        bytes[8] = VERSION as u8 + 1;
        fs::write(&side, &bytes).unwrap();
        drop(FileSink::open(&log).unwrap());
        assert_eq!(fs::read(&side).unwrap(), bytes);
        assert!(fs::read_to_string(&log).unwrap().contains("left as it is, since it has version 2"));
    }
}
