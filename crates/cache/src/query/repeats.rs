//! Repeated queries: the same statement again and again with other values, where one would do ("N+1").

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::slow::cut;

/// So many statements are watched in one scope, and so many findings are kept.
const MAX_SHAPES: usize = 512;
const MAX_FINDINGS: usize = 128;
/// So many different values of one statement are counted.
const MAX_DISTINCT: usize = 10_000;

/// A statement that was repeated with other values where one statement could have asked for all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepeatedQuery {
    /// What the calls have in common, cut after 2,000 characters.
    pub shape: String,
    /// In which scope they were made; none if it was no scope but a window of time.
    pub scope: Option<Arc<str>>,
    /// How many calls there were in one scope or window, at most.
    pub calls: u64,
    /// With how many different values, at most.
    pub distinct: u64,
    /// What could be done about it.
    pub suggestion: String,
}

/// How often each statement was run in one scope, or in a window of time.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    scope: Option<Arc<str>>,
    began: Duration,
    shapes: HashMap<Arc<str>, Runs>,
}

#[derive(Debug, Default)]
struct Runs {
    calls: u64,
    values: HashSet<u64>,
}

impl Repeats {
    pub(super) fn scope(&self) -> Option<&Arc<str>> {
        self.scope.as_ref()
    }

    /// Begins a scope, or a window of time if it has no name.
    pub(super) fn enter(&mut self, scope: Option<Arc<str>>, now: Duration) {
        *self = Repeats { scope, began: now, shapes: HashMap::new() };
    }

    /// Counts a call; `values` tells its values from others. Returns what was counted once that is too often.
    fn count(&mut self, shape: &Arc<str>, values: u64, at: Duration, limits: &Limits) -> Option<(u64, u64)> {
        if self.scope.is_none() && at.saturating_sub(self.began) > limits.window {
            self.enter(None, at);
        }
        if self.shapes.len() >= MAX_SHAPES && !self.shapes.contains_key(shape) {
            return None;
        }
        let runs = self.shapes.entry(Arc::clone(shape)).or_default();
        runs.calls += 1;
        if runs.values.len() < MAX_DISTINCT {
            runs.values.insert(values);
        }
        let distinct = runs.values.len() as u64;
        (limits.repeats > 0 && distinct >= limits.repeats).then_some((runs.calls, distinct))
    }
}

/// When a repetition is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) repeats: u64,
    pub(super) window: Duration,
}

/// What was found, over all sessions.
#[derive(Debug)]
pub(super) struct Findings {
    limits: Limits,
    found: Mutex<Vec<(Arc<str>, RepeatedQuery)>>,
}

impl Findings {
    pub(super) fn new(limits: Limits) -> Findings {
        Findings { limits, found: Mutex::default() }
    }

    /// Counts one call of a session, and notes it if that makes it a repetition.
    pub(super) fn note(&self, repeats: &mut Repeats, shape: &Arc<str>, table: Option<&str>, values: u64, at: Duration) {
        let Some((calls, distinct)) = repeats.count(shape, values, at, &self.limits) else {
            return;
        };
        let scope = repeats.scope();
        let mut found = self.found();
        let is_full = found.len() >= MAX_FINDINGS;
        match found.iter_mut().find(|(known, finding)| known == shape && finding.scope.as_ref() == scope) {
            Some((_, finding)) => {
                finding.calls = finding.calls.max(calls);
                finding.distinct = finding.distinct.max(distinct);
            }
            None if !is_full => {
                let suggestion = suggestion(shape, table);
                let (named, shown) = (scope.map(|scope| &**scope), cut(shape));
                tracing::warn!(statement = %shown, scope = named, calls, %suggestion, "a query is repeated");
                let finding = RepeatedQuery { shape: shown, scope: scope.cloned(), calls, distinct, suggestion };
                found.push((Arc::clone(shape), finding));
            }
            None => {}
        }
    }

    /// Returns what was found, the most calls first.
    pub(super) fn all(&self) -> Vec<RepeatedQuery> {
        let mut all: Vec<RepeatedQuery> = self.found().iter().map(|(_, finding)| finding.clone()).collect();
        all.sort_by_key(|finding| std::cmp::Reverse(finding.calls));
        all
    }

    fn found(&self) -> MutexGuard<'_, Vec<(Arc<str>, RepeatedQuery)>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says how one statement could ask for all: by the column that is compared with a value.
fn suggestion(shape: &str, table: Option<&str>) -> String {
    let words: Vec<&str> = shape.split(' ').collect();
    let compared =
        words.windows(2).position(|pair| pair == ["=", "?"]).and_then(|place| words.get(place.checked_sub(1)?));
    match (compared, table) {
        (Some(column), Some(table)) => format!(
            "ask once for all, with `{column} IN (..)`, or join `{table}` to the query that the values come from"
        ),
        (Some(column), None) => format!("ask once for all, with `{column} IN (..)`"),
        (None, _) => "ask once for all values, with a list or a join".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what is found after calls of one statement with these values, one a millisecond.
    fn check(scope: Option<&str>, values: impl IntoIterator<Item = u64>, expected: &[(u64, u64)]) {
        let findings = Findings::new(Limits { repeats: 5, window: Duration::from_millis(10) });
        let mut repeats = Repeats::default();
        repeats.enter(scope.map(Arc::from), Duration::ZERO);
        let shape: Arc<str> = "select x from t where id = ?".into();
        for (millis, value) in (0..).zip(values) {
            findings.note(&mut repeats, &shape, Some("t"), value, Duration::from_millis(millis));
        }
        let found: Vec<(u64, u64)> = findings.all().iter().map(|found| (found.calls, found.distinct)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn many_values_in_one_scope_are_a_finding() {
        check(Some("page"), 0..4, &[]);
        check(Some("page"), 0..100, &[(100, 100)]);
        check(Some("page"), std::iter::repeat_n(1, 100), &[]);
    }

    #[test]
    fn without_a_scope_a_window_of_time_counts() {
        check(None, 0..8, &[(8, 8)]);
        check(None, (0..100).map(|number| number / 4), &[]);
    }

    #[test]
    fn a_suggestion_names_the_column_and_the_table() {
        assert!(suggestion("select x from t where id = ?", Some("t")).contains("`id IN (..)`, or join `t`"));
        assert!(suggestion("= ?", None).starts_with("ask once"));
    }
}
