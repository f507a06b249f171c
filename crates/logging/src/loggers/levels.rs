//! The levels of all loggers: a handle that changes them while the program runs, and the filter that makes them count.
//! Leaves their text form to `directives`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use tracing::callsite::rebuild_interest_cache;
use tracing::dispatcher::WeakDispatch;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Dispatch, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter, Layer};

use super::directives::{self, Directive};
use super::logger::{component, covers};
use crate::Error;
use crate::write::near::{self, Near};

/// The levels of a program's loggers, which may be changed at any time and from any thread. Clones share them.
///
/// Added to a registry it filters for all its layers; with
/// [`with_filter`](tracing_subscriber::layer::Layer::with_filter) for one. In the first case an event that is disabled stays
/// the one comparison that `tracing` makes itself, however many layers there are: each call site learns its answer when
/// levels change, and nothing is looked up for an event.
///
/// ```
/// use segno_logging::{Level, Levels};
///
/// # fn main() -> Result<(), segno_logging::Error> {
/// let levels = Levels::new(Level::INFO);
/// levels.set("database", Level::DEBUG);
/// levels.apply_text("warn,hyper=off")?;
/// assert_eq!(levels.to_string(), "warn,database=debug,hyper=off");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Levels {
    shared: Arc<Shared>,
}

struct Shared {
    /// Tells the levels of a process apart.
    id: usize,
    table: RwLock<Table>,
    /// Somebody was told what the levels are, who has to be told when they change.
    is_in_use: AtomicBool,
    /// Those that the levels filter for.
    subscribers: Mutex<Vec<WeakDispatch>>,
    /// Counts the changes: what was found out at an older one is found out anew.
    revision: AtomicUsize,
}

#[derive(Debug, Clone)]
struct Table {
    root: LevelFilter,
    /// By the component's name.
    named: BTreeMap<String, LevelFilter>,
}

/// So many names can have a level, since they may come from outside.
const MAX_NAMES: usize = 1_024;

/// What was found out of a call site.
struct Verdict {
    /// Of which the rest was found out.
    revision: usize,
    level: Level,
    target: Box<str>,
    is_enabled: bool,
}

thread_local! {
    static VERDICTS: RefCell<Near<Verdict>> = RefCell::default();
}

impl Levels {
    /// Everything has this level.
    pub fn new(level: impl Into<LevelFilter>) -> Levels {
        static IDS: AtomicUsize = AtomicUsize::new(0);
        let shared = Shared {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            table: RwLock::new(Table { root: level.into(), named: BTreeMap::new() }),
            is_in_use: AtomicBool::new(false),
            subscribers: Mutex::default(),
            revision: AtomicUsize::new(0),
        };
        Levels { shared: Arc::new(shared) }
    }

    /// Returns the levels of the subscriber that this thread logs to, if it has some of this crate.
    pub fn current() -> Option<Levels> {
        tracing::dispatcher::get_default(|dispatch| dispatch.downcast_ref::<Levels>().cloned())
    }

    /// Sets the level of a logger and of those inside it that have none of their own. The name need not have been known.
    ///
    /// Beyond 1,024 names new ones are ignored; [`apply_text`](Levels::apply_text) says so.
    pub fn set(&self, name: &str, level: impl Into<LevelFilter>) {
        let directive = Directive::Named(component(name).into_owned(), Some(level.into()));
        // The only thing that can be wrong is told in this function's description.
        _ = self.apply(&[directive]);
    }

    /// Sets the level of all loggers that have none of their own.
    pub fn set_root(&self, level: impl Into<LevelFilter>) {
        // A root is always there.
        _ = self.apply(&[Directive::Root(level.into())]);
    }

    /// Returns the level of a logger, or of the one round it when it has none of its own.
    pub fn of(&self, name: &str) -> LevelFilter {
        self.table().of(&component(name))
    }

    /// Changes the levels that the text names, all or none: `info,database=debug,hyper=inherit`.
    ///
    /// A level without a name is the root's, and `inherit` takes a logger's own level away. What is not named stays.
    /// `fatal` is read as `error`, since only an event itself says that it is fatal.
    ///
    /// # Errors
    /// [`Error::Levels`] with every mistake and its place.
    pub fn apply_text(&self, text: &str) -> Result<(), Error> {
        let directives = directives::parse(text).map_err(|mistakes| Error::Levels { mistakes })?;
        self.apply(&directives)
    }

    fn apply(&self, directives: &[Directive]) -> Result<(), Error> {
        {
            let mut table = self.shared.table.write().unwrap_or_else(PoisonError::into_inner);
            let mut changed = table.clone();
            directives.iter().for_each(|directive| changed.apply(directive));
            if changed.named.len() > MAX_NAMES && changed.named.len() > table.named.len() {
                return Err(Error::TooManyLoggers { most: MAX_NAMES });
            }
            *table = changed;
            self.shared.revision.fetch_add(1, Ordering::Release);
        }
        // Without the lock: each call site asks the filter, and others may be asking already.
        if self.shared.is_in_use.load(Ordering::SeqCst) {
            self.have_call_sites_ask();
        }
        Ok(())
    }

