//! The sink that the user holds, its options, and what it does where a ring cannot be had.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::Level;

use super::crew::Crew;
use super::layout::Shape;
use super::seat::with_buffer;
use super::side::Side;
use super::sweep::sweep;
use crate::Error;
use crate::sink::contract::LONGEST_WAIT;
use crate::sink::{FileSink, LogFile, Rotation, Sink};

/// A file that takes lines through a buffer for each thread, and loses none when the process is killed.
///
/// The buffers lie in a mapped side file, `<log>.<process>-<number>.ring` beside the log, which outlives the process. They are
/// written to the log when they are full, after [`flush_every`](RingOptions::flush_every), and at once with each line from
/// WARN up. What a dead process left in its side file is brought into the log by the next one that opens it or another ring in its
/// folder, and is found by [`leftover`](crate::leftover) before; no line stands there twice. Lines for a log that somebody removed
/// begin it anew, private to this user and with a warning that says so. A power cut may cost lines, since nothing is synced
/// unless [`durable`](RingOptions::durable) says so. Lines of one thread keep their order; those of several do not.
///
/// Several processes may write one log. Where no side file can be had (a disk other than ext4, XFS, tmpfs and overlayfs, a folder
/// that may not be written, a full disk) each line is written by a call of its own, as [`FileSink`] does, and a warning in the log says why.
///
/// A child made by a bare `fork` writes its lines by calls of their own, and leaves buffers and side file to its parent. A
/// thread whose buffer held lines when it forked must not write before one from WARN up or a flush.
/// [`std::process::Command`] is a child that does not write, and is safe.
///
/// ```
/// use segno_logging::{JsonLayer, RingOptions, RingSink};
/// use tracing_subscriber::layer::SubscriberExt;
///
/// # fn main() -> Result<(), segno_logging::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("app.jsonl");
/// let layer = JsonLayer::new(RingSink::open(&path, RingOptions::default())?);
/// let guard = layer.guard();
/// let subscriber = tracing_subscriber::registry().with(layer);
/// tracing::subscriber::with_default(subscriber, || tracing::info!("ready"));
/// drop(guard); // The program ends: buffers are written, and the side file goes.
/// assert!(std::fs::read_to_string(&path).unwrap().contains("ready"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RingSink {
    mode: Mode,
}

/// How a [`RingSink`] buffers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingOptions {
    /// A buffer's length; 64 KiB by default, and between 4 KiB and 16 MiB whatever is asked for. Longer lines are written directly.
    pub buffer_bytes: usize,
    /// So many buffers at most, 64 by default; further threads share them. Each is allocated with the first line of its thread.
    pub max_buffers: usize,
    /// Lines reach the log after this at the latest; 200 milliseconds by default, at least one.
    pub flush_every: Duration,
    /// Lines from WARN up are also synced to the disk before their macro returns.
    pub durable: bool,
    /// When the log is sealed and a new one begun.
    pub rotation: Rotation,
}

impl Default for RingOptions {
    fn default() -> Self {
        RingOptions {
            buffer_bytes: 64 << 10,
            max_buffers: 64,
            flush_every: Duration::from_millis(200),
            durable: false,
            rotation: Rotation::default(),
        }
    }
}

#[derive(Debug)]
enum Mode {
    Ring {
        crew: Arc<Crew>,
        flusher: Mutex<Option<JoinHandle<()>>>,
    },
    /// No side file could be had.
    Direct(Box<FileSink>),
}

impl RingSink {
    /// Opens the log for appending; it and its folders are made when they are missing. What dead processes left is replayed first.
    ///
    /// # Errors
    /// [`Error::Folder`] and [`Error::Open`] when the log itself cannot be had.
    pub fn open(path: impl AsRef<Path>, options: RingOptions) -> Result<RingSink, Error> {
        let mut log = LogFile::open(path.as_ref(), options.rotation.clone())?;
        if !log.is_regular() {
            // A pipe or a terminal: nothing can be replayed into it.
            return Ok(RingSink { mode: Mode::Direct(Box::new(FileSink::over(log))) });
        }
        let side = log.in_turn(|log| Side::create(log.path(), Shape::new(options.buffer_bytes)));
        sweep(log.path());
        let mode = match side {
            Ok(side) => match Crew::new(log, side, options.max_buffers, options.durable) {
                Ok(crew) => start(Arc::new(crew), options.flush_every),
                Err(failed) => {
                    let (log, error) = *failed;
                    direct(log, &error)
                }
            },
            Err(error) => direct(log, &error),
        };
        Ok(RingSink { mode })
    }

    /// Waits until the segments that were sealed so far are compressed, and those beyond the limits removed.
    pub fn settle(&self) {
        let keeper = match &self.mode {
            Mode::Ring { crew, .. } => crew.log().keeper(),
            Mode::Direct(sink) => return sink.settle(),
        };
        if let Some(keeper) = keeper {
            keeper.settle();
        }
    }
}

fn direct(mut log: LogFile, why: &io::Error) -> Mode {
    let message = format!("no buffer beside the log, so each line is written by a call of its own: {why}");
    log.in_turn(|log| log.warn(&message));
    Mode::Direct(Box::new(FileSink::over(log)))
}

fn start(crew: Arc<Crew>, flush_every: Duration) -> Mode {
    let delay = flush_every.clamp(Duration::from_millis(1), LONGEST_WAIT);
    let for_thread = Arc::clone(&crew);
    let flusher = thread::Builder::new().name("segno-log-ring".to_owned()).spawn(move || {
        while for_thread.bell.wait(delay) {
            if for_thread.flush().is_err() {
                // The lines stay, and are tried again after the same time.
                for_thread.bell.ring();
            }
        }
    });
    match &flusher {
        Ok(_) => {}
        Err(error) => {
            let message = format!("no thread to flush the log, so each line is written by a call of its own: {error}");
            crew.log().in_turn(|log| log.warn(&message));
            // It holds nothing yet; a side file that cannot be removed goes with the next start.
            _ = crew.close();
        }
    }
    Mode::Ring { crew, flusher: Mutex::new(flusher.ok()) }
}

impl Sink for RingSink {
    fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()> {
        match &self.mode {
            Mode::Ring { crew, .. } => with_buffer(crew, |buffer| crew.write(buffer, level, line)),
            Mode::Direct(sink) => sink.write_line(level, line),
        }
    }

    fn flush(&self) -> io::Result<()> {
        match &self.mode {
            Mode::Ring { crew, .. } => crew.flush(),
            Mode::Direct(sink) => sink.flush(),
        }
    }

    fn close(&self) -> io::Result<()> {
        match &self.mode {
            Mode::Ring { crew, .. } => crew.close(),
            Mode::Direct(sink) => sink.close(),
        }
    }
}

impl Drop for RingSink {
    fn drop(&mut self) {
        let Mode::Ring { crew, flusher } = &self.mode else { return };
        if crew.is_forked() {
            // The thread is the parent's, and would never end here.
            return;
        }
        crew.bell.stop();
        if let Some(flusher) = flusher.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It ends at the bell; a panic in it would have no effect on the buffers, which are flushed here.
            _ = flusher.join();
        }
        // What cannot be written stays in the side file for the next start.
        _ = crew.close();
    }
}
