//! A fork ends like a run that was made anew: with nothing changed like the run that it comes from, with other inputs or
//! another definition like a run of those. And what it has taken over is not done again.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use segno_orchestrator::Definition;
use segno_orchestrator::agents::{Registry, Stop};
use segno_orchestrator::engine::{Begun, Engine, Fork, Point, Setup, Upstreams};
use segno_orchestrator::journal::{Blobs, Journal, MemoryJournal};
use segno_orchestrator::model::{Address, Event, Fact, Outcome, RunId, RunStatus};
use serde_json::{Map, Value, json};

use crate::random_flows::flows;
use crate::worker::{Calls, Worker, definition, ends, wait};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_fork_with_nothing_changed_ends_like_its_run(
        flow in flows(false), seed in any::<u64>(), pick in any::<u16>(), jobs in 1..=4_usize,
    ) {
        let trial = Trial::new(&flow, seed, jobs);
        let (parent, expected) = wait(trial.whole(&trial.definition, Map::new()));
        for point in trial.points(&parent, pick) {
            let made = wait(trial.forked(&parent, Fork { point: point.clone(), ..Fork::default() }));
            prop_assert_eq!(made.status, expected.status, "{:?}", &point);
            prop_assert_eq!(unlike(&made, &expected), Vec::<String>::new(), "{:?}", &point);
        }
    }

    #[test]
    fn a_fork_with_other_inputs_ends_like_a_run_with_them(
        flow in flows(false), seed in any::<u64>(), other in 0..6_u8, jobs in 1..=4_usize,
    ) {
        let trial = Trial::new(&flow, seed, jobs);
        let inputs = Map::from_iter([("n".to_owned(), json!(other))]);
        let (parent, _) = wait(trial.whole(&trial.definition, Map::new()));
        let (_, expected) = wait(trial.whole(&trial.definition, inputs.clone()));
        let made = wait(trial.forked(&parent, Fork { inputs, ..Fork::default() }));
        prop_assert_eq!(made.status, expected.status);
        prop_assert_eq!(unlike(&made, &expected), Vec::<String>::new());
    }

    #[test]
    fn a_fork_onto_another_definition_ends_like_a_run_of_it(
        flow in flows(false), seed in any::<u64>(), pick in any::<u16>(), jobs in 1..=4_usize,
    ) {
        let trial = Trial::new(&flow, seed, jobs);
        let Some(other) = edited(&flow, pick) else { return Ok(()) };
        trial.agrees_with(&other)?;
    }

    #[test]
    fn a_fork_onto_an_unlike_definition_ends_like_a_run_of_it(
        flow in flows(false), other in flows(false), seed in any::<u64>(), jobs in 1..=4_usize,
    ) {
        Trial::new(&flow, seed, jobs).agrees_with(&other)?;
    }
}

/// A step that was never opened, because the one before it failed, now comes first: who had gone on without it asks again.
#[test]
fn a_step_that_never_opened_and_moved_is_asked_about_again() {
    let step = |id: &str| json!({ "id": id, "agent": "work", "with": { "id": id }, "retry": 1 });
    let mut user = step("user");
    user["skip_when"] = json!("steps.second.ok");
    let flow = |first: &str, second: &str| {
        json!({ "parallel": [{ "id": "group", "steps": [step(first), step(second)] }, user] }).to_string()
    };
    for seed in 0..32 {
        Trial::new(&flow("first", "second"), seed, 1).agrees_with(&flow("second", "first")).unwrap();
    }
}

/// A flow, and the store that its runs share.
struct Trial {
    definition: Definition,
    seed: u64,
    jobs: usize,
    journal: Arc<MemoryJournal>,
    blobs: Arc<Blobs>,
}

/// What came of a run.
struct Made {
    status: RunStatus,
    events: Vec<Event>,
}

impl Trial {
    fn new(flow: &str, seed: u64, jobs: usize) -> Trial {
        let (agents, _) = agents(seed);
        let (journal, blobs) = (Arc::default(), Arc::default());
        Trial { definition: definition(flow, &agents), seed, jobs, journal, blobs }
    }

    fn engine(&self) -> (Engine, Calls) {
        let (agents, calls) = agents(self.seed);
        let (journal, blobs, jobs) = (self.journal.clone(), self.blobs.clone(), self.jobs);
        // Agents of a test fail as often as they please.
        let upstreams = Upstreams::default().without_preset();
        (Engine::new(Setup { journal, blobs, agents, jobs, upstreams, ..Setup::default() }), calls)
    }

    async fn whole(&self, definition: &Definition, inputs: Map<String, Value>) -> (RunId, Made) {
        let (engine, _) = self.engine();
        let run = engine.begin(definition, inputs).unwrap();
        (run.id.clone(), self.ended(&engine, run).await)
    }

    async fn ended(&self, engine: &Engine, run: Begun) -> Made {
        let id = run.id.clone();
        let status = engine.run(run, Stop::never()).await.unwrap();
        Made { status, events: self.journal.read(&id).unwrap().events }
    }

