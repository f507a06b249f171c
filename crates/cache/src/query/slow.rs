//! The log of slow statements: the slowest ones, one entry for all that differ in their values only.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A longer text is cut in the log.
pub(super) const MAX_SHOWN: usize = 2_000;

/// A statement that took longer than the threshold. Values of parameters are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlowStatement {
    /// The text of the slowest call, in canonical form, cut after 2,000 characters.
    pub text: String,
    /// What it has in common with the other calls.
    pub shape: Arc<str>,
    /// In which scope the slowest call was made.
    pub scope: Option<Arc<str>>,
    /// How long the slowest call took.
    pub slowest: Duration,
    /// How long the slow calls took together.
    pub total: Duration,
    /// How many calls were slow.
    pub calls: u64,
}

#[derive(Debug)]
pub(super) struct SlowLog {
    threshold: Duration,
    kept: usize,
    entries: Mutex<Vec<SlowStatement>>,
}

impl SlowLog {
    pub(super) fn new(threshold: Duration, kept: usize) -> SlowLog {
        SlowLog { threshold, kept, entries: Mutex::default() }
    }

    /// Notes a call if it was slow, and returns whether it was.
    pub(super) fn note(&self, text: &str, shape: &Arc<str>, scope: Option<&Arc<str>>, took: Duration) -> bool {
        if took < self.threshold {
            return false;
        }
        tracing::warn!(statement = %cut(text), scope = scope.map(|scope| &**scope), ?took, "a statement is slow");
        let mut entries = self.entries();
        match entries.iter_mut().find(|entry| entry.shape == *shape) {
            Some(entry) => {
                entry.calls += 1;
                entry.total = entry.total.saturating_add(took);
                if took > entry.slowest {
                    (entry.slowest, entry.text, entry.scope) = (took, cut(text), scope.cloned());
                }
            }
            None => {
                let (shape, scope) = (Arc::clone(shape), scope.cloned());
                entries.push(SlowStatement { text: cut(text), shape, scope, slowest: took, total: took, calls: 1 });
            }
        }
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.slowest));
        entries.truncate(self.kept);
        true
    }

    /// Returns the slowest statements, the slowest first.
    pub(super) fn slowest(&self) -> Vec<SlowStatement> {
        self.entries().clone()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<SlowStatement>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(MAX_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_shapes_are_kept() {
        let log = SlowLog::new(Duration::from_millis(10), 2);
        let note = |text: &str, shape: &str, millis| log.note(text, &shape.into(), None, Duration::from_millis(millis));
        assert!(!note("select 1", "a", 9));
        assert!(note("select 1", "a", 20) && note("select 2", "a", 30) && note("select 3", "a", 10));
        assert!(note("x", "b", 15) && note("y", "c", 40));
        let kept: Vec<_> = log.slowest().into_iter().map(|one| (one.text, one.calls, one.total.as_millis())).collect();
        assert_eq!(kept, [("y".to_owned(), 1, 40), ("select 2".to_owned(), 3, 60)]);
    }

    #[test]
    fn a_long_text_is_cut_and_a_log_of_none_keeps_none() {
        let log = SlowLog::new(Duration::ZERO, 1);
        log.note(&"ä".repeat(5_000), &"a".into(), None, Duration::MAX);
        log.note("x", &"a".into(), None, Duration::MAX);
        assert_eq!(log.slowest()[0].text.chars().count(), MAX_SHOWN);
        let none = SlowLog::new(Duration::ZERO, 0);
        none.note("x", &"a".into(), None, Duration::ZERO);
        assert!(none.slowest().is_empty());
    }
}
