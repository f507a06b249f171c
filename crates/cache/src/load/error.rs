//! Why a load gave no value. One error is shared by all who waited for it.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What an error of a loader becomes.
pub(crate) type Source = Box<dyn StdError + Send + Sync>;

/// Says why a load gave no value. Cloning is cheap: everybody who waited for a load has the same error.
///
/// ```
/// use segno_cache::{Cache, LoadErrorKind};
/// use std::num::ParseIntError;
///
/// let cache: Cache<u32, u32> = Cache::new(100);
/// let error = cache.get_or_load(&1, || "one".parse::<u32>()).unwrap_err();
/// assert_eq!(error.kind(), LoadErrorKind::Failed);
/// assert!(error.downcast_ref::<ParseIntError>().is_some());
/// ```
#[derive(Clone)]
pub struct LoadError(Arc<Why>);

/// The kinds of [`LoadError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The loader returned an error, which is the source.
    Failed,
    /// The loader panicked.
    Panicked,
    /// The load waits for itself: its loader asks for the key that it loads, or two loaders ask for each other's keys.
    Recursive,
    /// The load was given up before it ended: its runtime was shut down, or there is none.
    Cancelled,
    /// The caller's limit is over. The load goes on, and who asks later finds its value.
    TimedOut,
    /// The loader of many keys said nothing of this one.
    Absent,
}

enum Why {
    Failed(Source),
    Panicked(String),
    Recursive,
    Cancelled(&'static str),
    TimedOut(Duration),
    Absent,
}

impl LoadError {
    /// Returns what kind of error it is.
    pub fn kind(&self) -> LoadErrorKind {
        match *self.0 {
            Why::Failed(_) => LoadErrorKind::Failed,
            Why::Panicked(_) => LoadErrorKind::Panicked,
            Why::Recursive => LoadErrorKind::Recursive,
            Why::Cancelled(_) => LoadErrorKind::Cancelled,
            Why::TimedOut(_) => LoadErrorKind::TimedOut,
            Why::Absent => LoadErrorKind::Absent,
        }
    }

    /// Returns the loader's own error if it is of this type.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        match &*self.0 {
            Why::Failed(source) => source.downcast_ref(),
            _ => None,
        }
    }

    pub(crate) fn failed(source: impl Into<Source>) -> LoadError {
        LoadError(Arc::new(Why::Failed(source.into())))
    }

    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> LoadError {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        LoadError(Arc::new(Why::Panicked(text.unwrap_or_else(|| "no text".to_owned()))))
    }

    pub(crate) fn recursive() -> LoadError {
        LoadError(Arc::new(Why::Recursive))
    }

    pub(crate) fn cancelled() -> LoadError {
        LoadError(Arc::new(Why::Cancelled("what ran it was shut down")))
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn no_runtime() -> LoadError {
        LoadError(Arc::new(Why::Cancelled("there is no tokio runtime here to run it")))
    }

    pub(crate) fn timed_out(limit: Duration) -> LoadError {
        LoadError(Arc::new(Why::TimedOut(limit)))
    }

    pub(crate) fn absent() -> LoadError {
        LoadError(Arc::new(Why::Absent))
    }

    /// Whether this is an answer of the loader, which may be remembered; the rest says something of the circumstances.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(*self.0, Why::Failed(_) | Why::Panicked(_) | Why::Absent)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Why::Failed(_) => formatter.write_str("a value could not be loaded"),
            Why::Panicked(text) => write!(formatter, "the loader of a value panicked: {text}"),
            Why::Recursive => formatter.write_str("the load of a value waits for itself"),
            Why::Cancelled(why) => write!(formatter, "the load of a value was given up, since {why}"),
            Why::TimedOut(limit) => write!(formatter, "a value was not loaded within {limit:?}"),
            Why::Absent => formatter.write_str("the loader of many values said nothing of this one"),
        }
    }
}

impl fmt::Debug for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("LoadError");
        shown.field("kind", &self.kind());
        match &*self.0 {
            Why::Failed(source) => shown.field("source", source),
            Why::Panicked(text) => shown.field("text", text),
            Why::TimedOut(limit) => shown.field("limit", limit),
            Why::Recursive | Why::Cancelled(_) | Why::Absent => &mut shown,
        };
        shown.finish()
    }
}

impl StdError for LoadError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.0 {
            Why::Failed(source) => Some(&**source),
            _ => None,
        }
    }
}
