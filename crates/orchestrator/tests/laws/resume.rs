//! Killed after any event and resumed, a run ends the same; and what was recorded as done is never done again.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use segno_orchestrator::Definition;
use segno_orchestrator::agents::Stop;
use segno_orchestrator::engine::{Begun, Engine, Ranking, Setup, Upstreams};
use segno_orchestrator::journal::{Batch, Blobs, Journal, MemoryJournal};
use segno_orchestrator::model::{Address, Event, Fact, RunId, RunStatus};

use crate::random_flows::flows;
use crate::worker::{Calls, Worker, definition, ends, wait};

/// Runs with fewer events than this are killed after each of them.
const FEW: usize = 6;
/// Between two kills at most this many events less one are recorded.
const BETWEEN: u16 = 12;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn a_run_that_was_killed_ends_like_one_that_was_not(
        flow in flows(false), seed in any::<u64>(), kills in kills(), jobs in 1..=4_usize,
    ) {
        let trial = Trial::new(&flow, seed);
        let (expected, status) = wait(trial.whole());
        let firsts = match expected.len() {
            0..FEW => (1..expected.len()).collect(),
            events => vec![1 + usize::from(kills[0]) % (events - 1)],
        };
        for first in firsts {
            let (events, ended) = wait(trial.killed(first, &kills[1..], jobs));
            prop_assert_eq!(ended, status, "killed after {} events", first);
            prop_assert_eq!(ends(&events), ends(&expected), "killed after {} events", first);
            prop_assert_eq!(sorted(retries(&events)), sorted(retries(&expected)), "killed after {} events", first);
            prop_assert_eq!(sorted(falls(&events)), sorted(falls(&expected)), "killed after {} events", first);
        }
    }
}

/// After how many events to kill a run: mostly once, else twice or three times in a row.
fn kills() -> impl Strategy<Value = Vec<u16>> {
    prop_oneof![3 => vec(any::<u16>(), 1), 1 => vec(any::<u16>(), 2..=3)]
}

/// A flow and all that outlives its owners.
struct Trial {
    definition: Definition,
    seed: u64,
    blobs: Arc<Blobs>,
}

/// What one owner works with.
struct Owner {
    engine: Engine,
    journal: Arc<MemoryJournal>,
    /// What its agents were asked to do.
    calls: Calls,
}

impl Trial {
    fn new(flow: &str, seed: u64) -> Trial {
        let agents = Worker { seed, pace: 0, calls: Calls::default() }.registry();
        Trial { definition: definition(flow, &agents), seed, blobs: Arc::default() }
    }

    fn owner(&self, journal: MemoryJournal, jobs: usize) -> Owner {
        let (journal, calls) = (Arc::new(journal), Calls::default());
        let agents = Worker { seed: self.seed, pace: jobs as u64, calls: calls.clone() }.registry();
        let (held, blobs) = (journal.clone(), self.blobs.clone());
        // Fallbacks fall out of order: the last one that is left takes over.
        let ranking: Option<Arc<Ranking>> = Some(Arc::new(|names: &[&str]| (0..names.len()).rev().collect()));
        // Agents of a test fail as often as they please.
        let upstreams = Upstreams::default().without_preset();
        let engine = Engine::new(Setup { journal: held, blobs, agents, jobs, ranking, upstreams, ..Setup::default() });
        Owner { engine, journal, calls }
    }

    /// Runs the flow in one go.
    async fn whole(&self) -> (Vec<Event>, RunStatus) {
        let owner = self.owner(MemoryJournal::default(), 1);
        let run = self.begin(&owner);
        let id = run.id.clone();
        let status = owner.engine.run(run, Stop::never()).await.unwrap();
        (owner.events(&id), status)
    }

    /// Runs the flow and kills it after `first` events, then again after each few of `kills`, then lets it end.
    async fn killed(&self, first: usize, kills: &[u16], jobs: usize) -> (Vec<Event>, RunStatus) {
        let mut owner = self.owner(MemoryJournal::with_limit(first), jobs);
        let mut run = self.begin(&owner);
        let id = run.id.clone();
        let mut kills = kills.iter();
        let mut found = Vec::new();
        loop {
            let ended = owner.engine.run(run, Stop::never()).await;
            owner.check_calls(&found);
            found = owner.events(&id);
            let journal = match (ended, kills.next()) {
                (Ok(status), _) => return (found, status),
                (Err(fault), _) if fault.why() != Some("limit") => panic!("{fault}"),
                (Err(_), Some(kill)) => self.journal(&id, &found, usize::from(kill % BETWEEN)).await,
                (Err(_), None) => self.journal(&id, &found, usize::MAX).await,
            };
            owner = self.owner(journal, jobs);
            run = owner.engine.resume(&id).await.unwrap().run;
        }
    }

    fn begin(&self, owner: &Owner) -> Begun {
        owner.engine.begin(&self.definition, serde_json::Map::new()).unwrap()
    }

    /// Makes the journal that the next owner finds, which takes only so many more events. What is in it went through
    /// text and back, as on a disk.
    async fn journal(&self, id: &RunId, events: &[Event], more: usize) -> MemoryJournal {
        let journal = MemoryJournal::with_limit(events.len().saturating_add(more));
        let read = |event: &Event| serde_json::from_str::<Event>(&serde_json::to_string(event).unwrap()).unwrap();
        let events: Vec<Event> = events.iter().map(read).collect();
        let pins = vec![(self.definition.hash(), self.definition.source.clone())];
        journal.append(Batch { run: id.clone(), events: events.into(), pins }).await.unwrap();
        journal
    }
}

impl Owner {
    fn events(&self, id: &RunId) -> Vec<Event> {
        self.journal.read(id).unwrap().events
    }

    /// Checks that nothing was asked for whose end this owner had found in the journal.
    fn check_calls(&self, found: &[Event]) {
        let (done, mut failed) = (ends(found), retries(found));
        failed.extend(falls(found).into_iter().map(|(step, attempt, _)| (step, attempt)));
        for call in self.calls.lock().unwrap().iter() {
            assert!(!done.contains_key(&call.0) && !failed.contains(call), "done again: {call:?}");
        }
    }
}

/// Returns the attempts that failed and were followed by others.
fn retries(events: &[Event]) -> Vec<(Address, u32)> {
    let retry = |event: &Event| match &event.fact {
        Fact::StepRetried { step, attempt, .. } => Some((step.clone(), *attempt)),
        _ => None,
    };
    events.iter().filter_map(retry).collect()
}

/// Returns the attempts after which an agent was given up, and which fallback took over.
fn falls(events: &[Event]) -> Vec<(Address, u32, u32)> {
    let fall = |event: &Event| match &event.fact {
        Fact::FellBack { step, attempt, to, .. } => Some((step.clone(), *attempt, *to)),
        _ => None,
    };
    events.iter().filter_map(fall).collect()
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}
