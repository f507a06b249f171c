//! Named loggers: levels that change at run time, own sinks, samples, and limits that say what they held back.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use segno_logging::{Guard, JsonLayer, Level, Logger, Loggers, Sink};
use tracing::level_filters::LevelFilter;
use tracing::{debug, error, info, trace, warn};
use tracing_subscriber::layer::{Layer, SubscriberExt};

type Lines = Arc<Mutex<Vec<u8>>>;

/// The messages of all lines, each with its number behind it where it has one.
fn messages(lines: &Lines) -> Vec<String> {
    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    text.lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let message = line["message"].as_str().unwrap().to_owned();
            line["sampled"].as_u64().map_or(message.clone(), |sampled| format!("{message}/{sampled}"))
        })
        .collect()
}

fn check(loggers: &Loggers, work: impl FnOnce(), expected: &[&str]) {
    let lines = Lines::default();
    let layer = JsonLayer::new(Arc::clone(&lines)).with_loggers(loggers).with_clock(clock);
    let subscriber = tracing_subscriber::registry().with(loggers.levels()).with(layer);
    tracing::subscriber::with_default(subscriber, work);
    wait_until_gone(&lines);
    assert_eq!(messages(&lines), expected);
}

/// Waits until the layer has written its last line and gone.
///
/// That may be a moment after its test let go of it: where another thread meets a call site for the first time,
/// `tracing` asks all subscribers about it, and keeps them for as long.
fn wait_until_gone(lines: &Lines) {
    let end = Instant::now() + Duration::from_secs(10);
    while Arc::strong_count(lines) > 1 {
        assert!(Instant::now() < end, "something keeps the layer");
        thread::sleep(Duration::from_millis(1));
    }
}

thread_local! {
    static SECOND: AtomicU64 = const { AtomicU64::new(1_000) };
}

/// A clock that each test sets for itself.
fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(SECOND.with(|second| second.load(Ordering::Relaxed)))
}

fn pass_second() {
    SECOND.with(|second| second.fetch_add(1, Ordering::Relaxed));
}

fn level(level: impl Into<LevelFilter>) -> Logger {
    Logger { level: Some(level.into()), ..Logger::default() }
}

#[test]
fn each_logger_has_its_own_level() {
    let loggers =
        Loggers::new(Level::INFO).with("database", level(Level::DEBUG)).with("hyper", level(LevelFilter::OFF));
    check(
        &loggers,
        || {
            debug!("a");
            info!("b");
            debug!(target: "database::pool", "c");
            trace!(target: "database", "d");
            error!(target: "hyper::client", "e");
        },
        &["b", "c"],
    );
}

#[test]
fn levels_change_at_run_time_for_call_sites_that_were_used_already() {
    let loggers = Loggers::new(Level::INFO);
    let levels = loggers.levels();
    let log = |round: u8| {
        debug!(target: "database", "database {round}");
        debug!(target: "api", "api {round}");
    };
    check(
        &loggers,
        || {
            log(1);
            levels.set("database", Level::DEBUG);
            log(2);
            levels.apply_text("debug,database=inherit").unwrap();
            log(3);
            levels.apply_text("off").unwrap();
            log(4);
            error!("none");
        },
        &["database 2", "database 3", "api 3"],
    );
}

#[test]
fn levels_as_the_filter_of_one_layer_leave_the_others_alone() {
    let (filtered, all) = (Lines::default(), Lines::default());
    let levels = Loggers::new(Level::WARN).levels();
    let subscriber = tracing_subscriber::registry()
        .with(JsonLayer::new(Arc::clone(&filtered)).with_filter(levels.clone()))
        .with(JsonLayer::new(Arc::clone(&all)));
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..3 {
            let span = tracing::info_span!("span", a = 1);
            span.in_scope(|| {
                info!("a");
                warn!("b");
            });
            levels.set_root(Level::INFO);
        }
    });
    assert_eq!(messages(&filtered), ["b", "a", "b", "a", "b"]);
    assert_eq!(messages(&all), ["a", "b", "a", "b", "a", "b"]);
    // The span that the filter hid from one layer adds nothing there.
    let text = |lines: &Lines| String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    assert_eq!(text(&filtered).matches(r#""a":1"#).count(), 4);
    assert_eq!(text(&all).matches(r#""a":1"#).count(), 6);
}

#[test]
fn a_logger_may_have_a_sink_of_its_own() {
    let (main, own) = (Lines::default(), Lines::default());
    let sink: Arc<dyn Sink> = Arc::new(Arc::clone(&own));
    let loggers = Loggers::new(Level::TRACE).with("database", Logger { sink: Some(sink), ..Logger::default() });
    let layer = JsonLayer::new(Arc::clone(&main)).with_loggers(&loggers);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        info!("a");
        info!(target: "database::pool", "b");
        info!(target: "databases", "c");
    });
    assert_eq!(messages(&main), ["a", "c"]);
    assert_eq!(messages(&own), ["b"]);
}

#[test]
fn a_sample_says_for_how_many_each_line_stands() {
    let loggers = Loggers::new(Level::TRACE).with_root(Logger { sample: NonZeroU32::new(3), ..Logger::default() });
    check(
        &loggers,
        || {
            for round in 0..5 {
                info!("{round}");
                warn!("warning {round}");
            }
        },
        &["0/3", "warning 0", "warning 1", "warning 2", "3/3", "warning 3", "warning 4"],
    );
}

fn limited(limit: u32) -> Loggers {
    Loggers::new(Level::TRACE).with_root(Logger { limit: NonZeroU32::new(limit), ..Logger::default() })
}

fn log_thrice(name: &str) {
    (0..3).for_each(|round| info!("{name}{round}"));
}

#[test]
fn what_a_limit_held_back_is_told_before_the_next_line_of_the_call_site() {
    let work = || {
        log_thrice("a");
        pass_second();
        log_thrice("b");
    };
    check(&limited(2), work, &["a0", "a1", "suppressed 1", "b0", "b1", "suppressed 1"]);
}

#[test]
fn what_a_limit_held_back_is_told_with_any_line_once_the_second_is_over() {
    let work = || {
        log_thrice("a");
        warn!("elsewhere");
        pass_second();
        warn!("later");
    };
    check(&limited(1), work, &["a0", "elsewhere", "suppressed 2", "later"]);
}

#[test]
fn what_a_limit_held_back_is_told_when_the_layer_goes() {
    check(&limited(1), || log_thrice("a"), &["a0", "suppressed 2"]);
}

#[test]
fn what_a_limit_held_back_is_told_when_the_guard_goes() {
    let lines = Lines::default();
    let layer = JsonLayer::new(Arc::clone(&lines)).with_loggers(&limited(1)).with_clock(clock);
    let guard = layer.guard();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        log_thrice("a");
        drop(guard);
        assert_eq!(messages(&lines), ["a0", "suppressed 2"]);
        log_thrice("b");
    });
    wait_until_gone(&lines);
    assert_eq!(messages(&lines), ["a0", "suppressed 2", "suppressed 3"]);
}

