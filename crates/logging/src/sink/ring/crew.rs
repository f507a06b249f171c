//! The buffers of a ring and their way to the log. Leaves to `seat` which thread uses which.
//!
//! Locks are taken in one order: a buffer, then the log, then the turn among processes.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Level;

use super::bell::Bell;
use super::side::Side;
use super::slot::Buffer;
use crate::sink::log_file::Failure;
use crate::sink::{LogFile, Rotation};

/// A buffer that is shared by its thread and the one that flushes in time, and by other threads when there are very many.
pub(super) type Shared = Arc<Mutex<Buffer>>;

/// All that the threads of one ring share.
#[derive(Debug)]
pub(super) struct Crew {
    /// Tells rings apart in a thread that writes to several.
    pub(super) id: u64,
    pub(super) bell: Bell,
    log: Mutex<LogFile>,
    side: Side,
    buffers: Mutex<Buffers>,
    max_buffers: usize,
    durable: bool,
    /// One of the phases below.
    phase: AtomicU8,
    /// The last sync failed, and the log says so.
    unsynced: AtomicBool,
    /// Who made it. In a child by a bare `fork` all that is here belongs to the parent.
    process: u32,
    child: Child,
}

/// Lines go through buffers.
const OPEN: u8 = 0;
/// The program is ending: lines are written at once, and the side file is gone.
const CLOSED: u8 = 1;
/// This is a child by `fork`: its lines are written at once, and the side file and what is in it are the parent's.
const FORKED: u8 = 2;

/// A log of a child's own: locks on the parent's handles are the parent's too.
#[derive(Debug)]
struct Child {
    path: PathBuf,
    rotation: Rotation,
    log: Mutex<Option<LogFile>>,
}

#[derive(Debug, Default)]
struct Buffers {
    all: Vec<Shared>,
    /// Those that no thread has.
    free: Vec<Shared>,
    /// The one that the next thread without a buffer of its own shares.
    next: usize,
}

/// A thread's share of the buffers.
pub(super) enum Share {
    /// Nobody else has it.
    Own(Shared),
    /// Several threads have it.
    Common(Shared),
}

impl Crew {
    /// The first buffer is made at once, so that a ring that cannot work is known when it is opened.
    pub(super) fn new(
        log: LogFile,
        side: Side,
        max_buffers: usize,
        durable: bool,
    ) -> Result<Crew, Box<(LogFile, io::Error)>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let first = match side.slot(0) {
            Ok(region) => Arc::new(Mutex::new(Buffer::new(region, side.capacity()))),
            Err(error) => {
                // It holds nothing, and the next start removes it too.
                _ = side.remove();
                return Err(Box::new((log, error)));
            }
        };
        let child = Child { path: log.path().to_owned(), rotation: log.rotation(), log: Mutex::new(None) };
        Ok(Crew {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            bell: Bell::default(),
            log: Mutex::new(log),
            max_buffers: max_buffers.clamp(1, side.max_slots()),
            side,
            buffers: Mutex::new(Buffers { all: vec![Arc::clone(&first)], free: vec![first], next: 0 }),
            durable,
            phase: AtomicU8::new(OPEN),
            unsynced: AtomicBool::new(false),
            process: std::process::id(),
            child,
        })
    }

    pub(super) fn log(&self) -> MutexGuard<'_, LogFile> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to a thread's buffer. An error means that the line is lost.
    pub(super) fn write(&self, buffer: &Mutex<Buffer>, level: Level, line: &[u8]) -> io::Result<()> {
        let urgent = level <= Level::WARN;
        if self.phase.load(Ordering::Relaxed) == FORKED {
            return self.child.append(line);
        }
        let mut buffer = lock(buffer);
        // A system call, and none for a line behind another.
        if (urgent || buffer.is_empty()) && self.is_forked() {
            return self.child.append(line);
        }
        if self.phase.load(Ordering::Relaxed) == CLOSED {
            self.empty(&mut buffer)?;
            return self.log().append(line).map_err(|(error, _)| error);
        }
        if !buffer.takes(line) {
            self.empty(&mut buffer)?;
            if !buffer.takes(line) {
                return self.write_long(&mut buffer, line, urgent);
            }
        }
        let first = buffer.is_empty();
        buffer.push(line);
        if urgent && self.empty(&mut buffer).is_ok() {
            self.sync(urgent);
            return Ok(());
        }
        if first || urgent {
            self.bell.ring();
        }
        Ok(())
    }

    /// Writes all buffers to the log.
    pub(super) fn flush(&self) -> io::Result<()> {
        if self.is_forked() {
            return Ok(());
        }
        let mut outcome = Ok(());
        // One after another, since their list must not be locked while a buffer is; it only grows.
        for index in 0.. {
            let buffer = self.buffers().all.get(index).map(Arc::clone);
            match buffer {
                // Each of them is tried, whatever became of those before.
                Some(buffer) => outcome = outcome.and(self.empty(&mut lock(&buffer))),
                None => break,
            }
        }
        outcome
    }

    /// Writes all buffers and removes the side file, unless lines are left in it. From now on lines are written at once.
    pub(super) fn close(&self) -> io::Result<()> {
        if self.is_forked() {
            return Ok(());
        }
        self.phase.store(CLOSED, Ordering::SeqCst);
        self.flush()?;
        self.side.remove()
    }

    /// Whether this is a child by a bare `fork`, which leaves all of it to the parent from now on.
    pub(super) fn is_forked(&self) -> bool {
        let forked = std::process::id() != self.process;
        if forked {
            self.phase.store(FORKED, Ordering::Relaxed);
        }
        forked
    }

    /// Gives a thread a buffer: a free one, a new one, or when there are enough of them one that others have too.
    pub(super) fn join(&self) -> Share {
        let mut buffers = self.buffers();
        if self.is_forked() {
            // It will not be used.
            return Share::Common(Arc::clone(&buffers.all[0]));
        }
        if let Some(free) = buffers.free.pop() {
            return Share::Own(free);
        }
        let index = buffers.all.len();
        if index < self.max_buffers
            && let Ok(region) = self.side.slot(index)
        {
            let buffer = Arc::new(Mutex::new(Buffer::new(region, self.side.capacity())));
            buffers.all.push(Arc::clone(&buffer));
            return Share::Own(buffer);
        }
        buffers.next = (buffers.next + 1) % index;
        Share::Common(Arc::clone(&buffers.all[buffers.next]))
    }

    /// Takes back the buffer of a thread that ends.
    pub(super) fn leave(&self, buffer: &Shared) {
        if self.is_forked() {
            return;
        }
        if self.empty(&mut lock(buffer)).is_err() {
            // The lines stay, and the next who has the buffer flushes them before his own.
            self.bell.ring();
        }
        self.buffers().free.push(Arc::clone(buffer));
    }

    fn buffers(&self) -> MutexGuard<'_, Buffers> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn empty(&self, buffer: &mut Buffer) -> io::Result<()> {
        if buffer.is_empty() {
            return Ok(());
        }
        let mut log = self.log();
        match log.append_in_turn(buffer.lines(), |place| buffer.note_lines(place), || buffer.clear()) {
            Ok(()) => {
                buffer.restart();
                Ok(())
            }
            Err(Failure { error, left: 0 }) => {
                // The note may stay: nothing of the lines stands at its place.
                Err(error)
            }
            Err(Failure { error, left }) => {
                buffer.skip(left, log.place());
                Err(error)
            }
        }
    }

    /// Writes a line that has no room in the empty buffer.
    fn write_long(&self, buffer: &mut Buffer, line: &[u8], urgent: bool) -> io::Result<()> {
        let mut log = self.log();
        let written = log.append_in_turn(line, |place| buffer.note_long(line, place), || buffer.forget_note());
        if let Err(Failure { error, .. }) = written {
            buffer.forget_note();
            return Err(error);
        }
        drop(log);
        self.sync(urgent);
        Ok(())
    }

    /// A line that cannot be synced is written all the same: it is not lost, and the log says it once.
    fn sync(&self, urgent: bool) {
        if !urgent || !self.durable {
            return;
        }
        let mut log = self.log();
        match log.sync() {
            Ok(()) => self.unsynced.store(false, Ordering::Relaxed),
            Err(_) if self.unsynced.swap(true, Ordering::Relaxed) => {}
            Err(error) => log.warn(&format!("lines of the log are not synced to the disk: {error}")),
        }
    }
}

