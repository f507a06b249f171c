//! The log file that several processes append to: its place, its end, and the way from a sealed file to the next one.
//! Leaves to the sinks when lines are written, and to `ring::replay` what dead processes left behind.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::notice;
use super::open::{Trust, is_torn, open_end};
use super::ring::{Place, replay, side_files};
use super::rotate::{Keeper, Rotation, Rotor, rename_new, seal};
use super::turn::{Folder, Turn, folder_of};
use crate::Error;

/// A log file, open at its end.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    /// Only regular files rotate, have a last line, and lie in a folder that matters.
    regular: Option<Regular>,
    /// Its length, as far as this process knows.
    size: u64,
    /// The last line lacks its newline, because a disk ran full or a process died inside it.
    torn: bool,
    /// Warnings that could not be written yet.
    untold: Vec<String>,
    /// The turn among processes, while this one has it or goes on without.
    turn: Option<Turn>,
    /// What dead processes left waits for a turn.
    unreplayed: bool,
}

#[derive(Debug)]
struct Regular {
    folder: Arc<Folder>,
    device: u64,
    inode: u64,
    checked: Instant,
    /// When its length was looked at last.
    looked: Option<Instant>,
    /// Others write to it.
    crowded: bool,
    rotor: Rotor,
    keeper: Keeper,
    /// Rotation failed: it is not tried again before this.
    wait_until: Option<Instant>,
    /// The log's name leads to no file that can be opened; the log says so.
    astray: bool,
}

/// What became of a write that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: io::Error,
    /// So many bytes are in the file all the same.
    pub(crate) left: usize,
}

/// How long a writer may go on with a file that another process sealed, moved or removed.
const CHECK: Duration = Duration::from_secs(1);
/// How long a writer that seems to be the only one may go on without a look at the file. A look costs a third of a line.
const LOOK: Duration = Duration::from_millis(1);
/// How long a rotation that failed is not tried again.
const RETRY: Duration = Duration::from_secs(10);
/// How often one without the turn looks whether another's line is whole, and how long it waits in between.
const MAX_LOOKS: u32 = 200;
const BETWEEN_LOOKS: Duration = Duration::from_micros(500);
/// So many warnings wait for room at most.
const MAX_UNTOLD: usize = 8;

impl LogFile {
    /// Opens the file for appending; it and its folders are made when they are missing, and what dead processes left is replayed.
    pub(crate) fn open(path: &Path, rotation: Rotation) -> Result<LogFile, Error> {
        let folder = folder_of(path);
        fs::create_dir_all(folder).map_err(|source| Error::Folder { path: folder.to_owned(), source })?;
        // The program may change its folder later.
        let opened = std::path::absolute(path).and_then(|path| Self::open_as(path, rotation, Trust::Named));
        opened.map_err(|source| Error::Open { path: path.to_owned(), source })
    }

    /// Replays what dead processes left of a log that was found beside another, if it is this user's own, or is gone.
    pub(crate) fn replay_found(path: PathBuf, trust: Trust) -> io::Result<()> {
        let mut log = Self::open_as(path, Rotation::default(), trust)?;
        if trust == Trust::Gone {
            log.in_turn(|log| log.warn("this log was gone: it begins anew with what a dead process left for it"));
        }
        Ok(())
    }

