//! What a named logger has of its own, and which logger an event belongs to.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use tracing::level_filters::LevelFilter;

use super::Levels;
use crate::sink::Sink;

/// What a logger has of its own. The default has nothing.
#[derive(Clone, Default)]
pub struct Logger {
    /// What is written; without it, what the logger round it writes.
    pub level: Option<LevelFilter>,
    /// Of the events of one call site below WARN, only one of so many is written, the first of them. The line has the key
    /// `sampled` with that number, so that a reader can count.
    pub sample: Option<NonZeroU32>,
    /// Of one call site, at most so many events a second are written. How many more there were says a line of its own,
    /// `suppressed n`: before the call site's next line, or with the layer's next line once the second is over, or when the
    /// guard is dropped.
    pub limit: Option<NonZeroU32>,
    /// Where the lines go instead.
    pub sink: Option<Arc<dyn Sink>>,
}

impl fmt::Debug for Logger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Logger")
            .field("level", &self.level)
            .field("sample", &self.sample)
            .field("limit", &self.limit)
            .field("has_sink", &self.sink.is_some())
            .finish()
    }
}

/// Loggers by name, and the one for everything else.
///
/// An event belongs to the logger with the longest name that its target begins with, by whole segments: `database` has the
/// target `database` and `database::pool`, but not `databases`. Segments stand behind `::` or `.`. The target is a module's
/// path or what `target: ".."` says, so that the logger is found once a call site and never for an event; a field `component`
/// therefore does not count. Clones share the levels.
///
/// ```
/// use std::num::NonZeroU32;
/// use segno_logging::{JsonLayer, Level, Logger, Loggers};
/// use tracing_subscriber::layer::SubscriberExt;
/// # let lines = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
///
/// let loggers = Loggers::new(Level::INFO)
///     .with("database", Logger { level: Some(Level::DEBUG.into()), ..Logger::default() })
///     .with("performance", Logger { sample: NonZeroU32::new(100), ..Logger::default() });
/// let levels = loggers.levels();
/// let layer = JsonLayer::new(lines.clone()).with_loggers(&loggers);
/// let subscriber = tracing_subscriber::registry().with(levels.clone()).with(layer);
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::debug!(target: "database::pool", "written");
///     levels.set("database", Level::WARN);
///     tracing::debug!(target: "database::pool", "not written any more");
/// });
/// assert_eq!(lines.lock().unwrap().iter().filter(|byte| **byte == b'\n').count(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Loggers {
    root: Logger,
    /// The longest names first.
    named: Vec<(String, Logger)>,
    levels: Levels,
}

impl Default for Loggers {
    /// One logger that writes everything.
    fn default() -> Self {
        Loggers::new(LevelFilter::TRACE)
    }
}

impl Loggers {
    /// One logger for everything, which writes `level` and what is more severe.
    pub fn new(level: impl Into<LevelFilter>) -> Loggers {
        Loggers { root: Logger::default(), named: Vec::new(), levels: Levels::new(level) }
    }

    /// Adds a logger, or says anew what the one of this name has.
    #[must_use]
    pub fn with(mut self, name: &str, logger: Logger) -> Loggers {
        if let Some(level) = logger.level {
            self.levels.set(name, level);
        }
        let name = component(name).into_owned();
        self.named.retain(|(known, _)| *known != name);
        self.named.push((name, logger));
        self.named.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        self
    }

    /// Says what everything has that belongs to no named logger.
    #[must_use]
    pub fn with_root(mut self, logger: Logger) -> Loggers {
        if let Some(level) = logger.level {
            self.levels.set_root(level);
        }
        self.root = logger;
        self
    }

    /// Gives a logger a sink of its own and leaves all else that it has.
    pub(crate) fn with_sink(self, name: &str, sink: Arc<dyn Sink>) -> Loggers {
        let known = component(name);
        let logger = self.named.iter().find(|(name, _)| *name == known).map(|(_, logger)| logger.clone());
        // Its level may have been changed since it was given.
        let logger = Logger { sink: Some(sink), level: None, ..logger.unwrap_or_default() };
        self.with(name, logger)
    }

