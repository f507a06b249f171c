//! A key is made of content: in whatever order things end, the keys are the same, and what is remembered is hit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use segno_orchestrator::agents::Stop;
use segno_orchestrator::engine::{Engine, Memory, Setup, Upstreams};
use segno_orchestrator::journal::{Blobs, Journal, MemoryJournal};
use segno_orchestrator::model::{Address, CacheNote, Event, Fact, Outcome, Source};
use tempfile::TempDir;

use crate::random_flows::flows;
use crate::worker::{Calls, Worker, definition, ends, wait};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn another_order_of_ends_gives_the_same_keys_and_hits(
        flow in flows(true), seed in any::<u64>(), paces in any::<[u64; 3]>(),
    ) {
        let (one, other) = &*PROJECTS;
        // The salt keeps the cases apart, which share two stores: opening one takes longer than all else in a case.
        let flow = flow.replace(r#""files":[]"#, &format!(r#""files":[],"salt":"{seed}""#));
        let first = one.run(&flow, seed, (1, paces[0]));
        let shuffled = other.run(&flow, seed, (4, paces[1]));
        prop_assert_eq!(keys(&first), keys(&shuffled));
        prop_assert_eq!(ends(&first), ends(&shuffled));

        let again = one.run(&flow, seed, (4, paces[2]));
        prop_assert_eq!(keys(&again), keys(&first));
        prop_assert_eq!(ends(&again), ends(&first));
        prop_assert!(hits(&again).is_superset(&stored(&first)), "{:?}", again);
    }
}

static PROJECTS: LazyLock<(Project, Project)> = LazyLock::new(|| (Project::new(), Project::new()));

/// A folder with what is remembered in it.
struct Project {
    folder: TempDir,
    memory: Memory,
    blobs: Arc<Blobs>,
}

impl Project {
    fn new() -> Project {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::open(folder.path(), &folder.path().join("cache"), Arc::new(|_: &str| None)).unwrap();
        Project { folder, memory, blobs: Arc::default() }
    }

    /// Runs a flow; `(jobs, pace)` decide on the order of ends.
    fn run(&self, flow: &str, seed: u64, (jobs, pace): (usize, u64)) -> Vec<Event> {
        let agents = Worker { seed, pace, calls: Calls::default() }.registry();
        let definition = definition(flow, &agents);
        let root = self.folder.path().to_owned();
        let memory = Some(self.memory.clone());
        let (journal, blobs) = (Arc::new(MemoryJournal::default()), self.blobs.clone());
        let held = journal.clone();
        // Agents of a test fail as often as they please.
        let upstreams = Upstreams::default().without_preset();
        let engine =
            Engine::new(Setup { root, journal: held, blobs, memory, agents, jobs, upstreams, ..Setup::default() });
        let run = engine.begin(&definition, serde_json::Map::new()).unwrap();
        let id = run.id.clone();
        wait(engine.run(run, Stop::never())).unwrap();
        journal.read(&id).unwrap().events
    }
}

/// Returns the key of each task that was asked for, hit or not: equal calls may hit each other within a run.
fn keys(events: &[Event]) -> BTreeMap<Address, String> {
    let key = |event: &Event| match event.fact.clone() {
        Fact::StepStarted { step, cache: CacheNote::Miss { key, .. }, .. } => Some((step, key)),
        Fact::StepEnded { step, source: Source::Cache { key, .. }, .. } => Some((step, key)),
        _ => None,
    };
    events.iter().filter_map(key).collect()
}

fn hits(events: &[Event]) -> BTreeSet<Address> {
    let hit = |event: &Event| match event.fact.clone() {
        Fact::StepEnded { step, source: Source::Cache { .. }, .. } => Some(step),
        _ => None,
    };
    events.iter().filter_map(hit).collect()
}

/// Returns the tasks whose results are remembered: those that may be, and did all that they were asked.
fn stored(events: &[Event]) -> BTreeSet<Address> {
    let keys = keys(events);
    let ends = ends(events).into_iter().filter(|(step, _)| keys.contains_key(step));
    ends.filter(|(_, end)| matches!(end, Outcome::Succeeded { .. })).map(|(step, _)| step).collect()
}