impl Child {
    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let log = match &mut *log {
            Some(log) => log,
            none => none.insert(LogFile::open(&self.path, self.rotation.clone()).map_err(io::Error::other)?),
        };
        log.append(line).map_err(|(error, _)| error)
    }
}

fn lock(buffer: &Mutex<Buffer>) -> MutexGuard<'_, Buffer> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::layout::Shape;
    use super::*;

    fn crew(log: &Path, bytes: usize) -> Crew {
        let file = LogFile::open(log, Rotation::default()).unwrap();
        Crew::new(file, Side::create(log, Shape::new(bytes)).unwrap(), usize::MAX, false).unwrap()
    }

    fn own(crew: &Crew) -> Shared {
        match crew.join() {
            Share::Own(buffer) | Share::Common(buffer) => buffer,
        }
    }

    #[test]
    fn a_child_by_fork_writes_its_own_lines_and_leaves_the_rest_to_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("app.jsonl");
        let mut crew = crew(&log, 0);
        let buffer = own(&crew);
        crew.write(&buffer, Level::INFO, b"parent\n").unwrap();
        let files = || fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files(), 2);
        // What a fork changes.
        crew.process ^= 1;
        crew.flush().unwrap();
        crew.write(&buffer, Level::WARN, b"child 1\n").unwrap();
        crew.write(&own(&crew), Level::INFO, b"child 2\n").unwrap();
        crew.leave(&buffer);
        crew.close().unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "child 1\nchild 2\n");
        assert_eq!(files(), 2);
        // And here the parent ends.
        crew.process ^= 1;
        crew.close().unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "child 1\nchild 2\nparent\n");
        assert_eq!(files(), 1);
    }

    #[test]
    fn a_thread_of_a_child_with_an_empty_buffer_does_not_use_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("app.jsonl");
        let mut crew = crew(&log, 0);
        let buffer = own(&crew);
        crew.process ^= 1;
        crew.write(&buffer, Level::INFO, b"child\n").unwrap();
        assert!(lock(&buffer).is_empty());
        assert_eq!(fs::read_to_string(&log).unwrap(), "child\n");
    }

    #[test]
    fn a_side_file_never_becomes_longer_than_its_readers_take() {
        for bytes in [0, 64 << 10, 16 << 20] {
            let folder = tempfile::tempdir().unwrap();
            let crew = crew(&folder.path().join("app.jsonl"), bytes);
            let shape = Shape::new(bytes);
            assert!(shape.slot_at(crew.max_buffers) <= super::super::layout::MAX_LENGTH);
            assert!(shape.slot_at(crew.max_buffers + 1) > super::super::layout::MAX_LENGTH);
        }
    }
}
