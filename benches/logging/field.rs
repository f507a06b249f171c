//! Who writes the event: segno's sinks, other layers for `tracing`, and the limit.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use segno_logging::{
    Every, FileSink, Guard, JsonLayer, Level, Loggers, QueueOptions, QueueSink, RingOptions, RingSink, Rotation, Sink,
};
use tracing::{Dispatch, Subscriber};
use tracing_bunyan_formatter::{BunyanFormattingLayer, JsonStorageLayer};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use crate::event;
use crate::hand::{Hand, WRITE};

/// Writes so many events.
type Work = Box<dyn FnMut(u64)>;

/// Somebody who writes events to a file.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    path: PathBuf,
    work: Work,
}

impl Contestant {
    /// Everybody, each with a file of his own in the folder; the first ones are ours.
    pub(crate) fn all(folder: &Path) -> Vec<Contestant> {
        let mut all = Vec::new();
        let mut add = |name: &'static str, make: &dyn Fn(&Path) -> Work| {
            let path = folder.join(format!("{}.jsonl", name.replace(' ', "-")));
            all.push(Contestant { name, work: make(&path), path });
        };
        add(RING, &|path| {
            let options = RingOptions { rotation: rotation(), ..RingOptions::default() };
            ours(RingSink::open(path, options).expect("the folder takes files"))
        });
        add(SYNC, &|path| ours(FileSink::rotating(path, rotation()).expect("the folder takes files")));
        add(QUEUE, &|path| {
            let file = FileSink::rotating(path, rotation()).expect("the folder takes files");
            ours(QueueSink::new(file, QueueOptions::default()).expect("there is a thread"))
        });
        add(WRITER, &|path| ours(Buffered(Mutex::new(BufWriter::with_capacity(WRITE, open(path))))));
        add(HAND, &|path| {
            let mut hand = Hand::new(open(path));
            Box::new(move |events| hand.emit(events))
        });
        add(JSON_BUFFERED, &|path| json(Shared::new(BufWriter::with_capacity(WRITE, open(path))), false));
        add(JSON, &|path| json(Shared::new(open(path)), false));
        add(JSON_DEFAULT, &|path| json(Shared::new(open(path)), true));
        add(BUNYAN, &|path| {
            let writer = Shared::new(open(path));
            let layer = BunyanFormattingLayer::new("bench".to_owned(), writer.clone());
            peer(tracing_subscriber::registry().with(JsonStorageLayer).with(layer), writer)
        });
        add(JSON_SUBSCRIBER, &|path| {
            let writer = Shared::new(open(path));
            let mut layer = json_subscriber::JsonLayer::new(writer.clone());
            layer.with_timer("timestamp", tracing_subscriber::fmt::time::SystemTime);
            layer.with_level("level").with_target("target").with_event("fields").with_span_list("spans");
            peer(tracing_subscriber::registry().with(layer), writer)
        });
        all
    }

    /// Writes so many events. Returns how many bytes they are.
    pub(crate) fn write(&mut self, events: u64) -> u64 {
        let size = || std::fs::metadata(&self.path).map_or(0, |found| found.len());
        let before = size();
        (self.work)(events);
        size().saturating_sub(before)
    }

    /// Empties the file, so that rounds fill no disk.
    pub(crate) fn empty(&self) {
        // A file that is rotated may be gone for a moment.
        _ = File::options().write(true).open(&self.path).and_then(|file| file.set_len(0));
    }
}

pub(crate) const RING: &str = "segno ring";
pub(crate) const SYNC: &str = "segno sync";
pub(crate) const QUEUE: &str = "segno queue";
pub(crate) const WRITER: &str = "segno's writer alone, BufWriter";
pub(crate) const HAND: &str = "by hand, 64 KB writes";
pub(crate) const JSON_BUFFERED: &str = "tracing-subscriber json, BufWriter";
pub(crate) const JSON: &str = "tracing-subscriber json, a write an event";
pub(crate) const JSON_DEFAULT: &str = "the same with its default options";
pub(crate) const BUNYAN: &str = "bunyan";
pub(crate) const JSON_SUBSCRIBER: &str = "json-subscriber";

/// The buffer that the limit has, too: it tells what making the line costs. What it holds dies with the process.
struct Buffered(Mutex<BufWriter<File>>);

impl Sink for Buffered {
    fn write_line(&self, _: Level, line: &[u8]) -> std::io::Result<()> {
        self.0.lock().expect("no writer panics").write_all(line)
    }

    fn flush(&self) -> std::io::Result<()> {
        self.0.lock().expect("no writer panics").flush()
    }
}

fn open(path: &Path) -> File {
    File::options().append(true).create(true).open(path).expect("the folder takes files")
}

/// Limits that are looked at for each write, and are not reached in a round.
fn rotation() -> Rotation {
    Rotation { max_bytes: Some(1 << 30), every: Some(Every::Day), ..Rotation::default() }
}

/// As users run it: secrets are hidden, loggers have levels.
fn ours(sink: impl Sink) -> Work {
    let sink = Arc::new(sink);
    let loggers = Loggers::new(Level::INFO).with("database", segno_logging::Logger::default());
    let layer = JsonLayer::new(Arc::clone(&sink)).with_loggers(&loggers);
    let guard: Guard = layer.guard();
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(loggers.levels()).with(layer));
    Box::new(move |events| {
        event::emit(&dispatch, events);
        sink.flush().expect("the folder takes files");
        assert_eq!(guard.lost(), 0);
    })
}

fn json<W: Write + Send + 'static>(writer: Shared<W>, has_current_span: bool) -> Work {
    let layer = tracing_subscriber::fmt::layer().json().with_current_span(has_current_span);
    peer(tracing_subscriber::registry().with(layer.with_writer(writer.clone())), writer)
}

fn peer<S, W>(subscriber: S, writer: Shared<W>) -> Work
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync + 'static,
    W: Write + Send + 'static,
{
    let leveled = subscriber.with(tracing_subscriber::filter::LevelFilter::INFO);
    let dispatch = Dispatch::new(leveled);
    Box::new(move |events| {
        event::emit(&dispatch, events);
        (&writer).flush().expect("the folder takes files");
    })
}

/// A writer behind a lock, as each of the peers wants it.
struct Shared<W>(Arc<Mutex<W>>);

impl<W> Shared<W> {
    fn new(writer: W) -> Shared<W> {
        Shared(Arc::new(Mutex::new(writer)))
    }
}

impl<W> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<W: Write> Write for &Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.lock().expect("no writer panics").flush()
    }
}

impl<'w, W: Write + 'w> MakeWriter<'w> for Shared<W> {
    type Writer = &'w Shared<W>;

    fn make_writer(&'w self) -> Self::Writer {
        self
    }
}