    /// Makes a fork and lets it end. What it keeps must not be called again.
    async fn forked(&self, parent: &RunId, fork: Fork) -> Made {
        let (engine, calls) = self.engine();
        let branch = engine.branch(parent, fork).unwrap();
        let kept: BTreeSet<Address> = branch.kept.iter().cloned().collect();
        let run = engine.fork(branch).await.unwrap();
        let made = self.ended(&engine, run).await;
        for (task, _) in calls.lock().unwrap().iter() {
            assert!(!kept.contains(task), "done again: {task}");
        }
        made
    }

    fn agrees_with(&self, other: &str) -> Result<(), TestCaseError> {
        let (agents, _) = agents(self.seed);
        let other = definition(other, &agents);
        let (parent, _) = wait(self.whole(&self.definition, Map::new()));
        let (_, expected) = wait(self.whole(&other, Map::new()));
        let made = wait(self.forked(&parent, Fork { definition: Some(other), ..Fork::default() }));
        prop_assert_eq!(made.status, expected.status);
        prop_assert_eq!(unlike(&made, &expected), Vec::<String>::new());
        Ok(())
    }

    /// Returns points of all kinds: the end, what failed, one of the tasks, its whole step, one of the marks.
    fn points(&self, run: &RunId, pick: u16) -> Vec<Point> {
        let (engine, _) = self.engine();
        let events = self.journal.read(run).unwrap().events;
        let ran = events.iter().filter_map(|event| match &event.fact {
            Fact::StepStarted { step, .. } => Some(step.clone()),
            _ => None,
        });
        let tasks: Vec<Address> = ran.collect();
        let marks = engine.marks(run, &self.definition).unwrap();
        let mut points = vec![Point::End, Point::Failed];
        if !tasks.is_empty() {
            let task = tasks[usize::from(pick) % tasks.len()].clone();
            points.push(Point::Step(Address { step: task.step.clone(), indices: Vec::new() }));
            points.push(Point::Step(task));
        }
        if !marks.is_empty() {
            points.push(Point::Mark(marks[usize::from(pick) % marks.len()].name.clone()));
        }
        points
    }
}

/// Tells the tasks that ended in another way.
fn unlike(made: &Made, expected: &Made) -> Vec<String> {
    let (made, expected) = (ends(&made.events), ends(&expected.events));
    let tasks: BTreeSet<&Address> = made.keys().chain(expected.keys()).collect();
    let told = |outcome: Option<&Outcome>| outcome.map(|outcome| without_places(&format!("{outcome:?}")));
    let both = tasks.into_iter().map(|task| (task, told(made.get(task)), told(expected.get(task))));
    let differs = both.filter(|(_, made, expected)| made != expected);
    differs.map(|(task, made, expected)| format!("{task}: {made:?} instead of {expected:?}")).collect()
}

/// A fault that was kept tells where its template stood in the older file.
fn without_places(text: &str) -> String {
    let mut parts = text.split(", column ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |told, part| told + part.trim_start_matches(|letter: char| letter.is_ascii_digit()))
}

fn agents(seed: u64) -> (Registry, Calls) {
    let calls = Calls::default();
    (Worker { seed, pace: 0, calls: calls.clone() }.registry(), calls)
}

/// Edits one step of a flow as a person would; `None` when the edit leaves a flow that cannot be read.
fn edited(flow: &str, pick: u16) -> Option<String> {
    let mut flow: Value = serde_json::from_str(flow).unwrap();
    let mut steps = Vec::new();
    lists(&flow, String::new(), &mut steps);
    let path = &steps[usize::from(pick / 8) % steps.len()];
    let list = flow.pointer_mut(path)?.as_array_mut()?;
    let slot = usize::from(pick / 64) % list.len();
    let new = json!({ "id": "new", "agent": "work", "with": { "id": "new" }, "retry": 1 });
    match pick % 8 {
        0 => _ = list.remove(slot),
        1 => list.insert(slot, new),
        2 => list.push(new),
        3 => list.rotate_left(1),
        4 => _ = list[slot].as_object_mut()?.insert("if".into(), json!(pick.is_multiple_of(3).to_string())),
        5 => _ = list[slot].as_object_mut()?.insert("optional".into(), json!(true)),
        6 => _ = flow.as_object_mut()?.insert("outputs".into(), json!({ "n": "{{ inputs.n }}" })),
        _ => _ = list[slot].as_object_mut()?.get_mut("with")?.as_object_mut()?.insert("salt".into(), json!(pick)),
    }
    let text = flow.to_string();
    Definition::parse(&text, "random.json", &agents(0).0).ok().map(|_| text)
}

/// Finds all lists of steps.
fn lists(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            if !items.is_empty() && items.iter().all(|item| item.get("id").is_some()) {
                found.push(path.clone());
            }
            items.iter().enumerate().for_each(|(slot, item)| lists(item, format!("{path}/{slot}"), found));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, field)| lists(field, format!("{path}/{key}"), found)),
        _ => {}
    }
}
