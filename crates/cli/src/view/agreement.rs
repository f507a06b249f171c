//! The law that holds the view to the engine: for random flows, run for real, it counts what the engine counts, and every
//! picture on the way fits its screen. No part of the binary.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use proptest::prelude::*;
use segno_errors::{Fault, Kind};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::{Agent, Answer, Call, Failed, Registry, Request, Stop};
use segno_orchestrator::engine::{Engine, Ranking, Setup, Upstreams};
use segno_orchestrator::model::{Event, Fact, Reply, Source, Status, Timestamp};
use segno_orchestrator::plan;
use segno_orchestrator::state::RunState;
use serde_json::{Value, json};

use super::look::Look;
use super::model::{Model, State};
use super::rows::{Motion, rows};
use super::screen::Size;
use super::tell::Teller;
use super::text::{visible, width_of};

/// The flows that the laws of the engine are tried on: every pattern but sub-workflows and judges.
#[path = "../../../orchestrator/src/state/random_flows.rs"]
mod random_flows;

use random_flows::{AGENT, flows};

const LOOK: Look = Look { colour: true, unicode: true, jobs: 3 };

/// How a flow is called by another one.
#[derive(Clone, Copy, Debug)]
enum Called {
    Never,
    Once,
    ForItems,
    InRounds,
}

/// An agent whose answer follows from the seed, its task and its attempt.
struct Worker(u64);

impl Agent for Worker {
    fn call<'a>(&'a self, call: &'a Call) -> Answer<'a> {
        Box::pin(async move {
            let mut hasher = DefaultHasher::new();
            (self.0, call.task.to_string(), call.attempt, is_judge(&call.request)).hash(&mut hasher);
            let lot = hasher.finish();
            let value =
                json!({ "mark": "m", "list": vec![1; (lot >> 8) as usize % 4], "score": (lot >> 16) as f32 % 2.0 });
            match lot % 8 {
                0 => Err(Fault::new(Kind::Network, "no answer").into()),
                1 => Err(Failed {
                    fault: Fault::new(Kind::Internal, "it did not work"),
                    reply: Some(Box::new(Reply::value(value))),
                }),
                2 => Ok(Reply { partial: true, ..Reply::value(value) }),
                _ => Ok(Reply::value(value)),
            }
        })
    }
}

fn is_judge(request: &Request) -> bool {
    matches!(request, Request::Agent { arguments, .. } if arguments.get("id") == Some(&json!("judge")))
}

/// Gives some of the tasks of a flow a fallback or a judge.
fn enrich(value: &mut Value, dice: &mut impl Iterator<Item = u8>) {
    let inner: Vec<&mut Value> = match value {
        Value::Array(list) => list.iter_mut().collect(),
        Value::Object(fields) => {
            if fields.get("agent") == Some(&json!(AGENT)) && fields.contains_key("id") {
                match dice.next().unwrap_or_default() % 6 {
                    1 => _ = fields.insert("fallback".into(), json!([AGENT])),
                    2 => _ = fields.insert("fallback".into(), json!([{ "agent": AGENT, "partial": true }, AGENT])),
                    3 => {
                        _ = fields
                            .insert("judge".into(), json!({ "agent": AGENT, "with": { "id": "judge" }, "min": 0.3 }))
                    }
                    _ => {}
                }
            }
            fields.iter_mut().filter(|(key, _)| *key != "undo").map(|(_, value)| value).collect()
        }
        _ => return,
    };
    inner.into_iter().for_each(|value| enrich(value, dice));
}

fn definition(flow: &str, called: Called, agents: &Registry) -> Definition {
    let call = match called {
        Called::Never => {
            return Definition::parse(flow, "random.json", agents).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        }
        Called::Once => json!({ "id": "call", "flow": "random.json" }),
        Called::ForItems => json!({ "id": "call", "flow": "random.json", "each": [1, 2] }),
        Called::InRounds => json!({ "id": "call", "flow": "random.json", "loop": 2 }),
    };
    let caller = json!({ "steps": [call, { "id": "after", "agent": AGENT, "retry": 1 }] }).to_string();
    let read = |_: &str| Ok(flow.to_owned());
    Definition::assemble(&caller, "caller.json", agents, &read).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Runs a flow in memory and returns what was recorded.
fn run(definition: &Definition, agents: Registry) -> Vec<Event> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        // Fallbacks take over out of order, the last one first.
        let ranking: Option<Arc<Ranking>> = Some(Arc::new(|names: &[&str]| (0..names.len()).rev().collect()));
        // Agents of a test fail as often as they please.
        let upstreams = Upstreams::default().without_preset();
        let engine = Engine::new(Setup { agents, jobs: 3, ranking, upstreams, ..Setup::default() });
        let run = engine.begin(definition, serde_json::Map::new()).unwrap();
        let id = run.id.clone();
        engine.run(run, Stop::never()).await.unwrap();
        engine.setup().journal.read(&id).unwrap().events
    })
}

