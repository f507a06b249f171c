//! What steps have in common: `retry`, `timeout`, `cache`, and the file's `defaults` for them.

use std::time::Duration;

use super::Mistake;
use super::fields::{Fields, Findings};
use super::tree::{Node, Tree};
use crate::model::{CachePolicy, RetryPolicy, Settings};

/// The most attempts that a file may ask for.
const MAX_ATTEMPTS: i64 = 1_000;
const DEFAULT_KEYS: [&str; 3] = ["retry", "timeout", "cache"];
const RETRY_KEYS: [&str; 3] = ["attempts", "wait", "max_wait"];
const CACHE_KEYS: [&str; 5] = ["files", "env", "work_tree", "ttl", "salt"];

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
        fields.known(&DEFAULT_KEYS, "defaults", findings);
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
        Settings { retry: retry.unwrap_or_default(), timeout, cache: cache.unwrap_or_default() }
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
    fields.known(&RETRY_KEYS, "retry", findings);
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

/// `cache: true | false | { files, env, work_tree, ttl, salt }`.
fn cache(node: &Node, findings: &mut Findings) -> Option<CachePolicy> {
    let by = |work_tree| CachePolicy::By { work_tree, files: Vec::new(), env: Vec::new(), ttl: None, salt: None };
    match node.tree {
        Tree::Bool(false) => return Some(CachePolicy::Off),
        Tree::Bool(true) => return Some(by(true)),
        Tree::Map(_) => {}
        _ => {
            findings.wrong(node, "cache", "true, false or a map");
            return None;
        }
    }
    let fields = Fields::open(node, "cache", findings)?;
    fields.known(&CACHE_KEYS, "cache", findings);
    Some(CachePolicy::By {
        work_tree: fields.find("work_tree").and_then(|node| findings.truth(node, "work_tree")).unwrap_or(false),
        files: fields.find("files").map(|node| findings.texts(node, "files")).unwrap_or_default(),
        env: fields.find("env").map(|node| findings.words(node, "env")).unwrap_or_default(),
        ttl: fields.find("ttl").and_then(|node| findings.duration(node, "ttl")),
        salt: fields.find("salt").and_then(|node| findings.text(node, "salt")),
    })
}