    /// Remembers a subscriber that the levels filter for. As the filter of one layer they are not told; the layer is.
    pub(crate) fn note(&self, subscriber: &Dispatch) {
        let mut subscribers = self.shared.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|known| known.upgrade().is_some());
        subscribers.push(subscriber.downgrade());
    }

    /// While there is a single subscriber, `tracing` takes it to be that of the thread that asks. A thread that has none would
    /// have all events disabled.
    fn have_call_sites_ask(&self) {
        let subscribers = self.shared.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        let living = subscribers.iter().find_map(WeakDispatch::upgrade);
        drop(subscribers);
        match living {
            Some(subscriber) => tracing::dispatcher::with_default(&subscriber, rebuild_interest_cache),
            None => rebuild_interest_cache(),
        }
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.shared.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn allows(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.table().of(&component(metadata.target()))
    }

    fn interest(&self, metadata: &Metadata<'_>) -> Interest {
        // Before the table is read: who changes it afterwards sees this.
        self.shared.is_in_use.store(true, Ordering::SeqCst);
        if self.allows(metadata) { Interest::always() } else { Interest::never() }
    }

    /// For call sites that other filters want to be asked about each time: without a lock.
    fn is_enabled(&self, metadata: &Metadata<'_>) -> bool {
        let revision = self.shared.revision.load(Ordering::Acquire);
        // Bridges from other facades ask with metadata on their stack: the address alone says nothing.
        let is_of = |verdict: &Verdict| {
            verdict.revision == revision && verdict.level == *metadata.level() && *verdict.target == *metadata.target()
        };
        let find_out = || Verdict {
            revision,
            level: *metadata.level(),
            target: metadata.target().into(),
            is_enabled: self.allows(metadata),
        };
        let known = VERDICTS.try_with(|verdicts| {
            let mut verdicts = verdicts.try_borrow_mut().ok()?;
            Some(verdicts.find(self.shared.id, near::address(metadata), is_of, find_out).is_enabled)
        });
        known.ok().flatten().unwrap_or_else(|| self.allows(metadata))
    }

    fn most_verbose(&self) -> Option<LevelFilter> {
        self.shared.is_in_use.store(true, Ordering::SeqCst);
        let table = self.table();
        table.named.values().copied().chain([table.root]).max()
    }
}

impl Table {
    fn of(&self, component: &str) -> LevelFilter {
        let covering = self.named.iter().filter(|(name, _)| covers(name, component));
        covering.max_by_key(|(name, _)| name.len()).map_or(self.root, |(_, level)| *level)
    }

    fn apply(&mut self, directive: &Directive) {
        match directive {
            Directive::Root(level) => self.root = *level,
            Directive::Named(name, Some(level)) => _ = self.named.insert(name.clone(), *level),
            Directive::Named(name, None) => _ = self.named.remove(name),
        }
    }
}

impl<S: Subscriber> Layer<S> for Levels {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.note(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.interest(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.is_enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.most_verbose()
    }
}

impl<S> Filter<S> for Levels {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.is_enabled(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.interest(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.most_verbose()
    }
}

/// The text that [`apply_text`](Levels::apply_text) reads.
impl fmt::Display for Levels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table();
        formatter.write_str(directives::word(table.root))?;
        table.named.iter().try_for_each(|(name, level)| write!(formatter, ",{name}={}", directives::word(*level)))
    }
}

impl fmt::Debug for Levels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Levels({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: &str) {
        let levels = Levels::new(Level::INFO);
        for text in texts {
            levels.apply_text(text).unwrap();
        }
        assert_eq!(levels.to_string(), expected);
    }

    #[test]
    fn a_text_changes_what_it_names() {
        check(&[], "info");
        check(&["database=debug", "warn,hyper::client=off"], "warn,database=debug,hyper.client=off");
        check(&["database=debug", "database=inherit"], "info");
        check(&["a=debug,a=warn,error,debug"], "debug,a=warn");
    }

    #[test]
    fn a_text_with_a_mistake_changes_nothing() {
        let levels = Levels::new(Level::INFO);
        let error = levels.apply_text("debug,hyper=wran").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read the levels: column 13: 'wran' is no level. a level is off, error, warn, info, debug or trace or inherit"
        );
        assert_eq!(levels.to_string(), "info");
    }

    #[test]
    fn a_logger_without_a_level_has_that_of_the_one_round_it() {
        let levels = Levels::new(Level::INFO);
        levels.set("database", Level::WARN);
        levels.set("database::pool", LevelFilter::OFF);
        let of = ["app", "database::query", "database.pool::idle", "databases"].map(|name| levels.of(name));
        assert_eq!(of, [LevelFilter::INFO, LevelFilter::WARN, LevelFilter::OFF, LevelFilter::INFO]);
    }

    #[test]
    fn names_from_outside_fill_no_memory() {
        let levels = Levels::new(Level::INFO);
        for name in 0..MAX_NAMES {
            levels.set(&name.to_string(), Level::WARN);
        }
        let error = levels.apply_text("one_more=warn").unwrap_err();
        assert!(matches!(error, Error::TooManyLoggers { most: MAX_NAMES }));
        levels.apply_text("7=debug").unwrap();
        assert_eq!(levels.of("7"), LevelFilter::DEBUG);
    }
}
