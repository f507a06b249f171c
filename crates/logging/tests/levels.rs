//! Levels that change while threads log, by a thread that has no subscriber. Alone in its process: with a second subscriber
//! `tracing` would ask all of them.
#![cfg(feature = "subscriber")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use segno_logging::{JsonLayer, Level, Levels, Loggers};
use tracing::{Dispatch, debug, dispatcher, info};
use tracing_subscriber::layer::{Layer, SubscriberExt};

type Lines = Arc<Mutex<Vec<u8>>>;

/// Logs from two threads while a third one changes levels; `install` makes the subscriber.
fn check(install: fn(Levels, JsonLayer) -> Dispatch) {
    let (lines, is_over) = (Lines::default(), AtomicBool::new(false));
    let loggers = Loggers::new(Level::INFO);
    let levels = loggers.levels();
    let dispatch = install(levels.clone(), JsonLayer::new(Arc::clone(&lines)).with_loggers(&loggers));
    std::thread::scope(|scope| {
        let loggers = [(); 2].map(|()| scope.spawn(|| dispatcher::with_default(&dispatch, log)));
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                levels.set("changing", Level::DEBUG);
                levels.apply_text("changing=inherit").unwrap();
            }
        });
        loggers.into_iter().for_each(|logger| logger.join().unwrap());
        is_over.store(true, Ordering::Relaxed);
    });
    let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches(r#""component":"always""#).count(), 4_000);
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

fn log() {
    for number in 0..2_000 {
        info!(target: "always", number);
        debug!(target: "changing", number);
    }
}

#[test]
fn an_event_that_is_always_enabled_is_never_missed_while_levels_change() {
    check(|levels, layer| Dispatch::new(tracing_subscriber::registry().with(levels).with(layer)));
    check(|levels, layer| Dispatch::new(tracing_subscriber::registry().with(layer.with_filter(levels))));
}