/// Two call sites hold something back, in a second that is over and in one that is not; and then `end` comes.
fn check_two_seconds(end: impl FnOnce(&Guard, &dyn Fn())) {
    let lines = Lines::default();
    let layer = JsonLayer::new(Arc::clone(&lines)).with_loggers(&limited(1)).with_clock(clock);
    let guard = layer.guard();
    let (one, other, settle) = (|| info!("one"), || info!("other"), || info!(target: "elsewhere", "elsewhere"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        pass_second();
        other();
        // As another thread does that took its time just before the second began.
        SECOND.with(|second| second.fetch_sub(1, Ordering::Relaxed));
        one();
        one();
        pass_second();
        other();
        other();
        settle();
        assert_eq!(messages(&lines), ["other", "one", "suppressed 1", "elsewhere"]);
        end(&guard, &settle);
        assert_eq!(messages(&lines)[4], "suppressed 2");
    });
}

#[test]
fn what_a_second_that_is_not_over_held_back_is_told_when_it_is() {
    check_two_seconds(|_, settle| {
        pass_second();
        settle();
    });
}

#[test]
fn what_a_second_that_is_not_over_held_back_is_told_with_a_flush() {
    check_two_seconds(|guard, _| guard.flush().unwrap());
}

#[test]
fn the_line_about_suppressed_events_says_of_which_sample_they_are() {
    let logger = Logger { sample: NonZeroU32::new(2), limit: NonZeroU32::new(1), ..Logger::default() };
    check(
        &Loggers::new(Level::INFO).with("a", logger),
        || (0..6).for_each(|_| info!(target: "a", "a")),
        &["a/2", "suppressed 2/2"],
    );
}

#[test]
fn the_line_about_suppressed_events_names_their_call_site() {
    let lines = Lines::default();
    let layer = JsonLayer::new(Arc::clone(&lines)).with_loggers(&limited(1)).with_clock(|| UNIX_EPOCH);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        (0..4).for_each(|_| warn!(target: "database::pool", "slow"));
    });
    wait_until_gone(&lines);
    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&line["level"], &line["component"]), (&"WARN".into(), &"database.pool".into()));
    assert_eq!((&line["message"], &line["suppressed"]), (&"suppressed 3".into(), &3.into()));
    assert!(line["callsite"].as_str().unwrap().contains("loggers.rs:"), "{line}");
}

/// Refuses everything while it is told to.
struct Refusing(Arc<Mutex<bool>>, Lines);

impl Sink for Refusing {
    fn write_line(&self, level: Level, line: &[u8]) -> std::io::Result<()> {
        match *self.0.lock().unwrap() {
            true => Err(std::io::ErrorKind::StorageFull.into()),
            false => self.1.write_line(level, line),
        }
    }
}

#[test]
fn a_count_of_suppressed_events_that_cannot_be_written_is_kept() {
    let (refuse, lines) = (Arc::new(Mutex::new(false)), Lines::default());
    let layer = JsonLayer::new(Refusing(Arc::clone(&refuse), Arc::clone(&lines)));
    let layer = layer.with_loggers(&limited(1)).with_clock(clock);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        log_thrice("a");
        *refuse.lock().unwrap() = true;
        pass_second();
        warn!("lost");
        *refuse.lock().unwrap() = false;
        pass_second();
        warn!("seen");
    });
    assert_eq!(messages(&lines), ["a0", "suppressed 2", "seen", "1 log line was lost"]);
}
