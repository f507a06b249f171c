//! `[policies.NAME]` of `segno.toml`: what stands between the steps and an agent or a provider. Leaves what the parts do
//! to `segno-resilience`, whose checks of numbers become mistakes with a place here.

use std::time::Duration;

use segno_resilience::{
    Algorithm, Breaker, BreakerConfig, Budget, BulkheadConfig, ConcurrencyConfig, Policy, PolicyBuilder, RateConfig,
    Retry,
};

use super::Mistake;
use super::fields::{Fields, Findings, nearest};
use super::settings_file::table;
use super::tree::{Node, Tree};
use super::vocabulary::Document;

/// What a project has set about the calls of an agent or a provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallPolicy {
    /// When calls are stopped.
    pub breaker: Choice<BreakerConfig>,
    /// How many retries a success pays for.
    pub budget: Choice<f64>,
    /// How many calls there may be in a time.
    pub rate: Option<RateConfig>,
    /// How many calls run at once, in all runs of the process.
    pub bulkhead: Option<BulkheadConfig>,
    /// A limit of calls at once that finds its height by itself.
    pub concurrency: Option<ConcurrencyConfig>,
}

/// Something that is preset, and may be set otherwise or not wanted at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Choice<T> {
    /// As it is preset.
    #[default]
    Preset,
    /// Not at all.
    Off,
    /// Like this.
    Set(T),
}

/// So many failures in a row stop the calls of an agent when nothing is set.
const IN_A_ROW: u32 = 5;
/// For how long they are stopped.
const OPEN_FOR: Duration = Duration::from_secs(5);
/// How many retries a success pays for, and how many there are to begin with.
const RATIO: f64 = 0.1;
const CAPACITY: u32 = 20;

impl CallPolicy {
    /// Returns the policy with this name.
    ///
    /// # Errors
    /// A number that no policy can be built with.
    pub fn build(&self, name: &str) -> Result<Policy, segno_resilience::Error> {
        #[cfg(not(feature = "rate"))]
        if self.rate.is_some() {
            return Err(segno_resilience::Error::LeftOut { feature: "rate" });
        }
        self.on(Policy::named(name)).build()
    }

    /// Puts the parts round a policy. Its retry makes one attempt: the engine makes the others, and records them.
    pub(crate) fn on(&self, policy: PolicyBuilder) -> PolicyBuilder {
        let once = Retry::attempts(1);
        let policy = policy.retry(match self.budget {
            Choice::Off => once,
            Choice::Preset => once.budget(Budget::ratio(RATIO).capacity(CAPACITY)),
            Choice::Set(ratio) => once.budget(Budget::ratio(ratio).capacity(CAPACITY)),
        });
        let policy = match &self.breaker {
            Choice::Off => policy,
            Choice::Preset => policy.breaker(Breaker::in_a_row(IN_A_ROW).open_for(OPEN_FOR)),
            Choice::Set(breaker) => policy.breaker(breaker.clone()),
        };
        let CallPolicy { rate, bulkhead, concurrency, .. } = self.clone();
        let policy = rated(policy, rate);
        let policy = bulkhead.into_iter().fold(policy, PolicyBuilder::bulkhead);
        concurrency.into_iter().fold(policy, PolicyBuilder::concurrency)
    }
}

#[cfg(feature = "rate")]
fn rated(policy: PolicyBuilder, rate: Option<RateConfig>) -> PolicyBuilder {
    rate.into_iter().fold(policy, PolicyBuilder::rate)
}

/// What cannot be had was found before.
#[cfg(not(feature = "rate"))]
fn rated(policy: PolicyBuilder, _: Option<RateConfig>) -> PolicyBuilder {
    policy
}

/// The words for the ways in which an adaptive limit moves.
pub(super) const ALGORITHMS: [&str; 2] = ["aimd", "gradient2"];

/// Reads all policies of the file.
pub(super) fn policies(node: &Node, findings: &mut Findings) -> Vec<(String, CallPolicy)> {
    let Some(fields) = Fields::open(node, "policies", findings) else { return Vec::new() };
    let read = |(key, node): &(super::tree::Key, Node)| Some((key.name.clone(), policy(node, &key.name, findings)?));
    fields.rows().iter().filter_map(read).collect()
}

