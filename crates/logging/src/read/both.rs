//! Two filters as one: the lines that both of them want.

use super::Levels;
use super::filter::{Component, Filter};

impl Filter {
    /// Returns a filter that wants the lines which both want.
    ///
    /// ```
    /// use segno_logging::read::{Component, Filter};
    ///
    /// let both = Filter::parse("component=cache.*,api")?.and(Filter::parse("component=cache.redis level=warn")?);
    /// assert_eq!(both.components, [Component::Exact("cache.redis".into())]);
    /// # Ok::<(), segno_logging::read::Error>(())
    /// ```
    #[must_use]
    pub fn and(mut self, other: Filter) -> Filter {
        let (components, ids) = (other.components, other.correlation_id);
        let is_other = |id: &String| ids.as_ref().is_some_and(|other| other != id);
        let mut is_empty = self.correlation_id.as_ref().is_some_and(is_other);
        self.components = match (self.components.is_empty(), components.is_empty()) {
            (_, true) => self.components,
            (true, false) => components,
            (false, false) => {
                let pairs = self.components.iter().flat_map(|one| components.iter().map(move |other| one.and(other)));
                let common: Vec<Component> = pairs.flatten().collect();
                is_empty |= common.is_empty();
                common
            }
        };
        self.correlation_id = self.correlation_id.or(ids);
        // A filter has no other way to want nothing.
        let nothing = is_empty.then(|| Levels::only(&[]));
        self.levels = [self.levels, other.levels, nothing].into_iter().flatten().reduce(Levels::and);
        self.since = self.since.max(other.since);
        self.until = [self.until, other.until].into_iter().flatten().min();
        self.conditions.extend(other.conditions);
        self.texts.extend(other.texts);
        self.regexes.extend(other.regexes);
        self
    }
}

impl Component {
    /// Returns what both take, if there is anything.
    fn and(&self, other: &Component) -> Option<Component> {
        let within = |inner: &Component, outer: &Component| match inner {
            Component::Exact(name) | Component::Below(name) => outer.takes(name).then(|| inner.clone()),
        };
        match (self, other) {
            (Component::Below(_), Component::Exact(_)) => within(other, self),
            (Component::Exact(_), _) => within(self, other),
            (Component::Below(_), Component::Below(_)) => within(self, other).or_else(|| within(other, self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Query, Sources, fold};

    /// Counts the lines that two filters want together, either way round.
    fn check(one: &str, other: &str, expected: u64) {
        let lines = concat!(
            r#"{"timestamp":"2026-11-27T00:00:00Z","level":"INFO","component":"cache","correlation_id":"a"}"#,
            "\n",
            r#"{"timestamp":"2026-11-27T00:00:01Z","level":"WARN","component":"cache.redis","correlation_id":"a"}"#,
            "\n",
            r#"{"timestamp":"2026-11-27T00:00:02Z","level":"ERROR","component":"cache.redis.pool","correlation_id":"b"}"#,
            "\n",
            r#"{"timestamp":"2026-11-27T00:00:03Z","level":"ERROR","component":"api"}"#,
            "\n",
        );
        for (one, other) in [(one, other), (other, one)] {
            let both = Filter::parse(one).unwrap().and(Filter::parse(other).unwrap());
            let sources = Sources::reader("memory", lines.as_bytes());
            let (count, _) =
                fold(sources, &Query::new(both), || 0, |count, _| *count += 1, |all, count| *all += count).unwrap();
            assert_eq!(count, expected, "{one} and {other}");
        }
    }

    #[test]
    fn each_filter_narrows_the_other() {
        check("", "", 4);
        check("component=cache.*", "", 3);
        check("component=cache.*", "component=cache.redis", 1);
        check("component=cache.*", "component=cache.redis.*,api", 2);
        check("component=cache.redis", "component=cache.redis", 1);
        check("component=cache,api", "component=api,cache.redis", 1);
        check("component=cache.redis", "component=api", 0);
        check("component=cache", "component=cache.redis.*", 0);
        check("correlation_id=a", "correlation_id=a", 2);
        check("correlation_id=a", "correlation_id=b", 0);
        check("level>=warn", "level<=warn", 1);
        check("level=info", "component=api", 0);
        check("since=2026-11-27T00:00:01Z", "since=2026-11-27T00:00:02Z until=2026-11-27T00:00:03Z", 1);
        check("redis", "regex=pool", 1);
    }
}
