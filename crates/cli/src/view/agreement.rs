//! The law that holds the view to the engine: for random flows, run for real, it counts what the engine counts, and every
//! picture on the way fits its screen. No part of the binary.

use proptest::prelude::*;
use segno_errors::{Fault, Kind};
use segno_orchestrator::Definition;
use segno_orchestrator::agents::{Registry, Stop};
use segno_orchestrator::engine::{Engine, Setup};
use segno_orchestrator::model::{Event, Reply, Timestamp};
use segno_orchestrator::state::RunState;
use serde_json::{Value, json};

use super::look::Look;
use super::model::{Model, State};
use super::rows::{Motion, rows};
use super::screen::Size;
use super::text::{visible, width_of};

/// How deep random flows nest.
const DEPTH: u32 = 3;

/// Draws numbers from bytes; where these end it draws zeros.
struct Die<'b> {
    bytes: std::slice::Iter<'b, u8>,
    steps: u32,
}

impl Die<'_> {
    fn throw(&mut self, sides: u8) -> u8 {
        self.bytes.next().map_or(0, |byte| byte % sides)
    }

    fn list(&mut self, depth: u32, siblings_run_together: bool) -> Value {
        let mut list: Vec<Value> = Vec::new();
        for _ in 0..=self.throw(4) {
            let mut step = self.step(depth);
            if let Some(before) = list.last().filter(|_| siblings_run_together && self.bytes.len().is_multiple_of(2)) {
                step["needs"] = json!([before["id"]]);
            }
            list.push(step);
        }
        Value::Array(list)
    }

    fn step(&mut self, depth: u32) -> Value {
        self.steps += 1;
        let mut step = json!({ "id": format!("s{}", self.steps) });
        match self.throw(14) {
            1 => step["if"] = json!("true"),
            2 => step["if"] = json!("false"),
            3 => step["if"] = json!("1 // 0 == 1"),
            4 => {
                step["if"] = json!(if self.throw(2) == 0 { "true" } else { "false" });
                step["else"] = self.list(depth.saturating_sub(1), false);
            }
            _ => {}
        }
        match self.throw(14) {
            1 => step["each"] = json!("{{ [] }}"),
            2 => step["each"] = json!("{{ 5 }}"),
            3..=6 => step["each"] = json!("{{ range(3) }}"),
            _ => {}
        }
        step["optional"] = json!(self.throw(4) == 0);
        match self.throw(if depth == 0 { 4 } else { 8 }) {
            0..=2 => step["agent"] = json!("yes"),
            3 => step["agent"] = json!("no"),
            4 | 5 => step["parallel"] = self.list(depth - 1, true),
            6 => {
                step["steps"] = self.list(depth - 1, false);
                step["always"] = self.list(depth - 1, false);
            }
            _ => step["steps"] = self.list(depth - 1, false),
        }
        step
    }
}

/// Runs a flow in memory and returns what was recorded.
fn run(definition: &Definition, agents: Registry) -> Vec<Event> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = Engine::new(Setup { agents, jobs: 3, ..Setup::default() });
        let run = engine.begin(definition, serde_json::Map::new()).unwrap();
        let id = run.id.clone();
        engine.run(run, Stop::never()).await.unwrap();
        engine.setup().journal.read(&id).unwrap().events
    })
}

fn check_picture(model: &Model, event: &Event, size: Size) -> Result<(), TestCaseError> {
    let look = Look { colour: true, unicode: true, jobs: 3 };
    for motion in [Motion::Moving, Motion::Still] {
        let lines = rows(model, look, event.at, motion, size);
        prop_assert!(lines.len() <= size.height.saturating_sub(2), "{lines:#?} at {size:?}");
        for line in &lines {
            prop_assert!(visible(line).map(width_of).sum::<usize>() < size.width.max(1), "{line} at {size:?}");
        }
    }
    let sum = model.total();
    prop_assert!(sum.ended <= sum.total && sum.cached + sum.partial + sum.skipped <= sum.ended, "{sum:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_view_agrees_with_the_engine(
        bytes in proptest::collection::vec(any::<u8>(), 10..150),
        width in 0..100_usize,
        height in 0..30_usize,
    ) {
        let mut agents = Registry::default();
        agents.function("yes", |_| async { Ok(Reply::value("fine")) });
        agents.function("no", |_| async { Err(Fault::new(Kind::Internal, "it did not work")) });
        let mut die = Die { bytes: bytes.iter(), steps: 0 };
        let runs_together = die.throw(2) == 1;
        let list = die.list(DEPTH, runs_together);
        let flow = if runs_together { json!({ "parallel": list }) } else { json!({ "steps": list }) }.to_string();
        let definition = Definition::parse(&flow, "random.json", &agents);
        let definition = definition.map_err(|mistakes| TestCaseError::reject(mistakes.to_string()))?;
        let events = run(&definition, agents);

        let mut model = Model::new(definition.plan.clone(), Timestamp(0));
        let mut state = RunState::new(definition.plan.clone());
        for event in &events {
            model.apply(event);
            state.apply(event);
            check_picture(&model, event, Size { width, height })?;
        }
        let sum = model.total();
        prop_assert_eq!(sum.ended, sum.total, "of {}: {:#?}", flow, events);
        prop_assert_eq!(model.status(), state.status(), "of {}: {:#?}", flow, events);
        let is_over = |row| matches!(model.state(row), State::Ended(_));
        prop_assert!((0..model.steps().len()).all(is_over), "of {flow}: {events:#?}");
    }
}
