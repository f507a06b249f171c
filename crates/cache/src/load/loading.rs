//! How a value is loaded, as options, and the source of chance for early refreshes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Terms;

/// How a value is loaded and kept.
///
/// ```
/// use segno_cache::{Cache, Loading, Terms};
/// use std::time::Duration;
///
/// let minute = Duration::from_secs(60);
/// let loading = Loading {
///     terms: Terms { time_to_live: Some(minute), ..Terms::default() },
///     negative: Some(Duration::from_secs(5)),
///     refresh_ahead: Some(1.0),
///     stale_if_error: Some(10 * minute),
///     ..Loading::default()
/// };
/// let cache: Cache<String, usize> = Cache::new(100);
/// let length = cache.get_or_load_with("four", &loading, || Ok::<_, std::io::Error>(4));
/// assert_eq!(length.ok(), Some(4));
/// ```
#[derive(Clone, Debug)]
pub struct Loading {
    /// The terms under which the value is kept. `cost` is measured if it is left out; while loads take less than a
    /// microsecond, of one in eight, since the clock would cost more than they do. `stale` is as long as the longest of
    /// the stale times below if those are longer.
    pub terms: Terms,
    /// How long this caller waits for a load that somebody else runs, or that runs as a task. The load itself has no
    /// limit and goes on: one that never ends keeps its one place until the key is invalidated, and callers without a
    /// limit wait with it. A load that a thread runs itself, it runs to its end.
    pub limit: Option<Duration>,
    /// How long an error is remembered and given to who asks next, instead of another load. At most
    /// [`Loading::MAX_FAILURES`] are remembered in one cache; an invalidation of the key or its tags forgets them.
    pub negative: Option<Duration>,
    /// Refreshes a value before it expires, at a moment that chance chooses so that few callers choose the same: the
    /// nearer the end and the longer the load takes, the likelier. 1 is right for most; more refreshes earlier. Only
    /// values with a time to live are refreshed.
    ///
    /// Source: A. Vattani, F. Chierichetti, K. Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015
    /// (XFetch, whose beta this is).
    pub refresh_ahead: Option<f64>,
    /// The source of chance for that.
    pub dice: Dice,
    /// How long after its time to live a value is still given, while one caller refreshes it.
    pub stale_while_revalidate: Option<Duration>,
    /// How long after its time to live a value is still given if its load fails or does not end within the limit.
    pub stale_if_error: Option<Duration>,
}

impl Loading {
    /// How many errors one cache remembers at most; the one that would be forgotten soonest makes room.
    pub const MAX_FAILURES: usize = 1024;

    const DEFAULT: Loading = Loading {
        terms: Terms {
            weight: None,
            time_to_live: None,
            time_to_idle: None,
            stale: None,
            cost: None,
            tags: Vec::new(),
            pinned: false,
        },
        limit: None,
        negative: None,
        refresh_ahead: None,
        dice: Dice(None),
        stale_while_revalidate: None,
        stale_if_error: None,
    };

    /// Whether it is the usual one, whose terms say nothing.
    pub(super) fn is_usual(&self) -> bool {
        std::ptr::eq(self, &USUAL)
    }

    /// Whether a value that is there is just given or is not.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.refresh_ahead.is_none() && self.stale_while_revalidate.is_none() && self.stale_if_error.is_none()
    }

    /// Returns the terms for a value that took so long to load.
    pub(crate) fn terms(&self, took: Option<Duration>) -> Terms {
        let stale = self.terms.stale.max(self.stale_while_revalidate).max(self.stale_if_error);
        Terms { cost: self.terms.cost.or(took), stale, ..self.terms.clone() }
    }
}

/// The usual way: one for all, since a call that made its own would pay for it on every hit.
pub(super) static USUAL: Loading = Loading::DEFAULT;

impl Default for Loading {
    fn default() -> Loading {
        Loading::DEFAULT
    }
}

/// A source of chance: numbers from 0 to below 1, evenly spread.
#[derive(Clone, Default)]
pub struct Dice(Option<Arc<dyn Fn() -> f64 + Send + Sync>>);

impl Dice {
    /// Makes dice out of a closure, for a test. What it says outside of 0 to 1 counts as the nearer end.
    pub fn from_fn(throw: impl Fn() -> f64 + Send + Sync + 'static) -> Dice {
        Dice(Some(Arc::new(throw)))
    }

    /// Returns the next number, by default the cache's own.
    pub(crate) fn throw(&self, own: impl FnOnce() -> f64) -> f64 {
        match &self.0 {
            Some(throw) => throw(),
            None => own(),
        }
    }
}

impl fmt::Debug for Dice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Dice")
    }
}