fn check_picture(model: &Model, event: &Event, size: Size) -> Result<(), TestCaseError> {
    for motion in [Motion::Moving, Motion::Still] {
        let lines = rows(model, LOOK, event.at, motion, size);
        prop_assert!(lines.len() <= size.height.saturating_sub(2), "{lines:#?} at {size:?}");
        for line in &lines {
            prop_assert!(visible(line).map(width_of).sum::<usize>() < size.width.max(1), "{line} at {size:?}");
        }
    }
    let sum = model.total();
    prop_assert!(sum.ended <= sum.total && sum.cached + sum.partial + sum.skipped <= sum.ended, "{sum:?}");
    Ok(())
}

/// Checks that what is over is counted as the events have it, whichever rounds and items it was in.
fn check_end(model: &Model, state: &RunState, events: &[Event]) -> Result<(), TestCaseError> {
    let sum = model.total();
    prop_assert_eq!(sum.ended, sum.total);
    prop_assert_eq!(model.status(), state.status());
    let count = |test: &dyn Fn(Status, &Source, bool) -> bool| {
        let is_counted = |event: &&Event| match &event.fact {
            Fact::StepEnded { step, outcome, source, .. } => test(
                outcome.status(),
                source,
                state.find(step).is_some_and(|frame| state.plan_node(frame).task().is_some()),
            ),
            _ => false,
        };
        u32::try_from(events.iter().filter(is_counted).count()).unwrap()
    };
    prop_assert_eq!(sum.failed, count(&|status, _, _| status == Status::Failed));
    prop_assert_eq!(sum.partial, count(&|status, _, is_task| is_task && status == Status::Partial));
    prop_assert_eq!(sum.cached, count(&|_, source, _| matches!(source, Source::Cache { .. })));
    let waiting: BTreeSet<&str> = (0..model.steps().len())
        .filter(|row| !matches!(model.state(*row), State::Ended(_)))
        .map(|row| model.step(row).step.as_str())
        .collect();
    prop_assert!(waiting.is_empty(), "not over: {:?}", waiting);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_view_agrees_with_the_engine(
        flow in flows(false),
        dice in proptest::collection::vec(any::<u8>(), 0..20),
        called in prop_oneof![
            4 => Just(Called::Never),
            1 => Just(Called::Once),
            1 => Just(Called::ForItems),
            1 => Just(Called::InRounds),
        ],
        seed in any::<u64>(),
        width in 0..100_usize,
        height in 0..30_usize,
    ) {
        let mut agents = Registry::default();
        agents.agent(AGENT, Worker(seed));
        let mut flow: Value = serde_json::from_str(&flow).unwrap();
        enrich(&mut flow, &mut dice.into_iter());
        let flow = flow.to_string();
        let definition = definition(&flow, called, &agents);
        let plan: &Arc<plan::Plan> = &definition.plan;
        let events = run(&definition, agents);

        let mut model = Model::new(plan.clone(), Timestamp(0));
        let mut teller = Teller::new(plan.clone(), LOOK, Timestamp(0));
        let mut state = RunState::new(plan.clone());
        for event in &events {
            model.apply(event);
            state.apply(event);
            let lines = teller.tell(event);
            prop_assert!(lines.iter().all(|line| !line.contains(['\n', '\u{1b}'])), "{:?}", lines);
            check_picture(&model, event, Size { width, height })?;
        }
        let checked = check_end(&model, &state, &events);
        prop_assert!(checked.is_ok(), "{:?} of {} {:?}: {:#?}", checked, flow, called, events);
    }
}
