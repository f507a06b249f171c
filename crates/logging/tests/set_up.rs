//! The builder: files of loggers, the console beside the log, the fall back to it, and layers beside others.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use segno_logging::{
    Console, Error, Level, Levels, Logger, Logging, Look, QueueOptions, Redactor, RingOptions, Rotation, segments,
};
use tracing::{debug, info, warn};
use tracing_subscriber::layer::{Layer, SubscriberExt};

/// A stream that can be looked at.
#[derive(Clone, Default)]
struct Stream(Arc<Mutex<Vec<u8>>>);

impl Stream {
    fn console(&self) -> Console<Stream> {
        Console::new(self.clone(), Look { level: Level::INFO, ..Look::default() })
    }

    /// What people see, without the time.
    fn shown(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line[13..].to_owned()).collect()
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Logs under what was set up, and ends it.
fn run(logging: Logging, work: impl FnOnce()) {
    let levels = logging.levels();
    let (layer, guard) = logging.layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(levels).with(layer), work);
    assert_eq!(guard.lost(), 0);
}

/// The messages of a file.
fn check(path: &Path, expected: &[&str]) {
    let text = fs::read_to_string(path).unwrap();
    let messages: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["message"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(messages, expected, "{}", path.display());
}

#[test]
fn a_logger_has_its_own_file_and_the_console_shows_all() {
    let folder = tempfile::tempdir().unwrap();
    let (app, database, stream) =
        (folder.path().join("app.jsonl"), folder.path().join("a/db.jsonl"), Stream::default());
    let logging = Logging::to_file(&app)
        .level(Level::DEBUG)
        .logger("database", Logger { level: Some(Level::WARN.into()), ..Logger::default() })
        .logger_file("database", &database)
        .console(stream.console());
    run(logging, || {
        info!(target: "shop", items = 3, "a");
        debug!("b");
        info!(target: "database", "c");
        warn!(target: "database::pool", "d");
    });
    check(&app, &["a", "b"]);
    check(&database, &["d"]);
    assert_eq!(stream.shown(), ["INFO  shop: a items=3", "WARN  database.pool: d"]);
}

#[test]
fn without_a_file_lines_go_to_the_console_and_a_warning_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let stream = Stream::default();
    // A folder is no file.
    run(Logging::to_file(folder.path()).console(stream.console()).or_console(), || info!(target: "shop", "a"));
    let shown = stream.shown();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].starts_with("WARN  segno_logging: cannot open the log file "), "{shown:?}");
    assert!(shown[0].ends_with("; lines go to the terminal alone"), "{shown:?}");
    assert_eq!(shown[1], "INFO  shop: a");
}

#[test]
fn who_does_not_ask_for_the_console_instead_gets_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Logging::to_file(folder.path()).console(Stream::default().console()).layer();
    assert!(matches!(refused, Err(Error::Open { .. })));
    let refused = Logging::to_file(folder.path()).or_console().layer();
    assert!(matches!(refused, Err(Error::Open { .. })));
}

#[test]
fn secrets_are_hidden_unless_that_is_not_wanted() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let to = || Logging::to_sink(Arc::clone(&lines));
    run(to(), || info!(password = "a", "1"));
    run(to().redactor(Redactor::new()), || info!(password = "a", "2"));
    run(to().without_redactor(), || info!(password = "a", "3"));
    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let ends: Vec<&str> = text.lines().map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(ends, [r#""password":"[redacted]"}"#, r#""password":"[redacted]"}"#, r#""password":"a"}"#]);
}

#[test]
fn the_levels_of_a_subscriber_are_found_from_within() {
    assert!(Levels::current().is_none());
    let lines = Arc::new(Mutex::new(Vec::new()));
    run(Logging::to_sink(Arc::clone(&lines)), || {
        debug!("a");
        Levels::current().unwrap().apply_text("debug").unwrap();
        debug!("b");
    });
    let logging = Logging::to_sink(Arc::clone(&lines));
    let levels = logging.levels();
    let (layer, _guard) = logging.layer().unwrap();
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(levels));
    tracing::subscriber::with_default(subscriber, || assert_eq!(Levels::current().unwrap().to_string(), "info"));
    assert_eq!(String::from_utf8(lines.lock().unwrap().clone()).unwrap().lines().count(), 1);
}

#[test]
fn each_way_into_a_file_writes_all_lines_and_seals_files() {
    let ways: [fn(Logging) -> Logging; 4] = [
        |logging| logging,
        Logging::sync,
        |logging| logging.ring(RingOptions { buffer_bytes: 4_096, ..RingOptions::default() }),
        |logging| logging.queue(QueueOptions::default()),
    ];
    for way in ways {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.jsonl");
        let rotation = Rotation { max_bytes: Some(8_192), compression: Default::default(), ..Rotation::default() };
        let logging = way(Logging::to_file(&path)).rotation(rotation);
        let (layer, guard) = logging.layer().unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for number in 0..200 {
                info!(number, "counted");
                if number % 50 == 0 {
                    guard.flush().unwrap();
                }
            }
        });
        drop(guard);
        let sealed = segments(&path).unwrap();
        assert!(!sealed.is_empty());
        if cfg!(not(feature = "compress")) {
            let lines: usize =
                sealed.iter().chain([&path]).map(|path| fs::read_to_string(path).unwrap().lines().count()).sum();
            assert_eq!(lines, 200);
        }
    }
}