fn policy(node: &Node, name: &str, findings: &mut Findings) -> Option<CallPolicy> {
    let fields = table(node, "policy", &format!("the policy of '{name}'"), findings)?;
    let mut known = |name: &str, check: &mut dyn FnMut(&Node, &mut Findings)| {
        if let Some(node) = fields.find(name) {
            check(node, findings);
        }
    };
    let mut policy = CallPolicy::default();
    known("breaker", &mut |node, findings| policy.breaker = choice(node, breaker, findings));
    known("budget", &mut |node, findings| {
        policy.budget = choice(node, |node, findings| findings.number(node, "budget", 0.0..=1.0), findings);
    });
    known("rate", &mut |node, findings| {
        policy.rate = rate(node, findings)
            .filter(|rate| builds(node, CallPolicy { rate: Some(rate.clone()), ..CallPolicy::default() }, findings));
    });
    known("bulkhead", &mut |node, findings| {
        policy.bulkhead = bulkhead(node, findings).filter(|bulkhead| {
            builds(node, CallPolicy { bulkhead: Some(bulkhead.clone()), ..CallPolicy::default() }, findings)
        });
    });
    known("concurrency", &mut |node, findings| {
        policy.concurrency = concurrency(node, findings).filter(|concurrency| {
            builds(node, CallPolicy { concurrency: Some(concurrency.clone()), ..CallPolicy::default() }, findings)
        });
    });
    Some(policy)
}

/// Reads `false`, `true` or the thing itself.
fn choice<T>(node: &Node, read: impl FnOnce(&Node, &mut Findings) -> Option<T>, findings: &mut Findings) -> Choice<T> {
    match node.tree {
        Tree::Bool(true) => Choice::Preset,
        Tree::Bool(false) => Choice::Off,
        _ => read(node, findings).map_or(Choice::Preset, Choice::Set),
    }
}

/// Adds what is wrong with the numbers of a part, if something is.
fn builds(node: &Node, policy: CallPolicy, findings: &mut Findings) -> bool {
    let built = policy.build("settings");
    match &built {
        Ok(_) => {}
        // Told at the key itself, by `company`.
        Err(segno_resilience::Error::Key { .. }) if !findings.list.is_empty() => {}
        Err(error) => findings.add(Mistake::at(node.place, error.to_string())),
    }
    built.is_ok()
}

fn breaker(node: &Node, findings: &mut Findings) -> Option<BreakerConfig> {
    let fields = table(node, "breaker", "breaker", findings)?;
    company("breaker", &fields, findings);
    let share =
        |name: &str, findings: &mut Findings| fields.find(name).and_then(|node| findings.number(node, name, 0.0..=1.0));
    let config = BreakerConfig {
        failures: share("failures", findings),
        of_last: count(&fields, "of_last", findings),
        within: duration(&fields, "within", findings),
        min_calls: count(&fields, "min_calls", findings),
        in_a_row: count(&fields, "in_a_row", findings),
        slow: duration(&fields, "slow", findings),
        slow_share: share("slow_share", findings),
        open_for: duration(&fields, "open_for", findings),
        probes: count(&fields, "probes", findings),
        half_open_for: duration(&fields, "half_open_for", findings),
    };
    builds(node, CallPolicy { breaker: Choice::Set(config.clone()), ..CallPolicy::default() }, findings)
        .then_some(config)
}

fn rate(node: &Node, findings: &mut Findings) -> Option<RateConfig> {
    let fields = table(node, "rate", "rate", findings)?;
    let per = duration(&fields, "per", findings);
    let burst = count(&fields, "burst", findings);
    let max_wait = duration(&fields, "max_wait", findings);
    let calls = needed(&fields, node, "calls", findings)?;
    Some(RateConfig { calls, per: per.unwrap_or(Duration::from_secs(1)), burst, max_wait })
}

fn bulkhead(node: &Node, findings: &mut Findings) -> Option<BulkheadConfig> {
    let fields = table(node, "bulkhead", "bulkhead", findings)?;
    let queue = count(&fields, "queue", findings);
    let max_wait = duration(&fields, "max_wait", findings);
    Some(BulkheadConfig { max: needed(&fields, node, "max", findings)?, queue, max_wait })
}

fn concurrency(node: &Node, findings: &mut Findings) -> Option<ConcurrencyConfig> {
    let fields = table(node, "concurrency", "concurrency", findings)?;
    let (initial, min, max) =
        (count(&fields, "initial", findings), count(&fields, "min", findings), count(&fields, "max", findings));
    let algorithm = match fields.find("algorithm") {
        None => Algorithm::Gradient2,
        Some(node) => algorithm(node, findings)?,
    };
    let (queue, max_wait) = (count(&fields, "queue", findings), duration(&fields, "max_wait", findings));
    Some(ConcurrencyConfig { algorithm, initial, min, max, queue, max_wait })
}

fn algorithm(node: &Node, findings: &mut Findings) -> Option<Algorithm> {
    let word = findings.word(node, "algorithm")?;
    match word.as_str() {
        "aimd" => Some(Algorithm::Aimd),
        "gradient2" => Some(Algorithm::Gradient2),
        other => {
            let mistake = Mistake::at(node.place, format!("unknown algorithm '{other}'"));
            findings.add(match nearest(other, ALGORITHMS.into_iter()) {
                Some(near) => mistake.hint(format!("did you mean '{near}'?")),
                None => mistake.hint(format!("known algorithms: {}", ALGORITHMS.join(", "))),
            });
            None
        }
    }
}

