//! Looks for a text in a run: first in its entry, which is at hand, then in its events.

use segno_errors::Fault;

use crate::journal::{Journal, RunEntry};
use crate::model::{Event, Fact, Outcome};

/// A text that is looked for, whatever its letters' case.
pub(super) struct Search {
    text: String,
}

impl Search {
    pub(super) fn new(text: &str) -> Search {
        Search { text: text.to_lowercase() }
    }

    /// Says whether the text stands somewhere in a run.
    pub(super) fn finds(&self, entry: &RunEntry, journal: &dyn Journal) -> Result<bool, Fault> {
        let words = [entry.id.as_str(), &entry.flow, &entry.path, entry.reason.as_deref().unwrap_or_default()];
        let mut found = words.into_iter().any(|words| self.is_in(words));
        if !found {
            // What stands after damage is not known; the run is found by the rest.
            journal.replay(&entry.id, &mut |event| found = found || self.is_in_event(&event))?;
        }
        Ok(found)
    }

    fn is_in(&self, words: &str) -> bool {
        words.to_lowercase().contains(&self.text)
    }

    fn is_in_event(&self, event: &Event) -> bool {
        let (label, fault) = match &event.fact {
            Fact::StepStarted { label, .. } => (label.as_deref(), None),
            Fact::StepRetried { fault, .. } | Fact::FellBack { fault, .. } => (None, Some(fault)),
            Fact::StepEnded { label, outcome, .. } => (label.as_deref(), Outcome::fault(outcome)),
            _ => (None, None),
        };
        let step = event.fact.step().map(|address| address.step.as_str());
        let said = fault.map(|fault| [Some(fault.message()), fault.why(), fault.detail_text()]);
        [step, label].into_iter().chain(said.into_iter().flatten()).flatten().any(|words| self.is_in(words))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use segno_errors::Kind;
    use serde_json::{Value, json};

    use crate::history::{Filter, History};
    use crate::journal::{Batch, MemoryJournal};
    use crate::model::{CacheNote, RunId, RunStatus, Source, Timestamp};

    use super::*;

    fn fact(fact: Value) -> Fact {
        serde_json::from_value(fact).unwrap()
    }

    fn put(journal: &MemoryJournal, name: &str, at: u64, flow: &str, facts: Vec<Fact>) {
        let first = fact(json!({
            "type": "run_started", "flow": flow, "pinned": { "path": format!("flows/{flow}.yaml"), "hash": "" },
            "inputs": {}, "owner": { "pid": 1, "version": "" },
        }));
        let facts = std::iter::once(first).chain(facts).enumerate();
        let events: Vec<Event> =
            facts.map(|(index, fact)| Event { seq: index as u64 + 1, at: Timestamp(at), fact }).collect();
        let batch = Batch { run: RunId::new(name).unwrap(), events: events.into(), pins: Vec::new() };
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(journal.append(batch)).unwrap();
    }

    /// Lists runs of a small history and names them, newest first.
    fn check(filter: Filter, limit: usize, expected: &str) {
        let journal = MemoryJournal::default();
        let started = |label: &str| Fact::StepStarted {
            step: "review[3]".parse().unwrap(),
            attempt: 1,
            label: Some(label.into()),
            cache: CacheNote::Off,
        };
        let fault = Fault::new(Kind::Network, "no answer").reason("dns").detail("last WORDS");
        let outcome = Outcome::of_fault(fault);
        let step = "lint".parse().unwrap();
        let failed = Fact::StepEnded { step, outcome, source: Source::Ran, took_ms: 1, decision: None, label: None };
        let ended = |status: RunStatus| fact(json!({ "type": "run_ended", "status": status }));
        put(&journal, "a", 10, "nightly", vec![started("src/Main.rs"), ended(RunStatus::Succeeded)]);
        put(&journal, "b", 20, "nightly", vec![failed, ended(RunStatus::Failed)]);
        put(&journal, "c", 30, "release", vec![Fact::RunPaused { reason: "budget".into() }]);
        put(&journal, "d", 40, "release", Vec::new());
        let runs = History::new(Arc::new(journal), None).list(&filter, limit).unwrap();
        assert_eq!(runs.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>().join(""), expected, "{filter:?}");
    }

    #[test]
    fn runs_are_found_by_what_they_were() {
        let filter = Filter::default;
        check(filter(), 9, "dcba");
        check(filter(), 2, "dc");
        check(Filter { flow: Some("nightly".into()), ..filter() }, 9, "ba");
        check(Filter { flow: Some("flows/release.yaml".into()), ..filter() }, 9, "dc");
        check(Filter { statuses: vec![RunStatus::Failed, RunStatus::Succeeded], ..filter() }, 9, "ba");
        // Nobody owns the last one.
        check(Filter { statuses: vec![RunStatus::Paused], ..filter() }, 9, "dc");
        check(Filter { statuses: vec![RunStatus::Running], ..filter() }, 9, "");
        check(Filter { since: Some(Timestamp(20)), until: Some(Timestamp(40)), ..filter() }, 9, "cb");
        check(Filter { flow: Some("nightly".into()), ..filter() }, 1, "b");
    }

    #[test]
    fn a_text_is_looked_for_in_runs_and_in_what_happened_in_them() {
        let cases = [
            ("RELEASE", "dc"),
            ("flows/n", "ba"),
            ("budget", "c"),
            ("interrupted", "d"),
            ("review", "a"),
            ("main.RS", "a"),
            ("lint", "b"),
            ("No Answer", "b"),
            ("dns", "b"),
            ("last words", "b"),
            ("nowhere", ""),
            ("", "dcba"),
        ];
        for (text, expected) in cases {
            check(Filter { text: Some(text.into()), ..Filter::default() }, 9, expected);
        }
    }
}