    fn open_as(path: PathBuf, rotation: Rotation, trust: Trust) -> io::Result<LogFile> {
        let (file, found) = open_end(&path, trust)?;
        let mut regular = None;
        if found.is_file() {
            let last_written = if found.len() == 0 { SystemTime::now() } else { found.modified()? };
            regular = Some(Regular {
                folder: Folder::of(&path)?,
                device: found.dev(),
                inode: found.ino(),
                checked: Instant::now(),
                looked: None,
                crowded: false,
                keeper: Keeper::new(path.clone(), rotation.clone()),
                rotor: Rotor::new(rotation, last_written),
                wait_until: None,
                astray: false,
            });
        }
        let (size, untold) = (found.len(), Vec::new());
        let mut log = LogFile { path, file, regular, size, torn: false, untold, turn: None, unreplayed: true };
        log.begin();
        Ok(log)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn rotation(&self) -> Rotation {
        self.regular.as_ref().map_or_else(Rotation::default, |regular| regular.rotor.rotation().clone())
    }

    pub(crate) fn is_regular(&self) -> bool {
        self.regular.is_some()
    }

    /// Who looks after the sealed segments.
    pub(crate) fn keeper(&self) -> Option<Keeper> {
        self.regular.as_ref().map(|regular| regular.keeper.clone())
    }

    /// The log's end: where the next byte is written.
    pub(crate) fn place(&self) -> Place {
        let (device, inode) = self.regular.as_ref().map_or((0, 0), |regular| (regular.device, regular.inode));
        Place { device, inode, offset: self.size }
    }

    /// Does something in this process's turn. A log that is no file has no other writers that could be waited for.
    pub(crate) fn in_turn<R>(&mut self, work: impl FnOnce(&mut LogFile) -> R) -> R {
        self.turn = self.regular.as_ref().map(|regular| Turn::take(&regular.folder));
        let done = work(self);
        self.turn = None;
        done
    }

    /// Appends lines in one call, without a turn. On failure it also says how many of them are not whole in the file.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), (io::Error, u64)> {
        if lines.is_empty() {
            return Ok(());
        }
        let count = |lines: &[u8]| lines.iter().filter(|byte| **byte == b'\n').count() as u64;
        if let Err(error) = self.keep_up(lines.len()) {
            return Err((error, count(lines)));
        }
        let written = match self.torn {
            false => self.write(lines),
            // One call again, so that no other process can write in between.
            true => self
                .write(&[b"\n", lines].concat())
                .map_err(|failure| Failure { left: failure.left.saturating_sub(1), ..failure }),
        };
        written.map_err(|Failure { error, left }| (error, count(&lines[left..])))?;
        if !self.untold.is_empty() {
            self.in_turn(LogFile::tell);
        }
        Ok(())
    }

    /// Appends lines in this process's turn; `note` is told where, before the first byte.
    ///
    /// On failure the file is as before, unless the system refuses to shorten it or it is not this process's turn after all.
    pub(crate) fn append_in_turn(
        &mut self,
        lines: &[u8],
        note: impl FnOnce(Place),
        done: impl FnOnce(),
    ) -> Result<(), Failure> {
        self.in_turn(|log| {
            log.make_ready(lines.len()).map_err(|error| Failure { error, left: 0 })?;
            let place = log.place();
            note(place);
            match log.write(lines) {
                Ok(()) => done(),
                Err(Failure { error, left }) if left > 0 && log.shorten(place.offset) => {
                    return Err(Failure { error, left: 0 });
                }
                Err(failure) => return Err(failure),
            }
            if !log.untold.is_empty() {
                log.tell();
            }
            Ok(())
        })
    }

    /// Before lines in a turn: the file is the log, ends in a whole line, and has room.
    fn make_ready(&mut self, more: usize) -> io::Result<()> {
        let before = self.size;
        self.follow()?;
        if self.torn || self.size != before {
            self.mend()?;
        }
        if self.unreplayed {
            self.replay();
        }
        self.rotate_when_due(more);
        self.end_torn_line()
    }

    /// Ends a line that broke off, so that the next one begins on its own.
    pub(crate) fn end_torn_line(&mut self) -> io::Result<()> {
        match self.torn {
            true => self.write(b"\n").map_err(|failure| failure.error),
            false => Ok(()),
        }
    }