/// Reports keys that say nothing without another one, or not beside it.
fn company(name: &str, fields: &Fields<'_>, findings: &mut Findings) {
    let words = Document::Settings.table(name).expect("the vocabulary has a table for each part of the settings");
    let is_there = |name: &&&str| fields.find(name).is_some();
    for key in words.keys {
        let Some(node) = fields.find(key.name) else { continue };
        if !key.requires.is_empty() && !key.requires.iter().any(|other| is_there(&other)) {
            let others = key.requires.join("' or '");
            findings.add(Mistake::at(node.place, format!("'{}' says nothing without '{others}'", key.name)));
        }
        if let Some(other) = key.excludes.iter().find(is_there) {
            findings.add(Mistake::at(node.place, format!("'{}' cannot stand beside '{other}'", key.name)));
        }
    }
}

fn needed(fields: &Fields<'_>, node: &Node, name: &str, findings: &mut Findings) -> Option<u32> {
    if fields.find(name).is_none() {
        findings.add(Mistake::at(node.place, format!("'{name}' is missing")));
    }
    count(fields, name, findings)
}

fn count(fields: &Fields<'_>, name: &str, findings: &mut Findings) -> Option<u32> {
    let node = fields.find(name)?;
    let count = findings.count(node, name, 0..=i64::from(u32::MAX))?;
    u32::try_from(count).ok()
}

fn duration(fields: &Fields<'_>, name: &str, findings: &mut Findings) -> Option<Duration> {
    fields.find(name).and_then(|node| findings.duration(node, name))
}

#[cfg(all(test, feature = "toml", feature = "rate"))]
mod tests {
    use super::*;
    use crate::spec::Settings;

    /// Reads policies and says what the one of `a` is, or all mistakes with their lines.
    fn check(source: &str, expected: &str) {
        let said = match Settings::parse(source) {
            Ok(settings) => {
                let CallPolicy { breaker, budget, rate, bulkhead, concurrency } = &settings.policies["a"];
                let breaker = match breaker {
                    Choice::Set(breaker) => format!("{:?} {:?}", breaker.in_a_row, breaker.failures),
                    other => format!("{other:?}"),
                };
                let rate = rate.as_ref().map(|rate| (rate.calls, rate.per));
                let bulkhead = bulkhead.as_ref().map(|bulkhead| bulkhead.max);
                let concurrency = concurrency.as_ref().map(|limit| limit.algorithm);
                format!("{breaker} | {budget:?} | {rate:?} | {bulkhead:?} | {concurrency:?}")
            }
            Err(mistakes) => {
                let told = |mistake: &Mistake| {
                    let hint = mistake.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                    format!("{}: {}{hint}", mistake.place.map_or(0, |place| place.line), mistake.message)
                };
                mistakes.list().iter().map(told).collect::<Vec<_>>().join("\n")
            }
        };
        assert_eq!(said, expected, "{source}");
    }

    #[test]
    fn what_is_not_set_is_preset() {
        check("[policies.a]\n", "Preset | Preset | None | None | None");
        check("[policies.a]\nbreaker = true\nbudget = true\n", "Preset | Preset | None | None | None");
        check("[policies.a]\nbreaker = false\nbudget = false\n", "Off | Off | None | None | None");
    }

    #[test]
    fn what_is_set_is_read() {
        check(
            "[policies.a]\nbreaker = { in_a_row = 3, failures = 0.5, of_last = 50, open_for = '1m' }\nbudget = 0.2\n\
             rate = { calls = 50, per = '1m' }\nbulkhead = { max = 4, queue = 9 }\nconcurrency = { algorithm = 'aimd' }\n",
            "Some(3) Some(0.5) | Set(0.2) | Some((50, 60s)) | Some(4) | Some(Aimd)",
        );
    }

    #[test]
    fn all_mistakes_come_at_once_with_their_lines() {
        check(
            "[policies.a]\nbudget = 2\nbraker = true\n[policies.a.breaker]\nof_last = 50\nwithin = '1m'\nprobes = 0\n\
             [policies.a.rate]\nper = '1m'\n[policies.a.bulkhead]\nmax = 0\n[policies.a.concurrency]\nalgorithm = 'amid'\n",
            "2: budget must be from 0 to 1, not 2\n\
             3: unknown key 'braker' in the policy of 'a' (did you mean 'breaker'?)\n\
             4: a breaker's probes must be from 1 to 65535, not 0\n\
             5: 'of_last' says nothing without 'failures' or 'slow'\n\
             6: 'within' says nothing without 'failures' or 'slow'\n\
             6: 'within' cannot stand beside 'of_last'\n\
             8: 'calls' is missing\n\
             10: the size of a bulkhead must be at least 1, not 0\n\
             13: unknown algorithm 'amid' (did you mean 'aimd'?)",
        );
        check("[policies.a.breaker]\nof_last = 50\n", "2: 'of_last' says nothing without 'failures' or 'slow'");
    }
}