    /// Returns the handle that changes the levels, which is also the filter that makes them count.
    pub fn levels(&self) -> Levels {
        self.levels.clone()
    }

    /// Returns the logger of a target, and the number of its sink in [`Loggers::sinks`] if it has one of its own.
    pub(crate) fn of(&self, target: &str) -> (&Logger, Option<usize>) {
        let target = component(target);
        let found = self.named.iter().find(|(name, _)| covers(name, &target)).map(|(_, logger)| logger);
        let logger = found.unwrap_or(&self.root);
        let own = logger.sink.as_ref();
        let number = own.and_then(|own| self.sinks().iter().position(|sink| Arc::ptr_eq(sink, own)));
        (logger, number)
    }

    /// Returns the sinks that loggers have of their own, each once.
    pub(crate) fn sinks(&self) -> Vec<&Arc<dyn Sink>> {
        let all = std::iter::once(&self.root).chain(self.named.iter().map(|(_, logger)| logger));
        let mut sinks: Vec<&Arc<dyn Sink>> = Vec::new();
        for sink in all.filter_map(|logger| logger.sink.as_ref()) {
            if !sinks.iter().any(|known| Arc::ptr_eq(known, sink)) {
                sinks.push(sink);
            }
        }
        sinks
    }
}

/// A target as a component's name, in which a point stands between segments.
pub(super) fn component(target: &str) -> Cow<'_, str> {
    match target.contains("::") {
        true => Cow::Owned(target.replace("::", ".")),
        false => Cow::Borrowed(target),
    }
}

/// Whether the component begins with the whole segments of the name.
pub(super) fn covers(name: &str, component: &str) -> bool {
    component.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// The names that stand for the loggers with these limits.
    fn check(names: &[&str], target: &str, expected: Option<&str>) {
        let mut loggers = Loggers::default();
        for (index, name) in names.iter().enumerate() {
            let limit = NonZeroU32::new(u32::try_from(index).unwrap() + 1);
            loggers = loggers.with(name, Logger { limit, ..Logger::default() });
        }
        let limit = loggers.of(target).0.limit;
        assert_eq!(limit.map(|limit| names[limit.get() as usize - 1]), expected);
    }

    #[test]
    fn an_event_belongs_to_the_longest_name_by_segments() {
        let names = ["database", "database::pool", "api.v1"];
        check(&names, "database", Some("database"));
        check(&names, "database::query", Some("database"));
        check(&names, "database::pool", Some("database::pool"));
        check(&names, "database.pool::idle", Some("database::pool"));
        check(&names, "api::v1::users", Some("api.v1"));
        check(&names, "databases", None);
        check(&names, "api", None);
        check(&names, "shop::database", None);
        check(&[], "", None);
    }

    #[test]
    fn the_later_of_two_loggers_of_one_name_counts() {
        check(&["a::b", "a.b"], "a::b::c", Some("a.b"));
    }

    #[test]
    fn loggers_may_share_a_sink() {
        let sink: Arc<dyn Sink> = Arc::new(Mutex::new(Vec::new()));
        let other: Arc<dyn Sink> = Arc::new(Mutex::new(Vec::new()));
        let own = |sink: &Arc<dyn Sink>| Logger { sink: Some(Arc::clone(sink)), ..Logger::default() };
        let loggers = Loggers::default().with("a", own(&sink)).with("b", own(&sink)).with("c", own(&other));
        assert_eq!(loggers.of("a").1, loggers.of("b").1);
        assert_ne!(loggers.of("a").1, loggers.of("c").1);
        assert_eq!(loggers.of("d").1, None);
        assert_eq!(loggers.sinks().len(), 2);
    }
}
