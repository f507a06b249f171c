//! The queue: bounded, told when it drops, and alive whatever its inner sink does.

#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use segno_logging::{Full, JsonLayer, Level, QueueOptions, QueueSink, Sink};

/// Takes a line only when the test lets it, and does with it what the test says.
struct Gated {
    gate: Mutex<Receiver<Step>>,
    lines: Arc<Mutex<Vec<u8>>>,
}

#[derive(Clone, Copy)]
enum Step {
    Take,
    Refuse,
    Panic,
}

impl Sink for Gated {
    fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()> {
        // When the test has let go of the gate, all lines pass.
        let step = self.gate.lock().unwrap_or_else(|poison| poison.into_inner()).recv().unwrap_or(Step::Take);
        match step {
            Step::Take => self.lines.write_line(level, line),
            Step::Refuse => Err(ErrorKind::StorageFull.into()),
            Step::Panic => panic!("the inner sink broke"),
        }
    }
}

fn gated(options: QueueOptions) -> (QueueSink, Sender<Step>, Arc<Mutex<Vec<u8>>>) {
    let (open, gate) = channel();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let inner = Gated { gate: Mutex::new(gate), lines: Arc::clone(&lines) };
    (QueueSink::new(inner, options).unwrap(), open, lines)
}

fn text(lines: &Mutex<Vec<u8>>) -> String {
    String::from_utf8(lines.lock().unwrap().clone()).unwrap()
}

/// The messages of the queue's own lines.
fn told(text: &str) -> Vec<String> {
    let own = text.lines().filter(|line| line.starts_with('{'));
    own.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["message"].as_str().unwrap().to_owned())
        .collect()
}

fn numbers(text: &str) -> Vec<u32> {
    text.lines().filter(|line| !line.starts_with('{')).map(|line| line.parse().unwrap()).collect()
}

fn push(sink: &QueueSink, numbers: std::ops::Range<u32>) {
    numbers.for_each(|number| sink.write_line(Level::INFO, format!("{number}\n").as_bytes()).unwrap());
}

#[test]
fn lines_come_through_in_order_and_a_flush_waits_for_them() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = QueueSink::new(Arc::clone(&lines), QueueOptions::default()).unwrap();
    push(&sink, 0..50_000);
    sink.flush().unwrap();
    assert_eq!(numbers(&text(&lines)), Vec::from_iter(0..50_000));
    assert_eq!(sink.lost(), 0);
}

#[test]
fn a_full_queue_that_blocks_loses_nothing() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    for (max_lines, max_bytes) in [(1, 1), (0, 0), (7, usize::MAX), (usize::MAX, 20)] {
        lines.lock().unwrap().clear();
        let options = QueueOptions { max_lines, max_bytes, ..QueueOptions::default() };
        let sink = Arc::new(QueueSink::new(Arc::clone(&lines), options).unwrap());
        std::thread::scope(|scope| {
            for first in [0, 1_000, 2_000] {
                let sink = &sink;
                scope.spawn(move || push(sink, first..first + 1_000));
            }
        });
        drop(sink);
        let mut found = numbers(&text(&lines));
        found.sort_unstable();
        assert_eq!(found, Vec::from_iter(0..3_000));
    }
}

/// Expects that the log says that so many lines were dropped. The writer says it behind each batch that it took, and it may have
/// taken one in between.
fn expect_dropped(text: &str, lost: u64) {
    let told = told(text);
    let numbers = told.iter().map(|told| {
        let words = told.strip_suffix(" lost, because the queue was full").unwrap();
        words.split_once(" log line").unwrap().0.parse::<u64>().unwrap()
    });
    assert_eq!(numbers.sum::<u64>(), lost, "{told:?}");
    assert!(told.len() <= 2, "{told:?}");
}

#[test]
fn a_full_queue_that_drops_says_how_many() {
    let (sink, open, lines) = gated(QueueOptions { max_lines: 4, full: Full::Drop, ..QueueOptions::default() });
    push(&sink, 0..100);
    // The writer may have had time to take some out; the rest had no room.
    let lost = sink.lost();
    assert!((92..=96).contains(&lost), "{lost}");
    drop(open);
    sink.flush().unwrap();
    let text = text(&lines);
    assert_eq!(numbers(&text).len() as u64, 100 - lost);
    expect_dropped(&text, lost);
}

#[test]
fn what_was_dropped_last_is_told_at_the_end() {
    let (sink, open, lines) = gated(QueueOptions { max_bytes: 4, full: Full::Drop, ..QueueOptions::default() });
    push(&sink, 0..10);
    let lost = sink.lost();
    drop(open);
    drop(sink);
    expect_dropped(&text(&lines), lost);
}