    /// Writes at the end, in one call when the system takes it.
    pub(crate) fn write(&mut self, lines: &[u8]) -> Result<(), Failure> {
        let mut left = 0;
        while left < lines.len() {
            let error = match self.file.write(&lines[left..]) {
                Ok(0) => ErrorKind::WriteZero.into(),
                Ok(written) => {
                    left += written;
                    self.size += written as u64;
                    self.torn = lines[left - 1] != b'\n';
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            return Err(Failure { error, left });
        }
        Ok(())
    }

    /// Hands what was written to the disk itself.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Writes a warning of this crate; on a full disk later, once there is room.
    pub(crate) fn warn(&mut self, message: &str) {
        let line = notice::line(message);
        let before = self.size;
        if self.end_torn_line().is_ok() && self.write(&line).is_ok() {
            return;
        }
        if self.untold.len() < MAX_UNTOLD {
            self.untold.push(message.to_owned());
        }
        // A part of it would be a torn line; who may not shorten the file ends it with the next line.
        if self.size > before {
            self.shorten(before);
        }
    }

    /// Takes back what this process wrote last, in its turn and when nobody wrote behind it. Returns whether it did.
    fn shorten(&mut self, size: u64) -> bool {
        let alone = matches!(self.turn, Some(Turn::Held(_)))
            && self.file.metadata().is_ok_and(|found| found.len() == self.size);
        let done = alone && self.file.set_len(size).is_ok();
        if done {
            self.size = size;
            self.torn = is_torn(&self.file, size);
        }
        done
    }

    /// After a line could be written: what could not be said before.
    fn tell(&mut self) {
        for message in std::mem::take(&mut self.untold) {
            self.warn(&message);
        }
    }

    /// Reads the file's length again, after it was written through another handle.
    pub(crate) fn look_again(&mut self) -> io::Result<()> {
        self.size = self.file.metadata()?.len();
        self.torn = is_torn(&self.file, self.size);
        Ok(())
    }

    /// After a file was opened: what dead processes left, and what an earlier keeper did not end.
    fn begin(&mut self) {
        if self.regular.is_none() {
            return;
        }
        self.torn = is_torn(&self.file, self.size);
        self.in_turn(LogFile::replay);
        if let Some(regular) = &self.regular
            && *regular.rotor.rotation() != Rotation::default()
        {
            regular.keeper.wake();
        }
    }

    /// Replays what the dead left; without the turn, later.
    fn replay(&mut self) {
        self.unreplayed = matches!(self.turn, Some(Turn::Stuck));
        if !self.unreplayed {
            replay(self);
        }
    }

    /// Before lines without a turn: looks whether the file is still the log and ends in a whole line, and rotates.
    fn keep_up(&mut self, more: usize) -> io::Result<()> {
        let now = Instant::now();
        let Some(regular) = &mut self.regular else {
            return Ok(());
        };
        if regular.crowded || regular.looked.is_none_or(|looked| now.duration_since(looked) >= LOOK) {
            let first = regular.looked.replace(now).is_none();
            let check = now.duration_since(regular.checked) >= CHECK;
            self.look(check, first || check)?;
        }
        if self.is_due(more) {
            // Another process may have done it.
            self.in_turn(|log| log.follow().map(|()| log.rotate_when_due(more)))?;
        }
        Ok(())
    }

    /// Looks for what others did to the file, when `check` says so also to its name, and when `count` says so for others at all.
    fn look(&mut self, check: bool, count: bool) -> io::Result<()> {
        let (before, found) = (self.size, self.file.metadata()?);
        // What is deleted is left at once, since lines would be lost in it; what was renamed keeps them.
        match found.nlink() == 0 || check {
            true => self.follow()?,
            false => self.size = found.len(),
        }
        if self.size != before {
            self.torn = is_torn(&self.file, self.size);
            if self.torn {
                // Somebody may be in the middle of it.
                self.in_turn(LogFile::mend)?;
            }
        }
        if let Some(regular) = self.regular.as_mut().filter(|_| count) {
            // A ring that writes here has a side file, and one that died has left it.
            regular.crowded = self.size != before || side_files(&self.path).is_ok_and(|files| !files.is_empty());
        }
        Ok(())
    }

    /// Goes over to the file that bears the log's name now, when another process sealed or somebody removed the old one.
    fn follow(&mut self) -> io::Result<()> {
        let Some(regular) = &mut self.regular else {
            return Ok(());
        };
        regular.checked = Instant::now();
        let gone_over = match fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == (regular.device, regular.inode) => {
                self.file.metadata().map(|found| self.size = found.len())
            }
            Ok(_) => self.reopen(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(folder_of(&self.path)).and_then(|()| self.reopen())
            }
            Err(error) => Err(error),
        };
        match gone_over {
            Ok(()) => {
                self.regular.iter_mut().for_each(|regular| regular.astray = false);
                Ok(())
            }
            Err(error) => self.stay(error),
        }
    }

    /// Goes on with the open file, because its name leads to none that can be opened; unless the file is deleted.
    fn stay(&mut self, error: io::Error) -> io::Result<()> {
        let found = self.file.metadata()?;
        if found.nlink() == 0 {
            return Err(error);
        }
        self.size = found.len();
        let first = self.regular.as_mut().is_some_and(|regular| !std::mem::replace(&mut regular.astray, true));
        if first {
            let name = self.path.display();
            self.warn(&format!(
                "the log cannot be opened again, so lines go on into the file that is open: {error}: {name}"
            ));
        }
        Ok(())
    }

    fn reopen(&mut self) -> io::Result<()> {
        let (file, found) = open_end(&self.path, Trust::Named)?;
        if let Some(regular) = &mut self.regular {
            regular.folder = regular.folder.again(&self.path);
            (regular.device, regular.inode) = (found.dev(), found.ino());
            regular.rotor.begin(SystemTime::now());
        }
        (self.file, self.size) = (file, found.len());
        self.torn = is_torn(&self.file, self.size);
        Ok(())
    }

    /// Somebody else wrote, and this process has the turn: a line that broke off is completed by what its writer left.
    fn mend(&mut self) -> io::Result<()> {
        self.look_again()?;
        if self.torn {
            self.replay();
            self.look_again()?;
        }
        if matches!(self.turn, Some(Turn::Stuck)) {
            self.await_others_line()?;
        }
        Ok(())
    }

    /// Without the turn, a line without its end may be one that another is just writing: to end it here would leave a blank
    /// line. A write takes microseconds, so one that does not end in a while is dead.
    fn await_others_line(&mut self) -> io::Result<()> {
        for _ in 0..MAX_LOOKS {
            if !self.torn {
                break;
            }
            thread::sleep(BETWEEN_LOOKS);
            self.look_again()?;
        }
        Ok(())
    }

    fn is_due(&mut self, more: usize) -> bool {
        let size = self.size;
        self.regular.as_mut().is_some_and(|regular| {
            !regular.astray
                && regular.wait_until.is_none_or(|until| until <= Instant::now())
                && regular.rotor.is_due(SystemTime::now, size, more)
        })
    }

    /// Seals the file when it is time and this process has the turn; a turn that is stuck puts it off. What fails is told, and lines go on into the old file.
    fn rotate_when_due(&mut self, more: usize) {
        if matches!(self.turn, Some(Turn::Stuck)) || !self.is_due(more) {
            return;
        }
        let outcome = self.rotate();
        let Some(regular) = &mut self.regular else { return };
        let trouble = match outcome {
            Ok(()) => regular.keeper.take_trouble(),
            Err(error) => {
                let first = regular.wait_until.replace(Instant::now() + RETRY).is_none();
                first.then(|| format!("the log cannot be rotated and goes on in the same file: {error}"))
            }
        };
        if let Some(trouble) = trouble {
            self.warn(&trouble);
        }
    }

    fn rotate(&mut self) -> io::Result<()> {
        // What the dead left is compared with the file that they wrote to, while that still bears its name.
        self.replay();
        if fs::symlink_metadata(&self.path)?.is_symlink() {
            return Err(io::Error::other("it is a symbolic link"));
        }
        let permissions = self.file.metadata()?.permissions();
        let sealed = seal(&self.path, SystemTime::now())?;
        // A log that only its owner may read stays one: the new file is private before it is what the old one was.
        match File::options().append(true).create_new(true).mode(0o600).open(&self.path) {
            // Where permissions cannot be set, as on FAT, there are none to be kept.
            Ok(made) => _ = made.set_permissions(permissions),
            // Another process needed it first, and has lines in it already.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                // The old file takes its name back, and lines go on into it; unless another process made a new one after all.
                match rename_new(&sealed, &self.path) {
                    Err(taken) if taken.kind() == ErrorKind::AlreadyExists => {}
                    back => return back.and(Err(error)),
                }
            }
        }
        self.reopen()?;
        if let Some(regular) = &mut self.regular {
            regular.wait_until = None;
            regular.keeper.wake();
        }
        Ok(())
    }
}
