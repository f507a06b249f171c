//! The global set-up, in a process of its own: level, file, second logger.

#![cfg(feature = "subscriber")]

use std::fmt;
use std::fs;

use segno_logging::{Error, Level, Logging, correlation};
use tracing::level_filters::LevelFilter;
use tracing::{debug, info, warn};

/// Logs while it is written, which `tracing` lets happen under a global subscriber.
struct Talkative;

impl fmt::Display for Talkative {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!("within");
        formatter.write_str("said")
    }
}

#[test]
fn an_installed_logger_writes_its_level_and_above_from_every_thread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/run.log");
    let guard = Logging::to_file(&path).sync().install().unwrap();

    // The static maximum, which a disabled call site compares and nothing more.
    assert_eq!(LevelFilter::current(), LevelFilter::INFO);
    assert!(!tracing::enabled!(Level::DEBUG));

    debug!("not wanted");
    info!(value = %Talkative, "here");
    let span = correlation::span(&correlation::Id::new("run-7"));
    let current = std::thread::spawn(move || {
        span.in_scope(|| {
            warn!("there");
            correlation::current()
        })
    });
    assert_eq!(current.join().unwrap(), Some(correlation::Id::new("run-7")));

    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().map(|line| &line["{\"timestamp\":\"".len() + 29..]).collect();
    assert_eq!(
        lines,
        [
            r#""level":"INFO","component":"install","message":"within"}"#,
            r#""level":"INFO","component":"install","message":"here","value":"said"}"#,
            r#""level":"WARN","component":"install","message":"there","correlation_id":"run-7"}"#,
        ]
    );
    assert_eq!(guard.lost(), 0);

    let second = Logging::to_file(folder.path().join("second.log")).install();
    assert!(matches!(second, Err(Error::Installed { .. })), "{second:?}");
}
