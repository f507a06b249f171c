//! A process that is killed without warning: every line that it wrote is in the file, whole.

#![cfg(feature = "subscriber")]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use segno_logging::Logging;

const LINES: usize = 500;
const PATH: &str = "SEGNO_LOGGING_KILL_TEST";

/// The process that is killed: this test again, with a path in its environment.
fn write_and_wait(path: &std::ffi::OsStr) {
    let _guard = Logging::to_file(path).sync().install().expect("the file can be opened");
    for line in 0..LINES {
        tracing::info!(line, filler = "x".repeat(line), "written");
    }
    let mut output = std::io::stdout();
    output.write_all(b"\nready\n").and_then(|()| output.flush()).expect("the other test reads");
    // Ends at the kill, or when the other test is gone.
    std::io::stdin().lines().for_each(drop);
}

#[test]
fn a_killed_process_loses_no_line() {
    if let Some(path) = env::var_os(PATH) {
        return write_and_wait(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.log");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_killed_process_loses_no_line", "--nocapture"])
        .env(PATH, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap() == "ready"));
    child.kill().unwrap();
    child.wait().unwrap();

    let text = fs::read_to_string(&path).unwrap();
    let numbers: Vec<usize> = text
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            usize::try_from(line["line"].as_u64().unwrap()).unwrap()
        })
        .collect();
    assert_eq!(numbers, Vec::from_iter(0..LINES));
}
