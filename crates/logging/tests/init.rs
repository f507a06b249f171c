//! The one line that sets everything up, in a process of its own with an environment and a folder of its own.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

const CHILD: &str = "SEGNO_LOGGING_INIT_TEST";

/// The process that is looked at: this test again.
fn child() {
    match segno_logging::init() {
        Ok(guard) => {
            tracing::info!(target: "shop", items = 3, password = "p-1", "started");
            tracing::debug!(target: "database", "asked");
            assert_eq!(guard.lost(), 0);
        }
        Err(error) => tracing::subscriber::with_default(
            tracing_subscriber::Layer::with_subscriber(
                segno_logging::Console::from_env().layer(),
                tracing_subscriber::registry(),
            ),
            || tracing::error!(target: "refused", "{error}"),
        ),
    }
}

/// Runs the child in the folder and returns what people see, without the times.
fn shown(folder: &Path, levels: &str) -> Vec<String> {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "init_logs_for_people_and_to_a_file", "--nocapture"])
        .env(CHILD, "1")
        .env("RUST_LOG", levels)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines().filter_map(|line| line.get(13..)).map(str::to_owned).collect()
}

/// The messages of the only log in the folder.
fn written(folder: &Path) -> Vec<String> {
    let log = fs::read_dir(folder.join("logs")).unwrap().map(|found| found.unwrap().path());
    let log: Vec<_> = log.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect();
    let [log] = &log[..] else { panic!("{log:?}") };
    let text = fs::read_to_string(log).unwrap();
    text.lines().map(|line| line.split('"').nth(15).unwrap().to_owned()).collect()
}

fn check(levels: &str, expected: &[&str], messages: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(shown(folder.path(), levels), expected);
    assert_eq!(written(folder.path()), messages);
}

#[test]
fn init_logs_for_people_and_to_a_file() {
    if env::var_os(CHILD).is_some() {
        return child();
    }
    let started = "INFO  shop: started items=3 password=[redacted]";
    check("", &[started], &["started"]);
    check("warn,shop=info,database=debug", &[started, "DEBUG database: asked"], &["started", "asked"]);
}

#[test]
fn init_without_a_folder_for_logs_goes_on_with_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("logs"), "").unwrap();
    let shown = shown(folder.path(), "");
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].starts_with("WARN  segno_logging: cannot create the log folder logs"), "{shown:?}");
}

#[test]
fn init_refuses_levels_that_it_cannot_read() {
    let folder = tempfile::tempdir().unwrap();
    let shown = shown(folder.path(), "inof");
    assert_eq!(
        shown,
        [
            "ERROR refused: cannot read the levels: column 1: 'inof' is no level. a level is off, error, warn, info, debug or trace"
        ]
    );
    assert!(!folder.path().join("logs").exists());
}
