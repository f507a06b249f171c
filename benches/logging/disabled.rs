//! What an event costs that nobody wants: beside an empty loop and the check that `tracing` makes without any layer of ours.

use std::hint::black_box;
use std::io;
use std::sync::Arc;

use segno_logging::{JsonLayer, Level, Levels, Sink};
use tracing::{Dispatch, debug, dispatcher};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

/// Takes nothing.
struct Nowhere;

impl Sink for Nowhere {
    fn write_line(&self, _: Level, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// The set-ups that are compared: nothing of ours, and one to three layers of ours under levels that differ by logger.
pub(crate) fn all() -> Vec<(&'static str, Dispatch)> {
    let levels = || {
        let levels = Levels::new(Level::INFO);
        levels.set("database", Level::DEBUG);
        levels
    };
    let layer = || JsonLayer::new(Arc::new(Nowhere));
    let registry = tracing_subscriber::registry;
    vec![
        ("a LevelFilter of tracing-subscriber alone", Dispatch::new(registry().with(LevelFilter::INFO))),
        ("one layer of ours", Dispatch::new(registry().with(levels()).with(layer()))),
        ("three layers of ours", Dispatch::new(registry().with(levels()).with(layer()).with(layer()).with(layer()))),
    ]
}

/// Emits so many events that are disabled.
pub(crate) fn emit(dispatch: &Dispatch, events: u64) {
    // The one subscriber that there is: a second would have each event asked for.
    dispatcher::with_default(dispatch, || {
        for number in 0..events {
            debug!(number = black_box(number), text = "text", "disabled");
        }
    });
}

/// The loop without an event.
pub(crate) fn nothing(events: u64) {
    (0..events).for_each(|number| _ = black_box(number));
}