#[test]
fn a_panic_in_the_inner_sink_costs_its_line_and_is_told() {
    let (sink, open, lines) = gated(QueueOptions::default());
    push(&sink, 0..3);
    for step in [Step::Take, Step::Panic, Step::Take] {
        open.send(step).unwrap();
    }
    drop(open);
    sink.flush().unwrap();
    let text = text(&lines);
    assert_eq!(numbers(&text), [0, 2]);
    assert_eq!(told(&text), ["the sink behind the log's queue panicked: the inner sink broke", "1 log line was lost"]);
    assert_eq!(sink.lost(), 1);
}

/// Refuses everything as long as the test says so.
struct Stubborn {
    refuses: Arc<AtomicBool>,
    lines: Arc<Mutex<Vec<u8>>>,
}

impl Sink for Stubborn {
    fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()> {
        match self.refuses.load(Ordering::Relaxed) {
            true => Err(ErrorKind::StorageFull.into()),
            false => self.lines.write_line(level, line),
        }
    }
}

#[test]
fn lines_that_the_inner_sink_refuses_are_told_when_it_takes_lines_again() {
    let (refuses, lines) = (Arc::new(AtomicBool::new(true)), Arc::default());
    let inner = Stubborn { refuses: Arc::clone(&refuses), lines: Arc::clone(&lines) };
    let sink = QueueSink::new(inner, QueueOptions::default()).unwrap();
    push(&sink, 0..3);
    // The notice is refused too at first, however often it is tried, and not counted.
    sink.flush().unwrap();
    assert_eq!(text(&lines), "");
    refuses.store(false, Ordering::Relaxed);
    push(&sink, 3..4);
    sink.flush().unwrap();
    let text = text(&lines);
    assert_eq!((numbers(&text), told(&text)), (vec![3], vec!["3 log lines were lost".to_owned()]));
}

#[test]
fn an_inner_sink_that_hangs_does_not_hang_the_end() {
    let (sink, open, _lines) = gated(QueueOptions { patience: Duration::from_millis(1), ..QueueOptions::default() });
    push(&sink, 0..3);
    assert_eq!(sink.flush().unwrap_err().kind(), ErrorKind::TimedOut);
    drop(sink);
    drop(open);
}

#[test]
fn the_guard_waits_for_the_queue_and_knows_what_it_lost() {
    use tracing_subscriber::layer::SubscriberExt;
    let (sink, open, lines) = gated(QueueOptions::default());
    let layer = JsonLayer::new(sink);
    let guard = layer.guard();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        (0..3).for_each(|number| tracing::info!(number, "written"));
        open.send(Step::Refuse).unwrap();
        drop(open);
        let kept = guard.clone();
        drop(guard);
        drop(kept);
        assert_eq!(text(&lines).lines().count(), 3, "two lines, and one that says that one is missing");
    });
}

#[test]
fn a_flush_waits_for_the_lines_before_it_and_not_for_those_behind() {
    let (sink, open, lines) = gated(QueueOptions { patience: Duration::MAX, ..QueueOptions::default() });
    push(&sink, 0..2);
    let ended = std::thread::scope(|scope| {
        let flush = scope.spawn(|| sink.flush().unwrap());
        // Lines come as long as the flush waits, one for each that is written.
        for number in (2..100_000).take_while(|_| !flush.is_finished()) {
            push(&sink, number..number + 1);
            std::thread::yield_now();
            open.send(Step::Take).unwrap();
        }
        let ended = flush.is_finished();
        drop(open);
        ended
    });
    assert!(ended, "it waits for lines behind it");
    assert!(numbers(&text(&lines)).starts_with(&[0, 1]));
}

#[test]
fn a_sink_that_is_too_slow_for_the_end_is_closed_when_it_is_through() {
    struct Closing<S>(S, Sender<()>);
    impl<S: Sink> Sink for Closing<S> {
        fn write_line(&self, level: Level, line: &[u8]) -> io::Result<()> {
            self.0.write_line(level, line)
        }
        fn close(&self) -> io::Result<()> {
            self.1.send(()).map_err(io::Error::other)
        }
    }
    let ((open, gate), (closed, is_closed)) = (channel(), channel());
    let lines = Arc::new(Mutex::new(Vec::new()));
    let inner = Gated { gate: Mutex::new(gate), lines: Arc::clone(&lines) };
    let options = QueueOptions { patience: Duration::ZERO, ..QueueOptions::default() };
    let sink = QueueSink::new(Closing(inner, closed), options).unwrap();
    push(&sink, 0..3);
    assert_eq!(sink.close().unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(is_closed.try_recv().is_err());
    drop(open);
    is_closed.recv().unwrap();
    assert_eq!(numbers(&text(&lines)), [0, 1, 2]);
}
