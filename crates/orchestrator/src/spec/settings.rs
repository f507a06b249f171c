//! What steps have in common: `retry`, `timeout`, `cache`, and the file's `defaults` for them.

use std::time::Duration;

use super::Mistake;
use super::caching::cache;
use super::fields::{Fields, Findings};
use super::keys;
use super::tree::{Node, Tree};
use crate::model::{CachePolicy, RetryPolicy, Settings};

/// The most attempts that a file may ask for.
const MAX_ATTEMPTS: i64 = 1_000;

/// The file's `defaults`, used where a step says nothing.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    retry: Option<RetryPolicy>,
    timeout: Option<Duration>,
    cache: Option<CachePolicy>,
}

impl Defaults {
    pub(super) fn check(node: Option<&Node>, findings: &mut Findings) -> Defaults {
        let Some(fields) = node.and_then(|node| Fields::open(node, "defaults", findings)) else {
            return Defaults::default();
        };
        fields.known(&keys::DEFAULTS, "defaults", findings);
        Defaults {
            retry: fields.find("retry").and_then(|node| retry(node, findings)),
            timeout: fields.find("timeout").and_then(|node| findings.duration(node, "timeout")),
            cache: fields.find("cache").and_then(|node| cache(node, findings)),
        }
    }

    /// Reads a step's own settings, filled up with the defaults.
    pub(super) fn settings(&self, fields: &Fields<'_>, findings: &mut Findings) -> Settings {
        let retry = fields.find("retry").map_or(self.retry.clone(), |node| retry(node, findings));
        let timeout = fields.find("timeout").map_or(self.timeout, |node| findings.duration(node, "timeout"));
        let cache = fields.find("cache").map_or(self.cache.clone(), |node| cache(node, findings));
        Settings { retry, timeout, cache, ..Settings::default() }
    }
}

/// `retry: 3` or `retry: { attempts: 3, wait: 1s, max_wait: 1m }`; the first attempt counts.
fn retry(node: &Node, findings: &mut Findings) -> Option<RetryPolicy> {
    let attempts = |node: &Node, findings: &mut Findings| {
        let count = findings.count(node, "retry (attempts, the first included)", 1..=MAX_ATTEMPTS)?;
        u32::try_from(count).ok()
    };
    if matches!(node.tree, Tree::Integer(_)) {
        return Some(RetryPolicy { attempts: attempts(node, findings)?, ..RetryPolicy::default() });
    }
    if !matches!(node.tree, Tree::Map(_)) {
        findings.wrong(node, "retry", "a number of attempts or a map");
        return None;
    }
    let fields = Fields::open(node, "retry", findings)?;
    fields.known(&keys::RETRY, "retry", findings);
    let preset = RetryPolicy::default();
    let wait = fields.find("wait").and_then(|node| findings.duration(node, "wait")).unwrap_or(preset.wait);
    let max_wait = fields.find("max_wait").and_then(|node| findings.duration(node, "max_wait"));
    let max_wait = max_wait.unwrap_or(preset.max_wait.max(wait));
    if max_wait < wait {
        findings.add(Mistake::at(node.place, "max_wait is shorter than wait"));
    }
    let attempts = fields.find("attempts").map_or(Some(3), |node| attempts(node, findings))?;
    Some(RetryPolicy { attempts, wait, max_wait })
}

#[cfg(test)]
mod tests {
    use crate::model::{Body, CachePolicy, Settings};
    use crate::spec::parse;

    fn settings(defaults: &str, step: &str) -> Result<Settings, String> {
        let source = format!("{{defaults: {{ {defaults} }}, steps: [{{ run: [x]{step} }}]}}");
        let workflow = parse(&source, "a.yaml").map_err(|bad| bad.list()[0].message.clone())?;
        let Body::Sequence(mut blocks) = workflow.body.body else { unreachable!("the flow is a list of steps") };
        let Body::Command(command) = blocks.remove(0).body else { unreachable!("its step is a command") };
        Ok(command.settings)
    }

    fn check(defaults: &str, step: &str, expected: &str) {
        let shown = match settings(defaults, step) {
            Err(message) => message,
            Ok(Settings { retry, timeout, cache, .. }) => {
                let (retry, cache) = (retry.unwrap_or_default(), cache.unwrap_or_default());
                let cache = match cache {
                    CachePolicy::Off => "off".to_owned(),
                    CachePolicy::By(by) => format!("tree {}, {} files", by.work_tree, by.files.len()),
                };
                format!("{} tries {:?}..{:?}, {timeout:?}, cache {cache}", retry.attempts, retry.wait, retry.max_wait)
            }
        };
        assert_eq!(shown, expected, "{defaults} {step}");
    }

    #[test]
    fn a_step_goes_before_the_defaults_and_they_before_what_is_built_in() {
        check("", "", "3 tries 1s..60s, None, cache off");
        check("retry: 3, timeout: 2m, cache: true", "", "3 tries 1s..60s, Some(120s), cache tree true, 0 files");
        check(
            "retry: 3, timeout: 2m, cache: true",
            ", retry: 1, timeout: 1500ms, cache: false",
            "1 tries 1s..60s, Some(1.5s), cache off",
        );
    }

    #[test]
    fn waits_grow_from_the_first_to_the_longest() {
        check("", ", retry: {}", "3 tries 1s..60s, None, cache off");
        check("", ", retry: { attempts: 5, wait: 10ms, max_wait: 1s }", "5 tries 10ms..1s, None, cache off");
        check("", ", retry: { wait: 2m }", "3 tries 120s..120s, None, cache off");
        check("", ", retry: { wait: 2m, max_wait: 1m }", "max_wait is shorter than wait");
        check("", ", retry: 1001", "retry (attempts, the first included) must be from 1 to 1000, not 1001");
        check("", ", retry: often", "retry must be a number of attempts or a map, not text");
    }

    #[test]
    fn a_duration_has_a_unit_and_is_not_zero() {
        check("", ", timeout: 1h 30m", "3 tries 1s..60s, Some(5400s), cache off");
        check("", ", timeout: 7d", "3 tries 1s..60s, Some(604800s), cache off");
        check("", ", timeout: 15", "timeout 15 has no unit");
        check("", ", timeout: 0s", "timeout '0s' is no duration");
        check("", ", timeout: -1s", "timeout '-1s' is no duration");
        check("", ", timeout: 99999999999999999999y", "timeout '99999999999999999999y' is no duration");
        check("", ", timeout: [1s]", "timeout must be a duration, not a list");
    }
}
